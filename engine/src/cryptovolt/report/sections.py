"""The parts of a report, each as HTML."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from cryptovolt.backtest.baseline import buy_and_hold_of
from cryptovolt.backtest.run import Run
from cryptovolt.backtest.simulate import simulate
from cryptovolt.domain.costs import Costs
from cryptovolt.performance.bootstrap import Interval
from cryptovolt.performance.calendar import monthly_returns
from cryptovolt.performance.returns import drawdowns
from cryptovolt.report.certainty import MIN_DAYS, Certainty
from cryptovolt.report.charts import depth_chart, line_chart
from cryptovolt.report.text import (
    UNDEFINED,
    money_axis,
    number,
    percent,
    price,
    sign_class,
    signed_percent,
)

SHOWN_TRADES = 100
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

_STATISTICS = (
    ("total_return", "Total return", percent),
    ("cagr", "Growth per year", percent),
    ("volatility", "Volatility per year", percent),
    ("sharpe", "Sharpe ratio per year", number),
    ("sortino", "Sortino ratio per year", number),
    ("calmar", "Calmar ratio", number),
    ("max_drawdown", "Largest drawdown", percent),
    ("ulcer_index", "Ulcer index", percent),
    ("value_at_risk", "Value at risk, 95 %, per bar", percent),
    ("expected_shortfall", "Expected shortfall, 95 %, per bar", percent),
    ("omega", "Omega ratio", number),
    ("skewness", "Skewness per bar", number),
    ("kurtosis", "Kurtosis per bar (normal = 3)", number),
    ("win_rate", "Closed trades with a profit", percent),
    ("profit_factor", "Profit factor", number),
    ("expectancy", "Mean profit per closed trade", number),
    ("mean_bars_held", "Mean bars held", number),
    ("exposure", "Bars with a position", percent),
    ("turnover", "Turnover per year, × equity", number),
)


def tiles(run: Run, hold: Run) -> str:
    """Return the few numbers that come first, each with its baseline."""
    found, base = run.statistics, hold.statistics
    rows = [
        ("Total return", percent(found["total_return"]), percent(base["total_return"])),
        ("Largest drawdown", percent(found["max_drawdown"]), percent(base["max_drawdown"])),
        ("Sharpe ratio per year", number(found["sharpe"]), number(base["sharpe"])),
        ("Final equity", number(found["final_equity"]), number(base["final_equity"])),
    ]
    cells = "".join(
        f'<div class="tile"><span>{name}</span><b>{value}</b><span>buy and hold {other}</span>'
        "</div>"
        for name, value, other in rows
    )
    return f'<div class="tiles">{cells}</div>'


def equity_section(run: Run, hold: Run) -> str:
    """Return equity against buy and hold, and the drawdown below it."""
    key = '<p class="key"><i class="run"></i>this run<i class="base"></i>buy and hold</p>'
    lines = (("base", hold.equity), ("run", run.equity))
    chart = line_chart(
        run.timestamp, lines, money_axis, "Equity in quote currency, with buy and hold."
    )
    depth = drawdowns(np.maximum(np.concatenate([[run.trading.cash], run.equity]), 0.0))[1:]
    under = depth_chart(run.timestamp, depth, lambda value: percent(0.0 - value, 0))
    return f"<h2>Equity</h2>{key}{chart}<h2>Drawdown</h2>{under}"


def monthly_section(run: Run) -> str:
    """Return the table of monthly returns, with the year's at the end of each row."""
    months = monthly_returns(run.timestamp, run.equity, run.trading.cash)
    rows: list[list[str]] = []
    for year in sorted({month.year for month in months}):
        changes = {m.month: m.change for m in months if m.year == year}
        whole = math.prod(1.0 + change for change in changes.values()) - 1.0
        cells = [_change(changes[m]) if m in changes else "<td></td>" for m in range(1, 13)]
        rows.append([f"<td>{year}</td>", *cells, _change(whole)])
    head = ["Year", *_MONTHS, "Total"]
    return f"<h2>Monthly returns, %</h2>{_table(head, rows)}"


def trades_section(run: Run) -> str:
    """Return the newest round trips."""
    trades = run.trades
    if not len(trades):
        return "<h2>Trades</h2><p>There was no trade.</p>"
    head = ["Symbol", "Side", "Entry", "Exit", "Bars", "Quantity", "At", "Out at", "Profit", "%"]
    rows = [_trade(row) for row in trades.tail(SHOWN_TRADES).reverse().iter_rows(named=True)]
    shown = "" if len(trades) <= SHOWN_TRADES else f" The newest {SHOWN_TRADES} are shown."
    note = f'<p class="soft">{len(trades):,} round trips, profit after fees.{shown}</p>'
    return f"<h2>Trades</h2>{note}{_table([*head, 'Reason'], rows, 'trades')}"


def costs_section(run: Run) -> str:
    """Return what costs took, and the same targets at no costs and at twice the costs."""
    costs = run.trading.costs
    notional = float(run.orders["notional"].sum())
    fees, slippage = run.statistics["fees_paid"], notional * costs.slippage
    doubled = Costs(fee=min(0.1, 2 * costs.fee), slippage=min(0.1, 2 * costs.slippage))
    rows = [
        _pair("Fees paid", f"{number(fees)} ({percent(fees / run.trading.cash)} of the cash)"),
        _pair(
            "Slippage, at most",
            f"{number(slippage)} ({percent(slippage / run.trading.cash)} of the cash)",
        ),
        _pair("Traded", f"{number(notional, 0)} in {len(run.orders):,} fills"),
        _pair("Total return with these costs", percent(run.statistics["total_return"])),
        _pair("The same targets at twice the costs", percent(_again(run, doubled))),
        _pair(
            "The same targets without costs (flattering)",
            percent(_again(run, Costs(fee=0.0, slippage=0.0))),
        ),
    ]
    return f"<h2>Costs</h2>{_table(['', ''], rows, 'plain')}"


def statistics_section(run: Run, hold: Run, certainty: Certainty | None) -> str:
    """Return all measures beside those of buy and hold, and how sure the main ones are."""
    found, base = run.statistics, hold.statistics
    rows = [
        [f"<td>{name}</td>", _cell(form(found[key])), _cell(form(base[key]))]
        for key, name, form in _STATISTICS
    ]
    rows += [
        [f"<td>{name}</td>", _cell(number(found[key], 0)), _cell(number(base[key], 0))]
        for key, name in (("n_trades", "Closed trades"), ("n_fills", "Fills"))
    ]
    table = _table(["Measure", "This run", "Buy and hold"], rows)
    return f"<h2>Statistics</h2>{table}{_certainty(certainty)}"


def model_section(card: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a model's measures with their intervals and baselines."""
    names = sorted({name for entry in card.values() for name in entry.get("baselines", {})})
    head = ["Measure", "Value", "95 % interval", *(escape(name) for name in names)]
    rows = [
        [
            f"<td>{escape(measure)}</td>",
            _cell(_optional(entry.get("value"))),
            _cell(f"{_optional(entry.get('low'))} to {_optional(entry.get('high'))}"),
            *(_cell(_optional(entry.get("baselines", {}).get(name))) for name in names),
        ]
        for measure, entry in card.items()
    ]
    note = '<p class="soft">Out of sample. The last columns are baselines without a model.</p>'
    return f"<h2>Model</h2>{note}{_table(head, rows)}"


def settings_section(run: Run, more: Mapping[str, object]) -> str:
    """Return everything that decides the result, hashes of the data included."""
    rows = [
        [f"<td>{escape(name)}</td>", f'<td class="free">{_setting(value)}</td>']
        for name, value in {**run.settings, **more}.items()
    ]
    return f"<h2>Settings</h2>{_table(['Setting', 'Value'], rows)}"


def baseline_of(run: Run) -> Run:
    """Return buy and hold at the costs of the run."""
    return buy_and_hold_of(run)


def _again(run: Run, costs: Costs) -> float:
    trading = run.trading
    again = simulate(
        run.bars,
        run.target,
        costs=costs,
        cash=trading.cash,
        leverage=trading.leverage,
        rules=run.rules,
        stop_loss=trading.stop_loss,
        take_profit=trading.take_profit,
        trailing_stop=trading.trailing_stop,
        max_daily_loss=trading.max_daily_loss,
    )
    return float(again.equity[-1] / trading.cash - 1.0)


def _certainty(found: Certainty | None) -> str:
    if found is None:
        return (
            f'<p class="soft">No intervals: they need at least {MIN_DAYS} days of returns that '
            "vary, and an account that was not ruined.</p>"
        )
    rows = [
        _interval("Sharpe ratio per year", found.sharpe, number),
        _interval("Growth per year", found.cagr, percent),
        _interval("Largest drawdown", found.max_drawdown, percent),
    ]
    table = _table(["From daily returns", "Estimate", "95 % interval"], rows)
    return (
        f"<h2>How sure is that?</h2>{table}"
        f'<p class="soft">Stationary block bootstrap over {found.n_days:,} days. Probability that '
        f"the true Sharpe ratio is above 0: {percent(found.probability_above_zero, 1)}, if this "
        "run was the only one tried. Whoever tried more must expect less.</p>"
    )


def _interval(name: str, found: Interval, form: Any) -> list[str]:
    estimate, low, high, _ = found
    return [f"<td>{name}</td>", _cell(form(estimate)), _cell(f"{form(low)} to {form(high)}")]


def _trade(row: Mapping[str, Any]) -> list[str]:
    leave = row["exit_time"]
    side, gain = sign_class(row["pnl"]), row["return"]
    return [
        f"<td>{escape(row['symbol'])}</td>",
        f"<td>{row['side']}</td>",
        f"<td>{row['entry_time']:%Y-%m-%d %H:%M}</td>",
        f"<td>{f'{leave:%Y-%m-%d %H:%M}' if leave else 'open'}</td>",
        _cell(str(row["bars"])),
        _cell(price(row["quantity"])),
        _cell(price(row["entry_price"])),
        _cell(price(row["exit_price"])),
        f'<td class="{side}">{number(row["pnl"])}</td>',
        f'<td class="{side}">{signed_percent(gain, 2)}</td>',
        f"<td>{(row['exit_reason'] or '').replace('_', ' ')}</td>",
    ]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], kind: str = "") -> str:
    first = "".join(f"<th>{name}</th>" for name in head) if any(head) else ""
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    top = f"<thead><tr>{first}</tr></thead>" if first else ""
    return f'<div class="wide"><table class="{kind}">{top}<tbody>{body}</tbody></table></div>'


def _cell(text: str) -> str:
    return f"<td>{text}</td>"


def _pair(name: str, value: str) -> list[str]:
    return [f"<td>{name}</td>", f"<td>{value}</td>"]


def _change(value: float) -> str:
    return f'<td class="{sign_class(value)}">{signed_percent(value)}</td>'


def _optional(value: float | None) -> str:
    return UNDEFINED if value is None else number(value, 4)


def _setting(value: object) -> str:
    if value is None:
        return "off"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return escape(text)

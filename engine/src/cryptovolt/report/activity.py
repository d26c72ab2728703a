"""What was traded: on the price, one by one, and how results are spread; what costs took."""

from collections.abc import Mapping
from html import escape
from typing import Any

import numpy as np
import polars as pl

from cryptovolt.backtest.run import Run
from cryptovolt.domain.costs import Costs
from cryptovolt.report.charts import Mark, histogram, line_chart
from cryptovolt.report.tables import cell, pair, table
from cryptovolt.report.text import money_axis, number, percent, price, sign_class, signed_percent
from cryptovolt.research.replay import Replay, by_day, period_returns
from cryptovolt.research.stress import FEES, SLIPPAGE, doubled

SHOWN_TRADES = 100
MARKED_TRADES = 60
CHARTED_SYMBOLS = 4
_FEWEST = 5


def price_section(run: Run) -> str:
    """Return the newest trades of the most traded symbols, drawn on their prices."""
    if not len(run.trades):
        return ""
    counts = run.trades.group_by("symbol").len().sort(["len", "symbol"], descending=[True, False])
    shown = counts["symbol"].to_list()[:CHARTED_SYMBOLS]
    charts = "".join(_on_price(run, symbol, len(run.bars) > 1) for symbol in shown)
    key = (
        '<p class="key"><i class="mark long"></i>long<i class="mark short"></i>short'
        '<i class="mark gain"></i>out with a profit<i class="mark loss"></i>out with a loss</p>'
    )
    return f"<h2>Trades on the price</h2>{key}{charts}"


def _on_price(run: Run, symbol: str, named: bool) -> str:
    # In the order of their entries: the table is in the order of exits.
    trades = run.trades.filter(pl.col("symbol") == symbol).sort("entry_time")
    newest = trades.tail(MARKED_TRADES)
    times = run.timestamp
    entry = _rows(times, newest["entry_time"])
    leave = _rows(times, newest["exit_time"].fill_null(newest["entry_time"].max()))
    first = max(0, int(entry.min()) - 20) if len(newest) < len(trades) else 0
    marks: list[Mark] = []
    for row, a, b in zip(newest.iter_rows(named=True), entry, leave, strict=True):
        moment = f"{row['entry_time']:%Y-%m-%d %H:%M}"
        marks.append(Mark(a - first, row["entry_price"], row["side"], f"{row['side']} {moment}"))
        if row["exit_price"] is not None:
            kind = "gain" if row["pnl"] > 0 else "loss"
            gain = signed_percent(row["return"], 2)
            marks.append(Mark(b - first, row["exit_price"], kind, f"out {gain} %"))
    chart = line_chart(
        times[first:],
        (("price", run.bars[symbol].close[first:]),),
        money_axis,
        f"Closing price of {symbol} with trades.",
        marks,
    )
    title = f"<h3>{escape(symbol)}</h3>" if named else ""
    few = "" if first == 0 else f"The newest {len(newest)} of {len(trades):,} trades."
    return f'{title}{chart}<p class="soft">{few}</p>'


def _rows(timestamp: Any, times: pl.Series) -> Any:
    # A fill inside a bar belongs to the bar.
    found = np.searchsorted(timestamp, times.dt.epoch("ms").to_numpy(), side="right") - 1
    return np.maximum(found, 0)


def distribution_section(run: Run) -> str:
    """Return how returns by day and by trade are spread."""
    returns = period_returns(run)
    returns = returns[np.isfinite(returns)]
    closed = run.trades.drop_nulls("exit_time")["return"].to_numpy()
    parts: list[str] = []
    unit = "day" if by_day(run) else "bar"
    for name, values in ((f"Returns by {unit}", returns), ("Returns by closed trade", closed)):
        if values.size < _FEWEST:
            continue
        low, middle, high = np.quantile(values, (0.05, 0.5, 0.95)).tolist()
        note = (
            f"{values.size:,} in all; the middle one {percent(middle)}, nine in ten from "
            f"{percent(low)} to {percent(high)}."
        )
        chart = histogram(values, lambda v: percent(v, 1), f"{name}: how often.")
        parts.append(f'<div><h3>{name}</h3>{chart}<p class="soft">{note}</p></div>')
    if not parts:
        return ""
    return f'<h2>How results are spread</h2><div class="pairs">{"".join(parts)}</div>'


def trades_section(run: Run) -> str:
    """Return the newest round trips."""
    trades = run.trades
    if not len(trades):
        return "<h2>Trades</h2><p>There was no trade.</p>"
    head = [
        "Symbol", "Side", "Entry", "Exit", "Bars", "Quantity", "At", "Out at", "Profit", "%",
        "Worst, %", "Best, %", "Reason",
    ]  # fmt: skip
    rows = [_trade(row) for row in trades.tail(SHOWN_TRADES).reverse().iter_rows(named=True)]
    shown = "" if len(trades) <= SHOWN_TRADES else f" The newest {SHOWN_TRADES} are shown."
    note = (
        f'<p class="soft">{len(trades):,} round trips, profit after fees; worst and best are the '
        f"largest moves against and for a trade.{shown}</p>"
    )
    return f"<h2>Trades</h2>{note}{table(head, rows, 'trades')}"


def _trade(row: Mapping[str, Any]) -> list[str]:
    leave = row["exit_time"]
    side, gain = sign_class(row["pnl"]), row["return"]
    return [
        cell(escape(row["symbol"])),
        cell(row["side"]),
        cell(f"{row['entry_time']:%Y-%m-%d %H:%M}"),
        cell(f"{leave:%Y-%m-%d %H:%M}" if leave else "open"),
        cell(str(row["bars"])),
        cell(price(row["quantity"])),
        cell(price(row["entry_price"])),
        cell(price(row["exit_price"])),
        cell(number(row["pnl"]), side),
        cell(signed_percent(gain, 2), side),
        cell(signed_percent(-row["mae"], 2)),
        cell(signed_percent(row["mfe"], 2)),
        cell((row["exit_reason"] or "").replace("_", " ")),
    ]


def costs_section(run: Run) -> str:
    """Return what costs took, and the same targets without costs and at twice the costs."""
    found, cash = run.statistics, run.trading.cash
    replay, costs = Replay(run), run.trading.costs
    notional = float(run.orders["notional"].sum())
    free = replay(costs=Costs(fee=0.0, slippage=0.0, delay=costs.delay))
    double = replay(costs=doubled(costs, (*FEES, *SLIPPAGE)))
    rows = [
        pair(name, f"{number(found[key])} ({percent(found[key] / cash)} of the starting cash)")
        for key, name in (
            ("fees_paid", "Fees paid"),
            ("slippage_paid", "Slippage paid"),
            ("funding_paid", "Funding paid"),
        )
    ]
    rows += [
        pair("Traded", f"{number(notional, 0)} in {len(run.orders):,} fills"),
        pair("Total return with these costs", percent(found["total_return"])),
        pair("The same at twice the costs", percent(double.equity[-1] / cash - 1.0)),
        pair("The same without costs (flattering)", percent(free.equity[-1] / cash - 1.0)),
        pair(
            "Eaten by costs, of the starting cash",
            percent((free.equity[-1] - run.equity[-1]) / cash),
        ),
    ]
    return f"<h2>Costs</h2>{table(['', ''], rows, 'plain')}"

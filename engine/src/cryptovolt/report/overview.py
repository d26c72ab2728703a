"""What comes first: the main numbers, equity, drawdowns, months."""

import math

import numpy as np

from cryptovolt.backtest.run import Run
from cryptovolt.performance.returns import drawdowns
from cryptovolt.report.charts import depth_chart, line_chart
from cryptovolt.report.tables import cell, change_cell, table
from cryptovolt.report.text import money_axis, number, percent

SHOWN_DRAWDOWNS = 10
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def tiles(run: Run, hold: Run) -> str:
    """Return the few numbers that come first, each with its baseline."""
    found, base = run.statistics, hold.statistics
    rows = [
        ("Total return", percent(found["total_return"]), percent(base["total_return"])),
        (
            "Largest drawdown (per bar)",
            percent(found["max_drawdown"]),
            percent(base["max_drawdown"]),
        ),
        ("Sharpe ratio per year (per bar)", number(found["sharpe"]), number(base["sharpe"])),
        ("Final equity", number(found["final_equity"]), number(base["final_equity"])),
    ]
    cells = "".join(
        f'<div class="tile"><span>{name}</span><b>{value}</b><span>buy and hold {other}</span>'
        "</div>"
        for name, value, other in rows
    )
    return f'<div class="tiles">{cells}</div>'


def equity_section(run: Run, hold: Run, of: str = "") -> str:
    """Return equity against buy and hold, the drawdown below it and the deepest drawdowns."""
    key = '<p class="key"><i class="run"></i>this run<i class="base"></i>buy and hold</p>'
    lines = (("base", hold.equity), ("run", run.equity))
    chart = line_chart(
        run.timestamp, lines, money_axis, "Equity in quote currency, with buy and hold."
    )
    depth = drawdowns(np.maximum(np.concatenate([[run.trading.cash], run.equity]), 0.0))[1:]
    under = depth_chart(run.timestamp, depth, lambda value: percent(0.0 - value, 0))
    return f"<h2>Equity{of}</h2>{key}{chart}<h2>Drawdown</h2>{under}{_deepest(run)}"


def _deepest(run: Run) -> str:
    found = run.drawdown_table.head(SHOWN_DRAWDOWNS)
    if not len(found):
        return '<p class="soft">Equity was never below an earlier high.</p>'
    rows = [
        [
            cell(percent(row["depth"])),
            cell(f"{row['start']:%Y-%m-%d}"),
            cell(f"{row['trough']:%Y-%m-%d}"),
            cell(f"{row['recovery']:%Y-%m-%d}" if row["recovery"] else "not yet"),
            cell(f"{row['bars']:,}"),
        ]
        for row in found.iter_rows(named=True)
    ]
    head = ["Depth", "First bar below", "Lowest", "Recovered", "Bars below"]
    note = f"The deepest of {len(run.drawdown_table):,}."
    return f'{table(head, rows)}<p class="soft">{note}</p>'


def monthly_section(run: Run) -> str:
    """Return the table of monthly returns, with the year's at the end of each row."""
    months, years = run.monthly_returns, run.yearly_returns
    rows: list[list[str]] = []
    for year in years:
        row = {
            m.month: change_cell(m.change, _star(m.partial)) for m in months if m.year == year[0]
        }
        cells = [row.get(month, "<td></td>") for month in range(1, 13)]
        rows.append([cell(str(year.year)), *cells, change_cell(year.change, _star(year.partial))])
    known = [m.change for m in months if not math.isnan(m.change)]
    note = '<p class="soft">* not complete.</p>' if any(m.partial for m in months) else ""
    if len(known) > 1:
        rising = sum(change > 0 for change in known)
        note = f'<p class="soft">{rising} of {len(known)} months with a gain. ' + (
            "* not complete.</p>" if note else "</p>"
        )
    return f"<h2>Monthly returns, %</h2>{table(['Year', *_MONTHS, 'Total'], rows, 'heat')}{note}"


def _star(partial: bool) -> str:
    return "*" if partial else ""

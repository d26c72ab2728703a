"""The standard measures of a run in one compiled pass, to the last bit those of `run.statistics`.

The figures come from :mod:`cryptovolt.research.passes`; here they get their names.
"""

import math
from dataclasses import dataclass

import numpy as np

from cryptovolt.backtest.run import Run, round_trips_of
from cryptovolt.backtest.trades import in_units, total_of
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.performance.returns import cagr
from cryptovolt.research.passes import covered, equity_figures, trade_figures
from cryptovolt.trading.step import layout as at

MEASURES = (
    "final_equity", "total_return", "cagr", "volatility", "sharpe", "sortino", "calmar", "omega",
    "max_drawdown", "ulcer_index", "skewness", "kurtosis", "exposure", "n_trades", "n_open_trades",
    "win_rate", "profit_factor", "expectancy", "mean_bars_held", "n_fills", "turnover", "fees_paid",
)  # fmt: skip
"""What a sweep tells of every combination; explained in ``docs/reference/statistics.md``."""

LOWER_IS_BETTER = frozenset({"volatility", "max_drawdown", "ulcer_index", "turnover", "fees_paid"})
"""Measures of which the smallest is the best."""


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """One run in numbers: its measures, and what a trial keeps of its returns per bar."""

    measures: dict[str, float]
    equity: FloatArray
    n_observations: int
    sharpe: float


def measure(run: Run, room: FloatArray | None = None) -> Measured:
    """Return the measures of a run; NaN where one is undefined.

    Parameters
    ----------
    run : Run
        Any.
    room : ndarray of shape (3, n_bars), optional
        To work in; the equity that is returned is then a part of it.
    """
    numerator, denominator = run.books.grid.quote_unit.as_integer_ratio()
    units, cash, per_year = run.equity_units, run.trading.cash, run.periods_per_year
    room = np.empty((3, units.size)) if room is None else room
    found = equity_figures(units, float(numerator), float(denominator), cash, room)
    equity, year = room[0, : units.size], math.sqrt(per_year)
    varies = found.n >= 2 and not math.isnan(found.third)
    sharpe = found.mean / math.sqrt(found.variance) if varies else math.nan
    growth = cagr(equity, cash, per_year)
    measures = {
        "final_equity": float(equity[-1]),
        "total_return": float(equity[-1] / cash - 1.0),
        "cagr": growth,
        "volatility": math.sqrt(found.variance) * year if found.n >= 2 else math.nan,
        "sharpe": sharpe * year,
        "sortino": found.mean / math.sqrt(found.short) * year if found.short > 0.0 else math.nan,
        "calmar": growth / found.depth if found.depth > 0.0 else math.nan,
        "omega": found.gained / found.lost if found.lost > 0.0 else math.nan,
        "max_drawdown": found.depth,
        "ulcer_index": math.sqrt(found.pain),
        "skewness": _standardised(found.third, found.second, 1.5) if varies else math.nan,
        "kurtosis": _standardised(found.fourth, found.second, 2.0) if varies else math.nan,
        **_trades(run),
        **_trading(run, found.level),
    }
    return Measured({name: measures[name] for name in MEASURES}, equity, found.n, sharpe)


def _standardised(moment: float, second: float, power: float) -> float:
    scale = second**power
    return moment / scale if scale > 0.0 else math.nan


def _trades(run: Run) -> dict[str, float]:
    # Not the run's own property, which before Python 3.12 one thread holds against all others.
    trips, bars = round_trips_of(run.fill_rows), run.fill_rows[:, at.F_BAR]
    is_open = trips.is_open
    n_closed, n_bars = len(trips) - int(np.count_nonzero(is_open)), run.equity_units.size
    # Those still open come last.
    units = (trips.side * (trips.exit_value - trips.entry_value) - trips.fees)[:n_closed]
    first, last = bars[trips.first_fill], bars[trips.last_fill]
    last[n_closed:] = n_bars - 1
    won, gained, lost, total = trade_figures(in_units(units, run.books.grid.quote_unit))
    held = int((last - first)[:n_closed].sum())
    if len(run.bars) > 1:
        order = np.argsort(first)
        first, last = first[order], last[order]
    return {
        "exposure": covered(first, last) / n_bars,
        "n_trades": float(n_closed),
        "n_open_trades": float(len(trips) - n_closed),
        "win_rate": won / n_closed if n_closed else math.nan,
        "profit_factor": gained / -lost if lost < 0.0 else math.nan,
        "expectancy": total / n_closed if n_closed else math.nan,
        "mean_bars_held": held / n_closed if n_closed else math.nan,
    }


def _trading(run: Run, mean_equity: float) -> dict[str, float]:
    rows, unit = run.fill_rows, run.books.grid.quote_unit
    traded = total_of(rows[:, at.F_NOTIONAL], unit)
    years = run.equity_units.size / run.periods_per_year
    return {
        "n_fills": float(len(rows)),
        "turnover": traded / mean_equity / years if mean_equity > 0 else math.nan,
        "fees_paid": total_of(rows[:, at.F_FEE], unit),
    }

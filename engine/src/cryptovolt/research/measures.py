"""The standard measures of a run in one compiled pass, to the last bit those of `run.statistics`.

Sums are taken in NumPy's order (pairwise, eight at a time), so that a row of a sweep and the full
run of the same combination never differ.
"""

import math
from dataclasses import dataclass

import numba
import numpy as np
import polars as pl

from cryptovolt.backtest.run import Run
from cryptovolt.backtest.trades import in_units
from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.performance import trades as trade_measures
from cryptovolt.performance.returns import cagr
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


def measure(run: Run) -> Measured:
    """Return the measures of a run; NaN where one is undefined."""
    numerator, denominator = run.books.grid.quote_unit.as_integer_ratio()
    units, cash, per_year = run.equity_units, run.trading.cash, run.periods_per_year
    equity, scratch = np.empty(units.size), np.empty((2, units.size + 1))
    n, mean, variance, second, third, fourth, short, gained, lost, depth, pain, level = _pass(
        units, float(numerator), float(denominator), cash, equity, scratch
    )
    year, varies = math.sqrt(per_year), n >= 2 and not math.isnan(third)
    sharpe = mean / math.sqrt(variance) if varies else math.nan
    growth = cagr(equity, cash, per_year)
    measures = {
        "final_equity": float(equity[-1]),
        "total_return": float(equity[-1] / cash - 1.0),
        "cagr": growth,
        "volatility": math.sqrt(variance) * year if n >= 2 else math.nan,
        "sharpe": sharpe * year,
        "sortino": mean / math.sqrt(short) * year if short > 0.0 else math.nan,
        "calmar": growth / depth if depth > 0.0 else math.nan,
        "omega": gained / lost if lost > 0.0 else math.nan,
        "max_drawdown": depth,
        "ulcer_index": math.sqrt(pain),
        "skewness": _standardised(third, second, 1.5) if varies else math.nan,
        "kurtosis": _standardised(fourth, second, 2.0) if varies else math.nan,
        **_trades(run),
        **_trading(run, level),
    }
    return Measured({name: measures[name] for name in MEASURES}, equity, n, sharpe)


def _standardised(moment: float, second: float, power: float) -> float:
    scale = second**power
    return moment / scale if scale > 0.0 else math.nan


def _trades(run: Run) -> dict[str, float]:
    # Not the run's own property: threads would wait for each other there.
    rows = run.fill_rows
    trips, bars = run.round_trips, rows[:, at.F_BAR]
    closed = ~trips.is_open
    first, last = bars[trips.first_fill], bars[trips.last_fill]
    units = (trips.side * (trips.exit_value - trips.entry_value) - trips.fees)[closed]
    pnl = in_units(units, run.books.grid.quote_unit)
    held = (last - first)[closed]
    n_bars = run.equity_units.size
    return {
        "exposure": _covered(first, np.where(closed, last, n_bars - 1), n_bars) / n_bars,
        "n_trades": float(pnl.size),
        "n_open_trades": float(len(trips) - pnl.size),
        "win_rate": trade_measures.win_rate(pnl),
        "profit_factor": trade_measures.profit_factor(pnl),
        "expectancy": trade_measures.expectancy(pnl),
        "mean_bars_held": float(held.mean()) if held.size else math.nan,
    }


def _trading(run: Run, mean_equity: float) -> dict[str, float]:
    rows, unit = run.fill_rows, run.books.grid.quote_unit
    # polars sums in an order of its own, and `run.statistics` with it.
    traded = float(pl.Series(in_units(rows[:, at.F_NOTIONAL], unit)).sum())
    fees = float(pl.Series(in_units(rows[:, at.F_FEE], unit)).sum())
    years = run.equity_units.size / run.periods_per_year
    return {
        "n_fills": float(len(rows)),
        "turnover": traded / mean_equity / years if mean_equity > 0 else math.nan,
        "fees_paid": fees,
    }


_PLAIN, _SQUARE, _CUBE, _FOURTH, _SHORTFALL = range(5)


@numba.njit(cache=True, nogil=True)
def _leaf(values: FloatArray, n: int) -> float:
    # At most 128 values: eight running sums, added in pairs; the rest one by one.
    if n < 8:
        total = 0.0
        for i in range(n):
            total += values[i]
        return total
    a, b, c, d = values[0], values[1], values[2], values[3]
    e, f, g, h = values[4], values[5], values[6], values[7]
    for k in range(1, n // 8):
        a += values[8 * k]
        b += values[8 * k + 1]
        c += values[8 * k + 2]
        d += values[8 * k + 3]
        e += values[8 * k + 4]
        f += values[8 * k + 5]
        g += values[8 * k + 6]
        h += values[8 * k + 7]
    total = ((a + b) + (c + d)) + ((e + f) + (g + h))
    for i in range(n // 8 * 8, n):
        total += values[i]
    return total


@numba.njit(cache=True, nogil=True)
def _sum_of(kind: int, values: FloatArray, mean: float, work: FloatArray) -> float:
    # NumPy's sum of a power of the values' distance from their mean, or of their shortfalls.
    n = values.size
    if n > 128:
        half = n // 2
        half -= half % 8
        left = _sum_of(kind, values[:half], mean, work)
        return left + _sum_of(kind, values[half:], mean, work)
    if kind == _PLAIN:
        return _leaf(values, n)
    if kind == _SHORTFALL:
        for i in range(n):
            short = min(values[i], 0.0)
            work[i] = short * short
        return _leaf(work, n)
    for i in range(n):
        away = values[i] - mean
        square = away * away
        if kind == _SQUARE:
            work[i] = square
        elif kind == _CUBE:
            work[i] = square * away
        else:
            work[i] = square * square
    return _leaf(work, n)


@numba.njit(cache=True, nogil=True)
def _pass(
    units: IntArray,
    numerator: float,
    denominator: float,
    cash: float,
    equity: FloatArray,
    scratch: FloatArray,
) -> tuple[int, float, float, float, float, float, float, float, float, float, float, float]:
    # Number of returns, mean, variance (n − 1), central moments 2 to 4 (NaN where they do not
    # vary), mean square of shortfalls, gains, losses, deepest drawdown, mean square of drawdowns,
    # mean equity.
    for t in range(units.size):
        equity[t] = units[t] * numerator / denominator
    work = scratch[1]
    depth = _drawdowns(equity, cash, work)
    pain = _sum_of(_PLAIN, work, 0.0, work) / work.size
    level = _sum_of(_PLAIN, equity, 0.0, work) / equity.size
    returns = scratch[0][: _returns(equity, units.min() > 0, cash, scratch[0])]
    n = returns.size
    mean = _sum_of(_PLAIN, returns, 0.0, work) / n
    squares = _sum_of(_SQUARE, returns, mean, work)
    variance = squares / (n - 1) if n > 1 else np.nan
    third = fourth = np.nan
    if returns.min() < returns.max():
        third = _sum_of(_CUBE, returns, mean, work) / n
        fourth = _sum_of(_FOURTH, returns, mean, work) / n
    short = _sum_of(_SHORTFALL, returns, mean, work) / n
    gained, lost = _gains_and_losses(returns, work)
    return n, mean, variance, squares / n, third, fourth, short, gained, lost, depth, pain, level


@numba.njit(cache=True, nogil=True)
def _returns(equity: FloatArray, solvent: bool, cash: float, returns: FloatArray) -> int:
    # After ruin there are none; the first one is of the cash.
    returns[0] = (equity[0] - cash) / cash
    if solvent:
        for t in range(1, equity.size):
            returns[t] = (equity[t] - equity[t - 1]) / equity[t - 1]
        return equity.size
    n = 1
    for t in range(1, equity.size):
        if equity[t - 1] > 0.0:
            returns[n] = (equity[t] - equity[t - 1]) / equity[t - 1]
            n += 1
    return n


@numba.njit(cache=True, nogil=True)
def _drawdowns(equity: FloatArray, cash: float, squares: FloatArray) -> float:
    depth = squares[0] = 0.0
    peak = cash
    for t in range(equity.size):
        peak = max(peak, equity[t])
        down = 1.0 - equity[t] / peak
        depth = max(depth, down)
        squares[t + 1] = down * down
    return depth


@numba.njit(cache=True, nogil=True)
def _gains_and_losses(returns: FloatArray, work: FloatArray) -> tuple[float, float]:
    up = 0
    for i in range(returns.size):
        # Written in any case: a guess of the sign would be wrong half of the time.
        work[up] = returns[i]
        up += returns[i] > 0.0
    gained = _sum_of(_PLAIN, work[:up], 0.0, work)
    down = 0
    for i in range(returns.size):
        work[down] = returns[i]
        down += returns[i] < 0.0
    return gained, -_sum_of(_PLAIN, work[:down], 0.0, work)


@numba.njit(cache=True, nogil=True)
def _covered(first: IntArray, last: IntArray, n_bars: int) -> int:
    # Bars that lie in at least one of the intervals, ends included.
    change = np.zeros(n_bars + 1, np.int32)
    for i in range(first.size):
        change[first[i]] += 1
        change[last[i] + 1] -= 1
    held = covered = 0
    for t in range(n_bars):
        held += change[t]
        covered += held > 0
    return covered

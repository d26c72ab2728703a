"""The standard measures of a run in one compiled pass, to the last bit those of `run.statistics`.

Sums are taken in NumPy's order (pairwise, eight at a time), so that a row of a sweep and the full
run of the same combination never differ.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

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

_Function = TypeVar("_Function", bound=Callable[..., Any])

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
    room : ndarray of shape (3, n_bars + 1), optional
        To work in; the equity that is returned is then a part of it.
    """
    numerator, denominator = run.books.grid.quote_unit.as_integer_ratio()
    units, cash, per_year = run.equity_units, run.trading.cash, run.periods_per_year
    room = np.empty((3, units.size + 1)) if room is None else room
    equity, scratch = room[2, : units.size], room[:2]
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


def _compiled(function: _Function) -> _Function:
    # Divisions by zero are looked for beforehand, so that loops need no branch for them.
    return cast("_Function", numba.njit(cache=True, nogil=True, error_model="numpy")(function))


@_compiled
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


@_compiled
def _plan(n: int) -> IntArray:
    # How n values are halved down to at most 128: where each of these parts begins, and how many
    # sums are complete after it. (A function that calls itself crashes when Numba has cached it.)
    plan = np.empty((n // 64 + 3, 2), np.int64)
    waiting = np.empty((64, 3), np.int64)
    waiting[0] = 0, n, 0
    top, found = 1, 0
    while top > 0:
        top -= 1
        start, size, complete = waiting[top]
        if size <= 128:
            plan[found] = start, complete
            found += 1
        else:
            half = size // 2 - size // 2 % 8
            waiting[top] = start + half, size - half, complete + 1
            waiting[top + 1] = start, half, 0
            top += 2
    plan[found] = n, 0
    return plan[: found + 1]


@_compiled
def _total(sums: FloatArray, plan: IntArray) -> float:
    # The sums of the parts, added up in the order of the halves.
    waiting = np.empty(64)
    top = 0
    for k in range(sums.size):
        waiting[top] = sums[k]
        for _ in range(plan[k, 1]):
            top -= 1
            waiting[top] += waiting[top + 1]
        top += 1
    return waiting[0]


@_compiled
def _sum(values: FloatArray, plan: IntArray) -> float:
    sums = np.empty(plan.shape[0] - 1)
    for k in range(sums.size):
        part = values[plan[k, 0] : plan[k + 1, 0]]
        sums[k] = _leaf(part, part.size)
    return _total(sums, plan)


@_compiled
def _powers(returns: FloatArray, mean: float, plan: IntArray) -> tuple[float, float, float, float]:
    # Sums of squares, cubes and fourth powers of the distance from the mean, and of shortfalls'
    # squares.
    sums, few = np.empty((4, plan.shape[0] - 1)), np.empty((4, 128))
    for k in range(sums.shape[1]):
        part = returns[plan[k, 0] : plan[k + 1, 0]]
        for i in range(part.size):
            away, short = part[i] - mean, min(part[i], 0.0)
            square = away * away
            few[0, i], few[1, i] = square, square * away
            few[2, i], few[3, i] = square * square, short * short
        for power in range(4):
            sums[power, k] = _leaf(few[power], part.size)
    return (
        _total(sums[0], plan), _total(sums[1], plan), _total(sums[2], plan), _total(sums[3], plan),
    )  # fmt: skip


@_compiled
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
    returns, work = scratch[0], scratch[1]
    for t in range(units.size):
        equity[t] = units[t] * numerator / denominator
    depth = _drawdowns(equity, cash, work)
    pain = _sum(work, _plan(work.size)) / work.size
    plan = _plan(equity.size)
    level = _sum(equity, plan) / equity.size
    n = _returns(equity, units.min() > 0, cash, returns)
    returns = returns[:n]
    plan = plan if n == equity.size else _plan(n)
    mean = _sum(returns, plan) / n
    squares, cubes, fourths, short = _powers(returns, mean, plan)
    variance = squares / (n - 1) if n > 1 else np.nan
    if not _varies(returns):
        cubes = fourths = np.nan
    gained, lost = _gains_and_losses(returns, work)
    return (
        n, mean, variance, squares / n, cubes / n, fourths / n, short / n, gained, lost, depth,
        pain, level,
    )  # fmt: skip


@_compiled
def _returns(equity: FloatArray, solvent: bool, cash: float, returns: FloatArray) -> int:
    # After ruin there are none; the first one is of the cash.
    returns[0] = (equity[0] - cash) / cash
    before, after = equity[:-1], equity[1:]
    if solvent:
        rest = returns[1:]
        for t in range(before.size):
            rest[t] = (after[t] - before[t]) / before[t]
        return equity.size
    n = 1
    for t in range(before.size):
        if before[t] > 0.0:
            returns[n] = (after[t] - before[t]) / before[t]
            n += 1
    return n


@_compiled
def _drawdowns(equity: FloatArray, cash: float, squares: FloatArray) -> float:
    peak = cash
    squares[0] = 0.0
    rest = squares[1:]
    for t in range(equity.size):
        peak = max(peak, equity[t])
        rest[t] = peak
    for t in range(equity.size):
        rest[t] = 1.0 - equity[t] / rest[t]
    depth = _largest(rest)
    for t in range(equity.size):
        rest[t] *= rest[t]
    return depth


@_compiled
def _largest(values: FloatArray) -> float:
    # Of numbers ≥ 0, in eight at a time that do not wait for each other.
    lanes = np.zeros(8)
    for k in range(values.size // 8):
        for j in range(8):
            lanes[j] = max(lanes[j], values[8 * k + j])
    largest = lanes.max()
    for i in range(values.size // 8 * 8, values.size):
        largest = max(largest, values[i])
    return largest


@_compiled
def _varies(values: FloatArray) -> bool:
    for value in values:  # noqa: SIM110 - Numba knows no generators
        if value != values[0]:
            return True
    return False


@_compiled
def _gains_and_losses(returns: FloatArray, work: FloatArray) -> tuple[float, float]:
    # Written in any case: a guess of the sign would be wrong half of the time.
    up = 0
    for i in range(returns.size):
        work[up] = returns[i]
        up += returns[i] > 0.0
    gained = _sum(work[:up], _plan(up))
    down = 0
    for i in range(returns.size):
        work[down] = returns[i]
        down += returns[i] < 0.0
    return gained, -_sum(work[:down], _plan(down))


@_compiled
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

"""Compiled passes over the equity and the round trips of a run, without the GIL.

Sums are taken in NumPy's order (pairwise, eight at a time), so that a row of a sweep and the full
run of the same combination never differ. What is summed is made part by part, in memory that fits
into the nearest cache: a sweep waits for memory more than for arithmetic.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numba
import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray

_Function = TypeVar("_Function", bound=Callable[..., Any])

_PART = 128


class EquityFigures(NamedTuple):
    """What one pass over the equity tells.

    `n` returns and their `mean`, `variance` (n − 1) and central moments `second` to `fourth`, the
    last two NaN where the returns do not vary; `short`, the mean square of shortfalls; sums of what
    was `gained` and `lost`; `depth` of the deepest drawdown and `pain`, the mean square of
    drawdowns; `level`, the mean equity.
    """

    n: int
    mean: float
    variance: float
    second: float
    third: float
    fourth: float
    short: float
    gained: float
    lost: float
    depth: float
    pain: float
    level: float


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
def equity_figures(
    units: IntArray, numerator: float, denominator: float, cash: float, room: FloatArray
) -> EquityFigures:
    """Return the figures of equity in whole units; the equity is left in the first row of `room`.

    The unit is numerator / denominator of the quote currency; `room` has three rows of at least
    n_bars.
    """
    equity, returns = room[0, : units.size], room[1, : units.size]
    plan = _plan(units.size)
    level = _convert(units, numerator, denominator, equity, plan) / units.size
    depth, pain = _drawdowns(units, numerator, denominator, equity, cash)
    n = _returns(equity, units.min() > 0, cash, returns)
    returns = returns[:n]
    plan = plan if n == units.size else _plan(n)
    mean = _sum(returns, plan) / n
    squares, cubes, fourths, short = _powers(returns, mean, plan)
    variance = squares / (n - 1) if n > 1 else np.nan
    if not _varies(returns):
        cubes = fourths = np.nan
    gained, lost = _gains_and_losses(returns, room[2])
    return EquityFigures(
        n, mean, variance, squares / n, cubes / n, fourths / n, short / n, gained, lost, depth,
        pain, level,
    )  # fmt: skip


@_compiled
def _convert(
    units: IntArray, numerator: float, denominator: float, equity: FloatArray, plan: IntArray
) -> float:
    # The equity in quote currency, and its sum.
    sums = np.empty(plan.shape[0] - 1)
    for k in range(sums.size):
        whole = units[plan[k, 0] : plan[k + 1, 0]]
        part = equity[plan[k, 0] : plan[k + 1, 0]]
        for i in range(part.size):
            part[i] = whole[i] * numerator / denominator
        sums[k] = _leaf(part, part.size)
    return _total(sums, plan)


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
def _drawdowns(
    units: IntArray, numerator: float, denominator: float, equity: FloatArray, cash: float
) -> tuple[float, float]:
    # The deepest, and the mean square; the account starts with one of 0.
    plan = _plan(units.size + 1)
    sums, few = np.empty(plan.shape[0] - 1), np.zeros(_PART)
    peak, depth = cash, 0.0
    for k in range(sums.size):
        first, end = max(plan[k, 0] - 1, 0), plan[k + 1, 0] - 1
        values, size = equity[first:end], plan[k + 1, 0] - plan[k, 0]
        part = few[size - values.size : size]
        low, high = _bounds(units[first:end])
        if high * numerator / denominator <= peak:
            for i in range(values.size):
                part[i] = 1.0 - values[i] / peak
            depth = max(depth, 1.0 - low * numerator / denominator / peak)
        else:
            for i in range(values.size):
                peak = max(peak, values[i])
                part[i] = 1.0 - values[i] / peak
                depth = max(depth, part[i])
        for i in range(values.size):
            part[i] *= part[i]
        sums[k] = _leaf(few, size)
    return depth, _total(sums, plan) / (units.size + 1)


@_compiled
def _bounds(units: IntArray) -> tuple[int, int]:
    # Of whole numbers the lowest and the highest are found many at a time, of floats one by one.
    low = high = units[0]
    for i in range(units.size):
        low, high = min(low, units[i]), max(high, units[i])
    return low, high


@_compiled
def _powers(returns: FloatArray, mean: float, plan: IntArray) -> tuple[float, float, float, float]:
    # Sums of squares, cubes and fourth powers of the distance from the mean, and of shortfalls'
    # squares.
    sums = np.empty((4, plan.shape[0] - 1))
    squares, cubes, fourths, short = (
        np.empty(_PART), np.empty(_PART), np.empty(_PART), np.empty(_PART),
    )  # fmt: skip
    for k in range(sums.shape[1]):
        part = returns[plan[k, 0] : plan[k + 1, 0]]
        for i in range(part.size):
            away, below = part[i] - mean, min(part[i], 0.0)
            square = away * away
            squares[i], cubes[i] = square, square * away
            fourths[i], short[i] = square * square, below * below
        sums[0, k], sums[1, k] = _leaf(squares, part.size), _leaf(cubes, part.size)
        sums[2, k], sums[3, k] = _leaf(fourths, part.size), _leaf(short, part.size)
    return (
        _total(sums[0], plan), _total(sums[1], plan), _total(sums[2], plan), _total(sums[3], plan),
    )  # fmt: skip


@_compiled
def _varies(values: FloatArray) -> bool:
    for value in values:  # noqa: SIM110 - Numba knows no generators
        if value != values[0]:
            return True
    return False


@_compiled
def _gains_and_losses(returns: FloatArray, work: FloatArray) -> tuple[float, float]:
    # Both are written in any case: a guess of the sign would be wrong half of the time. Gains go
    # to the front of the returns, whose places have been read by then.
    up = down = 0
    for i in range(returns.size):
        value = returns[i]
        returns[up] = work[down] = value
        up += value > 0.0
        down += value < 0.0
    return _sum(returns[:up], _plan(up)), -_sum(work[:down], _plan(down))


@_compiled
def trade_figures(pnl: FloatArray) -> tuple[int, float, float, float]:
    """Return how many profits there are, their sum, that of losses and that of all."""
    won, lost = np.empty(pnl.size), np.empty(pnl.size)
    up = down = 0
    for value in pnl:
        if value > 0.0:
            won[up] = value
            up += 1
        if value < 0.0:
            lost[down] = value
            down += 1
    gained, paid = _sum(won[:up], _plan(up)), _sum(lost[:down], _plan(down))
    return up, gained, paid, _sum(pnl, _plan(pnl.size))


@_compiled
def covered(first: IntArray, last: IntArray) -> int:
    """Return how many bars lie in at least one of the intervals, ends included.

    The intervals are in the order of their beginnings.
    """
    bars, end = 0, -1
    for i in range(first.size):
        bars += max(0, last[i] - max(end, first[i] - 1))
        end = max(end, last[i])
    return bars

"""Intervals for measures of dependent data: the stationary block bootstrap.

Rows are drawn in blocks of random length, so that what follows each other stays together; the end
of the data is followed by its beginning.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
import numpy.typing as npt
from numba import njit

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.errors import DataError

_Rows = TypeVar("_Rows", bound=npt.NDArray[Any])


class Interval(NamedTuple):
    """An estimate and the bounds it lies between with the probability `level`."""

    estimate: float
    low: float
    high: float
    level: float = 0.95

    def __contains__(self, value: object, /) -> bool:
        return isinstance(value, int | float) and self.low <= value <= self.high


class ReturnIntervals(NamedTuple):
    """Intervals of the measures of a run, and how they were drawn.

    `seed` is None where the generator was handed over.
    """

    sharpe: Interval
    cagr: Interval
    max_drawdown: Interval
    n_samples: int
    mean_block: float
    seed: int | None = None


def bootstrap_interval(
    values: _Rows,
    statistic: Callable[[_Rows], float],
    rng: np.random.Generator,
    n_samples: int = 1000,
    mean_block: float | None = None,
    level: float = 0.95,
) -> Interval:
    """Return a statistic with its stationary-block-bootstrap percentile interval.

    Parameters
    ----------
    values : ndarray of shape (n,) or (n, n_columns)
        Rows in order of time, e.g. returns per bar, or row numbers of several arrays.
    statistic : callable
        Takes an array shaped like `values`, returns one number.
    rng : numpy.random.Generator
        Source of randomness.
    n_samples : int, default=1000
        Resamples, at least 2; bounds of fewer than some hundred are rough.
    mean_block : float, optional
        Mean rows per block, from 1 to n; the cube root of n by default.
    level : float, default=0.95
        Probability covered, in (0, 1).

    Returns
    -------
    Interval
        Bounds are NaN where the statistic of more than half of the resamples is undefined.

    Raises
    ------
    DataError
        If there is no row, or fewer than `mean_block`.
    ValueError
        If a parameter is outside its range.

    References
    ----------
    D. N. Politis and J. P. Romano, "The Stationary Bootstrap", Journal of the American Statistical
    Association 89 (428), 1994, p. 1303-1313.
    """
    n = len(values)
    mean = _checked_block(n, n_samples, mean_block, level)
    rows = np.empty(n, np.int64)
    estimates = np.empty(n_samples)
    for sample in range(n_samples):
        _draw_rows(rng, mean, rows)
        estimates[sample] = statistic(cast("_Rows", values[rows]))
    return _interval(statistic(values), estimates, level)


def return_intervals(
    returns: FloatArray,
    periods_per_year: float,
    rng: np.random.Generator,
    n_samples: int = 1000,
    mean_block: float | None = None,
    level: float = 0.95,
) -> ReturnIntervals:
    """Return Sharpe ratio, growth and largest drawdown with their bootstrap intervals.

    Parameters
    ----------
    returns : ndarray of shape (n,)
        Fractions per period, finite.
    periods_per_year : float
        Positive.
    rng : numpy.random.Generator
        Source of randomness.
    n_samples, mean_block, level
        As for :func:`bootstrap_interval`.

    Returns
    -------
    ReturnIntervals
        Sharpe ratio and compound growth per year, the largest drawdown as a fraction of the peak.
        NaN where the estimate is undefined, or more than half of the resamples are.

    Raises
    ------
    DataError
        If there is no return, fewer than `mean_block`, or one that is not finite.
    ValueError
        If a parameter is outside its range.

    Notes
    -----
    A largest drawdown grows with the length of the track and is skewed: the estimate itself may
    lie near an end of its interval. 1,000 resamples of 45,000 returns take about 0.2 s.
    """
    if not np.isfinite(returns).all():
        raise DataError("expected finite returns, found NaN or infinity")
    mean = _checked_block(returns.size, n_samples, mean_block, level)
    values, centre = np.ascontiguousarray(returns), float(returns.mean())
    # Row 0 is the estimate, from the returns as they are.
    found = np.empty((n_samples + 1, 3))
    in_order = np.arange(returns.size)
    found[0] = _sharpe(values, in_order, centre), *_growth_and_drawdown(values, in_order)
    _measure_samples(rng, values, centre, mean, found[1:])
    found[:, 0] *= math.sqrt(periods_per_year)
    with np.errstate(over="ignore"):
        found[:, 1] = np.exp(found[:, 1] * (periods_per_year / returns.size)) - 1.0
    # A few periods that doubled, raised to the number of periods in a year.
    found[np.isinf(found)] = np.nan
    sharpe, growth, depth = (_interval(float(c[0]), c[1:], level) for c in found.T)
    return ReturnIntervals(sharpe, growth, depth, n_samples, mean)


def _checked_block(n: int, n_samples: int, mean_block: float | None, level: float) -> float:
    if n == 0:
        raise DataError("expected at least one row to resample, found none")
    mean = max(1.0, n ** (1 / 3)) if mean_block is None else float(mean_block)
    if not (mean >= 1.0 and n_samples >= 2 and 0.0 < level < 1.0):
        raise ValueError(
            "expected mean_block ≥ 1, n_samples ≥ 2 and level in (0, 1), found "
            f"{mean:g}, {n_samples} and {level}"
        )
    if mean > n:
        raise DataError(f"expected at least {mean:g} rows, the length of a block, found {n}")
    return mean


def _interval(estimate: float, estimates: FloatArray, level: float) -> Interval:
    known = estimates[np.isfinite(estimates)]
    if 2 * known.size < estimates.size:
        return Interval(estimate, math.nan, math.nan, level)
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(known, [tail, 1.0 - tail]).tolist()
    return Interval(estimate, low, high, level)


@njit(cache=True, nogil=True)
def _draw_rows(rng: np.random.Generator, mean_block: float, rows: IntArray) -> None:
    # Each row begins a new block with probability 1 / mean_block, else it follows the one before.
    n = rows.size
    stay = math.log1p(-1.0 / mean_block) if mean_block > 1.0 else -math.inf
    t = 0
    while t < n:
        start = min(n - 1, int(rng.random() * n))
        length = 1.0 + math.floor(math.log(1.0 - rng.random()) / stay)
        end = n if length >= n - t else t + int(length)
        for i in range(end - t):
            row = start + i
            rows[t + i] = row if row < n else row - n
        t = end


@njit(cache=True, nogil=True)
def _sharpe(returns: FloatArray, rows: IntArray, centre: float) -> float:
    # Deviations from the mean of all returns keep the variance from cancelling.
    total, squares = 0.0, 0.0
    low, high = math.inf, -math.inf
    for row in rows:
        change = float(returns[row])
        low, high = min(low, change), max(high, change)
        total += change - centre
        squares += (change - centre) ** 2
    n = rows.size
    variance = (squares - total * total / n) / max(1, n - 1)
    varies = n >= 2 and low < high and variance > 0.0
    return (centre + total / n) / math.sqrt(variance) if varies else math.nan


@njit(cache=True, nogil=True)
def _growth_and_drawdown(returns: FloatArray, rows: IntArray) -> tuple[float, float]:
    # The logarithm of final over first equity, and the largest drawdown.
    equity = peak = lowest = 1.0
    log_growth, deepest = 0.0, 0.0
    for row in rows:
        equity *= 1.0 + float(returns[row])
        if equity > peak:
            deepest = max(deepest, 1.0 - lowest / peak)
            peak = lowest = equity
            if equity > 1e100:
                log_growth += math.log(equity)
                equity = peak = lowest = 1.0
        elif equity < lowest:
            lowest = equity
            if equity <= 0.0:
                break
    log_growth += math.log(equity) if equity > 0.0 else -math.inf
    return log_growth, max(deepest, 1.0 - lowest / peak)


@njit(cache=True, nogil=True)
def _measure_samples(
    rng: np.random.Generator,
    returns: FloatArray,
    centre: float,
    mean_block: float,
    estimates: FloatArray,
) -> None:
    rows = np.empty(returns.size, np.int64)
    for sample in range(len(estimates)):
        _draw_rows(rng, mean_block, rows)
        estimates[sample, 0] = _sharpe(returns, rows, centre)
        estimates[sample, 1], estimates[sample, 2] = _growth_and_drawdown(returns, rows)

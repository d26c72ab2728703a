"""Statistics over a moving window, summed afresh for every bar.

A running sum is faster but remembers where it began, and loses digits where the deviation is small
against the level. Here element ``t`` comes from elements ``t - window + 1 .. t`` alone, added from
the oldest to the newest, so its bits do not depend on what lies before. Elements whose window is
incomplete or holds NaN are NaN.

The sums of neighbouring bars grow side by side: the outer loop goes through the window, eight
elements at a time, the inner one through a tile of bars that fits into the processor's nearest
memory. Each bar's sum is still added in its own order; the processor only adds several bars at
once.
"""

from math import sqrt

import numpy as np
from numba import njit

from cryptovolt.domain.arrays import FloatArray

_TILE = 1024


# Both take arrays that begin where the first window does: an index that might be negative would
# keep the compiler from adding several bars at once.
@njit(cache=True, nogil=True)
def _add_up(total: FloatArray, values: FloatArray, window: int) -> None:
    whole = window - window % 8
    for j in range(0, whole, 8):
        for t in range(total.size):
            i = t + j
            total[t] = (
                (((((((total[t] + values[i]) + values[i + 1]) + values[i + 2]) + values[i + 3])
                   + values[i + 4]) + values[i + 5]) + values[i + 6]) + values[i + 7]
            )  # fmt: skip
    for j in range(whole, window):
        for t in range(total.size):
            total[t] += values[t + j]


@njit(cache=True, nogil=True)
def _add_products(
    total: FloatArray,
    one: FloatArray,
    mean_of_one: FloatArray,
    other: FloatArray,
    mean_of_other: FloatArray,
    window: int,
) -> None:
    whole = window - window % 4
    for j in range(0, whole, 4):
        for t in range(total.size):
            i, a, b = t + j, mean_of_one[t], mean_of_other[t]
            total[t] = (
                ((total[t] + (one[i] - a) * (other[i] - b)) + (one[i + 1] - a) * (other[i + 1] - b))
                + (one[i + 2] - a) * (other[i + 2] - b)
            ) + (one[i + 3] - a) * (other[i + 3] - b)
    for j in range(whole, window):
        for t in range(total.size):
            total[t] += (one[t + j] - mean_of_one[t]) * (other[t + j] - mean_of_other[t])


@njit(cache=True, nogil=True)
def rolling_mean(values: FloatArray, window: int) -> FloatArray:
    """Return the mean of the newest `window` elements."""
    result = np.full(values.size, np.nan)
    n_results = values.size - window + 1
    for first in range(0, n_results, _TILE):
        total = np.zeros(min(_TILE, n_results - first))
        _add_up(total, values[first:], window)
        for t in range(total.size):
            result[first + window - 1 + t] = total[t] / window
    return result


@njit(cache=True, nogil=True)
def rolling_moments(values: FloatArray, window: int) -> tuple[FloatArray, FloatArray]:
    """Return mean and population standard deviation of the newest `window` elements."""
    mean = np.full(values.size, np.nan)
    deviation = np.full(values.size, np.nan)
    n_results = values.size - window + 1
    for first in range(0, n_results, _TILE):
        middle = np.zeros(min(_TILE, n_results - first))
        _add_up(middle, values[first:], window)
        for t in range(middle.size):
            middle[t] = middle[t] / window
        squares = np.zeros(middle.size)
        part = values[first:]
        _add_products(squares, part, middle, part, middle, window)
        for t in range(middle.size):
            mean[first + window - 1 + t] = middle[t]
            deviation[first + window - 1 + t] = sqrt(squares[t] / window)
    return mean, deviation


@njit(cache=True, nogil=True)
def rolling_deviation(values: FloatArray, window: int) -> FloatArray:
    """Return the population standard deviation of the newest `window` elements."""
    return rolling_moments(values, window)[1]


@njit(cache=True, nogil=True)
def rolling_products(
    first: FloatArray, second: FloatArray, window: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the sums of (x − mean x)(y − mean y), (x − mean x)² and (y − mean y)²."""
    n_results = max(0, first.size - window + 1)
    shares_1, shares_2 = first / window, second / window
    cross = np.full(first.size, np.nan)
    square_1 = np.full(first.size, np.nan)
    square_2 = np.full(first.size, np.nan)
    for begin in range(0, n_results, _TILE):
        n = min(_TILE, n_results - begin)
        mean_1, mean_2 = np.zeros(n), np.zeros(n)
        _add_up(mean_1, shares_1[begin:], window)
        _add_up(mean_2, shares_2[begin:], window)
        rows = slice(begin + window - 1, begin + window - 1 + n)
        cross[rows], square_1[rows], square_2[rows] = 0.0, 0.0, 0.0
        x, y = first[begin:], second[begin:]
        _add_products(cross[rows], x, mean_1, y, mean_2, window)
        _add_products(square_1[rows], x, mean_1, x, mean_1, window)
        _add_products(square_2[rows], y, mean_2, y, mean_2, window)
    return cross, square_1, square_2


@njit(cache=True, nogil=True)
def rolling_correlation(first: FloatArray, second: FloatArray, window: int) -> FloatArray:
    """Return Pearson's correlation over the newest `window` elements; 0 where one is constant."""
    cross, square_1, square_2 = rolling_products(first, second, window)
    for t in range(window - 1, first.size):
        scale = sqrt(square_1[t]) * sqrt(square_2[t])
        cross[t] = cross[t] / scale if scale != 0.0 else 0.0
    return cross


@njit(cache=True, nogil=True)
def rolling_beta(first: FloatArray, second: FloatArray, window: int) -> FloatArray:
    """Return the slope of `first` on `second` over the newest elements; 0 where that is flat."""
    cross, _, square = rolling_products(first, second, window)
    for t in range(window - 1, first.size):
        cross[t] = cross[t] / square[t] if square[t] != 0.0 else 0.0
    return cross


@njit(cache=True, nogil=True)
def rolling_weighted(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the sum of the newest elements times `weights`, oldest first."""
    window = weights.size
    result = np.full(values.size, np.nan)
    n_results = values.size - window + 1
    for first in range(0, n_results, _TILE):
        total = np.zeros(min(_TILE, n_results - first))
        for j in range(window):
            weight, part = weights[j], values[first + j :]
            for t in range(total.size):
                total[t] += weight * part[t]
        for t in range(total.size):
            result[first + window - 1 + t] = total[t]
    return result

"""Statistics over a moving window, summed afresh for every bar.

A running sum is faster but remembers where it began, and loses digits where the deviation is small
against the level. Here element ``t`` comes from elements ``t - window + 1 .. t`` alone, in a fixed
order, so its bits do not depend on what lies before. Elements whose window is incomplete or holds
NaN are NaN.
"""

from math import sqrt

import numpy as np
from numba import njit

from cryptovolt.domain.arrays import FloatArray


@njit(cache=True, nogil=True)
def rolling_mean(values: FloatArray, window: int) -> FloatArray:
    """Return the mean of the newest `window` elements."""
    result = np.full(values.size, np.nan)
    for t in range(window - 1, values.size):
        total = 0.0
        for i in range(t - window + 1, t + 1):
            total += values[i]
        result[t] = total / window
    return result


@njit(cache=True, nogil=True)
def rolling_deviation(values: FloatArray, window: int) -> FloatArray:
    """Return the population standard deviation of the newest `window` elements."""
    result = np.full(values.size, np.nan)
    for t in range(window - 1, values.size):
        total = 0.0
        for i in range(t - window + 1, t + 1):
            total += values[i]
        mean = total / window
        squares = 0.0
        for i in range(t - window + 1, t + 1):
            squares += (values[i] - mean) ** 2
        result[t] = sqrt(squares / window)
    return result


@njit(cache=True, nogil=True)
def rolling_correlation(first: FloatArray, second: FloatArray, window: int) -> FloatArray:
    """Return Pearson's correlation over the newest `window` elements; 0 where one is constant."""
    result = np.full(first.size, np.nan)
    for t in range(window - 1, first.size):
        mean_1 = mean_2 = 0.0
        for i in range(t - window + 1, t + 1):
            mean_1 += first[i] / window
            mean_2 += second[i] / window
        cross = square_1 = square_2 = 0.0
        for i in range(t - window + 1, t + 1):
            cross += (first[i] - mean_1) * (second[i] - mean_2)
            square_1 += (first[i] - mean_1) ** 2
            square_2 += (second[i] - mean_2) ** 2
        scale = sqrt(square_1) * sqrt(square_2)
        result[t] = cross / scale if scale != 0.0 else 0.0
    return result

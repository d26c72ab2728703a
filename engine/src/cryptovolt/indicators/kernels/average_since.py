"""Volume-weighted average since the newest start."""

import numpy as np
from numba import njit

from cryptovolt.domain.arrays import BoolArray, FloatArray


@njit(cache=True, nogil=True)
def average_since(price: FloatArray, volume: FloatArray, starts: BoolArray) -> FloatArray:
    """Return Σ price·volume / Σ volume since the newest start; NaN where it is undefined."""
    result = np.full(price.size, np.nan)
    begun = False
    turnover = traded = 0.0
    for t in range(price.size):
        if starts[t]:
            begun = True
            turnover = traded = 0.0
        if begun:
            turnover += price[t] * volume[t]
            traded += volume[t]
            if traded > 0.0:
                result[t] = turnover / traded
    return result

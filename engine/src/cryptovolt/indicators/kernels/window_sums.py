"""Sums over a moving window, at two additions per row whatever the window."""

import numpy as np
from numba import njit

from cryptovolt.domain.arrays import FloatArray


@njit(cache=True, nogil=True)
def window_sums(values: FloatArray, window: int) -> FloatArray:
    """Return the sum of the newest `window` values; NaN where there are fewer.

    Rows are cut into blocks as long as the window. A window ends in one block and begins in the
    one before: its sum is a sum from the block's start plus one to the end of the block before.
    Nothing is ever subtracted, so nothing older than the window leaves a trace in the last bits.
    """
    n_rows = values.size
    result = np.full(n_rows, np.nan)
    if window > n_rows:
        return result
    to_end = np.zeros(window + 1)
    from_start = 0.0
    for t in range(n_rows):
        position = t % window
        if position == 0:
            from_start = 0.0
            if t > 0:
                total = 0.0
                for i in range(window - 1, -1, -1):
                    total += values[t - window + i]
                    to_end[i] = total
        from_start += values[t]
        if t >= window - 1:
            result[t] = from_start + to_end[position + 1]
    return result

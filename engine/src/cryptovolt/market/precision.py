"""With how many decimals numbers were written."""

import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray

MAX_DECIMALS = 8
"""The most decimals that exchanges use."""


def decimals(values: FloatArray) -> IntArray:
    """Return how many decimals each value was written with, at most `MAX_DECIMALS`."""
    found = np.full(values.shape, MAX_DECIMALS, dtype=np.int64)
    for places in range(MAX_DECIMALS - 1, -1, -1):
        found[np.round(values, places) == values] = places
    return found


def shared_decimals(values: FloatArray) -> int | None:
    """Return the fewest decimals that write every value exactly, None where that is more than 8."""
    for places in range(MAX_DECIMALS + 1):
        if np.array_equal(np.round(values, places), values):
            return places
    return None

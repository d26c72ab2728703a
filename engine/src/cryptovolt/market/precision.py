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

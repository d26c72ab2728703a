"""A random walk that can be asked for at any time without walking there.

Between two times at which it is known, a Brownian path lies in the middle on average, with a known
spread: so it is made by halving, from eight years down to a second, each midpoint drawn by a hash
of its place. What it does next does not follow from what it did: nobody can earn on it.
"""

import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt_venue.paths import uniform

ROOT_MS = 2**38
"""Every 8.7 years, counted from the epoch, the path is at 0; that keeps its level."""

FINEST_MS = 2**10
"""Between points so far apart it is a straight line."""

_ANGLE, _RADIUS = 30, 31


def brownian(key: int, time_ms: IntArray) -> FloatArray:
    """Return a path whose steps over one millisecond have the variance 1.

    Parameters
    ----------
    key : int
        The same key makes the same path.
    time_ms : ndarray of shape (n,)
        Milliseconds since the epoch, from 0 on.
    """
    start = time_ms // ROOT_MS * ROOT_MS
    left = np.zeros(time_ms.shape)
    right = np.zeros(time_ms.shape)
    span = ROOT_MS
    while span > FINEST_MS:
        middle = start + span // 2
        drawn = 0.5 * (left + right) + 0.5 * span**0.5 * _normal(key, middle // FINEST_MS)
        later = time_ms >= middle
        left, right = np.where(later, drawn, left), np.where(later, right, drawn)
        start = np.where(later, middle, start)
        span //= 2
    return left + (right - left) * ((time_ms - start) / span)


def _normal(key: int, place: IntArray) -> FloatArray:
    radius = np.sqrt(-2.0 * np.log1p(-uniform(key, place, 0, _RADIUS)))
    return radius * np.cos(2.0 * np.pi * uniform(key, place, 0, _ANGLE))

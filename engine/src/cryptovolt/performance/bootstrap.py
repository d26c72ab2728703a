"""Intervals for measures of dependent data."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.errors import DataError


class Interval(NamedTuple):
    """An estimate and the bounds it lies between with the probability that was asked for."""

    estimate: float
    low: float
    high: float


def bootstrap_interval(
    values: FloatArray,
    statistic: Callable[[FloatArray], float],
    rng: np.random.Generator,
    n_samples: int = 1000,
    mean_block: float | None = None,
    level: float = 0.95,
) -> Interval:
    """Return a statistic with its stationary-block-bootstrap percentile interval.

    Rows are drawn in blocks of random length, so that what follows each other stays together; the
    end of the data is followed by its beginning.

    Parameters
    ----------
    values : ndarray of shape (n,) or (n, n_columns)
        Rows in order of time, e.g. returns per bar.
    statistic : callable
        Takes an array shaped like `values`, returns one number.
    rng : numpy.random.Generator
        Source of randomness.
    n_samples : int, default=1000
        Resamples, at least 20.
    mean_block : float, optional
        Mean rows per block, at least 1; the cube root of n by default.
    level : float, default=0.95
        Probability covered, in (0, 1).

    Returns
    -------
    Interval
        Bounds are NaN where the statistic of more than half of the resamples is undefined.

    Raises
    ------
    DataError
        If there is no row.
    ValueError
        If a parameter is outside its range.

    References
    ----------
    D. N. Politis and J. P. Romano, "The Stationary Bootstrap", Journal of the American Statistical
    Association 89 (428), 1994, p. 1303-1313.
    """
    n = len(values)
    if n == 0:
        raise DataError("expected at least one row to resample, found none")
    mean = max(1.0, n ** (1 / 3)) if mean_block is None else mean_block
    if not (mean >= 1.0 and n_samples >= 20 and 0.0 < level < 1.0):
        raise ValueError(
            "expected mean_block ≥ 1, n_samples ≥ 20 and level in (0, 1), found "
            f"{mean}, {n_samples} and {level}"
        )
    estimates = np.array([statistic(values[_rows(n, mean, rng)]) for _ in range(n_samples)])
    known = estimates[np.isfinite(estimates)]
    if 2 * known.size < n_samples:
        return Interval(statistic(values), np.nan, np.nan)
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(known, [tail, 1.0 - tail]).tolist()
    return Interval(statistic(values), low, high)


def _rows(n: int, mean_block: float, rng: np.random.Generator) -> IntArray:
    # Each row begins a new block with probability 1 / mean_block, else it follows the one before.
    begins = rng.random(n) < 1.0 / mean_block
    begins[0] = True
    first = np.flatnonzero(begins)
    starts = rng.integers(0, n, first.size)
    block = np.cumsum(begins) - 1
    return (starts[block] + np.arange(n) - first[block]) % n

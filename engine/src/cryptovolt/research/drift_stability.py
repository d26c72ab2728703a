"""The population stability index: of counts in bins, and what chance makes of it.

Ten bins hold equal shares of the reference's values, an eleventh those that are missing. Half a
row is added to every bin, so that an empty one does not make the index infinite.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.errors import DataError

N_BINS = 10
MISSING = N_BINS
_COUNTS = N_BINS + 1

Bins = npt.NDArray[np.uint8]
"""Bin of each value, of shape ``(n_rows, n_columns)``: 0 to 9, and 10 where it is missing."""


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """Where the bins of every column end.

    Parameters
    ----------
    values : ndarray of shape (n_columns, 9)
        Rising; a column with fewer different values has infinity at the end.
    """

    values: FloatArray

    def bins(self, values: FloatArray) -> Bins:
        """Return the bin of each value, of shape ``(n_rows, n_columns)`` as `values`.

        Raises
        ------
        DataError
            If there is another number of columns.
        """
        if values.ndim != 2 or values.shape[1] != len(self.values):
            raise DataError(
                f"expected rows of {len(self.values)} columns, found the shape {values.shape}"
            )
        found = np.empty(values.shape, np.uint8)
        for column, edges in enumerate(self.values):
            found[:, column] = np.searchsorted(edges, values[:, column])
        found[np.isnan(values)] = MISSING
        return found


def fit_edges(values: FloatArray) -> Edges:
    """Return edges between which equal shares of each column lie.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_columns)
        NaN where a value is missing.
    """
    found = np.full((values.shape[1], N_BINS - 1), np.inf)
    for column, given in enumerate(values.T):
        known = given[~np.isnan(given)]
        if known.size:
            edges = np.unique(np.quantile(known, np.arange(1, N_BINS) / N_BINS))
            found[column, : edges.size] = edges
    return Edges(found)


def count_bins(bins: Bins) -> IntArray:
    """Return how many rows each bin of each column has, of shape ``(n_columns, 11)``."""
    counts = [np.bincount(column, minlength=_COUNTS) for column in bins.T]
    return np.array(counts, np.int64).reshape(bins.shape[1], _COUNTS)


@njit(cache=True, nogil=True)
def stability_index(reference: IntArray, live: IntArray) -> float:
    """Return the population stability index of two histograms, at least 0.

    ``Σ (live share − reference share) × ln(live share / reference share)``; bins that are empty in
    both do not count.

    Parameters
    ----------
    reference, live : ndarray of shape (n_bins,)
        Rows in each bin.

    References
    ----------
    N. Siddiqi, *Credit Risk Scorecards*, 2006, p. 136. B. Yurdakul, "Statistical Properties of
    Population Stability Index", 2018 (its law where rows are independent: a multiple of χ²).
    """
    n_used = 0
    n_reference, n_live = 0, 0
    for k in range(reference.size):
        n_used += reference[k] + live[k] > 0
        n_reference += reference[k]
        n_live += live[k]
    index = 0.0
    for k in range(reference.size):
        if reference[k] + live[k] > 0:
            before = (reference[k] + 0.5) / (n_reference + 0.5 * n_used)
            now = (live[k] + 0.5) / (n_live + 0.5 * n_used)
            index += (now - before) * math.log(now / before)
    return index


@njit(cache=True, nogil=True)
def largest_indices(
    bins: Bins, path: IntArray, reference: IntArray, window: int, step: int
) -> FloatArray:
    """Return each column's largest index of the looks along a path of rows.

    Parameters
    ----------
    bins : ndarray of shape (n_rows, n_columns)
        Of the reference.
    path : ndarray of shape (n_path,)
        Rows in the order in which they come; the first look is after `window` of them.
    reference : ndarray of shape (n_columns, 11)
        What is compared with.
    window, step : int
        Rows that are compared, rows between looks.

    Returns
    -------
    ndarray of shape (n_columns,)
        At least 0.
    """
    n_columns = bins.shape[1]
    largest = np.zeros(n_columns)
    counts = np.zeros((n_columns, reference.shape[1]), np.int64)
    for t in range(path.size):
        for column in range(n_columns):
            counts[column, bins[path[t], column]] += 1
        if t >= window:
            for column in range(n_columns):
                counts[column, bins[path[t - window], column]] -= 1
        if t + 1 >= window and (t + 1 - window) % step == 0:
            for column in range(n_columns):
                index = stability_index(reference[column], counts[column])
                largest[column] = max(largest[column], index)
    return largest

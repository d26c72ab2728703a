"""Draws of labels that overlap as little as chance allows."""

import numpy as np
from numba import njit
from numpy.random import Generator

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.errors import ConfigurationError, DataError


def sequential_bootstrap(
    row: IntArray, end: IntArray, rng: Generator, n_draws: int | None = None
) -> IntArray:
    """Return labels drawn with replacement, each the likelier the less it shares with those drawn.

    Before each draw a label's chance is in proportion to its uniqueness were it drawn next: the
    mean over its bars of one over one plus the number of drawn labels open there. After a draw only
    labels that overlap with it change.

    Parameters
    ----------
    row, end : ndarray of shape (n_labels,)
        Each label was read from bars ``row + 1 .. end``; rows increasing.
    rng : numpy.random.Generator
        Source of randomness.
    n_draws : int, optional
        At least 0; as many as there are labels if not given.

    Returns
    -------
    ndarray of shape (n_draws,)
        Positions in the order they were drawn. To train on them, sort them: order in time is what
        splits and purging rest on.

    Raises
    ------
    DataError
        If there is no label, or rows and ends are not in order.
    ConfigurationError
        If `n_draws` is below 0.

    References
    ----------
    Marcos López de Prado, *Advances in Financial Machine Learning*, 2018, section 4.5.
    """
    if (
        not row.size
        or row.shape != end.shape
        or not ((np.diff(row) > 0).all() and (end > row).all())
    ):
        raise DataError("expected labels in the order of their bars, each ending after its row")
    n_draws = row.size if n_draws is None else n_draws
    if n_draws < 0:
        raise ConfigurationError(f"expected at least 0 draws, found {n_draws}")
    first = int(row[0])
    return _draw(row - first, end - first, int((end - row).max()), rng.random(n_draws))


@njit(cache=True, nogil=True)
def _draw(row: IntArray, end: IntArray, longest: int, luck: FloatArray) -> IntArray:
    n_open = np.zeros(end.max() + 1)
    # A tree of partial sums finds a draw, and takes a change, in log(n) steps.
    n_leaves = 1
    while n_leaves < row.size:
        n_leaves *= 2
    tree = np.zeros(2 * n_leaves)
    tree[n_leaves : n_leaves + row.size] = 1.0
    for node in range(n_leaves - 1, 0, -1):
        tree[node] = tree[2 * node] + tree[2 * node + 1]
    drawn = np.empty(luck.size, np.int64)
    for k in range(luck.size):
        at: int = _find(tree, n_leaves, luck[k])
        drawn[k] = at
        n_open[row[at] + 1 : end[at] + 1] += 1.0
        i = at
        while i > 0 and row[i - 1] > row[at] - longest:
            i -= 1
        while i < row.size and row[i] < end[at]:
            if end[i] > row[at]:
                _change(tree, n_leaves + i, _uniqueness_next(n_open, row[i], end[i]))
            i += 1
    return drawn


@njit(cache=True, nogil=True)
def _find(tree: FloatArray, n_leaves: int, luck: float) -> int:
    left, node = luck * tree[1], 1
    while node < n_leaves:
        node *= 2
        # Never into a branch without labels, whatever rounding left over.
        if left >= tree[node] and tree[node + 1] > 0.0:
            left -= tree[node]
            node += 1
    return node - n_leaves


@njit(cache=True, nogil=True)
def _change(tree: FloatArray, node: int, chance: float) -> None:
    tree[node] = chance
    while node > 1:
        node //= 2
        tree[node] = tree[2 * node] + tree[2 * node + 1]


@njit(cache=True, nogil=True)
def _uniqueness_next(n_open: FloatArray, row: int, end: int) -> float:
    total = 0.0
    for bar in range(row + 1, end + 1):
        total += 1.0 / (1.0 + n_open[bar])
    return total / (end - row)

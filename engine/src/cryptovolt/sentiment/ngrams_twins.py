"""Twins: texts so alike that one of them in training and the other in a test flatters the test.

Texts are compared without their numbers, links and names of people, by the share of words and pairs
of neighbouring words that they have in common. That is wider than
:mod:`cryptovolt.sentiment.duplicates`, which asks whether the same *message* was printed again:
"target cut to $45" and "target cut to $39" are two messages, and twins.

Candidates come from MinHash bands and are then compared exactly; whoever is a twin of a twin is in
the same group.

References
----------
A. Broder, "On the resemblance and containment of documents", SEQUENCES, 1997, p. 21.
"""

from collections.abc import Sequence

import numpy as np
from numba import njit

from cryptovolt.domain.arrays import IntArray
from cryptovolt.sentiment.ngrams import GramRules, grams, prepare
from cryptovolt.sentiment.ngrams_kernel import KeyArray

MIN_SIMILARITY = 0.6
"""Least share of words and word pairs two twins have in common (Jaccard)."""

_WORDS = GramRules(words=2, letters_from=1, letters_to=1, gap=1, edges=False)
_N_BANDS = 20
_ROWS = 3
_MAX_COMPARED = 50
_FACTORS = np.random.default_rng(20240607).integers(
    1, 2**63, _N_BANDS * _ROWS, dtype=np.uint64
) | np.uint64(1)


def twin_groups(texts: Sequence[str], min_similarity: float = MIN_SIMILARITY) -> IntArray:
    """Return a number for each text that it shares with its twins alone.

    Parameters
    ----------
    texts : sequence of str
    min_similarity : float, default=0.6
        In (0, 1].

    Returns
    -------
    ndarray of shape (n_texts,)
        From 0, in the order of the first text of each group. A pair of similarity 0.6 is found
        with a probability of 0.99, one of 0.8 always but for one in a million.
    """
    found = grams(prepare(texts), _WORDS)
    words = found.blocks == 0
    first = np.concatenate([[0], np.cumsum(words)])[found.first]
    keys, first = _distinct(found.keys[words], first)
    parents = np.arange(len(texts), dtype=np.int64)
    bands = _signatures(keys, first)
    for band in range(_N_BANDS):
        order = np.argsort(bands[:, band], kind="stable")
        _unite(order, bands[:, band], keys, first, min_similarity, parents)
    return _numbered(parents)


@njit(cache=True, nogil=True)
def _distinct(keys: KeyArray, first: IntArray) -> tuple[KeyArray, IntArray]:
    kept, into = np.empty(keys.size, np.uint64), np.zeros(first.size, np.int64)
    n = 0
    for i in range(first.size - 1):
        own = np.sort(keys[first[i] : first[i + 1]])
        for j in range(own.size):
            if j == 0 or own[j] != own[j - 1]:
                kept[n] = own[j]
                n += 1
        into[i + 1] = n
    return kept[:n], into


@njit(cache=True, nogil=True)
def _signatures(keys: KeyArray, first: IntArray) -> KeyArray:
    bands = np.zeros((first.size - 1, _N_BANDS), np.uint64)
    for i in range(first.size - 1):
        for band in range(_N_BANDS):
            signature = np.uint64(band)
            for row in range(_ROWS):
                factor = _FACTORS[band * _ROWS + row]
                least = np.uint64(0xFFFFFFFFFFFFFFFF)
                for j in range(first[i], first[i + 1]):
                    # Keys are mixed already: an odd factor and a shift reorder them.
                    value = keys[j] * factor
                    least = min(least, value ^ (value >> np.uint64(29)))
                signature = (signature * np.uint64(0x9E3779B97F4A7C15)) ^ least
            bands[i, band] = signature
    return bands


@njit(cache=True, nogil=True)
def _unite(
    order: IntArray,
    signatures: KeyArray,
    keys: KeyArray,
    first: IntArray,
    min_similarity: float,
    parents: IntArray,
) -> None:
    start = 0
    for at in range(order.size):
        text = order[at]
        if signatures[text] != signatures[order[start]]:
            start = at
        # In a crowd only the nearest are compared: they are joined to the others already.
        for other_at in range(max(start, at - _MAX_COMPARED), at):
            other = order[other_at]
            left, right = _root(parents, text), _root(parents, other)
            if left != right and _similarity(keys, first, text, other) >= min_similarity:
                parents[max(left, right)] = min(left, right)


@njit(cache=True, nogil=True)
def _root(parents: IntArray, text: int) -> int:
    while parents[text] != text:
        parents[text] = parents[parents[text]]
        text = parents[text]
    return text


@njit(cache=True, nogil=True)
def _similarity(keys: KeyArray, first: IntArray, left: int, right: int) -> float:
    i, j, common = first[left], first[right], 0
    while i < first[left + 1] and j < first[right + 1]:
        if keys[i] == keys[j]:
            common += 1
            i += 1
            j += 1
        elif keys[i] < keys[j]:
            i += 1
        else:
            j += 1
    n = first[left + 1] - first[left] + first[right + 1] - first[right]
    return common / (n - common) if n > 0 else 1.0


@njit(cache=True, nogil=True)
def _numbered(parents: IntArray) -> IntArray:
    numbers = np.full(parents.size, -1, np.int64)
    n = 0
    for text in range(parents.size):
        root = _root(parents, text)
        if numbers[root] < 0:
            numbers[root] = n
            n += 1
        numbers[text] = numbers[root]
    return numbers

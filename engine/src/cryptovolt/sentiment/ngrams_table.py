"""N-grams become numbers: a vocabulary, and each text as a sparse vector over it.

Within a block a feature that occurs ``k`` times has the value ``(1 + ln k) · idf`` with
``idf = 1 + ln((1 + n_texts) / (1 + n_texts_with_it))``; the values of a block then have a fixed
length (1.4 for words, 1 for letters, 0.7 for the others), so that long texts speak no louder. The
block of counts alone is not made to: how many words of a class there are is what it says; its
values are ``1 + ln k``.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.sentiment.ngrams import BLOCKS, Grams
from cryptovolt.sentiment.ngrams_kernel import BlockArray, KeyArray

_N_BLOCKS = len(BLOCKS)
_COUNTS = BLOCKS.index("counts")
_LENGTHS = np.array([1.4, 1.0, 0.7, 0.7, 1.0, 0.7, 0.7])


class Vocabulary(NamedTuple):
    """The features that are known: keys in ascending order, and how rare each is."""

    keys: KeyArray
    idf: FloatArray


class Table(NamedTuple):
    """The vocabulary as a hash table with open addressing; slot −1 is free."""

    keys: KeyArray
    slots: npt.NDArray[np.int32]


class Sparse(NamedTuple):
    """Texts as rows of a sparse matrix: compressed rows, the columns of a row in no order."""

    values: FloatArray
    columns: IntArray
    first: IntArray


def fit_vocabulary(grams: Grams, min_texts: int = 2) -> Vocabulary:
    """Return the features found in at least `min_texts` of the texts.

    Parameters
    ----------
    grams : Grams
        From :func:`cryptovolt.sentiment.ngrams.grams`.
    min_texts : int, default=2
        At least 1.

    Returns
    -------
    Vocabulary
    """
    n_texts = grams.first.size - 1
    once = _once_per_text(grams.keys, grams.first)
    keys, n_with = np.unique(once, return_counts=True)
    kept = n_with >= min_texts
    idf = 1.0 + np.log((1.0 + n_texts) / (1.0 + n_with[kept]))
    return Vocabulary(keys[kept], idf)


def make_table(vocabulary: Vocabulary) -> Table:
    """Return the hash table of a vocabulary, at most half full."""
    size = 1 << max(4, int(2 * vocabulary.keys.size).bit_length())
    table = Table(np.zeros(size, np.uint64), np.full(size, -1, np.int32))
    _fill(vocabulary.keys, *table)
    return table


def vectors(grams: Grams, table: Table, idf: FloatArray) -> Sparse:
    """Return the texts over the vocabulary; features it does not know are left out."""
    values = np.empty(grams.keys.size)
    columns = np.empty(grams.keys.size, np.int64)
    first = np.zeros(grams.first.size, np.int64)
    _vectors(grams.keys, grams.blocks, grams.first, *table, idf, values, columns, first)
    n = int(first[-1])
    return Sparse(values[:n].copy(), columns[:n].copy(), first)


@njit(cache=True, nogil=True)
def text_vector(
    keys: KeyArray,
    blocks: BlockArray,
    table_keys: KeyArray,
    table_slots: npt.NDArray[np.int32],
    idf: FloatArray,
    counts: IntArray,
    values: FloatArray,
    columns: IntArray,
) -> int:
    """Write one text's values and columns and return how many there are.

    `counts` has one element per feature of the vocabulary, all 0 before and after.
    """
    n = 0
    squares = np.zeros(_N_BLOCKS)
    for i in range(keys.size):
        slot = _slot(keys[i], table_keys, table_slots)
        if slot < 0:
            continue
        if counts[slot] == 0:
            columns[n], values[n] = slot, blocks[i]
            n += 1
        counts[slot] += 1
    for i in range(n):
        slot, block = columns[i], int(values[i])
        size = 1.0 if counts[slot] == 1 else 1.0 + np.log(float(counts[slot]))
        if block != _COUNTS:
            size *= idf[slot]
        counts[slot] = -1 - block
        values[i] = size
        squares[block] += size * size
    for i in range(n):
        block = -1 - counts[columns[i]]
        counts[columns[i]] = 0
        if block != _COUNTS:
            values[i] *= _LENGTHS[block] / np.sqrt(squares[block])
    return n


@njit(cache=True, nogil=True, inline="always")
def _slot(key: np.uint64, keys: KeyArray, slots: npt.NDArray[np.int32]) -> int:
    mask = np.uint64(keys.size - 1)
    place = key & mask
    while slots[place] >= 0:
        if keys[place] == key:
            return int(slots[place])
        place = (place + np.uint64(1)) & mask
    return -1


@njit(cache=True, nogil=True)
def _fill(known: KeyArray, keys: KeyArray, slots: npt.NDArray[np.int32]) -> None:
    mask = np.uint64(keys.size - 1)
    for slot in range(known.size):
        place = known[slot] & mask
        while slots[place] >= 0:
            place = (place + np.uint64(1)) & mask
        keys[place], slots[place] = known[slot], slot


@njit(cache=True, nogil=True)
def _once_per_text(keys: KeyArray, first: IntArray) -> KeyArray:
    once = np.empty(keys.size, np.uint64)
    n = 0
    for i in range(first.size - 1):
        own = np.sort(keys[first[i] : first[i + 1]])
        for j in range(own.size):
            if j == 0 or own[j] != own[j - 1]:
                once[n] = own[j]
                n += 1
    return once[:n]


@njit(cache=True, nogil=True)
def _vectors(
    keys: KeyArray,
    blocks: BlockArray,
    first: IntArray,
    table_keys: KeyArray,
    table_slots: npt.NDArray[np.int32],
    idf: FloatArray,
    values: FloatArray,
    columns: IntArray,
    into: IntArray,
) -> None:
    counts = np.zeros(idf.size, np.int64)
    for i in range(first.size - 1):
        begin, end, at = first[i], first[i + 1], into[i]
        n = text_vector(
            keys[begin:end], blocks[begin:end], table_keys, table_slots, idf,
            counts, values[at:], columns[at:],
        )  # fmt: skip
        into[i + 1] = at + n

"""The compiled part of :mod:`cryptovolt.sentiment.ngrams`: words, hashes and features."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

from cryptovolt.domain.arrays import IntArray

KeyArray: TypeAlias = npt.NDArray[np.uint64]
PointArray: TypeAlias = npt.NDArray[np.uint32]
BlockArray: TypeAlias = npt.NDArray[np.int8]


@njit(cache=True, nogil=True)
def text_grams(
    points: PointArray,
    begin: int,
    end: int,
    rules: IntArray,
    class_words: KeyArray,
    class_of: BlockArray,
    starts: IntArray,
    hashes: KeyArray,
    abstract: KeyArray,
    keys: KeyArray,
    blocks: BlockArray,
) -> int:
    """Write one text's features into `keys` and `blocks` and return how many there are."""
    n_words = _find_words(points, begin, end, starts, hashes)
    known = _find_classes(hashes, n_words, class_words, class_of, abstract)
    n = _runs(hashes, n_words, rules[0], 0, hashes, keys, blocks, 0)
    for word in range(n_words):
        n = _letters(points, starts[2 * word], starts[2 * word + 1], rules, keys, blocks, n)
    n = _pairs(hashes, n_words, rules[3], keys, blocks, n)
    if known:
        n = _runs(abstract, n_words, rules[0], 3, hashes, keys, blocks, n)
        n = _class_counts(abstract, hashes, n_words, keys, blocks, n)
    return n


@njit(cache=True, nogil=True, inline="always")
def _mix(key: np.uint64) -> np.uint64:
    key ^= key >> np.uint64(33)
    key *= np.uint64(0xFF51AFD7ED558CCD)
    key ^= key >> np.uint64(33)
    key *= np.uint64(0xC4CEB9FE1A85EC53)
    key ^= key >> np.uint64(33)
    return key


@njit(cache=True, nogil=True, inline="always")
def _join(key: np.uint64, word: np.uint64) -> np.uint64:
    return _mix((key + np.uint64(0x9E3779B97F4A7C15)) ^ word)


@njit(cache=True, nogil=True, inline="always")
def _add_point(value: np.uint64, point: np.uint64) -> np.uint64:
    return (value ^ point) * np.uint64(0x100000001B3)


@njit(cache=True, nogil=True)
def hash_of(points: PointArray, begin: int, end: int) -> np.uint64:
    """Return the hash of the code points from `begin` to `end`."""
    value = np.uint64(0xCBF29CE484222325)
    for i in range(begin, end):
        value = _add_point(value, np.uint64(points[i]))
    return value


@njit(cache=True, nogil=True)
def _find_words(
    points: PointArray, begin: int, end: int, starts: IntArray, hashes: KeyArray
) -> int:
    n_words, i = 0, begin
    while i < end:
        if points[i] == 32:
            i += 1
            continue
        start = i
        while i < end and points[i] != 32:
            i += 1
        starts[2 * n_words], starts[2 * n_words + 1] = start, i
        hashes[n_words] = hash_of(points, start, i)
        n_words += 1
    return n_words


@njit(cache=True, nogil=True)
def _place(words: KeyArray, word: np.uint64) -> int:
    low, high = 0, words.size
    while low < high:
        middle = (low + high) // 2
        if words[middle] < word:
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True, nogil=True)
def _find_classes(
    hashes: KeyArray, n_words: int, words: KeyArray, class_of: BlockArray, abstract: KeyArray
) -> int:
    known = 0
    for i in range(n_words):
        abstract[i] = hashes[i]
        place = _place(words, hashes[i])
        if place < words.size and words[place] == hashes[i]:
            # No word's hash is this small, but for one in 10^17.
            abstract[i] = np.uint64(class_of[place] + 1)
            known += 1
    return known


@njit(cache=True, nogil=True)
def _runs(
    hashes: KeyArray,
    n_words: int,
    longest: int,
    block: int,
    plain: KeyArray,
    keys: KeyArray,
    blocks: BlockArray,
    n: int,
) -> int:
    for i in range(n_words):
        key, changed = np.uint64(block + 1), block == 0
        for j in range(i, min(n_words, i + longest)):
            key = _join(key, hashes[j])
            changed |= hashes[j] != plain[j]
            if changed:
                keys[n], blocks[n] = key, block
                n += 1
    return n


@njit(cache=True, nogil=True)
def _letters(
    points: PointArray,
    start: int,
    end: int,
    rules: IntArray,
    keys: KeyArray,
    blocks: BlockArray,
    n: int,
) -> int:
    # Positions start - 1 and end are the spaces that mark the edges.
    for i in range(start - 1, end):
        value = np.uint64(0xCBF29CE484222325)
        for j in range(i, min(end + 1, i + rules[2])):
            point = np.uint64(points[j]) if start <= j < end else np.uint64(32)
            value = _add_point(value, point)
            if j - i + 1 >= rules[1]:
                keys[n], blocks[n] = _join(np.uint64(2), value), 1
                n += 1
    return n


@njit(cache=True, nogil=True)
def _pairs(
    hashes: KeyArray, n_words: int, gap: int, keys: KeyArray, blocks: BlockArray, n: int
) -> int:
    for i in range(n_words):
        for j in range(i + 2, min(n_words, i + gap + 1)):
            keys[n], blocks[n] = _join(_join(np.uint64(3), hashes[i]), hashes[j]), 2
            n += 1
    return n


@njit(cache=True, nogil=True)
def _class_counts(
    abstract: KeyArray, plain: KeyArray, n_words: int, keys: KeyArray, blocks: BlockArray, n: int
) -> int:
    first = True
    for i in range(n_words):
        if abstract[i] != plain[i]:
            key = _join(np.uint64(5), abstract[i])
            keys[n], blocks[n] = key, 4
            n += 1
            if first:
                keys[n], blocks[n] = _join(key, np.uint64(1)), 4
                n += 1
                first = False
    return n

"""The compiled part of :mod:`cryptovolt.sentiment.ngrams`: words, hashes and features."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

from cryptovolt.domain.arrays import IntArray

KeyArray: TypeAlias = npt.NDArray[np.uint64]
PointArray: TypeAlias = npt.NDArray[np.uint32]
BlockArray: TypeAlias = npt.NDArray[np.int8]


Classes: TypeAlias = tuple[KeyArray, BlockArray, BlockArray]
Scratch: TypeAlias = tuple[IntArray, KeyArray, KeyArray, KeyArray, KeyArray, BlockArray]

# Classes and edges stand among hashes of words; no word's hash is this small, but for one in 10^16.
_FIRST_EDGE, _LAST_EDGE = np.uint64(254), np.uint64(255)


@njit(cache=True, nogil=True)
def text_grams(
    points: PointArray, begin: int, end: int, rules: IntArray, classes: Classes, scratch: Scratch
) -> int:
    """Write one text's features into the scratch's keys and blocks; return how many there are."""
    starts, hashes, abstract, topics, keys, blocks = scratch
    edges = int(rules[4])
    n_all = _find_words(points, begin, end, starts, hashes, edges)
    n_words = max(0, n_all - 2 * edges)
    n = _runs(hashes, n_all, rules[0], 0, hashes, keys, blocks, 0)
    for word in range(n_words):
        n = _letters(points, starts[2 * word], starts[2 * word + 1], rules, keys, blocks, n)
    if classes[0].size == 0 or n_words == 0:
        return _pairs(hashes, hashes, n_all, rules[3], 2, keys, blocks, n)
    _find_classes(hashes, n_all, classes, abstract, topics)
    n = _pairs(hashes, hashes, n_all, rules[3], 2, keys, blocks, n)
    n = _runs(abstract, n_all, rules[0], 3, hashes, keys, blocks, n)
    n = _class_counts(abstract, hashes, n_all, keys, blocks, n)
    n = _runs(topics, n_all, rules[0], 5, hashes, keys, blocks, n)
    return _pairs(topics, hashes, n_all, rules[3], 6, keys, blocks, n)


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
def _is_edge(word: np.uint64) -> np.bool_:
    return (word == _FIRST_EDGE) | (word == _LAST_EDGE)


@njit(cache=True, nogil=True)
def _find_words(
    points: PointArray, begin: int, end: int, starts: IntArray, hashes: KeyArray, edges: int
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
        hashes[n_words + edges] = hash_of(points, start, i)
        n_words += 1
    if edges and n_words:
        hashes[0], hashes[n_words + 1] = _FIRST_EDGE, _LAST_EDGE
        return n_words + 2
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
    hashes: KeyArray, n_words: int, known: Classes, abstract: KeyArray, topics: KeyArray
) -> None:
    words, class_of, topic_of = known
    for i in range(n_words):
        abstract[i] = topics[i] = hashes[i]
        place = _place(words, hashes[i])
        if place < words.size and words[place] == hashes[i]:
            topics[i] = np.uint64(topic_of[place] + 1)
            if class_of[place] >= 0:
                abstract[i] = np.uint64(class_of[place] + 1)


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
            # An edge by itself is in every text.
            if changed and (j > i or not _is_edge(hashes[j])):
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
    hashes: KeyArray,
    plain: KeyArray,
    n_words: int,
    gap: int,
    block: int,
    keys: KeyArray,
    blocks: BlockArray,
    n: int,
) -> int:
    for i in range(n_words):
        for j in range(i + 2, min(n_words, i + gap + 1)):
            if _is_edge(hashes[i]) and _is_edge(hashes[j]):
                continue
            if block == 2 or hashes[i] != plain[i] or hashes[j] != plain[j]:
                first = _join(np.uint64(block + 1), hashes[i])
                keys[n], blocks[n] = _join(first, hashes[j]), block
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

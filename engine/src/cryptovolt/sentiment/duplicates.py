"""Near-duplicates: one piece of news, however often it is printed, is one group.

A text joins the group of an earlier one when both are almost the same words in the same order.
Addresses, "BREAKING:", "RT @name:" and the publisher's name behind a stroke do not count. Words
that turn a message around do: numbers, coins, directions and negations must be the same, so that
"up 5 %" never joins "down 5 %".

Candidates come from MinHash bands over pairs of neighbouring words, and are then compared word by
word. Memory is bounded by a number of texts; what has not been seen for the window is forgotten. A
judgement depends on earlier calls only, and is the same on every machine.

References
----------
A. Broder, "On the resemblance and containment of documents", SEQUENCES, 1997, p. 21.
"""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from itertools import pairwise
from zlib import crc32

import numpy as np
import numpy.typing as npt

from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.timeframe import DAY_MS
from cryptovolt.sentiment.duplicates_words import content_words, is_decisive
from cryptovolt.sentiment.text import clean_text, text_hash

DEFAULT_WINDOW_MS = 2 * DAY_MS
MIN_SIMILARITY = 0.6
"""Least share of common word pairs (Jaccard). One word put into ten leaves 0.73."""

_MIN_WORDS = 5
"""Shorter texts join only when their words are the same: "to the moon" is said by everyone."""

_MAX_WORDS = 400
_N_BANDS = 16
_ROWS = 2
_MAX_IN_BUCKET = 16
_MAX_COMPARED = 8
_MERSENNE = np.uint64((1 << 31) - 1)


def _coefficients(name: bytes) -> npt.NDArray[np.uint64]:
    # From a digest, not from a generator: the same in every version of NumPy.
    n_hashes = _N_BANDS * _ROWS
    digest = hashlib.shake_128(name).digest(4 * n_hashes)
    drawn = np.frombuffer(digest, dtype="<u4").astype(np.uint64)
    return (drawn % (_MERSENNE - np.uint64(1)) + np.uint64(1)).reshape(n_hashes, 1)


_FACTORS = _coefficients(b"factors")
_OFFSETS = _coefficients(b"offsets")


@dataclass(slots=True)
class _Item:
    group: str
    words: tuple[str, ...]
    bands: tuple[bytes, ...]
    seen_ms: int


class NearDuplicates:
    """Recognises texts that were seen before, also when they were changed a little.

    Parameters
    ----------
    window_ms : int, default=172,800,000
        A text counts as repeated within this time after it was last seen; each repeat renews it.
    max_items : int, default=20,000
        Most different texts remembered; the one not seen for longest is forgotten first.

    Raises
    ------
    ConfigurationError
        If either is below 1.
    """

    def __init__(self, window_ms: int = DEFAULT_WINDOW_MS, *, max_items: int = 20_000) -> None:
        if window_ms < 1 or max_items < 1:
            raise ConfigurationError(
                f"expected a window and a number of items of at least 1, found {window_ms} ms and "
                f"{max_items}"
            )
        self._window_ms = window_ms
        self._max_items = max_items
        self._items: OrderedDict[str, _Item] = OrderedDict()
        self._leads: dict[str, str] = {}
        self._buckets: dict[bytes, list[str]] = {}

    def __len__(self) -> int:
        return len(self._items)

    def group_of(self, text: str, seen_ms: int) -> str:
        """Return the text's group and remember the text.

        Parameters
        ----------
        text : str
            As it is stored, cleaned.
        seen_ms : int
            When it was first seen, milliseconds UTC. Items are judged in the order they are seen.

        Returns
        -------
        str
            64 hex digits: the text hash of the first item of the group.
        """
        self._forget(seen_ms)
        text = clean_text(text)
        words = content_words(text)[:_MAX_WORDS]
        key = _key_of(words, text)
        known = self._items.get(key)
        group = known.group if known is not None else self._similar(words) or text_hash(text)
        self._store(key, words, seen_ms, group)
        return group

    def remember(self, text: str, seen_ms: int, group: str) -> None:
        """Take note of an item that was grouped earlier, e.g. before a restart."""
        self._forget(seen_ms)
        text = clean_text(text)
        words = content_words(text)[:_MAX_WORDS]
        self._store(_key_of(words, text), words, seen_ms, group)

    def _store(self, key: str, words: tuple[str, ...], seen_ms: int, group: str) -> None:
        if key not in self._items:
            # Later texts are compared with the first of a group alone, so that it cannot drift.
            leads = self._leads.setdefault(group, key) == key
            self._items[key] = _Item(group, words, _bands_of(words) if leads else (), seen_ms)
            for band in self._items[key].bands:
                bucket = self._buckets.setdefault(band, [])
                bucket.append(key)
                del bucket[:-_MAX_IN_BUCKET]
        for renewed in (self._leads.get(self._items[key].group), key):
            if renewed is not None:
                self._items[renewed].seen_ms = max(self._items[renewed].seen_ms, seen_ms)
                self._items.move_to_end(renewed)
        while len(self._items) > self._max_items:
            self._drop(next(iter(self._items)))

    def _similar(self, words: tuple[str, ...]) -> str | None:
        shared: dict[str, int] = {}
        for band in _bands_of(words):
            for key in self._buckets.get(band, ()):
                shared[key] = shared.get(key, 0) + 1
        # The likeliest first; of equals the one known longest, so that groups keep their name.
        for key in sorted(shared, key=lambda key: -shared[key])[:_MAX_COMPARED]:
            if _is_reprint(words, self._items[key].words):
                return self._items[key].group
        return None

    def _forget(self, now_ms: int) -> None:
        while self._items:
            key, item = next(iter(self._items.items()))
            if now_ms - item.seen_ms <= self._window_ms:
                return
            self._drop(key)

    def _drop(self, key: str) -> None:
        item = self._items.pop(key)
        if self._leads.get(item.group) == key:
            del self._leads[item.group]
        for band in item.bands:
            bucket = self._buckets.get(band, [])
            if key in bucket:
                bucket.remove(key)
            if not bucket:
                self._buckets.pop(band, None)


def _is_reprint(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    pairs_left, pairs_right = _pairs_of(left), _pairs_of(right)
    common = len(pairs_left & pairs_right)
    if common < MIN_SIMILARITY * len(pairs_left | pairs_right):
        return False
    return [word for word in left if is_decisive(word)] == [
        word for word in right if is_decisive(word)
    ] and _same_order(left, right)


def _same_order(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    # "A sues B" is not "B sues A": words both texts have must stand in the same order.
    common = set(left) & set(right)
    return list(dict.fromkeys(w for w in left if w in common)) == list(
        dict.fromkeys(w for w in right if w in common)
    )


def _pairs_of(words: tuple[str, ...]) -> frozenset[tuple[str, str]]:
    return frozenset(pairwise(words))


def _key_of(words: tuple[str, ...], text: str) -> str:
    return text_hash(" ".join(words) if words else text)


def _bands_of(words: tuple[str, ...]) -> tuple[bytes, ...]:
    if len(words) < _MIN_WORDS:
        return ()
    pairs = [crc32(f"{a} {b}".encode()) for a, b in _pairs_of(words)]
    hashes = np.array(pairs, dtype=np.uint64)
    mixed = (_FACTORS * (hashes % _MERSENNE)[None, :] + _OFFSETS) % _MERSENNE
    least = mixed.min(axis=1).astype("<u4").reshape(_N_BANDS, _ROWS)
    return tuple(bytes([band]) + least[band].tobytes() for band in range(_N_BANDS))

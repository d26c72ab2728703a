"""The tables of the compiled scorer, built from the entries of all words and phrases.

Built once for each set of rules, at the first score; they hold about 3 MB.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from itertools import accumulate, pairwise
from math import nan
from typing import TypeAlias

import numpy as np

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.sentiment.lexicon import read_emoji, read_lexicon
from cryptovolt.sentiment.lexicon_book import Book, Entry, crypto_book, vader_book
from cryptovolt.sentiment.lexicon_characters import DROPPED_SIGNS, character_tables
from cryptovolt.sentiment.lexicon_rules import vader_boosters, vader_idioms
from cryptovolt.sentiment.lexicon_traits import (
    IDIOM,
    N_CODES,
    PICTURE,
    Characters,
    CodeArray,
    Int32Array,
    Tables,
    Trie,
    Words,
)
from cryptovolt.sentiment.tokens import fill_slots

_SLOTS_PER_WORD = 3
WIDEST = 60
"""More letters than one character is read as: an emoji by its description, with blanks."""
_FIRST_SIGN = 0x2190
"""Arrows and pictures begin here; what comes before are letters and punctuation."""

_Phrase: TypeAlias = tuple[str, ...]
_End: TypeAlias = tuple[int, float]


@cache
def crypto_tables() -> Tables:
    """Return the tables of VADER's rules with our lexicon, rules and cleaning."""
    signs = {sign for term in read_lexicon() for sign in term if ord(sign) >= _FIRST_SIGN}
    return _tables(crypto_book(), extended=True, alone=signs - set(DROPPED_SIGNS))


@cache
def vader_tables() -> Tables:
    """Return the tables of VADER's rules and lexicon as its package has them."""
    return _tables(vader_book(), extended=False, alone=set())


class _Trie:
    def __init__(self, index: Mapping[str, int]) -> None:
        self.index = index
        self.steps: list[dict[int, int]] = []
        self.ends: list[_End] = []

    def roots(self, phrases: Mapping[_Phrase, _End]) -> Int32Array:
        root = np.full(len(self.index), -1, dtype=np.int32)
        for phrase, end in phrases.items():
            first = self.index[phrase[0].rstrip(",")]
            if root[first] < 0:
                root[first] = self._node()
            node = int(root[first])
            for before, word in pairwise(phrase):
                step = self.index[word.rstrip(",")] * 2 + before.endswith(",")
                if step not in self.steps[node]:
                    self.steps[node][step] = self._node()
                node = self.steps[node][step]
            self.ends[node] = end
        return root

    def arrays(self, phrase_from: Int32Array, idiom_from: Int32Array) -> Trie:
        pairs = [pair for steps in self.steps for pair in steps.items()]
        return Trie(
            phrase_from=phrase_from,
            idiom_from=idiom_from,
            edge_start=np.array([0, *accumulate(map(len, self.steps))], dtype=np.int32),
            edges=np.array(pairs, dtype=np.int32),
            entry=np.array([entry for entry, _ in self.ends], dtype=np.int32),
            value=_column(value for _, value in self.ends),
        )

    def _node(self) -> int:
        self.steps.append({})
        self.ends.append((-1, nan))
        return len(self.steps) - 1


def _tables(book: Book, *, extended: bool, alone: set[str]) -> Tables:
    words = sorted(book.words)
    pairs = {tuple(k.split(" ")): gain for k, gain in vader_boosters().items() if " " in k}
    entries = [book.words[word] for word in words]
    trie = _Trie({word: place for place, word in enumerate(words)})
    phrase_from = trie.roots({p: (len(words) + n, nan) for n, p in enumerate(book.phrases)})
    entries += book.phrases.values()
    idioms = {tuple(k.split(" ")): (-1, value) for k, value in vader_idioms().items() if " " in k}
    gains = {pair: (len(entries) + n, nan) for n, pair in enumerate(pairs)}
    idiom_from = trie.roots(idioms | gains)
    entries += [Entry(boost=gain) for gain in pairs.values()]
    letters, start = _letters(words)
    traits = np.array([entry.traits for entry in entries], dtype=np.int64)
    traits[: len(words)] |= np.where(idiom_from >= 0, IDIOM, 0)
    return Tables(
        extended=extended,
        characters=_characters(alone, extended=extended),
        words=Words(_slots(start, letters), start, letters, traits),
        trie=trie.arrays(phrase_from, idiom_from),
        valence=_column(entry.valence for entry in entries),
        boost=_column(entry.boost for entry in entries),
    )


def _letters(words: list[str]) -> tuple[CodeArray, Int32Array]:
    joined = "".join(words).encode("utf-32-le")
    start = np.array([0, *accumulate(map(len, words))], dtype=np.int32)
    return np.frombuffer(joined, dtype=np.uint32).copy(), start


def _slots(start: Int32Array, letters: CodeArray) -> Int32Array:
    n_slots = 1 << (_SLOTS_PER_WORD * start.size).bit_length()
    slots = np.full(n_slots, -1, dtype=np.int32)
    fill_slots(start, letters, slots)
    return slots


def _characters(alone: set[str], *, extended: bool) -> Characters:
    read, kind = character_tables(extended=extended, alone=alone)
    described = {sign: words for sign, words in read_emoji().items() if sign not in alone}
    picture = np.zeros(N_CODES, dtype=np.int32)
    for place, sign in enumerate(described):
        picture[ord(sign)] = place
        kind[ord(sign)] |= PICTURE
    letters, start = _letters(list(described.values()))
    return Characters(read, kind, picture, start, letters)


def _column(values: Iterable[float]) -> FloatArray:
    return np.fromiter(values, dtype=np.float64)

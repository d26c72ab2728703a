"""Texts become n-grams: hashed features that a linear scorer weighs.

A text is cleaned, put into lower case and made comparable: links, cash tags, people, numbers and
percentages become words of their own (``_url``, ``_tag``, ``_user``, ``_num``, ``_pctup`` …), every
mark of punctuation is a word, and so are the edges of a text. Seven blocks of features follow:

=======  ==========================================================================================
words    every 1 to `words` words in a row
letters  every `letters_from` to `letters_to` characters within a word, its edges marked by a space
pairs    two words with one to `gap` - 1 words between them, in order
classes  the words block once more, with each word of a known class replaced by its class, and only
         where at least one was
counts   the class of each word that has one, and once more that of the first of them
topics   as classes, with topics: what a word is about, or its class if it has one
about    as pairs, with topics, and only where at least one word has one
=======  ==========================================================================================

The hash is fixed. A word's hash is FNV-1a (64 bits, offset 0xcbf29ce484222325, prime 0x100000001b3)
over its Unicode code points, each taken as one unit. A feature's key starts as its block's number
plus 1 and takes in each hash ``h`` of its words by ``key = mix((key + 0x9e3779b97f4a7c15) ^ h)``,
where ``mix`` is the 64-bit finaliser of MurmurHash3; n-grams of letters are hashed as one word.
Keys are not folded into a smaller table, so that two features share one about never.

References
----------
G. Fowler, L. C. Noll, K.-P. Vo and D. Eastlake, "The FNV Non-Cryptographic Hash Algorithm", RFC
9923; A. Appleby, "MurmurHash3", 2011.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit

from cryptovolt.domain.arrays import IntArray
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.sentiment.ngrams_kernel import (
    BlockArray,
    Classes,
    KeyArray,
    PointArray,
    hash_of,
    text_grams,
)
from cryptovolt.sentiment.ngrams_kernel import Scratch as Room
from cryptovolt.sentiment.text import clean_text

MAX_CHARACTERS = 5_000
"""What lies beyond this many characters of a text is not read."""

RULES_VERSION = 2
"""Raised whenever a text gives other features than before: stored scorers name it."""

BLOCKS = ("words", "letters", "pairs", "classes", "counts", "topics", "about")

_NUMBER = r"\d[\d.,]*"
_VERSUS = re.compile(rf"({_NUMBER})([^\d\n]{{0,12}}\b(?:vs?\.?|from) [^\d\n]{{0,4}})({_NUMBER})")
# A rule that begins with what it looks for is searched for several times as fast as one that begins
# with what must not stand before it: hence "(?<!\w.)" after the first character.
_RULES = (
    (re.compile("[’‘]"), "'"),
    (re.compile(r"(?:https?://|www\.)[^ \n]+"), " _url "),
    (re.compile("…"), " _dots "),
    (re.compile(r"\.\.\.+"), " _dots "),
    (re.compile(r"\$[a-z][a-z.]{0,9}(?![\w$])"), " _tag "),
    (re.compile(r"@\w+"), " _user "),
    (re.compile(rf"\+ ?{_NUMBER} ?%"), " _pctup "),
    (re.compile(rf"[-−](?<!\w.) ?{_NUMBER} ?%"), " _pctdown "),
    (re.compile(rf"{_NUMBER} ?%"), " _pct "),
    (re.compile(rf"[-−](?<!\w.)\$?{_NUMBER}[kmb]?(?!\w)"), " _minus "),
    (re.compile(r"\d(?<!\w.)[\d.,]*[kmb]?(?![^\W\d])"), " _num "),
    (re.compile(r"'(?:(?<!\w.)|(?!\w))"), " ' "),
    (re.compile(r"[^\w\s']"), r" \g<0> "),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GramRules:
    """Which n-grams are made.

    Parameters
    ----------
    words : int
        Most words in a row, 1 to 4.
    letters_from, letters_to : int
        Fewest and most characters within a word, 1 to 8.
    gap : int
        Furthest distance of two words that form a pair, 1 (no pairs) to 10.
    edges : bool
        Whether the beginning and the end of a text count as words.
    """

    words: int = 3
    letters_from: int = 2
    letters_to: int = 5
    gap: int = 6
    edges: bool = True

    def __post_init__(self) -> None:
        if not (
            1 <= self.words <= 4
            and 1 <= self.letters_from <= self.letters_to <= 8
            and 1 <= self.gap <= 10
        ):
            raise ConfigurationError(
                f"expected words in 1 to 4, letters in 1 to 8 and a gap in 1 to 10, found {self}"
            )


class Points(NamedTuple):
    """Texts as code points: text i is ``points[first[i]:first[i + 1]]``."""

    points: PointArray
    first: IntArray

    def __len__(self) -> int:
        return self.first.size - 1


class Grams(NamedTuple):
    """Features of texts: those of text i are ``first[i]`` to ``first[i + 1]``, repeats included."""

    keys: KeyArray
    blocks: BlockArray
    first: IntArray


class WordClasses(NamedTuple):
    """Hashes of words in ascending order, the class of each or −1, and its topic, from 0."""

    words: KeyArray
    classes: BlockArray
    topics: BlockArray


NO_CLASSES = WordClasses(np.empty(0, np.uint64), np.empty(0, np.int8), np.empty(0, np.int8))


def prepare(texts: Sequence[str]) -> Points:
    """Return texts as their words, one space or more between two, in code points.

    Raises
    ------
    DataError
        If a single text is given, or an element is not a text.
    """
    if isinstance(texts, str):
        raise DataError("expected a list of texts, found one text; put it in brackets")
    # One pass over all texts is several times faster than one over each; no rule crosses a line.
    joined = "\n".join([_cleaned(text) for text in texts]).lower()
    joined = _VERSUS.sub(_compare, joined)
    for pattern, replacement in _RULES:
        joined = pattern.sub(replacement, joined)
    lines = joined.split("\n") if len(texts) else []
    first = np.zeros(len(lines) + 1, np.int64)
    np.cumsum([len(line) for line in lines], out=first[1:])
    points = np.frombuffer("".join(lines).encode("utf-32-le"), np.uint32)
    return Points(points, first)


def word_hash(word: str) -> int:
    """Return the hash of one word; see the head of this file."""
    return int(hash_of(np.frombuffer(word.encode("utf-32-le"), np.uint32), 0, len(word)))


def grams(texts: Points, rules: GramRules, classes: WordClasses = NO_CLASSES) -> Grams:
    """Return the hashed features of prepared texts.

    Parameters
    ----------
    texts : Points
        From :func:`prepare`.
    rules : GramRules
        Which n-grams.
    classes : WordClasses
        For the last four blocks; none by default.

    Returns
    -------
    Grams
    """
    counts = np.empty(len(texts), np.int64)
    scratch = new_scratch(texts, rules)
    numbers = numbers_of(rules)
    first = np.zeros(len(texts) + 1, np.int64)
    _count(texts.points, texts.first, numbers, classes, scratch, counts)
    np.cumsum(counts, out=first[1:])
    keys = np.empty(int(first[-1]), np.uint64)
    blocks = np.empty(keys.size, np.int8)
    _collect(texts.points, texts.first, numbers, classes, scratch, first, keys, blocks)
    return Grams(keys, blocks, first)


class Scratch(NamedTuple):
    """Room for the words and features of one text."""

    starts: IntArray
    hashes: KeyArray
    abstract: KeyArray
    topics: KeyArray
    keys: KeyArray
    blocks: BlockArray


def new_scratch(texts: Points, rules: GramRules) -> Scratch:
    """Return room enough for the longest of the texts."""
    longest = int(np.diff(texts.first).max(initial=0))
    n_words = longest + 3
    most = n_words * (3 * rules.words + 2 * rules.gap + 2) + 3 * n_words * rules.letters_to
    return Scratch(
        np.empty(2 * n_words, np.int64),
        np.empty(n_words, np.uint64),
        np.empty(n_words, np.uint64),
        np.empty(n_words, np.uint64),
        np.empty(most, np.uint64),
        np.empty(most, np.int8),
    )


def numbers_of(rules: GramRules) -> IntArray:
    """Return the rules as compiled code takes them."""
    return np.array(
        [rules.words, rules.letters_from, rules.letters_to, rules.gap, rules.edges], np.int64
    )


def _cleaned(text: object) -> str:
    if not isinstance(text, str):
        raise DataError(f"expected texts, found {text!r} of type {type(text).__name__}")
    return clean_text(text[:MAX_CHARACTERS])


def _compare(found: re.Match[str]) -> str:
    # "3.22 vs. 3.32", "to 45 from 50": which is larger is lost once numbers have become words.
    left, right = (_value(found[i]) for i in (1, 3))
    word = " _more " if left > right else " _less " if left < right else " _same "
    return f"{found[1]}{found[2]}{word}{found[3]}"


def _value(text: str) -> float:
    digits = text.rstrip(".,").replace(",", "")
    whole, _, rest = digits.partition(".")
    return float(f"{int(whole)}.{rest.replace('.', '') or '0'}")


@njit(cache=True, nogil=True)
def _count(
    points: PointArray,
    first: IntArray,
    rules: IntArray,
    classes: Classes,
    scratch: Room,
    counts: IntArray,
) -> None:
    for i in range(counts.size):
        counts[i] = text_grams(points, first[i], first[i + 1], rules, classes, scratch)


@njit(cache=True, nogil=True)
def _collect(
    points: PointArray,
    first: IntArray,
    rules: IntArray,
    classes: Classes,
    scratch: Room,
    into: IntArray,
    all_keys: KeyArray,
    all_blocks: BlockArray,
) -> None:
    for i in range(into.size - 1):
        n = text_grams(points, first[i], first[i + 1], rules, classes, scratch)
        all_keys[into[i] : into[i] + n] = scratch[4][:n]
        all_blocks[into[i] : into[i] + n] = scratch[5][:n]

"""Texts become scores: VADER's rules with the crypto lexicon, compiled.

VADER knows negation, degree words, capitals, exclamation marks, emoticons and emoji. The crypto
lexicon adds the words it lacks and corrects those that mean something else in this market; its
phrases are read as one word, so that "not your keys" is not a negation. What else differs from
VADER is listed in ``docs/reference/lexicon.md``.

A score belongs to a scorer: its name and hash are stored beside every score.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from typing import NamedTuple

import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.errors import DataError
from cryptovolt.sentiment.lexicon import lexicon_text, vader_emoji_text, vader_text
from cryptovolt.sentiment.lexicon_kernel import emphasis, score_texts
from cryptovolt.sentiment.lexicon_rules import rules_text
from cryptovolt.sentiment.lexicon_tables import WIDEST, crypto_tables, vader_tables
from cryptovolt.sentiment.lexicon_traits import (
    END,
    FIRST,
    SHARE,
    START,
    CodeArray,
    Tables,
    Work,
    work_room,
)
from cryptovolt.sentiment.text import text_digest
from cryptovolt.sentiment.tokens import spread

SCORER_NAME = "vader-crypto"
VADER_NAME = "vader"
RULES_VERSION = "2"
"""Raised whenever the rules or the preparation of a text change: part of the scorer's hash."""

MAX_SCORED_CHARACTERS = 5_000
"""What lies beyond this in a text is not read."""

DIGITS = 4
"""Scores are rounded to this many decimals, as VADER's are."""

_BATCH = 2_048


class Contribution(NamedTuple):
    """A part of a text with what it adds to the sum behind the score."""

    term: str
    value: float


@dataclass(frozen=True, slots=True)
class LexiconScorer:
    """Scores texts by a lexicon and VADER's rules; safe to use from several threads.

    Parameters
    ----------
    plain : bool, default=False
        Whether to leave our lexicon, rules and cleaning out: then it gives what the
        ``vaderSentiment`` package gives, for comparison.
    """

    plain: bool = False
    _tables: Tables = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_tables", vader_tables() if self.plain else crypto_tables())

    @property
    def name(self) -> str:
        """The name that is stored beside every score."""
        return VADER_NAME if self.plain else SCORER_NAME

    @property
    def hash(self) -> str:
        """The SHA-256 of lexicons and rules, as 64 hex digits."""
        return _hash(plain=self.plain)

    def score(self, texts: Iterable[str]) -> FloatArray:
        """Return how good each text sounds for a holder of the coin.

        Parameters
        ----------
        texts : iterable of str
            Any length; only the first 5,000 characters of each are read.

        Returns
        -------
        ndarray of shape (n_texts,)
            In [−1, 1], to 4 decimals; 0 where no word is known.

        Raises
        ------
        DataError
            If a single text is given, or an element is not a text.
        """
        if isinstance(texts, str):
            raise DataError("expected a list of texts, found one text; put it in brackets")
        parts = [self._score_batch(batch) for batch in _batches(texts)]
        scores = np.concatenate(parts) if parts else np.empty(0, dtype=np.float64)
        return np.round(scores, DIGITS) + 0.0

    def explain(self, text: str) -> list[Contribution]:
        """Return the words that made a text's score, in their order.

        The score is ``s / √(s² + 15)``, where s is the sum of the contributions.

        Parameters
        ----------
        text : str
            As for :meth:`score`.

        Returns
        -------
        list of Contribution
            Each word, emoji or phrase that counted, with the words before it that changed its
            value ("not a scam"), and the exclamation and question marks that add emphasis.

        Raises
        ------
        DataError
            If it is not a text.
        """
        (kept,) = _checked([text])
        letters, offsets, work = _prepared([kept])
        n_units = score_texts(letters, offsets, self._tables, work, np.empty(1))
        worth = {unit: float(work.worth[unit, SHARE]) for unit in range(n_units)}
        parts = [Contribution(_words(kept, u, work), value) for u, value in worth.items() if value]
        total = sum(worth.values())
        gain = emphasis(spread(letters, 0, letters.size, self._tables, work), work.letters)
        if total and gain:
            parts.append(Contribution("!?", gain if total > 0.0 else -gain))
        return parts

    def _score_batch(self, batch: Sequence[str]) -> FloatArray:
        letters, offsets, work = _prepared(_checked(batch))
        scores = np.empty(len(batch), dtype=np.float64)
        score_texts(letters, offsets, self._tables, work, scores)
        return scores


def score_sentiment(texts: Iterable[str]) -> FloatArray:
    """Return how good each text sounds for a holder of the coin.

    Parameters
    ----------
    texts : iterable of str
        Any length; only the first 5,000 characters of each are read.

    Returns
    -------
    ndarray of shape (n_texts,)
        In [−1, 1], to 4 decimals; 0 where no word is known.

    Raises
    ------
    DataError
        If a single text is given, or an element is not a text.

    References
    ----------
    C. J. Hutto and E. Gilbert, "VADER: A Parsimonious Rule-based Model for Sentiment Analysis of
    Social Media Text", ICWSM, 2014, p. 216.
    """
    return LexiconScorer().score(texts)


def scorer_hash() -> str:
    """Return the SHA-256 of lexicons, rules and VADER's files, as 64 hex digits."""
    return _hash(plain=False)


@cache
def _hash(*, plain: bool) -> str:
    parts = [RULES_VERSION, vader_text(), vader_emoji_text(), rules_text(plain=plain)]
    return text_digest("\n".join(parts if plain else [*parts, lexicon_text()]))


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(texts)
    while batch := list(islice(rest, _BATCH)):
        yield batch


def _checked(texts: Sequence[str]) -> Sequence[str]:
    for text in texts:
        if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance] - from callers
            raise DataError(f"expected texts, found {text!r} of type {type(text).__name__}")
    if max(map(len, texts)) > MAX_SCORED_CHARACTERS:
        return [text[:MAX_SCORED_CHARACTERS] for text in texts]
    return texts


def _prepared(texts: Sequence[str]) -> tuple[CodeArray, IntArray, Work]:
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    joined = "".join(texts)
    offsets = np.zeros(lengths.size + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    # A lone surrogate is no character, but it is part of what arrives.
    letters = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    longest = int(lengths.max()) * (1 if joined.isascii() else WIDEST) + 1
    return letters, offsets, work_room(longest, longest // 2 + 1)


def _words(text: str, unit: int, work: Work) -> str:
    start = work.source[work.units[work.units[unit, FIRST], START]]
    end = work.source[work.units[unit, END] - 1]
    return text[start : end + (2 if text[end + 1 : end + 2] == "%" else 1)]

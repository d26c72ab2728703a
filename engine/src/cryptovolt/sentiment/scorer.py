"""Texts become scores: VADER's rules with the crypto lexicon.

VADER knows negation, degree words, capitals, exclamation marks, emoticons and emoji. The crypto
lexicon adds the words it lacks and corrects those that mean something else in this market. Phrases
are joined into one token before scoring, so that "not your keys" is not a negation.

A score belongs to a scorer: its name and hash are stored beside every score.
"""

import re
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.errors import DataError
from cryptovolt.sentiment.lexicon import (
    PHRASE_JOINT,
    lexicon_text,
    phrase_pattern,
    read_lexicon,
    token_of,
)
from cryptovolt.sentiment.text import clean_text, text_digest

if TYPE_CHECKING:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

SCORER_NAME = "vader-crypto"
RULES_VERSION = "1"
"""Raised whenever the preparation of a text changes: it is part of the scorer's hash."""

MAX_SCORED_CHARACTERS = 5_000
"""VADER's time grows with the square of a text's length; what lies beyond this is not scored."""

_GAP = re.compile(r"[\s-]+")


def score_sentiment(texts: Iterable[str]) -> FloatArray:
    """Return how good each text sounds for a holder of the coin.

    Parameters
    ----------
    texts : iterable of str
        Any length; only the first 5,000 characters of each are read.

    Returns
    -------
    ndarray of shape (n_texts,)
        In [−1, 1]; 0 where no word is known.

    Raises
    ------
    DataError
        If a single text is given, or an element is not a text.

    References
    ----------
    C. J. Hutto and E. Gilbert, "VADER: A Parsimonious Rule-based Model for Sentiment Analysis of
    Social Media Text", ICWSM, 2014, p. 216.
    """
    if isinstance(texts, str):
        raise DataError("expected a list of texts, found one text; put it in brackets")
    analyzer = _analyzer()
    scores = [analyzer.polarity_scores(_prepare(text))["compound"] for text in texts]
    return np.array(scores, dtype=np.float64)


@cache
def scorer_hash() -> str:
    """Return the SHA-256 of lexicon, rules version and VADER version, as 64 hex digits."""
    return text_digest(f"{RULES_VERSION}\n{version('vaderSentiment')}\n{lexicon_text()}")


@cache
def _analyzer() -> "SentimentIntensityAnalyzer":
    from vaderSentiment.vaderSentiment import (  # noqa: PLC0415 - not needed before a text is scored
        SentimentIntensityAnalyzer,
    )

    analyzer = SentimentIntensityAnalyzer()
    analyzer.lexicon.update({token_of(term): v for term, v in read_lexicon().items()})
    return analyzer


def _prepare(text: object) -> str:
    if not isinstance(text, str):
        raise DataError(f"expected texts, found {text!r} of type {type(text).__name__}")
    # VADER looks negations up with a straight apostrophe only.
    plain = clean_text(text[:MAX_SCORED_CHARACTERS]).replace("’", "'")
    return phrase_pattern().sub(lambda found: _GAP.sub(PHRASE_JOINT, found[0]), plain)

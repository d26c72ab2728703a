"""The crypto lexicon: terms and phrases with a valence, kept in ``crypto_lexicon.tsv``.

Valences use the scale of VADER's lexicon, from −4 to 4. They come from judgement and from the
sources named beside each term; they are fitted to no labelled text.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from cryptovolt.domain.errors import ConfigurationError

MAX_VALENCE = 4.0
PHRASE_JOINT = "_"
"""Joins the words of a phrase into one token before scoring."""


@cache
def lexicon_text() -> str:
    """Return the lexicon file as it is stored."""
    return files("cryptovolt.sentiment").joinpath("crypto_lexicon.tsv").read_text("utf-8")


@cache
def read_lexicon() -> Mapping[str, float]:
    """Return every term in lower case with its valence."""
    return MappingProxyType(parse_lexicon(lexicon_text()))


def parse_lexicon(text: str) -> dict[str, float]:
    """Return the terms of a lexicon file; every line names term, valence and source.

    Raises
    ------
    ConfigurationError
        If a line is not of that form, a valence lies outside −4 to 4, or a term appears twice.
    """
    terms: dict[str, float] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line or line.startswith("#"):
            continue
        term, valence = _parse_line(line, number)
        if term in terms:
            raise ConfigurationError(f"line {number}: the term {term!r} appears twice")
        terms[term] = valence
    return terms


@cache
def phrase_pattern() -> re.Pattern[str]:
    """Return a pattern that finds every phrase of two or more words, the longest first."""
    phrases = sorted((t for t in read_lexicon() if " " in t), key=lambda t: (-len(t), t))
    spaced = (r"[\s-]+".join(re.escape(word) for word in t.split(" ")) for t in phrases)
    return re.compile(rf"(?<!\w)(?:{'|'.join(spaced)})(?!\w)", re.IGNORECASE)


def token_of(term: str) -> str:
    """Return the single token that stands for a term in a prepared text."""
    return PHRASE_JOINT.join(re.split(r"[\s-]+", term))


def _parse_line(line: str, number: int) -> tuple[str, float]:
    fields = line.split("\t")
    if len(fields) != 3 or not all(field.strip() for field in fields):
        raise ConfigurationError(
            f"line {number}: expected term, valence and source separated by tabs, found {line!r}"
        )
    term, text, _source = fields
    try:
        valence = float(text)
    except ValueError:
        raise ConfigurationError(f"line {number}: expected a number, found {text!r}") from None
    if not abs(valence) <= MAX_VALENCE:
        raise ConfigurationError(f"line {number}: expected a valence in [-4, 4], found {valence}")
    return term, valence

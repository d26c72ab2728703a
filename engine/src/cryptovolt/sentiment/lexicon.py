"""The lexicons: VADER's, and our terms and phrases of crypto, kept in ``crypto_lexicon.tsv``.

Valences use the scale of VADER's lexicon, from −4 to 4. Ours come from judgement and from the
sources named beside each term; they are fitted to no labelled text.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from cryptovolt.domain.errors import ConfigurationError

MAX_VALENCE = 4.0


@cache
def lexicon_text() -> str:
    """Return our lexicon file as it is stored."""
    return files("cryptovolt.sentiment").joinpath("crypto_lexicon.tsv").read_text("utf-8")


@cache
def read_lexicon() -> Mapping[str, float]:
    """Return every term of ours in lower case with its valence."""
    return MappingProxyType({t.lower(): v for t, v in parse_lexicon(lexicon_text()).items()})


@cache
def read_acronyms() -> frozenset[str]:
    """Return the terms that are always written in capitals, in lower case."""
    return frozenset(term.lower() for term in parse_lexicon(lexicon_text()) if term.isupper())


@cache
def vader_text() -> str:
    """Return the lexicon file of the ``vaderSentiment`` package."""
    return files("vaderSentiment").joinpath("vader_lexicon.txt").read_text("utf-8")


@cache
def vader_emoji_text() -> str:
    """Return the file of the ``vaderSentiment`` package that describes emoji."""
    return files("vaderSentiment").joinpath("emoji_utf8_lexicon.txt").read_text("utf-8")


@cache
def read_vader() -> Mapping[str, float]:
    """Return every entry of VADER's lexicon with its mean rating; the later of two holds."""
    rows = (line.strip().split("\t") for line in vader_text().split("\n") if line)
    return MappingProxyType({row[0]: float(row[1]) for row in rows})


@cache
def read_emoji() -> Mapping[str, str]:
    """Return the emoji of one code point with the description that VADER reads instead."""
    rows = (line.strip().split("\t") for line in vader_emoji_text().split("\n") if line)
    return MappingProxyType({row[0]: row[1] for row in rows if len(row[0]) == 1})


def parse_lexicon(text: str) -> dict[str, float]:
    """Return the terms of a lexicon file as written; every line names term, valence and source.

    Raises
    ------
    ConfigurationError
        If a line is not of that form, a valence lies outside −4 to 4, or a term appears twice.
    """
    terms: dict[str, float] = {}
    seen: set[str] = set()
    for number, line in enumerate(text.splitlines(), start=1):
        if not line or line.startswith("#"):
            continue
        term, valence = _parse_line(line, number)
        if term.lower() in seen:
            raise ConfigurationError(f"line {number}: the term {term!r} appears twice")
        seen.add(term.lower())
        terms[term] = valence
    return terms


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

"""The table of coins, ``coins.tsv``, compiled into look-ups by word."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import NamedTuple

from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.sentiment.subjects_words import STABLE_QUOTES, WORD, WRITTEN_TOGETHER

NO_COIN = "-"
"""The asset of a phrase that contains a coin's name and is about no coin."""

ALIASES = {"XBT": "BTC"}
"""Other tickers that venues use for a coin in their pairs."""


class Kind(StrEnum):
    """How much a name or ticker says by itself."""

    ANY = "any"
    UPPER = "upper"
    PROPER = "proper"
    WORD = "word"
    NONE = "none"


class Name(NamedTuple):
    """A name in lower case: its words, what stands between them, and whose name it is."""

    words: tuple[str, ...]
    gaps: tuple[str, ...]
    assets: tuple[str, ...]
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinTable:
    """What :func:`cryptovolt.sentiment.subjects.match_subjects` looks words up in.

    ``names`` are found by their first word, longest first; ``tickers`` and ``pairs`` by their
    upper-case form; ``keys`` holds every word in lower case that can begin anything.
    """

    assets: tuple[str, ...]
    names: Mapping[str, tuple[Name, ...]]
    tickers: Mapping[str, Kind]
    pairs: Mapping[str, tuple[str, str]]
    keys: frozenset[str]


@cache
def coin_table() -> CoinTable:
    """Return the compiled table; the same object each time."""
    text = files("cryptovolt.sentiment").joinpath("coins.tsv").read_text("utf-8")
    return parse_coins(text)


def parse_coins(text: str) -> CoinTable:
    """Return the compiled table.

    Raises
    ------
    ConfigurationError
        If a line has not five columns, its kind of ticker is unknown, or an asset appears twice.
    """
    tickers: dict[str, Kind] = {}
    names: dict[tuple[str, Kind], list[str]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line or line.startswith("#"):
            continue
        asset, ticker, *lists = _columns(line, number)
        if asset in tickers:
            raise ConfigurationError(f"line {number}: the asset {asset!r} appears twice")
        if asset != NO_COIN:
            tickers[asset] = Kind(ticker)
        for kind, cell in zip((Kind.ANY, Kind.PROPER, Kind.WORD), lists, strict=True):
            for name in filter(None, cell.split(";")):
                names.setdefault((name.lower(), kind), []).append(asset)
    by_word = _by_first_word(names)
    pairs = _pairs(tickers)
    return CoinTable(
        assets=tuple(tickers),
        names=by_word,
        tickers=tickers,
        pairs=pairs,
        keys=frozenset((*by_word, *(t.lower() for t in (*tickers, *ALIASES, *pairs)))),
    )


def _columns(line: str, number: int) -> list[str]:
    columns = line.split("\t")
    if len(columns) != 5 or columns[1] not in {*(NO_COIN, ""), *Kind}:
        raise ConfigurationError(
            f"line {number}: expected asset, kind of ticker and three lists of names separated by "
            f"tabs, found {line!r}"
        )
    return columns


def _by_first_word(names: Mapping[tuple[str, Kind], list[str]]) -> dict[str, tuple[Name, ...]]:
    found: dict[str, list[Name]] = {}
    for (text, kind), assets in names.items():
        places = list(WORD.finditer(text))
        words = tuple(place[0] for place in places)
        gaps = tuple(text[a.end() : b.start()].strip() for a, b in pairwise(places))
        found.setdefault(words[0], []).append(Name(words, gaps, tuple(assets), kind))
    return {
        word: tuple(sorted(group, key=lambda name: -len(name.words)))
        for word, group in found.items()
    }


def _pairs(tickers: Mapping[str, Kind]) -> dict[str, tuple[str, str]]:
    together = {
        prefix + base + quote: (ALIASES.get(base, base), quote)
        for base, quote in _bases_and_quotes((*tickers, *ALIASES))
        for prefix in ("", "1000")
    }
    return {pair: parts for pair, parts in together.items() if pair not in tickers}


def _bases_and_quotes(bases: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for base in bases:
        for quote in (*STABLE_QUOTES, *WRITTEN_TOGETHER):
            if len(base) > 1 and base != quote:
                yield base, quote

"""Which coins a text is about, and why: cashtags, pairs, names and tickers.

"one" and "link" are words, not coins. A coin whose ticker or name is an ordinary word counts as
cashtag, as pair, by a full name that is none ("Chainlink", "Harmony ONE"), or in capitals when
the text shows elsewhere that it is about crypto. The longest name wins, so that Bitcoin Cash is
not Bitcoin. A judgement depends on the text alone.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from cryptovolt.domain.errors import DataError
from cryptovolt.sentiment.subjects_table import ALIASES, NO_COIN, CoinTable, Kind, Name, coin_table
from cryptovolt.sentiment.subjects_words import (
    ACRONYMS,
    COIN_NOUNS,
    COIN_QUOTES,
    CONTEXT,
    LOWER_QUOTES,
    NOT_AFTER,
    NOT_BEFORE,
    QUOTES,
    WORD,
)

Evidence: TypeAlias = Literal["given", "cashtag", "pair", "name", "ticker"]

MAX_READ_CHARACTERS = 20_000
"""What lies beyond is not read: a text names its subjects early."""

# Addresses of pages, mail and accounts name places and authors, not subjects.
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+\.\w+|(?<!\w)@\w+", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?;:\n]")
_SHOUTED_LETTERS = 20
_SHOUTED_SHARE = 0.7


@dataclass(frozen=True, slots=True)
class Match:
    """A coin a text is about.

    ``asset`` is its ticker, ``term`` the words of the text that say so (for "given": the ticker),
    ``by`` what kind of sign they are.
    """

    asset: str
    by: Evidence
    term: str


class _Token(NamedTuple):
    text: str
    start: int
    end: int


class _Found(NamedTuple):
    assets: tuple[str, ...]
    by: Evidence
    first: int
    last: int
    certain: bool


def match_subjects(
    text: str, *, cashtags: bool = True, given: Iterable[str] = ()
) -> tuple[Match, ...]:
    """Return the coins a text is about, each once, by its first sign, in order of appearance.

    Parameters
    ----------
    text : str
        Only the first 20,000 characters are read. Addresses of pages and accounts are left out.
    cashtags : bool, default=True
        Whether "$LINK" is a sign. Switch it off for texts about shares, where it names another.
    given : iterable of str, default=()
        Tickers that the source itself names; they come first.

    Returns
    -------
    tuple of Match
        Empty where the text names no coin.

    Raises
    ------
    DataError
        If `text` is no text.
    """
    if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance] - from outside
        raise DataError(f"expected a text, found {text!r} of type {type(text).__name__}")
    found = {asset: Match(asset, "given", asset) for asset in map(str.upper, given) if asset}
    for match in _matches(text[:MAX_READ_CHARACTERS], cashtags):
        found.setdefault(match.asset, match)
    return tuple(found.values())


def known_assets() -> tuple[str, ...]:
    """Return the tickers of all coins that texts are searched for."""
    return coin_table().assets


def _matches(text: str, cashtags: bool) -> Iterator[Match]:
    table = coin_table()
    plain = _ADDRESS.sub(" ", text) if "@" in text or "//" in text or "www." in text else text
    if table.keys.isdisjoint(WORD.findall(plain.lower())):
        return
    reading = _Reading(plain, table, cashtags)
    signs = [sign for sign in reading.signs() if NO_COIN not in sign.assets]
    about_crypto = any(sign.certain for sign in signs) or reading.has_context()
    for sign in signs:
        if sign.certain or (about_crypto and reading.reads_as_coin(sign)):
            for asset in sign.assets:
                yield Match(asset, sign.by, reading.term(sign))


class _Reading:
    """One text, cut into words, and the signs in it."""

    def __init__(self, text: str, table: CoinTable, cashtags: bool) -> None:
        self._text = text
        self._table = table
        self._cashtags = cashtags
        self._tokens: Sequence[_Token] = [
            _Token(place[0], place.start(), place.end()) for place in WORD.finditer(text)
        ]

    def signs(self) -> Iterator[_Found]:
        """Yield every sign from left to right; a word belongs to one sign only."""
        position = 0
        while position < len(self._tokens):
            sign = None
            if self._tokens[position].text.lower() in self._table.keys:
                sign = self._tagged(position) or self._pair(position)
                sign = sign or self._name(position) or self._ticker(position)
            if sign is None:
                position += 1
            else:
                yield sign
                position = sign.last + 1

    def has_context(self) -> bool:
        """Return whether a word says that the text is about crypto."""
        return any(token.text.lower() in CONTEXT for token in self._tokens)

    def term(self, sign: _Found) -> str:
        """Return the sign as the text writes it."""
        start = self._tokens[sign.first].start - (1 if sign.by == "cashtag" else 0)
        return self._text[start : self._tokens[sign.last].end]

    def reads_as_coin(self, sign: _Found) -> bool:
        """Return whether an ordinary word stands where a coin would, not a word with emphasis."""
        after = self._neighbour(sign.last, 1)
        if after.lower() in COIN_NOUNS:
            return True
        if self._shouts() or after.lower() in NOT_AFTER:
            return False
        if sign.by == "name":
            return True
        before = self._neighbour(sign.first, -1)
        return before.lower() not in NOT_BEFORE and not any(
            self._is_shouted(word) for word in (before, after)
        )

    def _tagged(self, position: int) -> _Found | None:
        token = self._tokens[position]
        if token.start == 0 or self._text[token.start - 1] != "$":
            return None
        asset = ALIASES.get(token.text.upper(), token.text.upper())
        if not self._cashtags or asset not in self._table.tickers:
            return None
        return _Found((asset,), "cashtag", position, position, certain=True)

    def _pair(self, position: int) -> _Found | None:
        token = self._tokens[position]
        together = self._table.pairs.get(token.text.upper())
        if together and (token.text.isupper() or (token.text.islower() and _in_small(together[1]))):
            return _Found(_subjects_of(*together), "pair", position, position, certain=True)
        base = ALIASES.get(token.text.upper(), token.text.upper())
        if base not in self._table.tickers or position + 1 == len(self._tokens):
            return None
        after = self._tokens[position + 1]
        joint, quote = self._text[token.end : after.start], after.text.upper()
        if joint not in {"/", "-", "_"} or quote not in QUOTES or quote == base:
            return None
        if not (token.text.isupper() and after.text.isupper()) and not _in_small(quote):
            return None
        return _Found(_subjects_of(base, quote), "pair", position, position + 1, certain=True)

    def _name(self, position: int) -> _Found | None:
        for name in self._table.names.get(self._tokens[position].text.lower(), ()):
            last = position + len(name.words) - 1
            if self._reads(name, position) and self._has_capital(name.kind, position):
                certain = name.kind is not Kind.WORD
                return _Found(name.assets, "name", position, last, certain)
        return None

    def _ticker(self, position: int) -> _Found | None:
        token = self._tokens[position]
        if token.start and self._text[token.start - 1] == "$":
            return None
        asset = token.text.upper()
        kind = self._table.tickers.get(asset, Kind.NONE)
        if kind is Kind.NONE or not (kind is Kind.ANY or token.text.isupper()):
            return None
        return _Found((asset,), "ticker", position, position, certain=kind is not Kind.WORD)

    def _reads(self, name: Name, position: int) -> bool:
        tokens = self._tokens[position : position + len(name.words)]
        if tuple(token.text.lower() for token in tokens) != name.words:
            return False
        for number, gap in enumerate(name.gaps):
            between = self._text[tokens[number].end : tokens[number + 1].start].strip()
            if between not in {"", "-", gap}:
                return False
        return True

    def _has_capital(self, kind: Kind, position: int) -> bool:
        return kind is Kind.ANY or self._tokens[position].text[0].isupper()

    def _neighbour(self, position: int, step: int) -> str:
        other = position + step
        if not 0 <= other < len(self._tokens):
            return ""
        left, right = sorted((position, other))
        gap = self._text[self._tokens[left].end : self._tokens[right].start]
        return "" if _SENTENCE_END.search(gap) else self._tokens[other].text

    def _is_shouted(self, word: str) -> bool:
        known = word in self._table.tickers or word in ACRONYMS
        return len(word) > 1 and word.isalpha() and word.isupper() and not known

    def _shouts(self) -> bool:
        letters = [letter for letter in self._text if letter.isalpha()]
        upper = sum(letter.isupper() for letter in letters)
        return len(letters) >= _SHOUTED_LETTERS and upper > _SHOUTED_SHARE * len(letters)


def _subjects_of(base: str, quote: str) -> tuple[str, ...]:
    quote = ALIASES.get(quote, quote)
    return (base, quote) if quote in COIN_QUOTES else (base,)


def _in_small(quote: str) -> bool:
    return quote in LOWER_QUOTES

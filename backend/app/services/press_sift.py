"""What of an answer is usable: cleaned, dated, and about which coins. Pure; all else is counted."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from app.core.press import EVERY, ItemKind, RawItem
from app.services.press_text import plain_text, storable
from cryptovolt.sentiment.language import UNDETERMINED, language_of
from cryptovolt.sentiment.news import MAX_ID_CHARACTERS
from cryptovolt.sentiment.subjects import Match, known_assets, match_subjects
from cryptovolt.sentiment.text import clean_text, text_digest

MOST_SUBJECTS = 8
"""A text about more coins is about none of them in particular; the first ones are kept."""

TOLERANCE_MS = 300_000
"""So far ahead of this machine's clock a source's may be."""

_LONGEST_URL = 2_000
_READ = frozenset({"en", UNDETERMINED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An item that may be stored."""

    external_id: str
    event_time_ms: int | None
    """None: the source does not say."""
    day_only: bool
    text: str
    raw_text: str | None
    url: str | None
    author_hash: str | None
    language: str
    kind: ItemKind
    matched: tuple[Match, ...]
    value: float | None

    @property
    def assets(self) -> tuple[str, ...]:
        """The symbols it is stored under."""
        return tuple(match.asset for match in self.matched)


@dataclass(frozen=True, slots=True)
class Sifted:
    """What is usable of an answer."""

    candidates: tuple[Candidate, ...]
    counts: Mapping[str, int]
    left_out: tuple[str, ...]
    """Ids of what is not usable."""


class Sieve:
    """Sifts answers.

    Parameters
    ----------
    assets : collection of str, optional
        The coins that are traded where they are others than the known ones, as on a loopback
        venue; texts about other coins are left out then.
    """

    def __init__(self, assets: Collection[str] | None = None) -> None:
        self._assets = None if assets is None else frozenset(assets)
        known = frozenset(known_assets())
        self._unknown = frozenset() if self._assets is None else self._assets - known

    def sift(self, source: str, items: Iterable[RawItem], now_ms: int) -> Sifted:
        """Return what is usable of a source's items."""
        counts: Counter[str] = Counter()
        found: dict[str, Candidate] = {}
        left_out: list[str] = []
        for item in items:
            counts["received"] += 1
            external_id = short_id(item.external_id)
            if external_id in found:
                counts["repeated_id"] += 1
                continue
            verdict = self._judge(source, item, external_id, now_ms, counts)
            if isinstance(verdict, str):
                counts[verdict] += 1
                left_out.append(external_id)
            else:
                found[external_id] = verdict
        return Sifted(tuple(found.values()), counts, tuple(left_out))

    def _judge(
        self, source: str, item: RawItem, external_id: str, now_ms: int, counts: Counter[str]
    ) -> Candidate | str:
        if not external_id:
            return "without_id"
        if item.event_time_ms is not None and item.event_time_ms > now_ms + TOLERANCE_MS:
            return "future"
        text, had_markup, had_control = plain_text(item.text)
        counts["with_markup"] += had_markup
        counts["with_control_characters"] += had_control
        if not text:
            return "empty"
        if item.kind is ItemKind.INDEX:
            matched: tuple[Match, ...] = (Match(EVERY, "given", EVERY),)
            language = "en"
        else:
            language = (item.language or "").lower()[:3] or language_of(text)
            if language.split("-")[0] not in _READ:
                return "other_language"
            matched = self._subjects(text, item.assets)
            if not matched:
                return "no_coin"
        counts["undated"] += item.event_time_ms is None
        author = clean_text(item.author or "")
        return Candidate(
            external_id=external_id,
            event_time_ms=item.event_time_ms,
            day_only=item.day_only,
            text=text,
            raw_text=None if " ".join(item.text.split()) == text else storable(item.text),
            url=self._address(item.url, counts),
            author_hash=text_digest(f"{source}\n{author}") if author else None,
            language=language,
            kind=item.kind,
            matched=matched,
            value=item.value,
        )

    def _subjects(self, text: str, given: Sequence[str]) -> tuple[Match, ...]:
        named = [asset.upper() for asset in given if asset.isalnum() and len(asset) <= 12]
        matched = [*match_subjects(text, given=named), *self._tagged(text)]
        once = {match.asset: match for match in reversed(matched)}
        wanted = [
            match
            for match in reversed(once.values())
            if self._assets is None or match.asset in self._assets
        ]
        return tuple(wanted[:MOST_SUBJECTS])

    def _tagged(self, text: str) -> list[Match]:
        if not self._unknown:
            return []
        words = (word.strip(".,;:!?()[]\"'") for word in text.split())
        found: list[Match] = []
        for word in words:
            asset = word.removeprefix("$")
            if asset in self._unknown:
                by = "cashtag" if word != asset else "ticker"
                found.append(Match(asset, by, word))
        return found

    def _address(self, url: str | None, counts: Counter[str]) -> str | None:
        if url is None:
            return None
        plain = clean_text(url)
        try:
            parts = urlsplit(plain)
            sound = parts.scheme in {"http", "https"} and bool(parts.hostname)
        except ValueError:
            sound = False
            parts = urlsplit("")
        if not sound or len(plain) > _LONGEST_URL or " " in plain:
            counts["unusable_url"] += 1
            return None
        # A made-up item must not lead to a real page.
        made_up = self._assets is not None and not (parts.hostname or "").endswith(".invalid")
        return None if made_up else plain


def short_id(given: str) -> str:
    """Return an id that fits its column: a longer one is its hash."""
    plain = clean_text(given)
    return plain if len(plain) <= MAX_ID_CHARACTERS else text_digest(plain)

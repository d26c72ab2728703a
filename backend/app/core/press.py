"""What a source of texts is asked and what it answers. All times are milliseconds UTC."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from cryptovolt.domain.errors import TransientError

EVERY = "CRYPTO"
"""The symbol of what is about the whole market, such as the Fear & Greed index."""


class ItemKind(StrEnum):
    """What an item is."""

    NEWS = "news"
    SOCIAL = "social"
    ANNOUNCEMENT = "announcement"
    INDEX = "index"


class SourceState(StrEnum):
    """How a source is."""

    GOOD = "good"
    STALE = "stale"
    """It has not answered well for more than three of its intervals."""
    OFF = "off"
    """It lacks a setting, or nobody asked for it."""
    BROKEN = "broken"
    """It answers with what it should not."""
    WAITING = "waiting"
    """It has not been asked yet, or asks for patience."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawItem:
    """One text, or one value of an index, as a source gave it; nothing of it is trusted."""

    external_id: str
    """Unique within its source, for all time."""
    event_time_ms: int | None
    """When it was written; None where the source does not say."""
    day_only: bool = False
    """Only the day of `event_time_ms` is known."""
    text: str
    """May hold markup."""
    url: str | None = None
    author: str | None = None
    language: str | None = None
    """ISO 639-1, where the source says."""
    kind: ItemKind = ItemKind.NEWS
    assets: tuple[str, ...] = ()
    """What the source says it is about, e.g. ``("BTC",)``."""
    value: float | None = None
    """Of an index, on its own scale; None for a text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRequest:
    """What is wanted of a source, and what it said last time."""

    now_ms: int
    since_ms: int
    """Older items are not wanted."""
    assets: tuple[str, ...] = ()
    """What is traded, e.g. ``("BTC", "ETH")``; none: everything."""
    limit: int = 300
    etag: str | None = None
    last_modified: str | None = None
    cursor: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What the source left at its last answer."""
    budget: float | None = None
    """US dollars it may cost; None: it is free."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchResult:
    """What a source answered; `cost` is in US dollars."""

    items: tuple[RawItem, ...] = ()
    etag: str | None = None
    last_modified: str | None = None
    not_modified: bool = False
    cursor: Mapping[str, Any] = field(default_factory=dict[str, Any])
    cost: float = 0.0
    quota_left: int | None = None
    quota_resets_ms: int | None = None
    n_bytes: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict[str, int])
    """What could not be used, counted by reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pricing:
    """What a source costs, in US dollars."""

    per_item: float
    cap: float
    """A calendar month (UTC)."""
    least_items: int
    """A request for fewer is not possible."""
    most_items: int

    def affordable(self, spent: float) -> int:
        """Return how many items the next request may ask for; 0 where it would exceed the cap."""
        # Half a cent of a cent forgives that prices are binary fractions.
        left = int((self.cap - spent + 5e-5) / self.per_item)
        return min(left, self.most_items) if left >= self.least_items else 0


class PatienceError(TransientError):
    """A source asks to be left alone for some seconds."""

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s

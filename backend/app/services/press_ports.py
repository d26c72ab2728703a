"""What collecting needs of a source of texts.

Errors of `fetch` say what happens next: a :class:`TransientError` (timeout, 429, 5xx) is tried
again later, after Retry-After where it is a :class:`PatienceError`; a :class:`ConfigurationError`
turns the source off and says what is missing; a :class:`DataError` (no feed, a bomb, too large)
makes it broken until it answers well again.
"""

from typing import Protocol

from app.core.press import (
    EVERY,
    FetchRequest,
    FetchResult,
    ItemKind,
    PatienceError,
    Pricing,
    RawItem,
    SourceState,
)

__all__ = [
    "EVERY",
    "FetchRequest",
    "FetchResult",
    "ItemKind",
    "PatienceError",
    "Pricing",
    "RawItem",
    "SentimentSource",
    "SourceState",
]


class SentimentSource(Protocol):
    """One source of texts."""

    name: str
    """Its name on status, e.g. ``rss:coindesk``; what is before the colon is its origin."""

    @property
    def kind(self) -> ItemKind:
        """What most of its items are."""
        ...

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the settings it cannot do without."""
        ...

    @property
    def every_s(self) -> float:
        """Seconds between two requests."""
        ...

    @property
    def pricing(self) -> Pricing | None:
        """What it costs; None where it is free."""
        ...

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Ask once; at most a few requests."""
        ...

    async def close(self) -> None:
        """Close its connections."""
        ...

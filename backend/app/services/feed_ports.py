"""What the live feed needs of a market: its connections, its REST side, its clock."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from app.core.frames import LiveBar, VenueTime
from app.services.market_clock import MarketClock


class LinkPort(Protocol):
    """One connection."""

    streams: tuple[str, ...]
    last_frame_s: float
    """When anything came last, by the steady clock."""


class StreamPort(Protocol):
    """The connections of a market."""

    open_gate: asyncio.Event
    """Reading pauses while this is not set."""
    counts: Any

    def plan(self, streams: Sequence[str]) -> Sequence[Any]:
        """Spread streams over connections, and return those."""
        ...

    async def run(self, link: Any) -> None:
        """Keep a connection open until cancelled."""
        ...

    def drop(self, link: Any, reason: str) -> None:
        """Give up a connection that says nothing; it is opened again."""
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...


class RestPort(Protocol):
    """The REST side of a market."""

    async def read_time(self) -> VenueTime:
        """Ask for the venue's time."""
        ...

    async def read_bars(
        self, symbol: str, timeframe: str, first_ms: int, last_ms: int
    ) -> list[LiveBar]:
        """Return the bars that open between two times, both included; the last may be forming."""
        ...


@dataclass(slots=True)
class FedMarket:
    """A market that is fed: what to feed of it, and by what."""

    source: str
    symbols: tuple[str, ...]
    stream: StreamPort
    rest: RestPort
    clock: MarketClock
    read_statuses: Callable[[], Awaitable[Mapping[str, str]]]
    """Asks the venue for its symbols, stores what has changed, and returns each one's status."""
    trade_channel: str
    """Name of the venue's stream of trades."""
    replayed: bool = False
    """Whether it is a loopback venue, whose speed may change."""


@dataclass(frozen=True, slots=True)
class FeedOptions:
    """What to feed of every symbol."""

    timeframe: str = "1m"
    trades: bool = False
    tickers: bool = False
    measured: bool = False
    """Keep for each frame how long it took until it was committed."""

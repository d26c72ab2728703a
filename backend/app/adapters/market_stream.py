"""Live bars, trades and best prices of one market, by ccxt's WebSocket connections.

ccxt finds the addresses, keeps the connections and answers their pings. Its parsers drop the flag
that says whether a bar has closed, so its class is subclassed here: messages come to us as they
are. Where the reader of the frames cannot keep up, reading from the sockets pauses, and TCP makes
the venue wait: nothing is thrown away.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from random import Random
from typing import Any, Protocol, cast

import structlog

from app.adapters.exchange import ExchangeOptions, stream_exchange
from app.adapters.market_stream_frames import FrameSink, deliver
from app.adapters.market_stream_pace import (
    PING_EVERY_S,
    RENEW_AFTER_S,
    STABLE_AFTER_S,
    ConnectionPace,
    full_jitter_s,
)
from app.adapters.messages import parsed
from app.core.venue import Market, source_name
from cryptovolt.domain.errors import DataError

log = structlog.get_logger(__name__)

STREAMS_PER_MESSAGE = 200
MAX_CONNECTIONS = 8
MIN_STREAMS_PER_CONNECTION = 200
_WS_TYPES = {Market.SPOT: "spot", Market.USDM: "linear"}


class StreamSink(FrameSink, Protocol):
    """Who takes frames, and is told of connections."""

    def on_connected(self, source: str, streams: Sequence[str]) -> None:
        """Every one of these streams is subscribed from now on."""
        ...

    def on_disconnected(self, source: str, streams: Sequence[str], reason: str) -> None:
        """Nothing comes on these streams until they are connected again."""
        ...


@dataclass(slots=True)
class StreamCounts:
    """What happened on the connections of one market."""

    frames: int = 0
    unknown: int = 0
    unreadable: int = 0
    connections: int = 0
    cuts: int = 0
    refused_subscriptions: int = 0


@dataclass(slots=True)
class Link:
    """One connection and what is subscribed on it."""

    number: int
    category: str
    streams: tuple[str, ...]
    url: str = ""
    awaited: set[int] = field(default_factory=set[int])
    last_frame_s: float = 0.0
    client: Any = None


class _LostError(Exception):
    """A connection has to be opened again; says why."""


class MarketStream:
    """The connections of one market.

    Parameters
    ----------
    options : ExchangeOptions
    sink : StreamSink
    pace : ConnectionPace
        Shared by all markets of one host.
    random : Random
        Draws the waits before a connection is opened again.
    hurry : float
        Waits are divided by it: the speed of a loopback venue.
    """

    def __init__(
        self,
        options: ExchangeOptions,
        sink: StreamSink,
        pace: ConnectionPace,
        random: Random,
        hurry: float = 1.0,
    ) -> None:
        self.source = source_name(options.market)
        self.counts = StreamCounts()
        self.links: list[Link] = []
        self.open_gate = asyncio.Event()
        self.open_gate.set()
        self._market = options.market
        self._sink = sink
        self._pace = pace
        self._random = random
        self._hurry = hurry
        self._next_id = 1
        self.exchange = stream_exchange(options, self._refined)
        self.exchange.streaming["keepAlive"] = PING_EVERY_S * 1000
        # Frames are small: to inflate each would cost more than it saves.
        self.exchange.options["ws"] = {**self.exchange.options.get("ws", {}), "compress": 0}
        self._network_error = import_module("ccxt").BaseError

    def plan(self, streams: Sequence[str]) -> list[Link]:
        """Spread streams over connections, few enough to be opened within a minute."""
        groups: dict[str, list[str]] = {}
        for stream in streams:
            groups.setdefault(self._category(stream), []).append(stream)
        room = MAX_CONNECTIONS // max(1, len(groups))
        self.links = []
        for category, members in groups.items():
            size = max(MIN_STREAMS_PER_CONNECTION, -(-len(members) // room))
            for start in range(0, len(members), size):
                part = tuple(members[start : start + size])
                self.links.append(Link(len(self.links), category, part))
        return self.links

    async def run(self, link: Link) -> None:
        """Keep one connection open until cancelled."""
        attempt = 0
        while True:
            await self._pace.take()
            opened_s = time.monotonic()
            reason = await self._live_through(link)
            self.counts.cuts += 1
            log.warning("stream.lost", source=self.source, link=link.number, reason=reason)
            self._sink.on_disconnected(self.source, link.streams, reason)
            stable = time.monotonic() - opened_s > STABLE_AFTER_S / self._hurry
            attempt = 0 if stable else attempt + 1
            await asyncio.sleep(full_jitter_s(attempt, self._random) / self._hurry)

    def drop(self, link: Link, reason: str) -> None:
        """Give up a connection that lives but says nothing; it is opened again."""
        if link.client is not None and not link.client.closed():
            link.client.on_error(_LostError(reason))

    async def close(self) -> None:
        """Close every connection."""
        await self.exchange.close()

    async def _live_through(self, link: Link) -> str:
        base = self.exchange.get_ws_url(_WS_TYPES[self._market], link.category)
        link.url, link.awaited = f"{base}/{link.number}", set()
        link.last_frame_s = time.monotonic()
        try:
            async with asyncio.timeout(RENEW_AFTER_S):
                await asyncio.gather(*self._subscriptions(link))
        except TimeoutError:
            return "renewed before the venue cuts it"
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            return "closed"
        except (_LostError, self._network_error, OSError) as error:
            return " ".join(str(error).split())[:200] or type(error).__name__
        finally:
            await self._forget(link)
        return "ended"

    def _subscriptions(self, link: Link) -> list[Awaitable[Any]]:
        # None of these is ever resolved, so they end when the connection does.
        parts = range(0, len(link.streams), STREAMS_PER_MESSAGE)
        waits = list[Awaitable[Any]]()
        for start in parts:
            part = link.streams[start : start + STREAMS_PER_MESSAGE]
            message = self._message("SUBSCRIBE", part, link, awaited=True)
            name = f"part {start}"
            waits.append(self.exchange.watch(link.url, name, message, name))
        link.client = self.exchange.clients.get(link.url)
        self.counts.connections += 1
        return waits

    async def _forget(self, link: Link) -> None:
        # ccxt keeps a client whose reading failed, and would never subscribe on it again.
        client = link.client
        link.client = None
        if client is None:
            return
        if self.exchange.clients.get(link.url) is client:
            del self.exchange.clients[link.url]
        self.exchange.ws_dial_backoff = {}
        client.error = client.error or _LostError("given up")
        await client.close()

    def _message(
        self, method: str, streams: Sequence[str], link: Link, *, awaited: bool
    ) -> dict[str, Any]:
        number = self._next_id
        self._next_id += 1
        if awaited:
            link.awaited.add(number)
        return {"method": method, "params": list(streams), "id": number}

    def _category(self, stream: str) -> str:
        if self._market is Market.SPOT:
            return "spot"
        channel = stream.partition("@")[2].partition("_")[0]
        return cast(str, self.exchange.get_future_ws_category(channel))

    def _refined(self, kind: Any) -> Any:
        stream = self

        class Raw(kind):
            def client(self, url: str) -> Any:
                known = url in (self.clients or {})
                client: Any = super().client(url)  # pyright: ignore[reportUnknownVariableType]
                if not known:
                    client.handle_text_or_binary_message = partial(stream.read, client)
                    client.receive = partial(_when_open, stream.open_gate, client.receive)
                return cast(Any, client)

        return Raw

    def read(self, client: Any, data: bytes | str) -> None:
        """Take one message of a connection; one that cannot be read is counted, nothing more."""
        self.counts.frames += 1
        link = self._link_of(client)
        if link is not None:
            link.last_frame_s = time.monotonic()
        try:
            found = parsed(data)
            if not deliver(self._sink, self.source, found, time.time_ns() // 1_000_000):
                self._take_other(link, found)
        except (ValueError, DataError) as error:
            self.counts.unreadable += 1
            log.warning("stream.unreadable", source=self.source, reason=str(error)[:200])

    def _link_of(self, client: Any) -> Link | None:
        return next((link for link in self.links if link.client is client), None)

    def _take_other(self, link: Link | None, message: dict[str, Any]) -> None:
        event = message.get("event", message)
        name = event.get("e") if isinstance(event, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        if name == "serverShutdown" and link is not None:
            self.drop(link, "the venue said it is about to shut down")
        elif "error" in message or "code" in message:
            self.counts.refused_subscriptions += 1
            log.warning("stream.refused", source=self.source, answer=str(message)[:200])
        elif "id" in message and link is not None:
            self._take_answer(link, message["id"])
        else:
            self.counts.unknown += 1

    def _take_answer(self, link: Link, number: object) -> None:
        if number in link.awaited:
            link.awaited.discard(cast(int, number))
            if not link.awaited:
                self._sink.on_connected(self.source, link.streams)


async def _when_open(gate: asyncio.Event, receive: Callable[[], Awaitable[Any]]) -> Any:
    await gate.wait()
    return await receive()

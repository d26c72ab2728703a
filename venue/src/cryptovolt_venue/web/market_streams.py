"""Market streams: raw and combined connections, subscriptions, cuts.

Spot is served under ``/ws`` and ``/stream``, and under ``/stream/ws``, which clients need that tell
a spot stream by the word in its address. USD-M is served under ``/fstream``, with and without the
parts ``public`` and ``market`` into which the real venue has split it.
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, cast

from aiohttp import WSMsgType, web

from cryptovolt_venue.exchange import Exchange
from cryptovolt_venue.tape import Market
from cryptovolt_venue.web.channels import Channel
from cryptovolt_venue.web.connections import MOST_UNSENT, Connection
from cryptovolt_venue.web.errors import VenueError
from cryptovolt_venue.web.frame_faults import FrameFaults
from cryptovolt_venue.web.stream_names import open_channel
from cryptovolt_venue.web.subscriptions import respond

LIFETIME_S = 24 * 3600.0
_TICK_S = 0.02
_PING_S = 20.0


class Streams:
    """All connections and channels of both markets."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.frame_faults = FrameFaults(exchange.faults, exchange.clock.real_ms)
        self.channels: dict[tuple[Market, str], Channel] = {}
        self.connections: dict[int, Connection] = {}
        self.lifetime_s = LIFETIME_S
        self.n_opened = self.n_refused = self.n_cut = self.n_closed_frames = 0
        self.refuse_connections: Callable[[float], Awaitable[None]] | None = None
        """Lets the server refuse connections for some seconds; set by it."""
        self._recent: deque[float] = deque()
        exchange.replay.after_slice.append(self.flush)

    @property
    def n_frames(self) -> int:
        """Frames made since the start, each counted once however many listened."""
        return self.n_closed_frames + sum(each.n_frames for each in self.channels.values())

    def subscribe(self, connection: Connection, name: str) -> None:
        """Let a connection listen to a stream."""
        if name in connection.names:
            return
        connection.names[name] = None
        key = (connection.market, name)
        channel = self.channels.get(key)
        if channel is None:
            channel = open_channel(self.exchange, self.frame_faults, connection.market, name)
            self.channels[key] = channel
        channel.listeners.append(connection)

    def unsubscribe(self, connection: Connection, name: str) -> None:
        """Let a connection listen to a stream no more."""
        if name not in connection.names:
            return
        del connection.names[name]
        key = (connection.market, name)
        channel = self.channels[key]
        channel.listeners.remove(connection)
        if not channel.listeners:
            channel.close()
            self.n_closed_frames += channel.n_frames
            del self.channels[key]

    def flush(self) -> None:
        """Write what was queued; a client that does not read is cut off."""
        for connection in list(self.connections.values()):
            if connection.pending and connection.flush() > MOST_UNSENT:
                self.cut(connection)

    def cut(self, connection: Connection) -> None:
        """End a connection with a TCP reset."""
        self.n_cut += 1
        connection.cut()

    def shut_down(self) -> None:
        """Announce the end to every client."""
        now = self.exchange.wall_ms()
        event = f'{{"e":"serverShutdown","E":{now}}}'
        for connection in self.connections.values():
            wrapped = f'{{"stream":"!serverShutdown","data":{event}}}'
            connection.send(wrapped if connection.combined else event)
            connection.flush()

    async def run(self) -> None:
        """Send what is due by real time until cancelled."""
        while True:
            now = time.monotonic()
            for channel in list(self.channels.values()):
                if channel.period_s is not None and now >= channel.due_s:
                    channel.due_s = now + channel.period_s - _TICK_S / 2
                    channel.tick()
            self.flush()
            for connection in list(self.connections.values()):
                if now - connection.since > self.lifetime_s:
                    await connection.socket.close(code=1001, message=b"24 hours are over")
            await asyncio.sleep(_TICK_S)

    async def serve(self, market: Market, request: web.Request) -> web.StreamResponse:
        """Serve one connection until it ends."""
        refused = await self._refuse(market, request)
        if refused is not None:
            return refused
        socket = web.WebSocketResponse(heartbeat=_PING_S, compress=False)
        await socket.prepare(request)
        self.n_opened += 1
        combined = request.path.rstrip("/").endswith("/stream")
        connection = Connection(self.n_opened, market, request, socket, combined=combined)
        self.connections[connection.number] = connection
        try:
            for name in _names_of(request):
                self.subscribe(connection, name)
            await self._listen(connection)
        finally:
            del self.connections[connection.number]
            for name in list(connection.names):
                self.unsubscribe(connection, name)
        return socket

    async def _listen(self, connection: Connection) -> None:
        most = self.exchange.limits.messages_per_second[connection.market]
        async for message in connection.socket:
            if message.type is not WSMsgType.TEXT:
                continue
            if connection.talks_too_much(most):
                await connection.socket.close(code=1008, message=b"Too many requests")
                return
            answer = respond(self, connection, cast("str", message.data))
            connection.send(json.dumps(answer, separators=(",", ":")))
            connection.flush()

    async def _refuse(self, market: Market, request: web.Request) -> web.StreamResponse | None:
        action = self.exchange.faults.take("stream.connection", market=market, path=request.path)
        if action is not None:
            if action.kind == "delay":
                await asyncio.sleep(action.number("ms", 1000) / 1000)
            elif action.kind == "cut":
                asyncio.get_running_loop().call_later(
                    action.number("ms", 1000) / 1000, self._cut_request, request
                )
            else:
                self.n_refused += 1
                return VenueError(int(action.number("status", 503)), -1000, "No.").response()
        now = time.monotonic()
        while self._recent and now - self._recent[0] > 300:
            self._recent.popleft()
        if len(self._recent) >= self.exchange.limits.connections_per_5_minutes:
            self.n_refused += 1
            return VenueError(429, -1003, "Too many connections.").response()
        self._recent.append(now)
        return None

    def _cut_request(self, request: web.Request) -> None:
        for connection in self.connections.values():
            if connection.request is request:
                self.cut(connection)


def routes(streams: Streams) -> list[web.RouteDef]:
    """Return the addresses of the market streams."""
    spot = partial(_serve, streams, "spot")
    usdm = partial(_serve, streams, "usdm")
    part = "{part:public|market}"
    found = [web.get(path, spot) for path in (
        "/ws", "/ws/{names:.*}", "/stream", "/stream/ws", "/stream/ws/{names:.*}",
        "/stream/stream",
    )]  # fmt: skip
    found += [web.get(path, usdm) for path in (
        "/fstream/ws", "/fstream/ws/{names:.*}", "/fstream/stream",
        f"/fstream/{part}/ws", f"/fstream/{part}/ws/{{names:.*}}", f"/fstream/{part}/stream",
    )]  # fmt: skip
    return found


async def _serve(streams: Streams, market: Market, request: web.Request) -> web.StreamResponse:
    return await streams.serve(market, request)


def _names_of(request: web.Request) -> list[str]:
    given: Any = request.query.get("streams") or request.match_info.get("names") or ""
    # Clients put numbers of their own behind /ws/; only what names a stream is one.
    return [name for name in str(given).split("/") if "@" in name or name.startswith("!")]

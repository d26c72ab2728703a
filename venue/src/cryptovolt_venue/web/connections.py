"""Connections of the market streams: frames are collected and written in one go.

A frame is put together once as the bytes that go over the wire, and each connection that listens
gets those bytes; aiohttp's own writer, which would build them for every connection again, only
answers pings and closes.
"""

import struct
import time

from aiohttp import web

from cryptovolt_venue.tape import Market
from cryptovolt_venue.web.rest_faults import reset

MOST_UNSENT = 32 * 1024 * 1024
"""Bytes that may wait for a slow reader before its connection is cut."""


def encode(payload: str) -> bytes:
    """Return a text message as one WebSocket frame."""
    body = payload.encode()
    size = len(body)
    if size < 126:
        return bytes((0x81, size)) + body
    if size < 65_536:
        return struct.pack("!BBH", 0x81, 126, size) + body
    return struct.pack("!BBQ", 0x81, 127, size) + body


class Connection:
    """One WebSocket of a client, with the streams it listens to."""

    __slots__ = ("_recent", "combined", "market", "names", "number", "pending", "request",
                 "since", "socket")  # fmt: skip

    def __init__(
        self,
        number: int,
        market: Market,
        request: web.Request,
        socket: web.WebSocketResponse,
        *,
        combined: bool,
    ) -> None:
        self.number, self.combined = number, combined
        self.market: Market = market
        self.request, self.socket = request, socket
        self.names: dict[str, None] = {}
        self.pending: list[bytes] = []
        self.since = time.monotonic()
        self._recent: list[float] = []

    def send(self, payload: str) -> None:
        """Queue a message."""
        self.pending.append(encode(payload))

    def flush(self) -> int:
        """Write what is queued; return how many bytes wait to be read by the client."""
        transport = self.request.transport
        if transport is None or transport.is_closing():
            self.pending.clear()
            return 0
        if self.pending:
            transport.write(b"".join(self.pending))
            self.pending.clear()
        return transport.get_write_buffer_size()

    def talks_too_much(self, most_per_second: int) -> bool:
        """Note a message of the client; return whether it sent too many within a second."""
        now = time.monotonic()
        self._recent = [at for at in self._recent if now - at < 1.0]
        self._recent.append(now)
        return len(self._recent) > most_per_second

    def cut(self) -> None:
        """End the connection without a word, with a TCP reset."""
        self.pending.clear()
        reset(self.request)

"""The user stream of an account in one market, by ccxt's WebSocket connections.

ccxt finds the addresses, signs, keeps the connection and answers its pings; messages come to us as
they are. Spot is subscribed by a signed request, USD-M by a listen key that is extended here. When
the venue ends a subscription ccxt does not wake who waits on it, so endings are read here, and the
connection is opened anew.
"""

import asyncio
import time
from collections.abc import Awaitable, Mapping
from functools import partial
from importlib import import_module
from random import Random
from typing import Any, Protocol, cast

import structlog

from app.adapters.account_frames import read_event
from app.adapters.exchange import ExchangeOptions, stream_exchange
from app.adapters.market_stream_pace import (
    PING_EVERY_S,
    RENEW_AFTER_S,
    STABLE_AFTER_S,
    ConnectionPace,
    full_jitter_s,
)
from app.adapters.messages import parsed
from app.core.account_frames import AccountNews, StreamCounts
from app.core.venue import Market, source_name
from cryptovolt.domain.errors import CryptoVoltError, DataError, TransientError

log = structlog.get_logger(__name__)

SUBSCRIBED_WITHIN_S = 15.0
EXTEND_EVERY_S = 20 * 60.0
"""A listen key holds for an hour."""
_WAITING = "account"


class AccountSink(Protocol):
    """Who hears the account; none of these may block."""

    def on_news(self, news: AccountNews) -> None:
        """Take what one message said."""
        ...

    def on_connected(self) -> None:
        """From now on the venue tells what happens."""
        ...

    def on_disconnected(self, reason: str) -> None:
        """Nothing is told until it is connected again."""
        ...

    def on_unreadable(self) -> None:
        """Note that a message was lost, because it cannot be read."""
        ...


class _LostError(Exception):
    """The connection has to be opened again; says why."""


class AccountStream:
    """One user stream.

    Parameters
    ----------
    options : ExchangeOptions
        With the key of the account.
    sink : AccountSink
    pace : ConnectionPace
        Shared by all connections to one host.
    random : Random
        Draws the waits before the connection is opened again.
    hurry : float
        Waits are divided by it: for a loopback venue that runs fast.
    """

    def __init__(
        self,
        options: ExchangeOptions,
        sink: AccountSink,
        pace: ConnectionPace,
        random: Random,
        hurry: float = 1.0,
    ) -> None:
        self.source = source_name(options.market)
        self.counts = StreamCounts()
        self._market = options.market
        self._sink = sink
        self._pace, self._random, self._hurry = pace, random, hurry
        self._client: Any = None
        self._connected = False
        self._next_id = 1
        self.exchange = stream_exchange(options, self._refined)
        self.exchange.streaming["keepAlive"] = PING_EVERY_S * 1000
        self._network_error = import_module("ccxt").BaseError

    async def run(self) -> None:
        """Keep the stream open until cancelled."""
        attempt = 0
        while True:
            await self._pace.take()
            opened_s = time.monotonic()
            reason = await self._live_through()
            self.counts.cuts += 1
            log.warning("account.lost", source=self.source, reason=reason)
            self._sink.on_disconnected(reason)
            stable = time.monotonic() - opened_s > STABLE_AFTER_S / self._hurry
            attempt = 0 if stable else attempt + 1
            await asyncio.sleep(full_jitter_s(attempt, self._random) / self._hurry)

    def drop(self, reason: str) -> None:
        """Give up a connection that lives but says nothing; it is opened again."""
        if self._client is not None:
            self._client.reject(_LostError(reason), _WAITING)

    async def close(self) -> None:
        """Close the connection."""
        await self.exchange.close()

    async def _live_through(self) -> str:
        try:
            async with asyncio.timeout(RENEW_AFTER_S):
                await self.exchange.load_time_difference()
                spot = self._market is Market.SPOT
                await (self._hear_spot() if spot else self._hear_usdm())
        except TimeoutError:
            return "renewed before the venue cuts it"
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            return "closed"
        except (_LostError, self._network_error, CryptoVoltError, OSError) as error:
            return " ".join(str(error).split())[:200] or type(error).__name__
        finally:
            await self._forget()
        return "ended"

    async def _hear_spot(self) -> None:
        url = self.exchange.urls["api"]["ws"]["ws-api"]["spot"]
        message = {
            "id": self._next_id,
            "method": "userDataStream.subscribe.signature",
            "params": self.exchange.sign_params({}),
        }
        await self._first_of(self._opened(url, message), self._subscribed_soon())

    async def _hear_usdm(self) -> None:
        answer: Any = await self.exchange.fapiprivate_post_listenkey()
        key = self.exchange.safe_string(answer, "listenKey")
        if not key:
            raise _LostError(f"expected a listen key, found {str(answer)[:80]!r}")
        url = self.exchange.get_private_ws_url("linear", key)
        await self._first_of(self._opened(url, None), self._subscribed_soon(), self._extend())

    def _opened(self, url: str, message: dict[str, Any] | None) -> Awaitable[Any]:
        # Never resolved, so it ends when the connection does.
        waiting = self.exchange.watch(url, _WAITING, message, _WAITING)
        self._client = self.exchange.clients[url]
        self.counts.connections += 1
        return waiting

    async def _subscribed_soon(self) -> None:
        await asyncio.sleep(SUBSCRIBED_WITHIN_S)
        if not self._connected:
            raise _LostError(f"the venue did not confirm within {SUBSCRIBED_WITHIN_S:.0f} s")
        await asyncio.Event().wait()

    async def _extend(self) -> None:
        while True:
            await asyncio.sleep(EXTEND_EVERY_S)
            await self.exchange.fapiprivate_put_listenkey()

    async def _first_of(self, *waits: Awaitable[Any]) -> None:
        tasks = [asyncio.ensure_future(wait) for wait in waits]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _forget(self) -> None:
        # ccxt keeps a client whose reading failed, and would never subscribe on it again.
        client, self._client, self._connected = self._client, None, False
        self._next_id += 1
        if client is None:
            return
        if self.exchange.clients.get(client.url) is client:
            del self.exchange.clients[client.url]
        self.exchange.ws_dial_backoff = {}
        client.error = client.error or _LostError("given up")
        await client.close()

    def _refined(self, kind: Any) -> Any:
        stream = self

        class Raw(kind):
            def client(self, url: str) -> Any:
                known = url in (self.clients or {})
                client: Any = super().client(url)  # pyright: ignore[reportUnknownVariableType]
                if not known:
                    client.handle_text_or_binary_message = partial(stream.read, client)
                return cast("Any", client)

            def on_connected(self, client: Any, message: Any = None) -> None:
                kind.on_connected(self, client, message)
                stream.opened(client)

        return Raw

    def opened(self, client: Any) -> None:
        """Note that the socket is open; with a listen key that is all there is to do."""
        if client is self._client and self._market is Market.USDM:
            self._confirm()

    def read(self, client: Any, data: bytes | str) -> None:
        """Take one message; one that cannot be read is counted and told, nothing more."""
        if client is not self._client:
            return
        self.counts.frames += 1
        try:
            message = parsed(data)
            event = cast("Mapping[str, Any]", message.get("event", message))
            news = read_event(self.source, event) if isinstance(event, dict) else None
        except (ValueError, DataError) as error:
            self.counts.unreadable += 1
            log.warning("account.unreadable", source=self.source, reason=str(error)[:200])
            self._sink.on_unreadable()
            return
        if news is None:
            self._take_other(message)
        elif news.ended is not None:
            self.drop(news.ended)
        else:
            self._sink.on_news(news)

    def _take_other(self, message: Mapping[str, Any]) -> None:
        if message.get("id") != self._next_id:
            self.counts.unknown += 1
        elif message.get("status") == 200:
            self._confirm()
        else:
            said = str(message.get("error", message))[:150]
            self._client.reject(TransientError(f"the venue refused: {said}"), _WAITING)

    def _confirm(self) -> None:
        self._connected = True
        self._sink.on_connected()

"""User streams: what an account hears of its orders, balances and positions.

Spot by the WebSocket API (``userDataStream.subscribe.signature``), USD-M by a listen key. Fault
point ``stream.connection`` (facts market, path, account) knows for these streams, besides what
market streams know, ``replay`` (n: the newest events are told again at the beginning) and
``terminate`` (ms: the venue ends the subscription or the key after that time).
"""

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any, cast
from weakref import WeakKeyDictionary

from aiohttp import WSMsgType, web

from cryptovolt_venue.accounts import Accounts, accounts_of
from cryptovolt_venue.exchange import Exchange
from cryptovolt_venue.faults import Action
from cryptovolt_venue.floor import Frame
from cryptovolt_venue.tape import Market
from cryptovolt_venue.web.connections import Connection
from cryptovolt_venue.web.endpoints import Endpoint
from cryptovolt_venue.web.errors import VenueError
from cryptovolt_venue.web.listen_keys import ListenKey, ListenKeys
from cryptovolt_venue.web.market_streams import Streams
from cryptovolt_venue.web.signing import check_frame, keyed

_CHECK_S = 0.2
USERS: WeakKeyDictionary[Exchange, "UserStreams"] = WeakKeyDictionary()
"""The user streams of each exchange that is served."""


class UserConnection:
    """One WebSocket on which an account hears of itself."""

    def __init__(self, streams: Streams, connection: Connection) -> None:
        self._streams, self.connection = streams, connection
        self._wrap: Callable[[Frame], Frame] = lambda frame: frame
        self._end: Callable[[], None] | None = None
        self.account: str | None = None

    def listen(
        self,
        accounts: Accounts,
        account: str,
        action: Action | None,
        wrap: Callable[[Frame], Frame] = lambda frame: frame,
    ) -> None:
        """Hear an account's events from now on."""
        feed = accounts.feeds.of(account, self.connection.market)
        self._wrap, self.account = wrap, account
        if action is not None and action.kind == "replay":
            for frame in list(feed.recent)[-int(action.number("n", 100)) :]:
                self.send(frame)
        self._end = feed.listen(self._hear)

    def stop(self) -> None:
        """Hear nothing any more."""
        if self._end is not None:
            self._end()
        self._end = self.account = None

    def send(self, frame: Frame) -> None:
        """Send an event as it is."""
        self._queue(json.dumps(self._wrap(frame), separators=(",", ":")))

    def answer(self, content: Frame) -> None:
        """Send the answer to a message."""
        self._queue(json.dumps(content, separators=(",", ":")))

    def _hear(self, frame: Frame) -> None:
        order = frame.get("o")
        inside = cast("Frame", order) if isinstance(order, dict) else frame
        text = json.dumps(self._wrap(frame), separators=(",", ":"))
        self._streams.frame_faults.pass_on(
            self._queue,
            text,
            market=self.connection.market,
            channel=str(frame["e"]),
            symbol=str(inside.get("s", "")),
            execution=str(inside.get("x", "")),
            account=self.account or "",
        )

    def _queue(self, text: str) -> None:
        self.connection.send(text)
        self.connection.flush()


class UserStreams:
    """The user streams of all accounts."""

    def __init__(self, exchange: Exchange) -> None:
        self.accounts = accounts_of(exchange)
        self.keys = ListenKeys(exchange.clock.real_ms)
        self.connections: list[UserConnection] = []
        self._exchange = exchange

    def terminate(self, account: str, market: Market) -> None:
        """End the streams of an account as the venue does."""
        if market == "usdm":
            self.keys.expire(account)
            return
        for user in list(self.connections):
            if user.account == account and user.connection.market == market:
                now = self.accounts.exchange.now_ms
                user.send({"e": "eventStreamTerminated", "E": now})
                user.stop()

    async def serve_spot(self, request: web.Request) -> web.StreamResponse:
        """Serve the WebSocket API of the spot market."""
        return await self._serve("spot", request, None)

    async def serve_usdm(self, request: web.Request) -> web.StreamResponse:
        """Serve the private stream of the USD-M market to the holder of a listen key."""
        text = request.query.get("listenKey") or request.match_info.get("key", "")
        key = self.keys.find(text)
        if key is None:
            return VenueError(400, -1125, "This listenKey does not exist.").response()
        return await self._serve("usdm", request, key)

    async def _serve(
        self, market: Market, request: web.Request, key: ListenKey | None
    ) -> web.StreamResponse:
        action = self._exchange.faults.take(
            "stream.connection",
            market=market,
            path=request.path,
            account=key.account if key else "",
        )
        if action is not None and action.kind == "refuse":
            return VenueError(int(action.number("status", 503)), -1000, "No.").response()
        streams = request.app[_streams_key()]
        socket = web.WebSocketResponse(heartbeat=20.0, compress=False)
        await socket.prepare(request)
        streams.n_opened += 1
        connection = Connection(streams.n_opened, market, request, socket, combined=False)
        streams.connections[connection.number] = connection
        user = UserConnection(streams, connection)
        self.connections.append(user)
        watch = asyncio.create_task(self._watch(user, key, action))
        try:
            if key is not None:
                user.listen(self.accounts, key.account, action)
            await self._hear(user, action)
        finally:
            watch.cancel()
            user.stop()
            self.connections.remove(user)
            del streams.connections[connection.number]
        return socket

    async def _hear(self, user: UserConnection, action: Action | None) -> None:
        async for message in user.connection.socket:
            if message.type is WSMsgType.TEXT and user.connection.market == "spot":
                user.answer(self._respond(user, cast("str", message.data), action))

    async def _watch(
        self, user: UserConnection, key: ListenKey | None, action: Action | None
    ) -> None:
        kind = "" if action is None else action.kind
        if action is not None and kind in ("cut", "terminate"):
            await asyncio.sleep(action.number("ms", 1000) / 1000)
            if kind == "cut":
                user.connection.cut()
                return
            if user.account is not None:
                self.terminate(user.account, user.connection.market)
        while key is not None:
            if self.keys.left_s(key) <= 0:
                now = self._exchange.now_ms
                user.send({"e": "listenKeyExpired", "E": now, "listenKey": key.text})
                await user.connection.socket.close()
                return
            await asyncio.sleep(min(_CHECK_S, self.keys.left_s(key)))

    def _respond(self, user: UserConnection, message: str, action: Action | None) -> Frame:
        number: Any = None
        try:
            asked: Any = json.loads(message)
            number = asked.get("id")
            result = self._do(user, asked.get("method"), asked.get("params") or {}, action)
        except VenueError as error:
            return {"id": number, "status": error.status, "error": error.body()}
        except (ValueError, AttributeError):
            error = VenueError(400, -1135, "Invalid JSON Request")
            return {"id": number, "status": 400, "error": error.body()}
        return {"id": number, "status": 200, "result": result}

    def _do(
        self, user: UserConnection, method: str, parameters: Frame, action: Action | None
    ) -> Frame:
        if method == "ping":
            return {}
        if method == "time":
            return {"serverTime": self._exchange.wall_ms()}
        if method == "userDataStream.unsubscribe":
            if user.account is not None:
                self.terminate(user.account, "spot")
            return {}
        if method != "userDataStream.subscribe.signature":
            raise VenueError(400, -1020, "This operation is not supported.")
        account = check_frame(self.accounts, parameters)
        if user.account is not None:
            raise VenueError(400, -2035, "User Data Stream subscription already active.")
        asyncio.get_running_loop().call_soon(
            user.listen, self.accounts, account.name, action, _wrapped
        )
        return {"subscriptionId": 0}


def routes(exchange: Exchange) -> Iterator[Endpoint | web.RouteDef]:
    """Return the addresses of the user streams and of the listen keys."""
    users = UserStreams(exchange)
    USERS[exchange] = users
    for method, action in (
        ("POST", users.keys.create),
        ("PUT", users.keys.extend),
        ("DELETE", users.keys.close),
    ):
        handler = keyed(users.accounts, action)
        yield Endpoint(method, "/fapi/v1/listenKey", "usdm", "listen_key", handler, 1)
    for base in ("", "/fstream"):
        yield web.get(f"{base}/private/ws", users.serve_usdm)
        yield web.get(f"{base}/private/ws/{{key}}", users.serve_usdm)
    for base in ("", "/stream"):
        yield web.get(f"{base}/ws-api/v3", users.serve_spot)


def _wrapped(frame: Frame) -> Frame:
    return {"subscriptionId": 0, "event": frame}


def _streams_key() -> web.AppKey[Streams]:
    # The application names its parts; it is being built when this module is imported.
    from cryptovolt_venue.web.app import STREAMS  # noqa: PLC0415

    return STREAMS

"""Control: what the person who runs the venue may see and do; clients of the real one cannot.

``GET /venue/clock``, ``GET /venue/status``, ``GET|POST|DELETE /venue/faults``, and the actions
``POST /venue/{pause, resume, speed, offset, mute, unmute, cut, shutdown, refuse, delist, change,
forgive}`` with a JSON body.
"""

import json
from collections.abc import Awaitable, Callable
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias, cast

from aiohttp import web

from cryptovolt.domain.errors import ConfigurationError
from cryptovolt_venue.exchange import Exchange
from cryptovolt_venue.faults import parse_rule
from cryptovolt_venue.mishaps import RULES
from cryptovolt_venue.tape import MARKETS, Market
from cryptovolt_venue.web.endpoints import answer
from cryptovolt_venue.web.errors import VenueError
from cryptovolt_venue.web.market_streams import Streams

Body: TypeAlias = dict[str, Any]
_Act: TypeAlias = Callable[[Exchange, Streams, Body], Awaitable[object]]


def routes(exchange: Exchange, streams: Streams) -> list[web.RouteDef]:
    """Return the addresses of the control."""

    async def clock(_: web.Request) -> web.Response:
        return answer(clock_content(exchange))

    async def status(_: web.Request) -> web.Response:
        return answer(status_content(exchange, streams))

    async def faults(_: web.Request) -> web.Response:
        return answer({"rules": exchange.faults.describe(), "happened": exchange.faults.history})

    async def forget(request: web.Request) -> web.Response:
        number = request.query.get("number")
        exchange.faults.remove(None if number is None else int(number))
        return answer({"rules": exchange.faults.describe()})

    found = [
        web.get("/venue/clock", clock),
        web.get("/venue/status", status),
        web.get("/venue/faults", faults),
        web.delete("/venue/faults", forget),
    ]
    for name, act in _ACTS.items():
        found.append(web.post(f"/venue/{name}", _handler(exchange, streams, act)))
    return found


def clock_content(exchange: Exchange) -> Body:
    """Return both times and how they run."""
    return {
        "market_ms": exchange.now_ms,
        "wall_ms": exchange.wall_ms(),
        "speed": exchange.clock.speed,
        "paused": exchange.clock.paused,
    }


def status_content(exchange: Exchange, streams: Streams) -> Body:
    """Return what the venue does, and how fast it really is."""
    clock, feeds = exchange.clock, exchange.feeds.values()
    return {
        **clock_content(exchange),
        "measured_speed": round(exchange.replay.measured_speed(), 3),
        "held_back_ms": clock.held_back_ms,
        "offset_ms": round(clock.offset_ms, 1),
        "symbols": {market: sum(feed.market == market for feed in feeds) for market in MARKETS},
        "finished": all(feed.finished or feed.stopped for feed in feeds),
        "events": exchange.replay.n_events,
        "frames": streams.n_frames,
        "frames_lost_on_purpose": streams.frame_faults.n_lost,
        "connections": len(streams.connections),
        "connections_opened": streams.n_opened,
        "connections_refused": streams.n_refused,
        "connections_cut": streams.n_cut,
        "streams": len(streams.channels),
        "requests_refused": {str(k): v for k, v in exchange.limits.refused.items()},
        "faults_fired": exchange.faults.n_fired,
        "instrument_changes": exchange.instruments.changes,
        "accounts": {} if exchange.accounts is None else dict(exchange.accounts.status()),
    }


def _handler(
    exchange: Exchange, streams: Streams, act: _Act
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        text = await request.text()
        try:
            content: Any = json.loads(text) if text.strip() else {}
            done = await act(exchange, streams, content)
        except (ConfigurationError, ValueError, KeyError, TypeError, InvalidOperation) as error:
            return VenueError(400, -1, f"{type(error).__name__}: {error}").response()
        return answer(done)

    return handle


async def _pause(exchange: Exchange, _: Streams, __: Body) -> object:
    exchange.clock.pause()
    return clock_content(exchange)


async def _resume(exchange: Exchange, _: Streams, __: Body) -> object:
    exchange.clock.resume()
    return clock_content(exchange)


async def _speed(exchange: Exchange, _: Streams, body: Body) -> object:
    exchange.clock.set_speed(float(body["speed"]))
    return clock_content(exchange)


async def _offset(exchange: Exchange, _: Streams, body: Body) -> object:
    if "ms" in body:
        exchange.clock.offset_ms = float(body["ms"])
    if "drift_ppm" in body:
        exchange.clock.drift(float(body["drift_ppm"]))
    return clock_content(exchange)


async def _faults(exchange: Exchange, _: Streams, body: Body) -> object:
    entries = cast("list[Body]", body if isinstance(body, list) else body.get("rules", [body]))
    rules = [parse_rule(entry) for entry in entries]
    return {"numbers": [exchange.faults.add(rule) for rule in rules]}


async def _mute(_: Exchange, streams: Streams, body: Body) -> object:
    facts = {name: str(body[name]) for name in ("market", "channel", "symbol") if name in body}
    facts.setdefault("market", "spot")
    scope = (
        "frame" if {"channel", "symbol"} <= set(body) else "symbol" if "symbol" in body
        else "channel" if "channel" in body else "all"
    )  # fmt: skip
    streams.frame_faults.mute(scope, facts, float(body.get("ms", 1e12)))
    return {"muted": scope, **facts}


async def _unmute(_: Exchange, streams: Streams, __: Body) -> object:
    streams.frame_faults.unmute()
    return {}


async def _cut(_: Exchange, streams: Streams, body: Body) -> object:
    number, market, name = body.get("number"), body.get("market"), body.get("stream")
    chosen = [
        connection
        for connection in streams.connections.values()
        if number in {None, connection.number}
        and market in {None, connection.market}
        and (name is None or name in connection.names)
    ]
    for connection in chosen:
        streams.cut(connection)
    return {"cut": len(chosen)}


async def _shutdown(_: Exchange, streams: Streams, __: Body) -> object:
    streams.shut_down()
    connections = list(streams.connections.values())
    for connection in connections:
        await connection.socket.close(code=1001, message=b"serverShutdown")
    return {"closed": len(connections)}


async def _refuse(_: Exchange, streams: Streams, body: Body) -> object:
    seconds = float(body.get("seconds", 10))
    if streams.refuse_connections is None:
        raise ConfigurationError("expected a server that listens, found none")
    await streams.refuse_connections(seconds)
    return {"refused_for_seconds": seconds}


async def _delist(exchange: Exchange, _: Streams, body: Body) -> object:
    changed = exchange.delist(_market(body), str(body["symbol"]))
    return {"symbol": changed.symbol, "status": changed.status}


async def _change(exchange: Exchange, _: Streams, body: Body) -> object:
    values: Body = {name: Decimal(str(body[name])) for name in RULES if name in body}
    if "status" in body:
        values["status"] = str(body["status"])
    changed = exchange.change(_market(body), str(body["symbol"]), **values)
    return {"symbol": changed.symbol, "filters": changed.filters(), "status": changed.status}


async def _forgive(exchange: Exchange, _: Streams, __: Body) -> object:
    exchange.limits.forgive()
    return {}


def _market(body: Body) -> Market:
    market = body.get("market", "spot")
    if market not in MARKETS:
        raise ConfigurationError(f"expected market spot or usdm, found {market!r}")
    return market


_ACTS: dict[str, _Act] = {
    "pause": _pause,
    "resume": _resume,
    "speed": _speed,
    "offset": _offset,
    "faults": _faults,
    "mute": _mute,
    "unmute": _unmute,
    "cut": _cut,
    "shutdown": _shutdown,
    "refuse": _refuse,
    "delist": _delist,
    "change": _change,
    "forgive": _forgive,
}

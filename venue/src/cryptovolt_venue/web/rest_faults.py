"""What can go wrong with a request or its answer.

Kinds: ``delay`` (ms), ``hang`` (ms, then the connection is closed), ``rst``, ``status`` (status,
code, msg), ``limit`` (status 429 or 418, for_s), and for answers also ``garbage``, ``truncate``
and ``html``.
"""

import asyncio
import socket
import struct

from aiohttp import web

from cryptovolt_venue.exchange import Exchange
from cryptovolt_venue.faults import Action
from cryptovolt_venue.limits import Refusal
from cryptovolt_venue.tape import Market
from cryptovolt_venue.web.errors import VenueError

HTML = "<html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>"
_HANG_MS = 60_000


async def before(
    action: Action, exchange: Exchange, request: web.Request, market: Market
) -> web.StreamResponse | None:
    """Do what goes wrong before the engine; an answer means that it never sees the request."""
    if action.kind == "limit":
        for_ms = action.number("for_s", 5) * 1000
        status = int(action.number("status", 429))
        raise refusal(exchange.limits.force(market, request.remote or "", status, for_ms), exchange)
    return await _common(action, request, web.Response(text=HTML, content_type="text/html"))


async def after(
    action: Action, request: web.Request, response: web.StreamResponse
) -> web.StreamResponse:
    """Do what goes wrong with the answer, after the engine has done its work."""
    body = response.body if isinstance(response, web.Response) else None
    content = body if isinstance(body, bytes) else b"{}"
    if action.kind == "garbage":
        return web.Response(
            body=b'{"code":,' + content[: len(content) // 3], content_type="application/json"
        )
    if action.kind == "html":
        return web.Response(
            text=HTML, content_type="text/html", status=int(action.number("status", 200))
        )
    if action.kind == "truncate":
        return await _truncated(request, content)
    found = await _common(action, request, response)
    return response if found is None else found


def refusal(found: Refusal, exchange: Exchange) -> VenueError:
    """Return the answer to a request over the limit."""
    if found.status == 418:
        until = int(found.until_ms + exchange.clock.offset_ms)
        message = f"Way too much request weight used; IP banned until {until}."
    else:
        message = "Too much request weight used; please use WebSocket Streams for live updates."
    return VenueError(found.status, -1003, message, {"Retry-After": str(found.retry_after_s)})


def reset(request: web.BaseRequest) -> None:
    """End the connection of a request with a TCP reset."""
    transport = request.transport
    if transport is None:
        return
    handle = transport.get_extra_info("socket")
    if handle is not None:
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def _common(
    action: Action, request: web.Request, response: web.StreamResponse
) -> web.StreamResponse | None:
    if action.kind == "delay":
        await asyncio.sleep(action.number("ms", 1000) / 1000)
        return None
    if action.kind == "status":
        raise VenueError(
            int(action.number("status", 503)),
            int(action.number("code", -1007)),
            action.text("msg", "Timeout waiting for response from backend server."),
        )
    if action.kind in {"hang", "drop"}:
        await asyncio.sleep(action.number("ms", _HANG_MS) / 1000)
    if action.kind in {"hang", "drop", "rst", "refuse"}:
        reset(request)
        return response
    return response if action.kind == "html" else None


async def _truncated(request: web.Request, content: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = len(content)
    await response.prepare(request)
    await response.write(content[: len(content) // 2])
    if request.transport is not None:
        request.transport.close()
    return response

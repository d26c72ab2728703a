"""Answers that a fault spoils, or gives instead of the answer."""

import asyncio
import zlib
from collections.abc import Iterator

from aiohttp import web

from cryptovolt_venue.press.faults import PressFault
from cryptovolt_venue.web.rest_faults import HTML, reset

_PIECES = 20
_CHUNK = 1 << 16
_LEVELS = 9


async def instead(fault: PressFault, request: web.Request) -> web.StreamResponse | None:
    """Return what comes instead of an answer, or None where there is one."""
    if fault.kind == "hang":
        await asyncio.sleep(fault.number("seconds", 60))
    if fault.kind in {"down", "hang"}:
        reset(request)
        return web.Response()
    if fault.kind == "429":
        wait = {"Retry-After": f"{fault.number('seconds', 30):.0f}"}
        return web.json_response({"message": "Too Many Requests"}, status=429, headers=wait)
    if fault.kind == "500":
        return web.Response(status=500, text="Internal Server Error")
    if fault.kind == "html":
        return web.Response(text=HTML, content_type="text/html")
    return None


async def spoilt(
    fault: PressFault, request: web.Request, response: web.Response
) -> web.StreamResponse:
    """Return the answer as a fault of answers leaves it."""
    body = response.body if isinstance(response.body, bytes) else b""
    if fault.kind == "latin1":
        response.body = body.decode("utf-8").encode("latin-1", "replace")
        return response
    if fault.kind == "bomb":
        return web.Response(body=_bomb(response.content_type), headers=_type_of(response))
    if fault.kind == "huge":
        return await _huge(fault, request, response)
    if fault.kind == "slow":
        return await _slow(fault.number("seconds", 5), request, response, body)
    if fault.kind == "truncated":
        return await _truncated(request, response, body)
    return response


def _type_of(response: web.Response) -> dict[str, str]:
    return {"Content-Type": response.headers["Content-Type"]}


def _bomb(content_type: str) -> bytes:
    if not content_type.endswith("xml"):
        return b"[" * 100_000 + b"]" * 100_000
    entities = "".join(f'<!ENTITY e{k} "{f"&e{k - 1};" * 10}">' for k in range(1, _LEVELS + 1))
    return (
        f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY e0 "boom">{entities}]>'
        f'<rss version="2.0"><channel><title>&e{_LEVELS};</title></channel></rss>'
    ).encode()


async def _huge(fault: PressFault, request: web.Request, like: web.Response) -> web.StreamResponse:
    headers = _type_of(like)
    squeezed = bool(fault.number("gzip", 0))
    if squeezed:
        headers["Content-Encoding"] = "gzip"
    response = web.StreamResponse(headers=headers)
    response.enable_chunked_encoding()
    await response.prepare(request)
    for piece in _padding(like.content_type, int(fault.number("megabytes", 100)), squeezed):
        try:
            await response.write(piece)
        except ConnectionError:  # the client has read enough, which is what it should do
            break
    return response


def _padding(content_type: str, megabytes: int, squeezed: bool) -> Iterator[bytes]:
    xml = content_type.endswith("xml")
    start = b'<?xml version="1.0"?><rss version="2.0"><channel><title>' if xml else b'{"data":"'
    packer = zlib.compressobj(wbits=31) if squeezed else None
    for number in range(megabytes * 16 + 1):
        piece = start if number == 0 else b"x" * _CHUNK
        yield piece if packer is None else packer.compress(piece) or b""
    if packer is not None:
        yield packer.flush()


async def _slow(
    seconds: float, request: web.Request, like: web.Response, body: bytes
) -> web.StreamResponse:
    # In pieces: a client that only limits the wait for the next byte would never give up.
    response = web.StreamResponse(headers=_type_of(like))
    response.content_length = len(body)
    await response.prepare(request)
    step = max(1, -(-len(body) // _PIECES))
    for start in range(0, len(body), step):
        await asyncio.sleep(seconds / _PIECES)
        try:
            await response.write(body[start : start + step])
        except ConnectionError:  # the client did not wait
            break
    return response


async def _truncated(request: web.Request, like: web.Response, body: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers=_type_of(like))
    response.content_length = len(body)
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response

"""The press over HTTP: the services under ``/press/<source>/…``, and the control.

``GET /press`` says what there is. ``GET|POST|DELETE /press/faults``, ``GET|DELETE /press/log`` and
``GET|POST /press/items`` are for whoever runs it; the real services have nothing like them.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, cast

from aiohttp import web

from cryptovolt.domain.errors import ConfigurationError
from cryptovolt_venue.press import broken, feeds, lists, social
from cryptovolt_venue.press.asking import Answer, Ask, Layout
from cryptovolt_venue.press.board import Press
from cryptovolt_venue.press.faults import INSTEAD, KINDS, PressFault, parse_fault
from cryptovolt_venue.press.items import FEEDS, SOURCES, PressItem, http_date
from cryptovolt_venue.web.endpoints import Handler, answer

_SHOWN = ("If-None-Match", "If-Modified-Since", "User-Agent", "Accept-Encoding")
_SECRET = {"auth_token", "password", "client_secret"}
_LONGEST_FORM = 100_000

SERVICES: tuple[tuple[str, str, str, Layout], ...] = (
    ("GET", r"/press/rss/{feed:[\w.-]{1,64}}", "rss", feeds.feed),
    ("GET", "/press/gdelt/{path:.*}", "gdelt", lists.gdelt),
    ("GET", "/press/fng/{path:.*}", "fear-greed", lists.fear_greed),
    ("GET", "/press/fear-greed/{path:.*}", "fear-greed", lists.fear_greed),
    ("GET", "/press/announcements/{path:.*}", "announcements", lists.announcements),
    ("GET", "/press/cryptopanic/{path:.*}", "cryptopanic", lists.cryptopanic),
    ("GET", "/press/reddit/{path:.*}", "reddit", social.reddit),
    ("POST", "/press/reddit/{path:.*}", "reddit", social.reddit),
    ("GET", "/press/oauth/{path:.*}", "reddit", social.reddit),
    ("POST", "/press/oauth/{path:.*}", "reddit", social.reddit),
    ("GET", "/press/x/2/tweets/search/recent", "x", social.x),
)


def routes(press: Press) -> list[web.RouteDef]:
    """Return the addresses of the press."""
    served = [
        web.route(method, path, _served(press, source, layout))
        for method, path, source, layout in SERVICES
    ]
    return [*served, *_control(press)]


def _served(press: Press, source: str, layout: Layout) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        channel, path = _channel(source, request)
        fault = press.faults.take(channel, texts=not path.endswith("access_token"))
        form = await _form(request)
        _note(press, request, channel, fault)
        early = None if fault is None else await broken.instead(fault, request)
        if early is not None:
            return early
        query = {**dict(request.query), **form}
        ask = Ask(press, channel, path, query, request.headers, fault)
        found = await asyncio.to_thread(layout, ask)
        response = _response(request, found)
        return response if fault is None else await broken.spoilt(fault, request, response)

    return handle


def _channel(source: str, request: web.Request) -> tuple[str, str]:
    name = request.match_info.get("feed")
    if name is None:
        return source, request.match_info.get("path", "")
    return f"{source}:{name.removesuffix('.xml').removesuffix('.atom')}", name


async def _form(request: web.Request) -> dict[str, str]:
    if request.method != "POST" or (request.content_length or 0) > _LONGEST_FORM:
        return {}
    return {name: value for name, value in (await request.post()).items() if isinstance(value, str)}


def _note(press: Press, request: web.Request, channel: str, fault: PressFault | None) -> None:
    query = {name: "hidden" if name in _SECRET else value for name, value in request.query.items()}
    press.note(
        {
            "time_ms": press.now_ms(),
            "source": channel,
            "method": request.method,
            "path": request.path,
            "query": query,
            "headers": {name: request.headers[name] for name in _SHOWN if name in request.headers},
            "authorization": request.headers.get("Authorization", "").partition(" ")[0] or None,
            "fault": None if fault is None else fault.kind,
        }
    )


def _response(request: web.Request, found: Answer) -> web.Response:
    # JSON and XML are written without surrogates; what a fault put in may hold some.
    body = found.body.encode("utf-8", "replace")
    headers = dict(found.headers)
    if found.modified_ms is not None:
        headers["ETag"] = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
        headers["Last-Modified"] = http_date(found.modified_ms)
        if _unchanged(request.headers, headers["ETag"], found.modified_ms):
            return web.Response(status=304, headers=headers)
    headers["Content-Type"] = f"{found.content_type}; charset=utf-8"
    return web.Response(body=body, status=found.status, headers=headers)


def _unchanged(headers: Mapping[str, str], etag: str, modified_ms: int) -> bool:
    known = headers.get("If-None-Match")
    if known is not None:
        tags = {tag.strip().removeprefix("W/") for tag in known.split(",")}
        return bool(tags & {etag, "*"})
    since = headers.get("If-Modified-Since")
    if since is None:
        return False
    try:
        return modified_ms // 1000 <= parsedate_to_datetime(since).timestamp()
    except ValueError:
        return False


def _control(press: Press) -> list[web.RouteDef]:
    async def about(_: web.Request) -> web.Response:
        return answer(_about(press))

    async def log(request: web.Request) -> web.Response:
        source = request.query.get("source")
        return answer([entry for entry in press.log if _is_of(entry["source"], source)])

    async def clear(_: web.Request) -> web.Response:
        press.log.clear()
        return answer([])

    return [
        web.get("/press", about),
        web.get("/press/", about),
        web.get("/press/log", log),
        web.delete("/press/log", clear),
        *_control_of_faults(press),
        *_control_of_items(press),
    ]


def _control_of_faults(press: Press) -> list[web.RouteDef]:
    async def faults(_: web.Request) -> web.Response:
        return answer({"faults": press.faults.describe(), "kinds": KINDS})

    async def forget(request: web.Request) -> web.Response:
        press.faults.remove(request.query.get("source"))
        press.lift()
        return answer({"faults": press.faults.describe()})

    def fault(body: Mapping[str, Any]) -> object:
        press.faults.add(parse_fault(body))
        return {"faults": press.faults.describe()}

    return [
        web.get("/press/faults", faults),
        web.post("/press/faults", _posted(fault)),
        web.delete("/press/faults", forget),
    ]


def _control_of_items(press: Press) -> list[web.RouteDef]:
    async def items(request: web.Request) -> web.Response:
        channel = request.query.get("source", f"rss:{FEEDS[0]}")
        since = press.now_ms() - 86_400_000
        return answer([_shown(item) for item in press.newest(channel, since_ms=since)])

    def item(body: Mapping[str, Any]) -> object:
        return [_shown(one) for one in press.put(body)]

    return [web.get("/press/items", items), web.post("/press/items", _posted(item))]


def _posted(act: Callable[[Mapping[str, Any]], object]) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        # A page of another site may post text/plain without asking; it may not post JSON.
        if request.content_type == "text/plain" or "Origin" in request.headers:
            return web.json_response({"error": "expected JSON, not from a page"}, status=403)
        try:
            return answer(act(_object(await request.text())))
        except (ConfigurationError, ValueError, TypeError) as error:
            return web.json_response({"error": str(error)}, status=400)

    return handle


def _object(text: str) -> dict[str, Any]:
    body: object = json.loads(text)
    if not isinstance(body, dict):
        raise ConfigurationError(f"expected a JSON object, found {type(body).__name__}")
    return cast("dict[str, Any]", body)


def _about(press: Press) -> dict[str, object]:
    return {
        "press": "loopback",
        "synthetic": True,
        "now_ms": press.now_ms(),
        "sources": SOURCES,
        "feeds": [f"/press/rss/{name}.xml" for name in FEEDS],
        "assets": press.assets,
        "instead": INSTEAD,
        "kinds": KINDS,
    }


def _is_of(found: object, wanted: str | None) -> bool:
    return wanted in {None, found, str(found).partition(":")[0]}


def _shown(item: PressItem) -> dict[str, object]:
    return {
        "id": str(item.number),
        "source": item.channel,
        "time_ms": item.time_ms,
        "text": item.text,
        "author": item.author,
        "assets": item.assets,
        "tone": item.tone,
        "url": item.url,
    }

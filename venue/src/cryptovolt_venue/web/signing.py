"""Signed requests: who sends them, whether the signature is right, and whether they are in time.

Parameters may come in the query, in the body, or in both; the signature is the HMAC-SHA256 of query
and body as they were sent, without the signature itself. Timing is checked against wall time.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from typing import TypeAlias
from urllib.parse import parse_qsl

from aiohttp import web

from cryptovolt_venue.accounts import Account, Accounts
from cryptovolt_venue.requests import Parameters, whole
from cryptovolt_venue.web.endpoints import Handler, answer
from cryptovolt_venue.web.errors import VenueError, missing

Action: TypeAlias = Callable[[Account, Parameters], object]

_SIGNATURE = re.compile(r"(^|&)signature=([^&]*)")
_KEY = "X-MBX-APIKEY"
_DEFAULT_WINDOW_MS = 5_000
_LONGEST_WINDOW_MS = 60_000
_MICROSECONDS_FROM = 10**14


def signed(accounts: Accounts, action: Action) -> Handler:
    """Return a handler that checks a signed request and answers what the action returns."""

    async def handle(request: web.Request) -> web.StreamResponse:
        query = request.raw_path.partition("?")[2]
        body = (await request.read()).decode("utf-8", errors="replace")
        account = holder(accounts, request.headers.get(_KEY))
        parameters = dict(parse_qsl(query, keep_blank_values=True))
        parameters |= dict(parse_qsl(body, keep_blank_values=True))
        _check_signature(account, query, body)
        check_time(accounts, parameters)
        content = action(account, parameters)
        return content if isinstance(content, web.Response) else answer(content)

    return handle


def keyed(accounts: Accounts, action: Action) -> Handler:
    """Return a handler of requests that name a key and need no signature."""

    async def handle(request: web.Request) -> web.StreamResponse:
        account = holder(accounts, request.headers.get(_KEY))
        body = (await request.read()).decode("utf-8", errors="replace")
        return answer(action(account, dict(request.query) | dict(parse_qsl(body))))

    return handle


def holder(accounts: Accounts, key: str | None) -> Account:
    """Return the account that a key belongs to."""
    if not key:
        raise VenueError(401, -2014, "API-key format invalid.")
    account = accounts.by_key.get(key)
    if account is None:
        raise VenueError(401, -2015, "Invalid API-key, IP, or permissions for action.")
    return account


def check_time(accounts: Accounts, parameters: Parameters) -> None:
    """Refuse a request from too long ago or from the future, measured by the venue's clock."""
    sent = whole(parameters, "timestamp")
    if sent is None:
        raise missing("timestamp")
    if sent >= _MICROSECONDS_FROM:
        sent //= 1000
    text = parameters.get("recvWindow", "") or str(_DEFAULT_WINDOW_MS)
    if re.fullmatch(r"\d{1,6}(\.\d{1,3})?", text) is None:
        raise missing("recvWindow")
    if float(text) > _LONGEST_WINDOW_MS:
        raise VenueError(400, -1131, "recvWindow must be less than 60000.")
    now = accounts.exchange.wall_ms()
    if sent >= now + 1_000:
        raise VenueError(
            400,
            -1021,
            f"Timestamp for this request was {sent - now}ms ahead of the server's time.",
        )
    if now - sent > float(text):
        raise VenueError(400, -1021, "Timestamp for this request is outside of the recvWindow.")


def check_frame(accounts: Accounts, parameters: Mapping[str, object]) -> Account:
    """Return the account of a signed WebSocket request: its parameters in order of their names."""
    texts = {name: str(value) for name, value in parameters.items()}
    account = holder(accounts, texts.get("apiKey"))
    given = texts.pop("signature", "")
    payload = "&".join(f"{name}={texts[name]}" for name in sorted(texts))
    if not hmac.compare_digest(_sign(account, payload), given.lower()):
        raise _bad_signature()
    check_time(accounts, texts)
    return account


def _check_signature(account: Account, query: str, body: str) -> None:
    found = _SIGNATURE.search(query) or _SIGNATURE.search(body)
    if found is None:
        raise missing("signature")
    payload = _SIGNATURE.sub("", query) + _SIGNATURE.sub("", body)
    if not hmac.compare_digest(_sign(account, payload), found.group(2).lower()):
        raise _bad_signature()


def _sign(account: Account, payload: str) -> str:
    return hmac.new(account.secret.encode(), payload.encode(), hashlib.sha256).hexdigest()


def _bad_signature() -> VenueError:
    return VenueError(400, -1022, "Signature for this request is not valid.")

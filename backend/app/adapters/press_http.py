"""Requests to sources of texts: bounded in bytes, time and redirects.

Nothing of an answer is trusted: it is read piece by piece and cut off at a limit that counts after
decompression; a redirect is followed to http and https only, and from a public address never to a
private one. No message repeats an address's query, which may hold a token.
"""

import asyncio
import logging
import time
import zlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from app.adapters.press_address import is_private, leads_private, shown
from app.core.press import PatienceError
from cryptovolt.domain.errors import DataError, TransientError

MAX_BYTES = 5_000_000
"""Of one answer, decompressed."""

MAX_WAIT_S = 86_400.0
"""Longer than a day no source is left alone, whatever it asks for."""

_MAX_REDIRECTS = 5
_PIECE = 65_536
_AGENT = "CryptoVolt/0.1 (research; feeds are read with conditional requests)"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_BUSY = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer, whole."""

    status: int
    headers: httpx.Headers
    body: bytes
    url: str

    @property
    def not_modified(self) -> bool:
        """Whether nothing has changed since the last answer."""
        return self.status == 304

    @property
    def etag(self) -> str | None:
        """What to send back as If-None-Match."""
        return _header(self.headers, "etag")

    @property
    def last_modified(self) -> str | None:
        """What to send back as If-Modified-Since."""
        return _header(self.headers, "last-modified")


def conditions(etag: str | None, last_modified: str | None) -> dict[str, str]:
    """Return the headers that ask for an answer only where it has changed."""
    named = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    return {name: value for name, value in named.items() if value}


class PressHttp:
    """A client whose answers are bounded.

    Parameters
    ----------
    max_bytes : int
        A longer answer is cut off and refused.
    timeout_s : float
        For a request with all of its redirects, until its last byte.
    transport : httpx.AsyncBaseTransport, optional
        What carries requests instead of connections to their hosts.
    """

    def __init__(
        self,
        max_bytes: int = MAX_BYTES,
        timeout_s: float = 20.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._max_bytes = max_bytes
        self._timeout_s = timeout_s
        self._transport = transport
        self._client: httpx.AsyncClient | None = None
        # It tells every address with its query, where a token may stand.
        logging.getLogger("httpx").setLevel(logging.WARNING)

    async def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
    ) -> Answer:
        """Ask, and return the answer whatever its status is, but for those that mean "later".

        Raises
        ------
        TransientError
            If there is no answer in time, or it says to come back later (then a PatienceError).
        DataError
            If the answer is too large, or leads where no request may go.
        """
        where = shown(url)
        try:
            async with asyncio.timeout(self._timeout_s):
                request = self._build(method, url, params, headers, data)
                return await self._follow(request, auth)
        except TimeoutError:
            raise TransientError(
                f"{where} did not answer completely within {self._timeout_s:g} s"
            ) from None
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise DataError(f"expected an http address, found {where}: {error}") from None
        except httpx.HTTPError as error:
            raise TransientError(f"{where} cannot be reached: {type(error).__name__}") from None

    async def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask, and return an answer that is good or not modified.

        Raises
        ------
        DataError
            If the answer has any other status; see also `request`.
        """
        answer = await self.request("GET", url, params=params, headers=headers)
        if answer.not_modified or httpx.codes.is_success(answer.status):
            return answer
        raise DataError(f"expected an answer of {shown(url)}, found status {answer.status}")

    async def close(self) -> None:
        """Close every connection."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def _build(
        self,
        method: str,
        url: str,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
        data: Mapping[str, str] | None,
    ) -> httpx.Request:
        if self._client is None:
            # A loopback press is no matter for a proxy of the environment.
            own = is_private(urlsplit(url).hostname or "")
            self._client = httpx.AsyncClient(
                timeout=self._timeout_s, trust_env=not own, transport=self._transport
            )
        sent = {"User-Agent": _AGENT, "Accept-Encoding": "gzip, deflate", **(headers or {})}
        return self._client.build_request(method, url, params=params, headers=sent, data=data)

    async def _follow(self, request: httpx.Request, auth: tuple[str, str] | None) -> Answer:
        assert self._client is not None
        began = request.url.host
        signed = None if auth is None else httpx.BasicAuth(*auth)
        for _ in range(_MAX_REDIRECTS + 1):
            answer = await self._client.send(request, auth=signed, stream=True)
            try:
                target = answer.headers.get("location")
                if answer.status_code in _REDIRECTS and target and request.method == "GET":
                    before = request.url.host
                    request = await self._next(began, request, target)
                    signed = signed if request.url.host == before else None
                    continue
                _refuse_busy(answer)
                body = await _read(answer, self._max_bytes)
                return Answer(
                    status=answer.status_code,
                    headers=answer.headers,
                    body=body,
                    url=str(answer.url),
                )
            finally:
                await answer.aclose()
        raise DataError(f"{shown(str(request.url))} leads on more than {_MAX_REDIRECTS} times")

    async def _next(self, began: str, before: httpx.Request, target: str) -> httpx.Request:
        assert self._client is not None
        url = urljoin(str(before.url), target)
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise DataError(
                f"{shown(str(before.url))} leads to {parts.scheme[:20] or 'nowhere'}, expected "
                "http or https"
            )
        if not await leads_private(began) and await leads_private(parts.hostname):
            raise DataError(
                f"{shown(str(before.url))} leads to the private address {parts.hostname}; it is "
                "not asked"
            )
        headers = dict(before.headers)
        headers.pop("host", None)
        if parts.hostname != before.url.host:
            # What signs a request is for the host it was meant for.
            headers.pop("authorization", None)
        return self._client.build_request("GET", url, headers=headers)


def retry_after(headers: Mapping[str, str], now_s: float) -> float | None:
    """Return for how many seconds an answer asks to be left alone; None where it does not say."""
    told = headers.get("retry-after", "").strip()
    if told.isdigit():
        return min(float(told), MAX_WAIT_S)
    if told:
        try:
            return min(max(0.0, parsedate_to_datetime(told).timestamp() - now_s), MAX_WAIT_S)
        except (ValueError, TypeError, OverflowError):
            return None
    reset = headers.get("x-rate-limit-reset", "").strip()
    if reset.isdigit() and len(reset) <= 11:
        return min(max(0.0, float(reset) - now_s), MAX_WAIT_S)
    return None


def _refuse_busy(answer: httpx.Response) -> None:
    where, status = shown(str(answer.url)), answer.status_code
    if status in _BUSY or status == 503:
        wait_s = retry_after(answer.headers, _now_of(answer))
        told = "" if wait_s is None else f" for {wait_s:.0f} s"
        raise PatienceError(f"{where} asks for patience{told} (status {status})", wait_s)
    if status >= 500:
        raise TransientError(f"{where} is in trouble (status {status})")


def _now_of(answer: httpx.Response) -> float:
    # Both of its times are by its own clock, which need not agree with this machine's.
    try:
        return parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except (ValueError, TypeError, OverflowError):
        return time.time()


async def _read(answer: httpx.Response, max_bytes: int) -> bytes:
    told = answer.headers.get("content-length", "")
    if told.isdigit() and int(told) > max_bytes:
        raise _too_large(answer, max_bytes)
    body = bytearray()
    async for piece in _decoded(answer):
        body += piece
        if len(body) > max_bytes:
            raise _too_large(answer, max_bytes)
    return bytes(body)


async def _decoded(answer: httpx.Response) -> AsyncIterator[bytes]:
    # httpx would unpack a whole piece at once, a thousand times its size at worst.
    encoding = answer.headers.get("content-encoding", "identity").strip().lower()
    if encoding in {"", "identity"}:
        async for piece in answer.aiter_raw(_PIECE):
            yield piece
        return
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        raise DataError(f"{shown(str(answer.url))} is packed by {encoding[:20]}, expected gzip")
    unpacker: Any = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        async for piece in answer.aiter_raw(_PIECE):
            rest = piece
            while rest:
                unpacked = unpacker.decompress(rest, _PIECE)
                rest = unpacker.unconsumed_tail
                yield unpacked
    except zlib.error:
        raise DataError(f"{shown(str(answer.url))} is not packed as it says") from None


def _too_large(answer: httpx.Response, max_bytes: int) -> DataError:
    return DataError(
        f"{shown(str(answer.url))} answers with more than {max_bytes:,} bytes; it was cut off and "
        "nothing of it is used"
    )


def _header(headers: httpx.Headers, name: str) -> str | None:
    value = headers.get(name)
    return value if value and len(value) <= 200 else None

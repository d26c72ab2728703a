"""Our bounded client in the place of an aiohttp session, for libraries that bring their own calls.

What they ask for is sent to the address of the settings, and to no other one.
"""

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import httpx

from app.adapters.press_address import shown
from app.adapters.press_http import Answer, PressHttp
from cryptovolt.domain.errors import ConfigurationError, DataError


class SessionAnswer:
    """One answer, whole, with the names aiohttp has for its parts."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.status = answer.status
        self.headers = answer.headers
        self.url = shown(answer.url)

    @property
    def reason(self) -> str:
        """The words of its status."""
        known = {int(one) for one in HTTPStatus}
        return HTTPStatus(self.status).phrase if self.status in known else ""

    async def read(self) -> bytes:
        """Return its bytes."""
        return self._answer.body

    async def text(self) -> str:
        """Return it as text."""
        return self._answer.body.decode("utf-8", errors="replace")

    async def json(self, **_: Any) -> Any:
        """Return its JSON."""
        try:
            return json.loads(await self.text())
        except (ValueError, RecursionError):
            raise DataError(f"expected JSON of {self.url}, found something else") from None


class BoundSession:
    """What asks in the place of an aiohttp session.

    Parameters
    ----------
    moved : mapping of str to str
        Where the library thinks it asks, and where is asked instead.
    """

    closed = False

    def __init__(self, http: PressHttp, moved: Mapping[str, str]) -> None:
        self._http = http
        self._moved = {before: after.rstrip("/") for before, after in moved.items()}
        self.headers: dict[str, str] = {}
        self.last_headers = httpx.Headers()
        """Of the newest answer."""
        self.n_bytes = 0

    @asynccontextmanager
    async def request(
        self,
        method: str,
        url: object,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        data: Sequence[tuple[str, str]] | None = None,
        json: object = None,
        auth: Any = None,
        **_: Any,
    ) -> AsyncGenerator[SessionAnswer]:
        """Ask, and give the answer."""
        if json is not None:
            raise DataError("expected a request that only reads, found one with a document")
        answer = await self._http.request(
            method,
            self._where(str(url)),
            params=None if params is None else {name: str(it) for name, it in params.items()},
            headers={**self.headers, **(headers or {})},
            data=None if data is None else dict(data),
            auth=None if auth is None else (auth.login, auth.password),
        )
        self.last_headers = answer.headers
        self.n_bytes += len(answer.body)
        yield SessionAnswer(answer)

    async def close(self) -> None:
        """Close its connections."""
        await self._http.close()

    def _where(self, url: str) -> str:
        for before, after in self._moved.items():
            if url == before or url.startswith(f"{before}/"):
                return after + url.removeprefix(before)
        raise ConfigurationError(f"{shown(url)} is no address of the settings; it is not asked")

"""Errors as the venue's clients know them: an HTTP status, a code and a message."""

import json
from collections.abc import Mapping

from aiohttp import web


class VenueError(Exception):
    """A request is refused, for example 400 with ``{"code": -1121, "msg": "Invalid symbol."}``."""

    def __init__(
        self, status: int, code: int, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})

    def body(self) -> dict[str, object]:
        """Return the body of the answer."""
        return {"code": self.code, "msg": self.message}

    def response(self) -> web.Response:
        """Return the answer."""
        return web.Response(
            text=json.dumps(self.body()),
            status=self.status,
            content_type="application/json",
            headers=self.headers,
        )


def invalid_symbol() -> VenueError:
    """Return the answer to a symbol that is not listed."""
    return VenueError(400, -1121, "Invalid symbol.")


def missing(name: str) -> VenueError:
    """Return the answer to a request without a parameter that it needs."""
    return VenueError(
        400, -1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."
    )


def illegal(name: str) -> VenueError:
    """Return the answer to a parameter that is no number or no legal value."""
    return VenueError(
        400,
        -1100,
        f"Illegal characters found in parameter '{name}'; legal range is '^[0-9]{{1,20}}$'.",
    )


def invalid_interval() -> VenueError:
    """Return the answer to a time frame that is not offered."""
    return VenueError(400, -1120, "Invalid interval.")

"""Endpoints: what a request to one path is called, costs and answers."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from aiohttp import web

from cryptovolt_venue.tape import Market

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
Weight: TypeAlias = Callable[[Mapping[str, str]], int]
"""The weight of a request by its query."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One path of one market.

    Parameters
    ----------
    method, path : str
    market : {"spot", "usdm"}
        Whose budget of weight the request uses.
    name : str
        What fault rules call it, for example ``"klines"`` or ``"create_order"``.
    handler : callable
    weight : int or callable
    """

    method: str
    path: str
    market: Market
    name: str
    handler: Handler
    weight: int | Weight = 1

    def weigh(self, query: Mapping[str, str]) -> int:
        """Return what a request with this query weighs."""
        return self.weight if isinstance(self.weight, int) else self.weight(query)


def answer(content: object) -> web.Response:
    """Return content as JSON."""
    text = json.dumps(content, separators=(",", ":"))
    return web.Response(text=text, content_type="application/json")

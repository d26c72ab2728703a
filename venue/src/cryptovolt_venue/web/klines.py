"""Klines over REST, of trades and of mark and index prices."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from cryptovolt_venue import history
from cryptovolt_venue.exchange import Exchange
from cryptovolt_venue.feed import Feed
from cryptovolt_venue.tape import Market
from cryptovolt_venue.web.endpoints import answer
from cryptovolt_venue.web.parameters import integer, interval_of, limit_of, symbol_of

AT_ONCE: dict[Market, int] = {"spot": 1000, "usdm": 1500}


async def endpoint(exchange: Exchange, market: Market, request: web.Request) -> web.Response:
    """Answer a request for klines."""
    feed = symbol_of(exchange, market, request.query)
    return answer(rows(exchange, feed, request.query))


def rows(
    exchange: Exchange,
    feed: Feed,
    query: Mapping[str, str],
    price_map: history.PriceMap | None = None,
) -> list[list[Any]]:
    """Return the klines that a query asks for."""
    found = history.klines(
        feed,
        interval_of(feed, query),
        exchange.seen_ms(feed),
        start_ms=integer(query, "startTime"),
        end_ms=integer(query, "endTime"),
        limit=limit_of(query, 500, AT_ONCE[feed.market]),
        price_map=price_map,
    )
    return [history.row_text(kline, feed) for kline in found]


def weight(query: Mapping[str, str]) -> int:
    """Return the weight of klines on USD-M."""
    limit = limit_of(query, 500, 1500)
    return 1 if limit < 100 else 2 if limit < 500 else 5 if limit <= 1000 else 10

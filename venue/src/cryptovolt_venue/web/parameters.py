"""Parameters of requests, refused as the venue refuses them."""

import json
from collections.abc import Mapping
from typing import cast

from cryptovolt_venue import history
from cryptovolt_venue.exchange import Exchange
from cryptovolt_venue.feed import Feed
from cryptovolt_venue.tape import Market
from cryptovolt_venue.web.errors import illegal, invalid_interval, invalid_symbol, missing

Query = Mapping[str, str]


def symbol_of(exchange: Exchange, market: Market, query: Query, name: str = "symbol") -> Feed:
    """Return the feed of the symbol asked for, which is there and at now."""
    symbol = query.get(name)
    if not symbol:
        raise missing(name)
    feed = exchange.feed(market, symbol)
    if feed is None:
        raise invalid_symbol()
    return feed


def symbols_of(exchange: Exchange, market: Market, query: Query) -> list[Feed] | None:
    """Return the feeds of ``symbol`` or ``symbols``, None when neither was given."""
    if "symbol" in query:
        return [symbol_of(exchange, market, query)]
    if "symbols" not in query:
        return None
    try:
        names = json.loads(query["symbols"])
    except ValueError as error:
        raise illegal("symbols") from error
    if not isinstance(names, list):
        raise illegal("symbols")
    return [
        symbol_of(exchange, market, {"symbol": str(name)}) for name in cast("list[object]", names)
    ]


def integer(query: Query, name: str, default: int | None = None) -> int | None:
    """Return a whole number from 0 on."""
    given = query.get(name)
    if given is None:
        return default
    if not (given.isascii() and given.isdigit() and len(given) <= 20):
        raise illegal(name)
    return int(given)


def limit_of(query: Query, default: int, most: int) -> int:
    """Return how many rows are asked for; more than `most` means `most`."""
    given = integer(query, "limit")
    return default if given is None else max(1, min(given, most))


def interval_of(feed: Feed, query: Query) -> str:
    """Return the time frame asked for, which can be made of the bars that there are."""
    interval = query.get("interval")
    if not interval:
        raise missing("interval")
    if not history.offers(feed.series, interval):
        raise invalid_interval()
    return interval

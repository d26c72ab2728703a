"""Public REST of both markets: what happened, what is offered, what is listed."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from aiohttp import web

from cryptovolt_venue import book, past_trades
from cryptovolt_venue.exchange import Exchange
from cryptovolt_venue.feed import Feed
from cryptovolt_venue.instruments import text
from cryptovolt_venue.tape import MARKETS, Market
from cryptovolt_venue.web import klines, listing, perpetuals, tickers
from cryptovolt_venue.web.endpoints import Endpoint, Weight, answer
from cryptovolt_venue.web.parameters import integer, limit_of, symbol_of


def routes(exchange: Exchange) -> list[Endpoint]:
    """Return the public endpoints of both markets."""
    found = [*listing.routes(exchange), *tickers.routes(exchange), *perpetuals.routes(exchange)]
    for market in MARKETS:
        found.extend(_market_routes(exchange, market))
    return found


def _market_routes(exchange: Exchange, market: Market) -> list[Endpoint]:
    root = "/api/v3" if market == "spot" else "/fapi/v1"
    spot = market == "spot"
    table: list[tuple[str, Any, int | Weight]] = [
        ("klines", klines.endpoint, 2 if spot else klines.weight),
        ("depth", _depth, spot_depth_weight if spot else usdm_depth_weight),
        ("trades", _trades, 25 if spot else 5),
        ("historicalTrades", _trades, 25 if spot else 20),
        ("aggTrades", _aggregate_trades, 4 if spot else 20),
    ]
    if spot:
        table.append(("uiKlines", klines.endpoint, 2))
        table.append(("avgPrice", _average_price, 2))
    return [
        Endpoint("GET", f"{root}/{name}", market, name, partial(handler, exchange, market), weight)
        for name, handler, weight in table
    ]


async def _depth(exchange: Exchange, market: Market, request: web.Request) -> web.Response:
    feed = symbol_of(exchange, market, request.query)
    content = depth_levels(feed, limit_of(request.query, 100, 5000))
    if market == "usdm":
        content |= {"E": exchange.now_ms, "T": feed.last_ms}
    return answer(content)


def depth_levels(feed: Feed, depth: int) -> dict[str, Any]:
    """Return the book as a snapshot."""
    instrument = feed.series.instrument
    bids, asks = book.levels(feed, min(depth, book.DEPTH))

    def side(prices: list[int]) -> list[list[str]]:
        return [
            [
                text(price, instrument.price_decimals),
                text(book.offered(feed, price), instrument.quantity_decimals),
            ]
            for price in prices[:depth]
        ]

    return {"lastUpdateId": feed.last_id, "bids": side(bids), "asks": side(asks)}


async def _trades(exchange: Exchange, market: Market, request: web.Request) -> web.Response:
    feed = symbol_of(exchange, market, request.query)
    limit, first = limit_of(request.query, 500, 1000), integer(request.query, "fromId")
    found = (
        past_trades.newest(feed, limit)
        if first is None
        else past_trades.from_number(feed, max(0, first - feed.first_id), limit)
    )
    price, quantity = (
        feed.series.instrument.price_decimals,
        feed.series.instrument.quantity_decimals,
    )
    rows: list[dict[str, Any]] = [
        {
            "id": trade.trade_id,
            "price": text(trade.price, price),
            "qty": text(trade.quantity, quantity),
            "quoteQty": text(trade.price * trade.quantity, price + quantity),
            "time": trade.time_ms,
            "isBuyerMaker": trade.buyer_is_maker,
            **({"isBestMatch": True} if market == "spot" else {}),
        }
        for trade in found
    ]
    return answer(rows)


async def _aggregate_trades(
    exchange: Exchange, market: Market, request: web.Request
) -> web.Response:
    query = request.query
    feed, limit = symbol_of(exchange, market, query), limit_of(query, 500, 1000)
    first, start, end = (integer(query, name) for name in ("fromId", "startTime", "endTime"))
    if first is not None:
        found = past_trades.from_number(feed, max(0, first - feed.first_id), limit)
    elif start is not None or end is not None:
        end = exchange.now_ms if end is None else end
        begin = end - 3_600_000 if start is None else start
        found = past_trades.between(feed, begin, end, limit)
    else:
        found = past_trades.newest(feed, limit)
    price, quantity = (
        feed.series.instrument.price_decimals,
        feed.series.instrument.quantity_decimals,
    )
    rows: list[dict[str, Any]] = [
        {
            "a": trade.trade_id,
            "p": text(trade.price, price),
            "q": text(trade.quantity, quantity),
            "f": trade.trade_id,
            "l": trade.trade_id,
            "T": trade.time_ms,
            "m": trade.buyer_is_maker,
            **({"M": True} if market == "spot" else {}),
        }
        for trade in found
    ]
    return answer(rows)


async def _average_price(exchange: Exchange, market: Market, request: web.Request) -> web.Response:
    feed = symbol_of(exchange, market, request.query)
    price = exchange.average(market, feed.symbol)
    return answer({"mins": 5, "price": format(price or 0, "f"), "closeTime": feed.last_ms})


def spot_depth_weight(query: Mapping[str, str]) -> int:
    """Return the weight of a book on spot."""
    limit = limit_of(query, 100, 5000)
    return 5 if limit <= 100 else 25 if limit <= 500 else 50 if limit <= 1000 else 250


def usdm_depth_weight(query: Mapping[str, str]) -> int:
    """Return the weight of a book on USD-M."""
    limit = limit_of(query, 500, 1000)
    return 2 if limit <= 50 else 5 if limit <= 100 else 10 if limit <= 500 else 20

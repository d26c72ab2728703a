"""Tickers of both markets: the last 24 hours, the last price, the best prices."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeAlias

from aiohttp import web

from cryptovolt_venue import book
from cryptovolt_venue.exchange import Exchange
from cryptovolt_venue.feed import Feed
from cryptovolt_venue.instruments import text
from cryptovolt_venue.tape import MARKETS, Market
from cryptovolt_venue.web.endpoints import Endpoint, Weight, answer
from cryptovolt_venue.web.parameters import symbols_of

Describe: TypeAlias = Callable[[Exchange, Feed], dict[str, Any]]


def routes(exchange: Exchange) -> list[Endpoint]:
    """Return the ticker endpoints."""
    found: list[Endpoint] = []
    for market in MARKETS:
        spot = market == "spot"
        table: list[tuple[str, Describe, Weight]] = [
            ("24hr", day_ticker, _spot_day_weight if spot else _weight(1, 40)),
            ("price", _price, _weight(2, 4) if spot else _weight(1, 2)),
            ("bookTicker", _best, _weight(2, 4) if spot else _weight(2, 5)),
        ]
        for name, describe, weight in table:
            handler = partial(_answer, exchange, market, describe)
            for root in ("/api/v3",) if spot else ("/fapi/v1", "/fapi/v2"):
                path = f"{root}/ticker/{name}"
                found.append(Endpoint("GET", path, market, f"ticker/{name}", handler, weight))
    return found


async def _answer(
    exchange: Exchange, market: Market, describe: Describe, request: web.Request
) -> web.Response:
    asked = symbols_of(exchange, market, request.query)
    if asked is None:
        found = (exchange.feed(market, each.symbol) for each in exchange.instruments.of(market))
        asked = [feed for feed in found if feed is not None]
    rows = [describe(exchange, feed) for feed in asked]
    return answer(rows[0] if "symbol" in request.query else rows)


def day_ticker(exchange: Exchange, feed: Feed) -> dict[str, Any]:
    """Return the ticker of the last 24 hours."""
    day, instrument = exchange.day(feed), feed.series.instrument
    places, lots = instrument.price_decimals, instrument.quantity_decimals
    moved = day.close - day.open
    average = round(day.quote_volume / day.volume) if day.volume else 0
    top = book.top(feed)
    content: dict[str, Any] = {
        "symbol": feed.symbol,
        "priceChange": text(moved, places),
        "priceChangePercent": f"{100 * moved / day.open:.3f}",
        "weightedAvgPrice": text(average, places),
        "lastPrice": text(day.close, places),
        "lastQty": text(feed.last_quantity, lots),
        "openPrice": text(day.open, places),
        "highPrice": text(day.high, places),
        "lowPrice": text(day.low, places),
        "volume": text(day.volume, lots),
        "quoteVolume": text(day.quote_volume, places + lots),
        "openTime": day.open_ms,
        "closeTime": day.close_ms,
        "firstId": feed.first_id + day.first_trade if day.n_trades else -1,
        "lastId": feed.last_id if day.n_trades else -1,
        "count": day.n_trades,
    }
    if feed.market == "spot":
        content |= {
            "prevClosePrice": text(day.open, places),
            "bidPrice": text(top.bid, places),
            "bidQty": text(top.bid_quantity, lots),
            "askPrice": text(top.ask, places),
            "askQty": text(top.ask_quantity, lots),
        }
    return content


def _price(exchange: Exchange, feed: Feed) -> dict[str, Any]:
    price = text(feed.last_price, feed.series.instrument.price_decimals)
    late = {} if feed.market == "spot" else {"time": exchange.now_ms}
    return {"symbol": feed.symbol, "price": price, **late}


def _best(exchange: Exchange, feed: Feed) -> dict[str, Any]:
    instrument, top = feed.series.instrument, book.top(feed)
    late = {} if feed.market == "spot" else {"time": exchange.now_ms, "lastUpdateId": feed.last_id}
    return {
        "symbol": feed.symbol,
        "bidPrice": text(top.bid, instrument.price_decimals),
        "bidQty": text(top.bid_quantity, instrument.quantity_decimals),
        "askPrice": text(top.ask, instrument.price_decimals),
        "askQty": text(top.ask_quantity, instrument.quantity_decimals),
        **late,
    }


def _weight(one: int, all_symbols: int) -> Weight:
    def weigh(query: Mapping[str, str]) -> int:
        return one if "symbol" in query else all_symbols

    return weigh


def _spot_day_weight(query: Mapping[str, str]) -> int:
    if "symbol" in query:
        return 2
    if "symbols" not in query:
        return 80
    count = query["symbols"].count(",") + 1
    return 2 if count <= 20 else 40 if count <= 100 else 80

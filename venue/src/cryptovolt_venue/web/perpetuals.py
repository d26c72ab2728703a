"""What only USD-M has: mark and index prices, funding."""

from functools import partial
from typing import Any

from aiohttp import web

from cryptovolt_venue.exchange import Exchange
from cryptovolt_venue.funding import PERIOD_MS
from cryptovolt_venue.tape import Market, MarkPrice
from cryptovolt_venue.web import klines
from cryptovolt_venue.web.endpoints import Endpoint, answer
from cryptovolt_venue.web.errors import invalid_symbol
from cryptovolt_venue.web.parameters import integer, limit_of, symbol_of

_MARKET: Market = "usdm"


def routes(exchange: Exchange) -> list[Endpoint]:
    """Return the endpoints."""
    found = [
        Endpoint("GET", "/fapi/v1/premiumIndex", _MARKET, "premiumIndex",
                 partial(_premium, exchange), 10),
        Endpoint("GET", "/fapi/v1/fundingRate", _MARKET, "fundingRate", partial(_rates, exchange)),
        Endpoint("GET", "/fapi/v1/fundingInfo", _MARKET, "fundingInfo", partial(_info, exchange)),
    ]  # fmt: skip
    for name, field in (
        ("markPriceKlines", "symbol"), ("indexPriceKlines", "pair"), ("continuousKlines", "pair"),
    ):  # fmt: skip
        handler = partial(_klines, exchange, name, field)
        found.append(Endpoint("GET", f"/fapi/v1/{name}", _MARKET, name, handler, klines.weight))
    return found


async def _klines(exchange: Exchange, name: str, field: str, request: web.Request) -> web.Response:
    feed = symbol_of(exchange, _MARKET, request.query, field)
    funding = exchange.funding(feed.symbol)
    price_map = funding.mark_map() if funding and name == "markPriceKlines" else None
    rows = klines.rows(exchange, feed, request.query, price_map)
    if name == "continuousKlines":
        return answer(rows)
    # Nobody trades a mark or an index price: only times and prices are told.
    return answer([[*row[:5], "0", row[6], "0", row[8], "0", "0", "0"] for row in rows])


async def _premium(exchange: Exchange, request: web.Request) -> web.Response:
    if "symbol" in request.query:
        feed = symbol_of(exchange, _MARKET, request.query)
        found = exchange.mark_price(feed.symbol)
        if found is None:
            raise invalid_symbol()
        return answer(_premium_row(found))
    marks = (exchange.mark_price(each.symbol) for each in exchange.instruments.of(_MARKET))
    return answer([_premium_row(found) for found in marks if found is not None])


def _premium_row(found: MarkPrice) -> dict[str, Any]:
    return {
        "symbol": found.symbol,
        "markPrice": format(found.mark_price, "f"),
        "indexPrice": format(found.index_price, "f"),
        "estimatedSettlePrice": format(found.index_price, "f"),
        "lastFundingRate": format(found.funding_rate, "f"),
        "interestRate": "0.00010000",
        "nextFundingTime": found.next_funding_ms,
        "time": found.time_ms,
    }


async def _rates(exchange: Exchange, request: web.Request) -> web.Response:
    query = request.query
    asked = (
        [symbol_of(exchange, _MARKET, query).symbol]
        if "symbol" in query
        else [each.symbol for each in exchange.instruments.of(_MARKET)]
    )
    limit, start, end = (
        limit_of(query, 100, 1000),
        integer(query, "startTime"),
        integer(query, "endTime"),
    )
    until = min(exchange.now_ms if end is None else end, exchange.now_ms) + 1
    since = until - limit * PERIOD_MS if start is None else start
    rows: list[dict[str, Any]] = []
    for symbol in asked:
        rows.extend(_rate_rows(exchange, symbol, since, until))
    rows.sort(key=lambda row: row["fundingTime"])
    return answer(rows[-limit:] if start is None else rows[:limit])


def _rate_rows(exchange: Exchange, symbol: str, since: int, until: int) -> list[dict[str, Any]]:
    funding = exchange.funding(symbol)
    if funding is None:
        return []
    return [
        {
            "symbol": symbol,
            "fundingTime": time_ms,
            "fundingRate": format(rate, "f"),
            "markPrice": format(exchange.mark_price_at(symbol, time_ms), "f"),
        }
        for time_ms, rate in funding.paid(since, until)
    ]


async def _info(exchange: Exchange, _: web.Request) -> web.Response:
    return answer(
        [
            {
                "symbol": each.symbol,
                "adjustedFundingRateCap": "0.02000000",
                "adjustedFundingRateFloor": "-0.02000000",
                "fundingIntervalHours": PERIOD_MS // 3_600_000,
                "disclaimer": False,
            }
            for each in exchange.instruments.of(_MARKET)
        ]
    )

"""What is listed, and what the time is."""

from functools import partial
from typing import Any

from aiohttp import web

from cryptovolt_venue.exchange import Exchange
from cryptovolt_venue.instruments import Instrument
from cryptovolt_venue.limits import ORDERS_LONG, ORDERS_PER_10_S
from cryptovolt_venue.tape import MARKETS, Market
from cryptovolt_venue.web.endpoints import Endpoint, answer
from cryptovolt_venue.web.errors import invalid_symbol
from cryptovolt_venue.web.parameters import symbols_of

_NEVER_DELIVERED = 4_133_404_800_000


def routes(exchange: Exchange) -> list[Endpoint]:
    """Return the endpoints; those of COIN-M say that nothing is listed there."""
    found = [Endpoint("GET", "/dapi/v1/exchangeInfo", "usdm", "exchangeInfo", _no_coin_margined)]
    for market in MARKETS:
        root = "/api/v3" if market == "spot" else "/fapi/v1"
        weight = 20 if market == "spot" else 1
        found += [
            Endpoint("GET", f"{root}/ping", market, "ping", _ping),
            Endpoint("GET", f"{root}/time", market, "time", partial(_time, exchange)),
            Endpoint("GET", f"{root}/exchangeInfo", market, "exchangeInfo",
                     partial(_info, exchange, market), weight),
        ]  # fmt: skip
    return found


async def _ping(_: web.Request) -> web.Response:
    return answer({})


async def _time(exchange: Exchange, _: web.Request) -> web.Response:
    return answer({"serverTime": exchange.wall_ms()})


async def _no_coin_margined(_: web.Request) -> web.Response:
    return answer({"timezone": "UTC", "rateLimits": [], "exchangeFilters": [], "symbols": []})


async def _info(exchange: Exchange, market: Market, request: web.Request) -> web.Response:
    describe = _spot if market == "spot" else _perpetual
    asked = symbols_of(exchange, market, request.query) if market == "spot" else None
    names = None if asked is None else {feed.symbol for feed in asked}
    found = [
        instrument
        for instrument in exchange.instruments.of(market)
        if instrument.listed_ms <= exchange.now_ms and (names is None or instrument.symbol in names)
    ]
    if names is not None and len(found) != len(names):
        raise invalid_symbol()
    content: dict[str, Any] = {
        "timezone": "UTC",
        "serverTime": exchange.wall_ms(),
        "rateLimits": _rate_limits(exchange, market),
        "exchangeFilters": [],
        "symbols": [describe(instrument) for instrument in found],
    }
    if market == "usdm":
        quotes = sorted({instrument.quote for instrument in found})
        content["assets"] = [{"asset": quote, "marginAvailable": True} for quote in quotes]
    return answer(content)


def _rate_limits(exchange: Exchange, market: Market) -> list[dict[str, Any]]:
    long = "DAY" if market == "spot" else "MINUTE"
    rows = [
        ("REQUEST_WEIGHT", "MINUTE", 1, exchange.limits.weight[market]),
        ("ORDERS", "SECOND", 10, ORDERS_PER_10_S[market]),
        ("ORDERS", long, 1, ORDERS_LONG[market]),
    ]
    return [
        {"rateLimitType": kind, "interval": unit, "intervalNum": count, "limit": limit}
        for kind, unit, count, limit in rows
    ]


def _spot(instrument: Instrument) -> dict[str, Any]:
    return {
        "symbol": instrument.symbol,
        "status": instrument.status,
        "baseAsset": instrument.base,
        "baseAssetPrecision": 8,
        "quoteAsset": instrument.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": [
            "LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT",
            "TAKE_PROFIT_LIMIT",
        ],
        "icebergAllowed": True,
        "ocoAllowed": True,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": False,
        "cancelReplaceAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": instrument.filters(),
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "NONE",
        "allowedSelfTradePreventionModes": ["NONE"],
    }  # fmt: skip


def _perpetual(instrument: Instrument) -> dict[str, Any]:
    return {
        "symbol": instrument.symbol,
        "pair": instrument.symbol,
        "contractType": "PERPETUAL",
        "deliveryDate": instrument.delisted_ms or _NEVER_DELIVERED,
        "onboardDate": instrument.listed_ms,
        "status": instrument.status,
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": instrument.base,
        "quoteAsset": instrument.quote,
        "marginAsset": instrument.quote,
        "pricePrecision": instrument.price_decimals,
        "quantityPrecision": instrument.quantity_decimals,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": [],
        "triggerProtect": "0.0500",
        "liquidationFee": "0.012500",
        "marketTakeBound": "0.05",
        "maxMoveOrderLimit": 10000,
        "filters": instrument.filters(),
        "orderTypes": [
            "LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET",
            "TRAILING_STOP_MARKET",
        ],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX"],
    }  # fmt: skip

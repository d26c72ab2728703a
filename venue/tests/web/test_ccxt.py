"""What ccxt speaks, over real sockets, with every one of its addresses moved to the venue."""

import asyncio
from collections.abc import Callable, Coroutine
from itertools import pairwise
from typing import Any

import ccxt
import ccxt.async_support
import ccxt.pro
import pytest

NAMES = [("binance", "BTC/USDT"), ("binanceusdm", "BTC/USDT:USDT")]


@pytest.mark.parametrize(("name", "symbol"), NAMES)
def test_ccxt_reads_markets_bars_trades_books_tickers_and_time(
    start_venue: Callable[..., Any], name: str, symbol: str
):
    venue = start_venue()
    exchange = venue.point(getattr(ccxt, name)())
    markets = exchange.load_markets()
    assert markets[symbol]["active"]
    assert markets[symbol]["precision"]["price"] == 0.01
    assert abs(exchange.fetch_time() - venue.exchange.wall_ms()) < 2_000
    bars = exchange.fetch_ohlcv(symbol, "1h", limit=500)
    assert len(bars) == 500
    assert {later[0] - bar[0] for bar, later in pairwise(bars)} == {3_600_000}
    since = bars[0][0]
    page = exchange.fetch_ohlcv(symbol, "1m", since=since, limit=1000)
    assert (page[0][0], len(page)) == (since, 1000)
    trades = exchange.fetch_trades(symbol, limit=100)
    ids = [int(trade["id"]) for trade in trades]
    assert ids == list(range(ids[0], ids[0] + 100))
    orders = exchange.fetch_order_book(symbol, 10)
    assert orders["bids"][0][0] < orders["asks"][0][0]
    ticker = exchange.fetch_ticker(symbol)
    assert ticker["low"] <= ticker["last"] <= ticker["high"]
    assert len(exchange.fetch_tickers([symbol])) == 1
    assert exchange.fetch_bids_asks([symbol])[symbol]["bid"] > 0
    assert int(exchange.last_response_headers["X-MBX-USED-WEIGHT-1M"]) > 0


def test_ccxt_reads_funding_mark_and_index_prices(start_venue: Callable[..., Any]):
    venue = start_venue()
    exchange, symbol = venue.point(ccxt.binanceusdm()), "BTC/USDT:USDT"
    rates = exchange.fetch_funding_rate_history(symbol, limit=30)
    assert len(rates) == 30
    assert all(rate["timestamp"] % (8 * 3_600_000) == 0 for rate in rates)
    now = exchange.fetch_funding_rate(symbol)
    assert now["fundingTimestamp"] > venue.exchange.now_ms
    marks = exchange.fetch_ohlcv(symbol, "1m", limit=50, params={"price": "mark"})
    index = exchange.fetch_ohlcv(symbol, "1m", limit=50, params={"price": "index"})
    assert len(marks) == len(index) == 50
    for mark, tape in zip(marks, index, strict=True):
        if mark[0] == tape[0]:
            assert abs(mark[4] / tape[4] - 1) < 0.01
            assert mark[3] <= min(mark[1], mark[4]) <= max(mark[1], mark[4]) <= mark[2]


def test_ccxt_reads_markets_with_the_asynchronous_client(start_venue: Callable[..., Any]):
    async def scenario() -> int:
        exchange = start_venue().point(ccxt.async_support.binance())
        try:
            await exchange.load_markets()
            return len(await exchange.fetch_ohlcv("ETH/USDT", "5m", limit=7))
        finally:
            await exchange.close()

    assert asyncio.run(scenario()) == 7


def test_ccxt_tells_an_unknown_symbol_and_a_time_frame_not_offered(
    start_venue: Callable[..., Any],
):
    exchange = start_venue().point(ccxt.binance())
    with pytest.raises(ccxt.BadSymbol):
        exchange.publicGetKlines({"symbol": "NOPEUSDT", "interval": "1m"})
    with pytest.raises(ccxt.BadRequest, match="Invalid interval"):
        exchange.publicGetKlines({"symbol": "BTCUSDT", "interval": "7m"})


@pytest.mark.parametrize(("name", "symbol"), NAMES)
def test_ccxt_watches_bars_trades_tickers_and_books(
    start_venue: Callable[..., Any], name: str, symbol: str
):
    venue = start_venue()
    other = symbol.replace("BTC", "ETH")

    async def scenario(exchange: Any) -> None:
        await exchange.load_markets()
        assert (await exchange.watch_ohlcv(symbol, "1m"))[-1][4] > 0
        seen: set[str] = set()
        while seen != {symbol, other}:
            seen |= set(await exchange.watch_ohlcv_for_symbols([[symbol, "1m"], [other, "1m"]]))
        ids = [int(trade["id"]) for _ in range(5) for trade in await exchange.watch_trades(symbol)]
        assert ids == list(range(ids[0], ids[0] + len(ids)))
        assert (await exchange.watch_tickers([symbol, other])).popitem()[1]["last"] > 0
        assert (await exchange.watch_bids_asks([symbol, other])).popitem()[1]["ask"] > 0
        nonces: list[int] = []
        for _ in range(6):
            orders = await exchange.watch_order_book(symbol)
            nonces.append(orders["nonce"])
            assert orders["bids"][0][0] < orders["asks"][0][0]
            assert (len(orders["bids"]), len(orders["asks"])) == (25, 25)
        assert nonces == sorted(nonces)
        assert nonces[0] < nonces[-1]

    _watch(venue, name, scenario)


def test_ccxt_watches_the_bars_of_200_symbols_on_one_connection(start_venue: Callable[..., Any]):
    venue = start_venue(symbols=200)

    async def scenario(exchange: Any) -> None:
        await exchange.load_markets()
        spot = sorted(name for name in exchange.markets if ":" not in name)
        assert len(spot) == 200
        seen: set[str] = set()
        while len(seen) < 200:
            seen |= set(await exchange.watch_ohlcv_for_symbols([[name, "1m"] for name in spot]))
        assert len(exchange.clients) == 1

    _watch(venue, "binance", scenario)


def test_f24_ccxt_notices_a_gap_in_the_updates_of_the_book(start_venue: Callable[..., Any]):
    rule = {"point": "stream.frame", "action": "drop", "match": {"channel": "depth"}, "at": 8}
    venue = start_venue(faults=[rule])

    async def scenario(exchange: Any) -> None:
        await exchange.load_markets()
        with pytest.raises(ccxt.ChecksumError):
            await _watch_book(exchange, 40)
        assert (await exchange.watch_order_book("BTC/USDT"))["nonce"] > 0

    _watch(venue, "binance", scenario)


def test_f28_ccxt_reads_a_429_as_protection_and_is_told_when_to_come_back(
    start_venue: Callable[..., Any],
):
    rule = {"point": "rest.request", "action": "limit", "status": 429, "for_s": 7, "at": 2,
            "match": {"endpoint": "klines"}}  # fmt: skip
    venue = start_venue(faults=[rule])
    exchange = venue.point(ccxt.binance())
    exchange.fetch_ohlcv("BTC/USDT", "1m")
    with pytest.raises(ccxt.DDoSProtection):
        exchange.fetch_ohlcv("BTC/USDT", "1m")
    assert exchange.last_response_headers["Retry-After"] == "7"


def _watch(venue: Any, name: str, scenario: Callable[[Any], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        exchange = venue.point(getattr(ccxt.pro, name)())
        try:
            await asyncio.wait_for(scenario(exchange), 40)
        finally:
            await exchange.close()

    asyncio.run(run())


async def _watch_book(exchange: Any, times: int) -> None:
    for _ in range(times):
        await exchange.watch_order_book("BTC/USDT")

"""Exchanges at overridden addresses: nothing may go anywhere else."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.services.history_server import Coin, History, HistoryServer, ms, serving

from app.adapters.exchange import (
    ExchangeOptions,
    async_exchange,
    stream_exchange,
    sync_exchange,
    venue_errors,
)
from app.core.config import Settings
from app.core.venue import Addresses, Market, market_addresses
from cryptovolt.domain.errors import ConfigurationError, DataError, TransientError

ELSEWHERE = Addresses("http://127.0.0.1:9", "ws://127.0.0.1:9")


def addresses_in(urls: dict[str, Any] | str) -> Iterator[str]:
    if isinstance(urls, str):
        yield urls
        return
    for value in urls.values():
        yield from addresses_in(value)


@pytest.mark.parametrize("market", Market)
@pytest.mark.parametrize("make", [sync_exchange, async_exchange, stream_exchange])
def test_no_address_of_the_real_venue_is_left(
    market: Market, make: Callable[[ExchangeOptions], Any]
) -> None:
    exchange = make(ExchangeOptions(market=market, addresses=ELSEWHERE))
    found = list(addresses_in(exchange.urls["api"]))
    assert len(found) > 20
    assert all(url.startswith(("http://127.0.0.1:9/", "ws://127.0.0.1:9/")) for url in found)


@pytest.mark.parametrize("market", Market)
def test_a_request_to_another_address_is_refused_before_it_is_sent(market: Market) -> None:
    exchange = sync_exchange(ExchangeOptions(market=market, addresses=ELSEWHERE))
    for name in ("public", "fapiPublic"):
        exchange.urls["api"][name] = "https://api.binance.com/api/v3"
    with pytest.raises(ConfigurationError, match=r"moved to 127\.0\.0\.1:9.*api\.binance\.com"):
        exchange.fetch_time()


def test_a_stream_to_another_address_is_refused_before_it_is_opened() -> None:
    async def watch() -> None:
        exchange = stream_exchange(ExchangeOptions(market=Market.SPOT, addresses=ELSEWHERE))
        try:
            exchange.client("wss://stream.binance.com:9443/ws")
        finally:
            await exchange.close()

    with pytest.raises(ConfigurationError, match=r"stream\.binance\.com:9443; nothing was sent"):
        asyncio.run(watch())


@pytest.mark.parametrize("market", Market)
def test_a_venue_that_is_not_there_is_worth_another_try(market: Market) -> None:
    exchange = sync_exchange(ExchangeOptions(market=market, addresses=ELSEWHERE))
    with (
        pytest.raises(TransientError, match=f"the {market} market did not answer"),
        venue_errors(market),
    ):
        exchange.fetch_time()


@pytest.fixture
def venue() -> Iterator[HistoryServer]:
    history = History(ms("2025-02-10"), {"BTCUSDT": Coin("BTCUSDT", ms("2025-01-01"))}, 0)
    with serving(history) as server:
        yield server


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (503, b"<html>down</html>", TransientError, "did not answer"),
        (429, b'{"code":-1003,"msg":"Too many"}', TransientError, "because of too many"),
        (400, b'{"code":-1121,"msg":"Invalid symbol."}', DataError, "does not know the symbol"),
        (400, b'{"code":-1021,"msg":"Timestamp"}', ConfigurationError, "set this machine's clock"),
        (401, b'{"code":-2014,"msg":"API-key"}', ConfigurationError, "refused the API key"),
        (200, b"<html>maintenance</html>", TransientError, "found a web page"),
    ],
)
def test_what_the_venue_says_becomes_one_sentence(
    venue: HistoryServer, status: int, body: bytes, kind: type[Exception], message: str
) -> None:
    venue.history.pages = [(status, body)]
    options = ExchangeOptions(market=Market.SPOT, addresses=Addresses(venue.url, None))
    exchange = sync_exchange(options)
    with pytest.raises(kind, match=message) as caught, venue_errors(Market.SPOT):
        exchange.fetch_time()
    assert "\n" not in str(caught.value)
    assert "<" not in str(caught.value)
    exchange.session.close()


def test_addresses_come_from_the_settings() -> None:
    nothing = Settings(_env_file=None)  # pyright: ignore[reportCallIssue]
    assert not market_addresses(Market.SPOT, nothing).overridden
    both = nothing.model_copy(update={"VENUE_URL": "http://127.0.0.1:8100/"})
    for market in Market:
        expected = Addresses("http://127.0.0.1:8100", "ws://127.0.0.1:8100")
        assert market_addresses(market, both) == expected
    own = both.model_copy(update={"EXCHANGE_USDM_URL": "https://here:1"})
    assert market_addresses(Market.USDM, own) == Addresses("https://here:1", "wss://here:1")
    assert market_addresses(Market.SPOT, own).rest == "http://127.0.0.1:8100"


def test_half_an_override_is_refused() -> None:
    nothing = Settings(_env_file=None)  # pyright: ignore[reportCallIssue]
    half = nothing.model_copy(update={"EXCHANGE_SPOT_STREAM_URL": "ws://127.0.0.1:1"})
    with pytest.raises(ConfigurationError, match="set both"):
        market_addresses(Market.SPOT, half)
    odd = nothing.model_copy(update={"VENUE_URL": "127.0.0.1:8100"})
    with pytest.raises(ConfigurationError, match="VENUE_URL: expected http://host:port"):
        market_addresses(Market.SPOT, odd)

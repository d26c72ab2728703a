"""Accounts on a market told by hand, and a venue on loopback that ccxt talks to."""

import time
from collections.abc import Callable, Iterator
from typing import Any, cast
from urllib.parse import urlsplit

import pytest

from cryptovolt_venue.embedded import EmbeddedVenue
from cryptovolt_venue.opening import VenueOptions, open_exchange
from cryptovolt_venue.scripted import ScriptedVenue
from cryptovolt_venue.series import make_instrument

BIDS = [("50000.00", "0.5"), ("49990.00", "1"), ("49900.00", "5")]
ASKS = [("50010.00", "0.5"), ("50020.00", "1"), ("50100.00", "5")]


@pytest.fixture
def scripted() -> ScriptedVenue:
    """BTCUSDT on both markets around 50,000 and BNBUSDT at 500; nobody has funds yet."""
    venue = ScriptedVenue(
        make_instrument("BTCUSDT", "spot", 2, 5, 0),
        make_instrument("BTCUSDT", "usdm", 1, 3, 0),
        make_instrument("ETHUSDT", "spot", 2, 4, 0),
        make_instrument("BNBUSDT", "spot", 2, 3, 0),
    )
    for market in ("spot", "usdm"):
        venue.market.set_book(market, "BTCUSDT", BIDS, ASKS)
        venue.trade(market, "BTCUSDT", "50005.0", "0.001")
    venue.trade("spot", "BNBUSDT", "500.00")
    venue.trade("spot", "ETHUSDT", "2500.00")
    venue.market.set_book("spot", "ETHUSDT", [("2499.00", "9")], [("2501.00", "9")])
    return venue


@pytest.fixture
def venue() -> Iterator[EmbeddedVenue]:
    """Three made-up symbols on both markets, live on loopback."""
    options = VenueOptions(synthetic=3, seed=7, speed=1.0, trades_per_bar=600)
    with EmbeddedVenue(open_exchange(options, int(time.time() * 1000))) as running:
        yield running


@pytest.fixture
def client(venue: EmbeddedVenue) -> Callable[..., Any]:
    """Makes ccxt exchanges that know no other address than the venue's."""

    def make(kind: Any, key: str = "loopback-key", secret: str = "loopback-secret") -> Any:
        exchange = kind(
            {
                "apiKey": key,
                "secret": secret,
                "options": {"fetchCurrencies": False},
                "timeout": 5000,
            }
        )
        host = urlsplit(venue.address).netloc
        exchange.urls["api"] = _moved(exchange.urls["api"], host)
        return exchange

    return make


def _moved(urls: Any, host: str) -> Any:
    if isinstance(urls, dict):
        items = cast("dict[str, Any]", urls)
        return {name: _moved(value, host) for name, value in items.items()}
    parts = urlsplit(str(urls))
    scheme = "ws" if parts.scheme.startswith("ws") else "http"
    return f"{scheme}://{host}{parts.path}"

"""A venue on loopback with an event loop of its own, and ccxt pointed at it."""

import asyncio
import json
import re
import threading
import time
import urllib.request
from collections.abc import Callable, Coroutine, Generator
from typing import Any, cast

import numpy as np
import pytest

from cryptovolt.domain.bars import Bars
from cryptovolt_venue.clock import VenueClock
from cryptovolt_venue.exchange import Exchange
from cryptovolt_venue.faults import FaultSchedule, parse_rule
from cryptovolt_venue.limits import Limits
from cryptovolt_venue.series import FileSeries, Series
from cryptovolt_venue.synthetic import SyntheticSeries
from cryptovolt_venue.tape import MARKETS
from cryptovolt_venue.web.app import Server

DAY_MS = 86_400_000


class RunningVenue:
    """A server in a thread, and what tests ask of it."""

    def __init__(self, exchange: Exchange) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self.exchange = exchange
        self.server = Server(exchange)
        self.do(self.server.start())

    @property
    def address(self) -> str:
        return self.server.address

    @property
    def stream(self) -> str:
        return self.address.replace("http", "ws", 1)

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    def post(self, path: str, **body: Any) -> Any:
        request = urllib.request.Request(
            self.address + path, json.dumps(body).encode(), method="POST"
        )
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.address + path, timeout=10) as response:
            return json.load(response)

    def fault(self, **rule: Any) -> None:
        self.post("/venue/faults", **rule)

    def point(self, exchange: Any) -> Any:
        """Override every address that ccxt knows; return the exchange."""

        def moved(entry: Any) -> Any:
            if isinstance(entry, dict):
                inner = cast("dict[str, Any]", entry)
                return {key: moved(value) for key, value in inner.items()}
            mine = self.stream if str(entry).startswith("ws") else self.address
            return re.sub(r"^\w+://[^/]+", mine, str(entry))

        api = moved(exchange.urls["api"])
        if "ws" in api:
            api["ws"]["spot"] = f"{self.stream}/stream/ws"
            api["ws"]["linear"] = f"{self.stream}/fstream/ws"
        exchange.urls["api"] = api
        exchange.options["fetchCurrencies"] = False
        return exchange

    def stop(self) -> None:
        self.do(self.server.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()


StartVenue = Callable[..., RunningVenue]


@pytest.fixture
def start_venue() -> Generator[StartVenue]:
    """Return a function that starts a venue; all are stopped after the test."""
    running: list[RunningVenue] = []

    def start(
        series: list[Series] | None = None,
        *,
        symbols: int = 2,
        speed: float = 60.0,
        ago_ms: int = DAY_MS,
        faults: list[dict[str, Any]] | None = None,
        limits: dict[Any, int] | None = None,
        big_ids: bool = False,
        trades_per_bar: int = 12,
        start_ms: int | None = None,
    ) -> RunningVenue:
        begin = int(time.time() * 1000) - ago_ms if start_ms is None else start_ms
        clock = VenueClock(begin, speed)
        made: list[Series] = series or [
            SyntheticSeries(
                number,
                market,
                timeframe="1m",
                seed=7,
                trades_per_bar=trades_per_bar,
                listed_ms=begin - 40 * DAY_MS,
            )
            for market in MARKETS
            for number in range(symbols)
        ]
        exchange = Exchange(
            made,
            clock=clock,
            faults=FaultSchedule(3, [parse_rule(rule) for rule in faults or []], clock.real_ms),
            limits=Limits(clock.real_ms, limits),
            big_ids=big_ids,
        )
        running.append(RunningVenue(exchange))
        return running[-1]

    yield start
    for venue in running:
        venue.stop()


def random_bars(seed: int, n_bars: int, timeframe: str = "1m", *, gaps: bool = False) -> Bars:
    """Return bars as a file might hold them, with quiet ones and, if asked for, with gaps."""
    rng = np.random.default_rng(seed)
    row = np.arange(n_bars)
    if gaps:
        row = np.sort(rng.choice(2 * n_bars, n_bars, replace=False))
    close = 10_000 + np.cumsum(rng.integers(-50, 51, n_bars))
    opening = np.concatenate([[10_000], close[:-1]])
    high = np.maximum(opening, close) + rng.integers(0, 30, n_bars)
    low = np.minimum(opening, close) - rng.integers(0, 30, n_bars)
    volume = rng.integers(0, 100_000, n_bars) * rng.integers(0, 2, n_bars)
    length = {"1m": 60_000, "5m": 300_000, "1h": 3_600_000}[timeframe]
    return Bars(
        symbol="BTCUSDT",
        timeframe=timeframe,
        timestamp=1_600_000_000_000 // 86_400_000 * 86_400_000 + row * length,
        open=opening / 100,
        high=high / 100,
        low=low / 100,
        close=close / 100,
        volume=volume / 1000,
        source="binance",
    )


@pytest.fixture(scope="session")
def make_bars() -> Callable[..., Bars]:
    return random_bars


@pytest.fixture(scope="session")
def make_series() -> Callable[..., FileSeries]:
    """Return a function that makes a series of random bars."""

    def make(
        seed: int = 1,
        n_bars: int = 300,
        timeframe: str = "1m",
        *,
        gaps: bool = False,
        trades_per_bar: int = 12,
    ) -> FileSeries:
        bars = random_bars(seed, n_bars, timeframe, gaps=gaps)
        return FileSeries(bars, "spot", seed=seed, trades_per_bar=trades_per_bar)

    return make

"""A venue on loopback and a feed that reads from it, each with an event loop of its own."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Coroutine, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from sqlalchemy import text

from app.core import database
from app.core.config import settings
from app.core.venue import Market as FedMarketName
from app.services.feed import LiveFeed
from app.services.feed_ports import FeedOptions
from app.workers.ingest import IngestOptions, feed_markets
from cryptovolt_venue.clock import VenueClock
from cryptovolt_venue.exchange import Exchange
from cryptovolt_venue.faults import FaultSchedule
from cryptovolt_venue.synthetic import SyntheticSeries
from cryptovolt_venue.tape import MARKETS, Market
from cryptovolt_venue.web.app import Server

DAY_MS = 86_400_000


class Loop:
    """An event loop in a thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def do(self, work: Coroutine[Any, Any, Any], timeout_s: float = 30.0) -> Any:
        """Run a coroutine there and return what it returns."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout_s)

    def close(self) -> None:
        """End the loop and its thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()


@dataclass
class Venue:
    """A running venue and its control."""

    server: Server
    client: httpx.Client

    @property
    def exchange(self) -> Exchange:
        return self.server.exchange

    def act(self, verb: str, /, **body: object) -> dict[str, Any]:
        """Do something that only who runs the venue may do."""
        answer = self.client.post(f"/venue/{verb}", json=body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def fault(self, point: str, action: str, **more: object) -> None:
        """Put a fault in force."""
        self.act("faults", point=point, action=action, **more)

    def forget_faults(self) -> None:
        """Take every fault out of force, and forgive every refusal."""
        self.client.delete("/venue/faults")
        self.act("forgive")

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get("/venue/status").json()
        return found

    def klines(
        self, source: str, symbol: str, first_ms: int, last_ms: int
    ) -> dict[int, tuple[float, ...]]:
        """Return what REST says of a symbol's bars, open by open, as float64."""
        path = "/fapi/v1/klines" if source == "loopback-usdm" else "/api/v3/klines"
        found: dict[int, tuple[float, ...]] = {}
        while first_ms <= last_ms:
            asked = {"symbol": symbol, "interval": "1m", "limit": 1000}
            times = {"startTime": first_ms, "endTime": last_ms}
            self.act("forgive")
            rows = self.client.get(path, params={**asked, **times}).json()
            if not rows:
                break
            found |= {int(row[0]): tuple(float(value) for value in row[1:6]) for row in rows}
            first_ms = max(found) + 60_000
        return found


@contextmanager
def running_venue(
    n_symbols: int = 3,
    speed: float = 60.0,
    *,
    markets: Sequence[Market] = ("spot",),
    start_ms: int | None = None,
    trades_per_bar: int = 60,
    seed: int = 7,
    big_ids: bool = False,
) -> Generator[Venue]:
    """Serve synthetic markets whose time runs at a speed; the settings name its address."""
    now_ms = round(time.time() * 1000)
    start = start_ms if start_ms is not None else now_ms - (0 if speed == 1.0 else 30 * DAY_MS)
    clock = VenueClock(start, speed)
    listed = start - 2 * DAY_MS
    series = [
        SyntheticSeries(
            number, market, timeframe="1m", seed=seed, trades_per_bar=trades_per_bar,
            listed_ms=listed,
        )
        for market in MARKETS if market in markets
        for number in range(n_symbols)
    ]  # fmt: skip
    faults = FaultSchedule(seed, real_ms=clock.real_ms)
    loop = Loop()
    server = Server(Exchange(series, clock=clock, faults=faults, big_ids=big_ids))
    loop.do(server.start())
    before, settings.VENUE_URL = settings.VENUE_URL, server.address
    with httpx.Client(base_url=server.address, timeout=30, trust_env=False) as client:
        try:
            yield Venue(server, client)
        finally:
            settings.VENUE_URL = before
            loop.do(server.stop())
            loop.close()


@dataclass
class Feed:
    """A running feed."""

    loop: Loop
    stopping: asyncio.Event
    ended: Any
    feed: LiveFeed | None = field(default=None)

    def stop(self) -> LiveFeed:
        """End it in good order; what it raised is raised here."""
        self.loop.loop.call_soon_threadsafe(self.stopping.set)
        self.feed = self.ended.result(30)
        assert self.feed is not None
        return self.feed


@contextmanager
def running_feed(
    symbols: Sequence[str] = (),
    *,
    markets: Sequence[str] = ("spot",),
    trades: bool = False,
    tickers: bool = False,
    timeframe: str = "1m",
    per_minute: int = 600,
    hurry: float = 60.0,
) -> Generator[Feed]:
    """Feed from the venue of the settings into the database of the test."""
    options = IngestOptions(
        symbols=tuple(symbols),
        markets=tuple(FedMarketName(name) for name in markets),
        feed=FeedOptions(timeframe, trades, tickers),
        connections_per_minute=per_minute,
        hurry=hurry,
    )
    loop = Loop()
    stopping = loop.do(_event())
    ended = asyncio.run_coroutine_threadsafe(feed_markets(options, stopping), loop.loop)
    feed = Feed(loop, stopping, ended)
    try:
        yield feed
    finally:
        if feed.feed is None:
            feed.stop()
        loop.close()


async def _event() -> asyncio.Event:
    return asyncio.Event()


def rows(statement: str, **values: object) -> list[tuple[Any, ...]]:
    """Return the rows of a query."""
    with database.SessionLocal() as db:
        return [tuple(row) for row in db.execute(text(statement), values)]


def until(claim: Callable[[], object], seconds: float = 15.0) -> float:
    """Wait until a claim holds, and return how long that took."""
    begun = time.monotonic()
    while not claim():
        if time.monotonic() - begun > seconds:
            raise AssertionError(f"still not so after {seconds} s: {snapshot()}")
        time.sleep(0.02)
    return time.monotonic() - begun


def snapshot() -> str:
    """Return the state of every series, for the message of a failed test."""
    return json.dumps(rows("SELECT symbol, state, reason, bars, repaired FROM feed_status"))


def states() -> dict[str, str]:
    """Return the state of each symbol."""
    return dict(rows("SELECT symbol, state FROM feed_status"))


def n_live() -> int:
    """Return how many series are live."""
    return int(rows("SELECT count(*) FROM feed_status WHERE state = 'live'")[0][0])


def n_bars(symbol: str = "BTCUSDT") -> int:
    """Return how many bars of a symbol are stored."""
    return int(rows("SELECT count(*) FROM market_data WHERE symbol = :s", s=symbol)[0][0])


def stored(source: str, symbol: str) -> dict[int, tuple[float, ...]]:
    """Return the stored bars of a symbol, open by open."""
    found = rows(
        "SELECT (extract(epoch FROM timestamp) * 1000)::bigint, open_price, high_price, low_price,"
        " close_price, volume FROM market_data WHERE symbol = :s AND source = :source",
        s=symbol,
        source=source,
    )
    return {int(row[0]): tuple(row[1:]) for row in found}


def assert_equal_to_rest(venue: Venue, source: str = "loopback") -> int:
    """Check that what is stored has no gap and equals REST to the last bit; return how much."""
    total = 0
    for (symbol,) in rows("SELECT DISTINCT symbol FROM market_data WHERE source = :s", s=source):
        ours = stored(source, symbol)
        first, last = min(ours), max(ours)
        assert sorted(ours) == list(range(first, last + 60_000, 60_000)), f"{symbol} has a gap"
        truth = venue.klines(source, symbol, first, last)
        assert ours == {open_ms: truth[open_ms] for open_ms in ours}, symbol
        total += len(ours)
    return total

"""How fast and how sure the live feed is, against a loopback venue, in a database of its own.

The venue runs as a process of its own, from the distribution `cryptovolt-venue`. Rates are reached
by letting its market run faster than real time.
"""

import asyncio
import importlib.util
import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import httpx
import numpy as np
from sqlalchemy import text

from app.core import database
from app.core.config import settings
from app.core.venue import Market
from app.services.bench_bars import Measured, own_database
from app.services.feed import LiveFeed
from app.services.feed_ports import FeedOptions
from app.workers.ingest import IngestOptions, feed_markets
from cryptovolt.domain.errors import ConfigurationError, DataError

_STARTED = re.compile(r"on (http://\S+)")
_MINUTE_MS = 60_000
_WARM_UP_S = 5.0
_CONNECTIONS_PER_MINUTE = 6_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveBench:
    """What to measure."""

    symbols: int = 200
    updates_per_s: float = 5_000.0
    seconds: float = 30.0
    burst: int = 100_000
    burst_s: float = 10.0
    cuts: int = 50
    memory_s: float = 0.0
    memory_speed: float = 100.0
    seed: int = 1


@dataclass(slots=True)
class Loopback:
    """A running venue."""

    client: httpx.Client

    def act(self, action: str, **body: object) -> None:
        """Do something that only who runs the venue may do."""
        self.client.post(f"/venue/{action}", json=body).raise_for_status()


def run(bench: LiveBench, say: Callable[[str], None]) -> list[Measured]:
    """Measure rate, burst, cuts and memory, in this order, and return what was found."""
    found: list[Measured] = []
    speed = _speed(bench, bench.updates_per_s)
    with own_database(), _venue(bench, speed) as venue:
        say(f"{bench.updates_per_s:,.0f} updates/s of {bench.symbols} symbols: {bench.seconds} s")
        found += asyncio.run(_measure_rate(bench, venue))
    if bench.cuts:
        with own_database(), _venue(bench, 60.0, symbols=min(bench.symbols, 20)) as venue:
            say(f"{bench.cuts} random cuts")
            found += asyncio.run(_measure_cuts(bench, venue))
    if bench.memory_s:
        with own_database(), _venue(bench, bench.memory_speed, trades_per_bar=4) as venue:
            say(f"memory at {bench.memory_speed:g} times real time: {bench.memory_s} s")
            found += asyncio.run(_measure_memory(bench))
    return found


async def _measure_rate(bench: LiveBench, venue: Loopback) -> list[Measured]:
    async with _fed(FeedOptions(trades=True, tickers=True, measured=True)) as feed:
        await _live(feed, bench.symbols)
        await asyncio.sleep(_WARM_UP_S)
        feed.latencies_s.clear()
        begun, before = time.monotonic(), _received(feed)
        await asyncio.sleep(bench.seconds)
        rate = (_received(feed) - before) / (time.monotonic() - begun)
        found = [Measured("updates received", rate, "1/s", goal=f"{bench.updates_per_s:,.0f}")]
        found += _latencies("received to committed", feed, "50 ms")
        found += await _measure_burst(bench, venue, feed)
    lost = await asyncio.to_thread(_lost_trades)
    found.append(Measured("trades lost", lost, "trades", goal="0"))
    return found


async def _measure_burst(bench: LiveBench, venue: Loopback, feed: LiveFeed) -> list[Measured]:
    venue.act("speed", speed=_speed(bench, bench.burst / bench.burst_s) * 1.2)
    feed.latencies_s.clear()
    before, begun = _received(feed), time.monotonic()
    for _ in range(round(3 * bench.burst_s / 0.05)):
        if _received(feed) - before >= bench.burst:
            break
        await asyncio.sleep(0.05)
    took = time.monotonic() - begun
    venue.act("speed", speed=1.0)
    await asyncio.sleep(1.0)
    got = _received(feed) - before
    return [
        Measured("burst received", got, "updates", goal=f"{bench.burst:,} in {bench.burst_s} s"),
        Measured("burst took", took, "s", goal=""),
        *_latencies("burst to committed", feed, ""),
    ]


async def _measure_memory(bench: LiveBench) -> list[Measured]:
    sizes: list[tuple[float, float]] = []
    async with _fed(FeedOptions(trades=True, tickers=True)) as feed:
        await _live(feed, bench.symbols)
        begun, before = time.monotonic(), _received(feed)
        while time.monotonic() - begun < bench.memory_s:
            sizes.append((time.monotonic() - begun, _resident_mb()))
            await asyncio.sleep(1.0)
        rate = (_received(feed) - before) / (time.monotonic() - begun)
    # The first quarter warms up.
    table = np.array(sizes[len(sizes) // 4 :], dtype=np.float64)
    slope = float(np.polyfit(table[:, 0], table[:, 1], 1)[0]) * 3_600
    return [
        Measured("updates received while memory was watched", rate, "1/s", goal=""),
        Measured("memory, a quarter in", float(table[0, 1]), "MB", goal=""),
        Measured("memory at the end", float(table[-1, 1]), "MB", goal=""),
        Measured("memory slope", slope, "MB/h", goal="flat"),
    ]


async def _measure_cuts(bench: LiveBench, venue: Loopback) -> list[Measured]:
    random = Random(bench.seed)  # noqa: S311 - draws faults
    async with _fed(FeedOptions(trades=False)) as feed:
        await _live(feed, 1)
        for _ in range(bench.cuts):
            await asyncio.sleep(random.uniform(0.05, 0.8))
            await asyncio.to_thread(_misfortune, venue, random)
        venue.act("unmute")
        await asyncio.sleep(3.0)
        await _live(feed, len(feed.series))
        # Until REST and stream agree on a whole bar more.
        await asyncio.sleep(2.5)
    missing, doubled, different, n_bars = await asyncio.to_thread(_compare, venue)
    return [
        Measured("cuts", bench.cuts, "cuts", goal=""),
        Measured("bars compared with REST", n_bars, "bars", goal=""),
        Measured("missing bars", missing, "bars", goal="0"),
        Measured("doubled bars", doubled, "bars", goal="0"),
        Measured("different bars", different, "bars", goal="0"),
    ]


def _misfortune(venue: Loopback, random: Random) -> None:
    kind = random.random()
    if kind < 0.7:
        venue.act("cut")
    elif kind < 0.85:
        venue.act("refuse", seconds=random.uniform(0.2, 1.5))
        venue.act("cut")
        # The control is on the same port: it answers again when the venue does.
        time.sleep(1.6)
    else:
        venue.act("mute", channel="kline", ms=random.uniform(100, 1_500))
        venue.act("cut")


def _compare(venue: Loopback) -> tuple[int, int, int, int]:
    statement = text(
        "SELECT symbol, (extract(epoch FROM timestamp) * 1000)::bigint, open_price, high_price,"
        " low_price, close_price, volume FROM market_data ORDER BY 1, 2"
    )
    ours: dict[str, list[tuple[int, ...]]] = {}
    with database.SessionLocal() as db:
        for symbol, *values in db.execute(statement):
            ours.setdefault(str(symbol), []).append(tuple(values))
    missing = doubled = different = 0
    for symbol, bars in ours.items():
        opens = [bar[0] for bar in bars]
        doubled += len(opens) - len(set(opens))
        truth = _rest(venue, symbol, opens[0], opens[-1])
        missing += len(truth.keys() - set(opens))
        different += sum(truth.get(bar[0]) != bar[1:] for bar in bars)
    return missing, doubled, different, sum(len(bars) for bars in ours.values())


def _rest(venue: Loopback, symbol: str, first: int, last: int) -> dict[int, tuple[float, ...]]:
    found: dict[int, tuple[float, ...]] = {}
    while first <= last:
        venue.act("forgive")
        asked = {"symbol": symbol, "interval": "1m", "limit": 1000, "startTime": first}
        rows = venue.client.get("/api/v3/klines", params={**asked, "endTime": last}).json()
        if not rows:
            break
        found |= {int(row[0]): tuple(float(value) for value in row[1:6]) for row in rows}
        first = max(found) + _MINUTE_MS
    return found


@asynccontextmanager
async def _fed(options: FeedOptions) -> AsyncGenerator[LiveFeed]:
    stopping, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    chosen = IngestOptions(
        symbols=(),
        markets=(Market.SPOT,),
        feed=options,
        connections_per_minute=_CONNECTIONS_PER_MINUTE,
        hurry=60.0,
    )
    task = asyncio.create_task(feed_markets(chosen, stopping, ready.set_result))
    done, _ = await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
    if task in done:
        await task
    try:
        yield ready.result()
    finally:
        stopping.set()
        await task


async def _live(feed: LiveFeed, n_series: int) -> None:
    until = time.monotonic() + 60.0
    while sum(series.state == "live" for series in feed.series.values()) < n_series:
        if time.monotonic() > until:
            raise DataError(f"expected {n_series} live series within a minute, found fewer")
        await asyncio.sleep(0.1)


def _received(feed: LiveFeed) -> int:
    counts = feed.collector.counts
    return counts.trades + counts.tickers


def _latencies(name: str, feed: LiveFeed, goal: str) -> list[Measured]:
    if not feed.latencies_s:
        raise DataError("expected updates to measure, found none")
    half, most = np.percentile(np.array(feed.latencies_s) * 1000, [50, 99])
    return [
        Measured(f"{name} p50", float(half), "ms", goal=""),
        Measured(f"{name} p99", float(most), "ms", goal=goal),
    ]


def _lost_trades() -> int:
    with database.SessionLocal() as db:
        found = db.execute(
            text(
                "SELECT coalesce(sum(gap), 0) FROM (SELECT max(trade_id) - min(trade_id) + 1"
                " - count(*) AS gap FROM public_trades GROUP BY source, symbol) AS gaps"
            )
        )
        return int(found.scalar_one())


def _speed(bench: LiveBench, updates_per_s: float) -> float:
    # A symbol that trades once a second makes two updates: the trade and the top of the book.
    return max(1.0, updates_per_s / (2.0 * bench.symbols))


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@contextmanager
def _venue(
    bench: LiveBench, speed: float, symbols: int | None = None, trades_per_bar: int = 60
) -> Generator[Loopback]:
    if importlib.util.find_spec("cryptovolt_venue") is None:
        raise ConfigurationError(
            "expected the loopback venue, found it is not installed: install cryptovolt-venue"
        )
    arguments: Sequence[str] = (
        "serve", "--synthetic", str(symbols or bench.symbols), "--market", "spot", "--speed",
        f"{speed:.3f}", "--seed", str(bench.seed), "--trades-per-bar",
        str(trades_per_bar),
        "--port", "0", "--history-days", "3", "--start", _days_ago(20),
    )  # fmt: skip
    command = [sys.executable, "-m", "cryptovolt_venue", *arguments]
    before = settings.VENUE_URL
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            assert process.stdout is not None
            started = _STARTED.search(process.stdout.readline())
            if started is None:
                raise DataError("expected the venue to say where it listens, found nothing")
            settings.VENUE_URL = started.group(1)
            with httpx.Client(base_url=settings.VENUE_URL, timeout=30, trust_env=False) as client:
                yield Loopback(client)
        finally:
            settings.VENUE_URL = before
            process.terminate()


def _days_ago(days: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() - days * 86_400))

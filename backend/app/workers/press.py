"""Collecting texts as a process: every source that is on, until standard input is closed.

Run as ``python -m app.workers.press``, it never outlives the process that started it. Nobody waits
for it: the trader reads what is stored. It exits with 2 when its settings cannot be used.
"""

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from random import SystemRandom
from typing import cast

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.adapters.press_clock import PressClock
from app.core.database import SessionLocal
from app.core.errors import advice
from app.core.logging import configure_logging
from app.repositories import press as press_rows
from app.services.market_clock import MarketClock
from app.services.press_collect import Collector
from app.services.press_intake import Intake
from app.services.press_pace import CollectorClock, CollectorOptions, Outcome
from app.services.press_sift import Sieve
from app.services.sentiment import active_scorer
from app.wiring import press_clock, press_sources
from app.workers import BAD_INPUT
from cryptovolt.domain.errors import CryptoVoltError, TransientError

log = structlog.get_logger(__name__)

_MEASURE_EVERY_S = 5.0
_TRY_AGAIN_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PressOptions:
    """What to collect."""

    sources: tuple[str, ...] = ()
    """None: all that are on."""
    since_ms: int | None = None


async def collect_once(options: PressOptions) -> list[Outcome]:
    """Ask every source once, now, and return what became of each, those that are off included."""
    async with _opened(options) as (collector, off, _):
        return [*await collector.once(), *off]


async def collect(options: PressOptions, stopping: asyncio.Event) -> None:
    """Collect until asked to stop."""
    while not stopping.is_set():
        try:
            async with _opened(options) as (collector, _, clock):
                await _run(collector, clock, stopping)
                return
        except TransientError as error:
            # The loopback press may start after us.
            log.warning("press.not_ready", reason=str(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), _TRY_AGAIN_S)


@contextlib.asynccontextmanager
async def _opened(
    options: PressOptions,
) -> AsyncGenerator[tuple[Collector, list[Outcome], "_Clock"]]:
    sources, off = press_sources(named=options.sources)
    clock = _Clock(press_clock())
    try:
        assets = await clock.start()
        synthetic = assets is not None
        intake = Intake(active_scorer(), synthetic=synthetic, sieve=Sieve(assets))
        traded = assets or await asyncio.to_thread(_traded)
        chosen = CollectorOptions(assets=traded, since_ms=options.since_ms)
        told = CollectorClock(market_ms=clock.market.market_ms, speed=lambda: clock.market.speed)
        collector = Collector(sources, off, intake, told, SystemRandom(), chosen)
        left = [one.as_outcome() for one in off]
        try:
            yield collector, left, clock
        finally:
            await collector.close()
    finally:
        await clock.close()


class _Clock:
    """Market time of a loopback press; where sources are real, this machine's date."""

    def __init__(self, source: PressClock | None) -> None:
        self._source = source
        self.market = MarketClock(time.monotonic, time.time)

    async def start(self) -> tuple[str, ...] | None:
        """Read the time, and return the coins of a loopback press; None where sources are real."""
        if self._source is None:
            return None
        await self.market.measure(self._source)
        return await self._source.read_assets()

    async def keep(self, stopping: asyncio.Event) -> None:
        """Read the time again and again: a loopback venue may change its speed."""
        while self._source is not None and not stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), _MEASURE_EVERY_S)
            try:
                await self.market.measure(self._source, attempts=1)
            except CryptoVoltError as error:
                log.warning("press.clock_lost", reason=str(error))

    async def close(self) -> None:
        """Close its connections."""
        if self._source is not None:
            await self._source.close()


async def _run(collector: Collector, clock: _Clock, stopping: asyncio.Event) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(clock.keep(stopping))
        group.create_task(collector.run(stopping))


def _traded() -> tuple[str, ...]:
    with SessionLocal() as db:
        return press_rows.traded_assets(db)


def main(arguments: Sequence[str]) -> int:
    """Collect until standard input is closed."""
    configure_logging(quiet=True)
    parser = argparse.ArgumentParser(prog="python -m app.workers.press")
    parser.add_argument("--source", action="append", default=[])
    found = parser.parse_args(arguments)
    return run(PressOptions(sources=tuple(found.source)))


def run(options: PressOptions, *, with_input: bool = True) -> int:
    """Collect until interrupted, or until standard input is closed, and return the exit status."""
    try:
        asyncio.run(_until_told(options, with_input))
    except KeyboardInterrupt:
        return 0
    except (CryptoVoltError, SQLAlchemyError, ExceptionGroup) as error:
        first = _first(error)
        if not isinstance(first, (CryptoVoltError, SQLAlchemyError)):
            raise
        sys.stderr.write(f"error: {advice(first)}\n")
        return 1 if isinstance(first, (TransientError, SQLAlchemyError)) else BAD_INPUT
    return 0


async def _until_told(options: PressOptions, with_input: bool) -> None:
    stopping, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Windows has no such handlers; there an interrupt ends the loop.
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stopping.set)

    def wait() -> None:
        # Read without Python's buffer, whose lock a waiting thread would hold at the end.
        while os.read(sys.stdin.fileno(), 1):
            pass
        # An interrupt may have ended the loop before.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(stopping.set)

    if with_input:
        threading.Thread(target=wait, daemon=True).start()
    await collect(options, stopping)


def _first(error: Exception) -> Exception:
    found = error
    while isinstance(found, ExceptionGroup):
        # One task failed and took the others with it: what it said counts.
        found = cast("ExceptionGroup[Exception]", found).exceptions[0]
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

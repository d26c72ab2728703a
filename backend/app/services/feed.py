"""The live feed: frames in, committed bars, trades and best prices out.

One event loop takes the frames of all markets. Bars walk through their series, which hands them on
in order, repaired by REST first where one is missing; the writer commits them in batches. A series
that is silent, misses a bar, or no longer trades at the venue is not live, and whoever trades reads
that before every entry.
"""

import asyncio
import time
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime
from functools import partial
from random import Random
from typing import Any

import structlog

from app.core.frames import LiveBar, TickerRow, TradeRow
from app.repositories.feed import IncidentKey, StatusRow, open_keys, write_stopped
from app.repositories.live_bars import newest_opens
from app.services.feed_batch import Collector
from app.services.feed_begin import new_series, streams_of, symbols_of
from app.services.feed_heartbeat import counts_of, heartbeat
from app.services.feed_links import drop_if_silent
from app.services.feed_ports import FedMarket, FeedOptions
from app.services.feed_repair import Repairer
from app.services.feed_series import FedSeries, State
from app.services.feed_troubles import Troubles
from app.services.feed_writer import FeedWriter, Work
from app.services.market_clock import CHECK_EVERY_S
from cryptovolt.domain.errors import CryptoVoltError

log = structlog.get_logger(__name__)

BATCH_S = 0.002
"""Frames that come within so many seconds are committed together."""
LOOK_EVERY_S = 0.1
HEARTBEAT_EVERY_S = 1.0
END_WITHIN_S = 10.0
REPLAY_CLOCK_EVERY_S = 2.0
STATUSES_EVERY_S = 300.0
STATUSES_IN_TROUBLE_S = 10.0
"""While something is wrong the venue is asked more often whether a symbol still trades."""


class LiveFeed:
    """The feed of some markets in this process."""

    def __init__(self, sources: Sequence[str], options: FeedOptions, random: Random) -> None:
        self.series: dict[tuple[str, str, str], FedSeries] = {}
        self.collector = Collector(measured=options.measured)
        self.latencies_s: list[float] = []
        self.writer = FeedWriter(sources)
        self.troubles = Troubles()
        self._markets: dict[str, FedMarket] = {}
        self._options = options
        self._random = random
        self._repairers: dict[str, Repairer] = {}
        self._dirty: dict[tuple[str, str, str], FedSeries] = {}
        self._something = asyncio.Event()
        self._started = datetime.now(UTC)
        self._heartbeat_due_s = 0.0
        self._links: list[tuple[FedMarket, Any]] = []
        self._ending = False

    def attach(self, market: FedMarket) -> None:
        """Feed a market too; before `run`."""
        self._markets[market.source] = market
        self._repairers[market.source] = Repairer(market, self._store, self._random)

    async def run(self, stopping: asyncio.Event) -> None:
        """Feed until asked to stop; what was received is committed before this returns."""
        try:
            await self._begin()
            await self._run(stopping)
        finally:
            for market in self._markets.values():
                await market.stream.close()
            await self.writer.close()

    async def _run(self, stopping: asyncio.Event) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._write())
                tasks = [group.create_task(step) for step in self._loops(group)]
                await stopping.wait()
                for task in tasks:
                    task.cancel()
                # The writer is not cancelled: what it has taken must be committed.
                self._ending = True
                self._something.set()
        finally:
            await self._end()

    def _loops(self, group: asyncio.TaskGroup) -> list[Coroutine[Any, Any, None]]:
        loops: list[Coroutine[Any, Any, None]] = [self._look(group)]
        for market in self._markets.values():
            loops += [self._keep_time(market), self._keep_statuses(market)]
        return loops + [market.stream.run(link) for market, link in self._links]

    # What the sockets deliver.

    def on_bar(self, source: str, symbol: str, timeframe: str, bar: LiveBar, closed: bool) -> None:
        """Take a bar as it stands."""
        series = self.series.get((source, symbol, timeframe))
        if series is None or series.halted is not None:
            return
        at_s = time.monotonic()
        rows = series.on_frame(bar, closed, at_s)
        if rows:
            self._store(series, rows)
            self._note_received(at_s)
        if series.state is not State.LIVE or series.line.wanted is not None:
            self._judge(series, at_s)

    def on_trade(self, row: TradeRow) -> None:
        """Take a public trade; too many waiting ones make the sockets wait."""
        series = self.series.get((row.source, row.symbol, self._options.timeframe))
        if series is None:
            return
        series.on_trade(row.trade_id)
        self.collector.add_trade(row, time.monotonic())
        self._something.set()
        if self.collector.full:
            for market in self._markets.values():
                market.stream.open_gate.clear()

    def on_ticker(self, row: TickerRow) -> None:
        """Take a top of the book."""
        if (row.source, row.symbol, self._options.timeframe) in self.series:
            self.collector.add_ticker(row, time.monotonic())
            self._something.set()

    def on_connected(self, source: str, streams: Sequence[str]) -> None:
        """Begin to wait for frames anew; what closed meanwhile is asked of REST."""
        at_s, market = time.monotonic(), self._markets[source]
        self.collector.forget_updates(source)
        for series in self._of_streams(source, streams):
            series.connected, series.lost_reason = True, None
            series.pulse.restart(at_s)
            series.line.on_time(market.clock.market_ms())

    def on_disconnected(self, source: str, streams: Sequence[str], reason: str) -> None:
        """Note that nothing comes any more."""
        for series in self._of_streams(source, streams):
            series.connected, series.lost_reason = False, f"connection lost: {reason}"

    def _of_streams(self, source: str, streams: Sequence[str]) -> list[FedSeries]:
        timeframe = self._options.timeframe
        symbols = symbols_of(list(streams), timeframe)
        found = (self.series.get((source, symbol, timeframe)) for symbol in symbols)
        return [series for series in found if series is not None]

    # What goes to the database.

    def _store(self, series: FedSeries, rows: Sequence[Any]) -> None:
        for row in rows:
            self.collector.add_bar(row)
        self._dirty[series.key] = series
        self._something.set()

    def _note_received(self, at_s: float) -> None:
        if self._options.measured:
            self.collector.note_bar(at_s)

    def _judge(self, series: FedSeries, at_s: float) -> None:
        if not series.judge(at_s, datetime.now(UTC)):
            return
        log.info("series.changed", series=series.key, state=series.state, reason=series.reason)
        self._dirty[series.key] = series
        self._something.set()
        stale = series.reason if series.state is State.STALE else None
        halted = series.reason if series.state is State.HALTED else None
        self.troubles.set(series.incident("silent"), stale, at_s)
        self.troubles.set(series.incident("halted"), halted, at_s)

    async def _write(self) -> None:
        while not self._ending:
            await self._something.wait()
            self._something.clear()
            # A little patience makes one transaction of many frames.
            await asyncio.sleep(BATCH_S)
            await self._commit()

    async def _commit(self) -> None:
        at_s = time.monotonic()
        begun, over = self.troubles.due(at_s)
        heartbeats = self._heartbeats(at_s)
        work = Work(self.collector.take(), self._take_status(), begun, over, heartbeats)
        if work.empty:
            return
        await self.writer.commit(work)
        done_s = time.monotonic()
        self.latencies_s.extend(done_s - received for received in work.batch.received_s)
        if self.collector.drained:
            for market in self._markets.values():
                market.stream.open_gate.set()

    def _take_status(self) -> list[StatusRow]:
        dirty, self._dirty = self._dirty, {}
        return [series.status() for series in dirty.values()]

    def _heartbeats(self, at_s: float) -> list[dict[str, Any]]:
        if at_s < self._heartbeat_due_s:
            return []
        self._heartbeat_due_s = at_s + HEARTBEAT_EVERY_S
        found: list[dict[str, Any]] = []
        for market in self._markets.values():
            counts = counts_of(market, self._own(market), self.collector, self.writer)
            found.append(heartbeat(market, self._started, counts))
        return found

    # What happens with time.

    async def _look(self, group: asyncio.TaskGroup) -> None:
        while True:
            at_s = time.monotonic()
            for series in self.series.values():
                market = self._markets[series.source]
                series.look(market.clock.market_ms(), at_s, market.clock.speed)
                self._judge(series, at_s)
                late = "the venue has not given a bar" if series.in_gap(at_s) else None
                self.troubles.set(series.incident("gap"), late, at_s)
            for market in self._markets.values():
                reason = market.clock.stop_reason
                self.troubles.set(IncidentKey(market.source, "", "", "clock"), reason, at_s)
                self._repairers[market.source].start(group, self._own(market), at_s)
            for market, link in self._links:
                own = self._of_streams(market.source, link.streams)
                drop_if_silent(market.stream, link, own, at_s)
            self._something.set()
            await asyncio.sleep(LOOK_EVERY_S)

    def _own(self, market: FedMarket) -> list[FedSeries]:
        return [series for series in self.series.values() if series.source == market.source]

    async def _keep_time(self, market: FedMarket) -> None:
        pause_s = REPLAY_CLOCK_EVERY_S if market.replayed else CHECK_EVERY_S
        due_s = time.monotonic() + pause_s
        while True:
            await asyncio.sleep(min(1.0, pause_s))
            if time.monotonic() < due_s and not market.clock.stepped:
                continue
            due_s = time.monotonic() + pause_s
            try:
                await market.clock.measure(market.rest)
            except CryptoVoltError as error:
                log.warning("clock.unread", source=market.source, reason=str(error))
            if market.clock.warning:
                log.warning("clock.off", source=market.source, reason=market.clock.warning)

    async def _keep_statuses(self, market: FedMarket) -> None:
        due_s = time.monotonic() + STATUSES_EVERY_S
        while True:
            await asyncio.sleep(1.0)
            troubled = any(key.source == market.source for key in self.troubles.open)
            soon = due_s - STATUSES_EVERY_S + STATUSES_IN_TROUBLE_S
            if time.monotonic() >= (soon if troubled else due_s):
                await self.check_statuses(market)
                due_s = time.monotonic() + STATUSES_EVERY_S

    async def check_statuses(self, market: FedMarket) -> None:
        """Halt the series of symbols that the venue does not trade now; the others go on."""
        try:
            statuses = await market.read_statuses()
        except CryptoVoltError as error:
            log.warning("symbols.unread", source=market.source, reason=str(error))
            return
        for series in self._own(market):
            status = statuses.get(series.symbol, "no longer listed")
            series.halted = (
                None if status == "TRADING" else f"the venue says that {series.symbol} is {status}"
            )
            self._judge(series, time.monotonic())

    # Beginning and end.

    async def _begin(self) -> None:
        options = self._options
        for market in self._markets.values():
            await market.clock.measure(market.rest)
            newest = await self.writer.run(partial(_newest, market, options.timeframe))
            for symbol in market.symbols:
                series = new_series(market, symbol, options, newest.get(symbol))
                self.series[series.key] = series
            self.troubles.adopt(await self.writer.run(partial(open_keys, source=market.source)))
            planned = market.stream.plan(streams_of(market, options))
            self._links += [(market, link) for link in planned]
        self._dirty.update(self.series)

    async def _end(self) -> None:
        async with asyncio.timeout(END_WITHIN_S):
            await self._commit()
            for source in self._markets:
                await self.writer.run(partial(write_stopped, source=source, reason="stopped"))


def _newest(market: FedMarket, timeframe: str, connection: Any) -> dict[str, int]:
    return newest_opens(connection, market.symbols, timeframe, market.source)

"""Collecting: every source in a task of its own, so that one that hangs or fails delays no other.

An answer and its source's new state are written in one transaction. Whatever happens between two
of those - a kill, a lost database, another collector - loses nothing and repeats nothing.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.core.database import SessionLocal
from app.core.errors import advice
from app.core.press import FetchRequest, FetchResult, SourceState
from app.repositories import press
from app.services import press_lease
from app.services.press_intake import Intake, Taken
from app.services.press_lease import Claim, Refused, Verdict
from app.services.press_pace import CollectorClock, CollectorOptions, OffSource, Outcome, Pace
from app.services.press_ports import SentimentSource
from app.services.press_rows import Batch
from cryptovolt.domain.errors import CryptoVoltError, DataError, TransientError

log = structlog.get_logger(__name__)

LOOKBACK_MS = 86_400_000
"""Older items are not asked for unless somebody names a time."""

MOST_ITEMS = 1_000
"""Of one answer."""

_DATABASE_PAUSE_S = (0.5, 5.0)
_EARLY_S = 0.05


class Collector:
    """Asks sources and stores what they answer.

    Parameters
    ----------
    sources, off : sequence
        What is asked, and what is not.
    intake : Intake
        Turns answers into rows.
    clock : CollectorClock
    random : Random
        Spreads retries, so that many collectors do not come back at once.
    """

    def __init__(
        self,
        sources: Sequence[SentimentSource],
        off: Sequence[OffSource],
        intake: Intake,
        clock: CollectorClock,
        random: Random,
        options: CollectorOptions | None = None,
    ) -> None:
        self._sources = sources
        self._off = off
        self._intake = intake
        self._clock = clock
        self._random = random
        self._pace = Pace(clock, random)
        self._options = options or CollectorOptions()
        # One writer: answers are taken in one after the other, and no loop waits for the database.
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="press-writer")
        self._claims = ThreadPoolExecutor(2, thread_name_prefix="press-claims")

    async def run(self, stopping: asyncio.Event) -> None:
        """Collect until asked to stop."""
        await self._patiently(self.register, stopping)
        async with asyncio.TaskGroup() as group:
            for source in self._sources:
                group.create_task(self._follow(source, stopping), name=source.name)

    async def once(self) -> list[Outcome]:
        """Ask every source now, side by side, and return what became of it."""
        await asyncio.to_thread(self.register)
        return list(
            await asyncio.gather(*(self.ask(source, forced=True) for source in self._sources))
        )

    async def close(self) -> None:
        """Close every connection."""
        for source in self._sources:
            with contextlib.suppress(CryptoVoltError, OSError):
                await source.close()
        self._writer.shutdown(wait=True)
        self._claims.shutdown(wait=True)

    def register(self) -> None:
        """Write down which sources there are, and which are off and why."""
        with SessionLocal.begin() as db:
            for source in self._sources:
                interval_s = self._pace.interval_s(source.every_s)
                press.ensure(db, source.name, source.kind.value, interval_s)
                row = press.lock(db, source.name)
                if row is not None and row.state == SourceState.OFF.value:
                    row.state, row.reason = SourceState.WAITING.value, None
                    row.next_attempt_at = None
            for one in self._off:
                press.ensure(db, one.name, one.kind.value, None)
                row = press.lock(db, one.name)
                if row is not None:
                    row.state, row.reason = SourceState.OFF.value, one.reason
                    row.next_attempt_at = None

    async def ask(self, source: SentimentSource, *, forced: bool = False) -> Outcome:
        """Ask a source once, where it may be asked now.

        Raises
        ------
        sqlalchemy.exc.SQLAlchemyError
            If the database cannot be used.
        """
        claimed = await self._in(self._claims, self._claim, source, forced)
        if isinstance(claimed, Refused):
            return Outcome(
                name=source.name,
                state=SourceState.WAITING,
                reason=claimed.reason,
                wait_s=claimed.wait_s,
            )
        try:
            result = await self._fetch(source, claimed)
        except CryptoVoltError as error:
            return await self._failed(source, claimed, error)
        except Exception as error:
            log.exception("press.reader_failed", source=source.name)
            mistake = DataError(f"reading {source.name} failed: {type(error).__name__}: {error}")
            return await self._failed(source, claimed, mistake)
        return await self._taken(source, claimed, result)

    async def _follow(self, source: SentimentSource, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            try:
                outcome = await self.ask(source)
                pause_s = outcome.wait_s
            except SQLAlchemyError as error:
                log.warning("press.database_lost", source=source.name, reason=advice(error))
                pause_s = self._random.uniform(*_DATABASE_PAUSE_S)
            # Another process may have made it due earlier, and the venue's speed may change.
            await _pause(stopping, min(pause_s, self._pace.interval_s(source.every_s)) + _EARLY_S)

    async def _fetch(self, source: SentimentSource, claimed: Claim) -> FetchResult:
        now_ms = self._clock.market_ms()
        since_ms = self._options.since_ms
        request = FetchRequest(
            now_ms=now_ms,
            since_ms=now_ms - LOOKBACK_MS if since_ms is None else since_ms,
            assets=self._options.assets,
            limit=MOST_ITEMS,
            # Whoever names a time wants what is older than the last answer as well.
            etag=claimed.etag if since_ms is None else None,
            last_modified=claimed.last_modified if since_ms is None else None,
            cursor=claimed.cursor,
            budget=claimed.budget,
        )
        try:
            async with asyncio.timeout(self._options.give_up_s):
                return await source.fetch(request)
        except TimeoutError:
            raise TransientError(
                f"{source.name} did not answer within {self._options.give_up_s:g} s"
            ) from None

    async def _taken(self, source: SentimentSource, claimed: Claim, result: FetchResult) -> Outcome:
        wait_s = self._pace.next_s(source.every_s, result)
        try:
            taken = await self._in(self._writer, self._store, source, claimed, result, wait_s)
        except (SQLAlchemyError, CryptoVoltError) as error:
            self._intake.forget()
            if isinstance(error, SQLAlchemyError):
                raise
            return await self._failed(source, claimed, error)
        if taken is None:
            log.warning("press.claim_lost", source=source.name)
            reason = "its answer came after another collector had taken over"
            return Outcome(
                name=source.name, state=SourceState.WAITING, reason=reason, wait_s=wait_s
            )
        log.info("press.collected", source=source.name, **taken.counts)
        return Outcome(
            name=source.name,
            state=SourceState.GOOD,
            counts=taken.counts,
            cost=result.cost,
            wait_s=wait_s,
        )

    async def _failed(
        self, source: SentimentSource, claimed: Claim, error: CryptoVoltError
    ) -> Outcome:
        verdict = self._pace.verdict(source.every_s, claimed.failures, error)
        log.warning(
            "press.failed", source=source.name, state=verdict.state.value, reason=verdict.reason
        )
        await self._in(self._claims, self._write_failure, claimed, verdict)
        return Outcome(
            name=source.name, state=verdict.state, reason=verdict.reason, wait_s=verdict.wait_s
        )

    def _claim(self, source: SentimentSource, forced: bool) -> Claim | Refused:
        with SessionLocal.begin() as db:
            return press_lease.claim(db, source, forced=forced)

    def _store(
        self, source: SentimentSource, claimed: Claim, result: FetchResult, wait_s: float
    ) -> Taken | None:
        with SessionLocal.begin() as db:
            row = press_lease.held(db, claimed)
            if row is None:
                return None
            batch = Batch(source.name, result.items, self._clock.market_ms(), claimed.left_out)
            taken = self._intake.take(db, batch)
            counts = {**taken.counts}
            for reason, number in result.dropped.items():
                counts[reason] = counts.get(reason, 0) + number
            press_lease.succeed(db, row, claimed, result, wait_s, (counts, taken.left_out))
            return Taken(counts, taken.left_out)

    @staticmethod
    def _write_failure(claimed: Claim, verdict: Verdict) -> None:
        with SessionLocal.begin() as db:
            press_lease.fail(db, claimed, verdict)

    async def _patiently(self, act: Callable[[], None], stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            try:
                await self._in(self._claims, act)
            except SQLAlchemyError as error:
                log.warning("press.database_lost", reason=advice(error))
                await _pause(stopping, self._random.uniform(*_DATABASE_PAUSE_S))
            else:
                return

    @staticmethod
    async def _in(pool: ThreadPoolExecutor, act: Callable[..., Any], *given: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(pool, act, *given)


async def _pause(stopping: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), seconds)

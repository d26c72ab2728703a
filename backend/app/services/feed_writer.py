"""Commits what the feed has collected: one connection, one thread, one transaction a batch.

The event loop never waits for the database. A batch that cannot be committed is kept and tried
again; meanwhile trades pile up to a bound, and then the sockets wait.
"""

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import psycopg
import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from app.core import database
from app.core.errors import advice
from app.repositories import feed as feed_rows
from app.repositories import live_bars, public_trades
from app.repositories.copy import driver
from app.repositories.feed import Incident, IncidentKey, StatusRow
from app.repositories.live_bars import BarRow
from app.repositories.public_trades import write_trades
from app.repositories.tickers import write_tickers
from app.services.feed_batch import Batch
from cryptovolt.domain.errors import ConfigurationError, CryptoVoltError

log = structlog.get_logger(__name__)
T = TypeVar("T")

_RETRY_S = 0.5
_LOCK = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"


@dataclass(slots=True)
class Work:
    """What one transaction writes."""

    batch: Batch
    status: list[StatusRow] = field(default_factory=list[StatusRow])
    begun: list[Incident] = field(default_factory=list[Incident])
    over: list[IncidentKey] = field(default_factory=list[IncidentKey])
    heartbeats: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write."""
        waiting = self.status or self.begun or self.over or self.heartbeats
        return self.batch.empty and not waiting


@dataclass(slots=True)
class Written:
    """What was committed since the start."""

    batches: int = 0
    bars: int = 0
    trades: int = 0
    known_trades: int = 0
    tickers: int = 0
    failures: int = 0


class FeedWriter:
    """The one writer of a feed.

    While it lives no other feed can write the same sources.
    """

    def __init__(self, sources: Iterable[str]) -> None:
        self.written = Written()
        self.failing: str | None = None
        """Why nothing can be committed now, or None."""
        self._sources = sorted(sources)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="feed-writer")
        self._connection: Connection | None = None
        self._held: list[BarRow] = []

    @property
    def held(self) -> int:
        """Bars of series that another program is writing; they follow when it is done."""
        return len(self._held)

    async def commit(self, work: Work) -> None:
        """Commit, however often that must be tried."""
        while True:
            try:
                await self.run(lambda connection: self._write(connection, work))
            except (DBAPIError, psycopg.Error, OSError, CryptoVoltError) as error:
                # Also where a session of ours that died still holds the lock of the source.
                self.written.failures += 1
                self.failing = advice(error)
                log.warning("feed.commit_failed", reason=self.failing)
                await asyncio.sleep(_RETRY_S)
            else:
                self.failing = None
                self._count(work.batch)
                return

    async def run(self, action: Callable[[psycopg.Connection[Any]], T]) -> T:
        """Do something in a transaction of the writer's thread, and return what it returned."""
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, self._in_transaction, action
        )

    async def close(self) -> None:
        """Give the connection back."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._drop)
        self._thread.shutdown(wait=True)

    def _in_transaction(self, action: Callable[[psycopg.Connection[Any]], T]) -> T:
        if self._connection is None:
            self._connection = self._connect()
        try:
            result = action(driver(self._connection))
            self._connection.commit()
        except CryptoVoltError:
            self._connection.rollback()
            raise
        except (DBAPIError, psycopg.Error, OSError):
            # Whether it was committed is not known; every row may be written again.
            self._drop()
            raise
        return result

    def _connect(self) -> Connection:
        connection = database.engine.connect()
        found = driver(connection)
        found.execute(live_bars.STAGE)
        found.execute(public_trades.STAGE)
        for source in self._sources:
            row = found.execute(_LOCK, [f"feed|{source}"]).fetchone()
            if row is None or row[0] is not True:
                connection.close()
                raise ConfigurationError(
                    f"expected to be the only feed of {source}, found another one running: stop it "
                    "first (`cryptovolt feed status` names its process)"
                )
        connection.commit()
        return connection

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            # Closed, not handed back: its locks and temporary tables must not outlive it.
            connection.invalidate()
            connection.close()

    def _write(self, connection: psycopg.Connection[Any], work: Work) -> None:
        bars = self._held + work.batch.bars
        free: set[str] = set()
        if bars:
            free = live_bars.lock_series(connection, (row.series for row in bars))
            live_bars.write_bars(connection, [row for row in bars if row.series in free])
        if work.batch.trades:
            new = write_trades(connection, work.batch.trades)
            self.written.known_trades += len(work.batch.trades) - new
        if work.batch.tickers:
            write_tickers(connection, list(work.batch.tickers.values()))
        self._write_state(connection, work)
        held = [row for row in bars if row.series not in free]
        connection.commit()
        self._held = held

    @staticmethod
    def _write_state(connection: psycopg.Connection[Any], work: Work) -> None:
        if work.status:
            feed_rows.write_status(connection, work.status)
        for kind, begun in _by_kind(work.begun, lambda incident: incident.key).items():
            level = "critical" if kind[1] == "clock" else "error"
            feed_rows.open_incidents(connection, begun, _begun_message(kind, begun), level)
        for kind, over in _by_kind(work.over, lambda key: key).items():
            feed_rows.resolve_incidents(connection, over, _over_message(kind, over))
        for values in work.heartbeats:
            feed_rows.write_heartbeat(connection, values)

    def _count(self, batch: Batch) -> None:
        self.written.batches += 1
        self.written.bars += len(batch.bars)
        self.written.trades += len(batch.trades)
        self.written.tickers += len(batch.tickers)


def _by_kind(
    items: Iterable[T], key_of: Callable[[T], IncidentKey]
) -> dict[tuple[str, str], list[T]]:
    groups: dict[tuple[str, str], list[T]] = {}
    for item in items:
        key = key_of(item)
        groups.setdefault((key.source, key.kind), []).append(item)
    return groups


_WHAT = {
    "silent": "silent",
    "gap": "missing a bar that the venue does not give",
    "halted": "halted",
    "clock": "stopped by its clock",
}


def _begun_message(kind: tuple[str, str], begun: list[Incident]) -> str:
    named = _named(kind[0], [incident.key for incident in begun])
    reason = begun[0].reason
    return f"{named} {_WHAT[kind[1]]}: {reason}. No position is opened until it is over."


def _over_message(kind: tuple[str, str], over: list[IncidentKey]) -> str:
    return f"{_named(kind[0], over)} no longer {_WHAT[kind[1]]}."


def _named(source: str, keys: list[IncidentKey]) -> str:
    names = [f"{key.symbol} {key.timeframe}".strip() for key in keys]
    if names == [""]:
        return f"{source} is"
    if len(names) == 1:
        return f"{names[0]} of {source} is"
    shown = ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
    return f"{len(names)} series of {source} ({shown}) are"

"""State and incidents of the live feed. Nothing here commits."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models.feed import Feed, FeedIncident, FeedStatus

ALERT_TYPE = "FEED"

_HEARTBEAT = """
    INSERT INTO feeds (source, process, started_at, heartbeat_at, stopped_at, speed,
                       clock_offset_ms, clock_checked_at, stop_reason, counts)
    VALUES (%(source)s, %(process)s, %(started_at)s, now(), NULL, %(speed)s,
            %(clock_offset_ms)s, %(clock_checked_at)s, %(stop_reason)s, %(counts)s)
    ON CONFLICT (source) DO UPDATE SET
        process = excluded.process, started_at = excluded.started_at,
        heartbeat_at = excluded.heartbeat_at, stopped_at = NULL, speed = excluded.speed,
        clock_offset_ms = excluded.clock_offset_ms, clock_checked_at = excluded.clock_checked_at,
        stop_reason = excluded.stop_reason, counts = excluded.counts
"""
_STATUS = """
    INSERT INTO feed_status (source, symbol, timeframe, state, reason, since, last_open,
                             last_trade_id, bars, repaired, replaced, absent, late, refused)
    SELECT source, symbol, timeframe, state, reason, since,
           to_timestamp(last_open_ms / 1000.0), last_trade_id,
           bars, repaired, replaced, absent, late, refused
    FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[],
                %s::int8[], %s::int8[], %s::int8[], %s::int8[], %s::int8[], %s::int8[],
                %s::int8[], %s::int8[])
        AS given (source, symbol, timeframe, state, reason, since, last_open_ms, last_trade_id,
                  bars, repaired, replaced, absent, late, refused)
    ON CONFLICT (source, symbol, timeframe) DO UPDATE SET
        state = excluded.state, reason = excluded.reason, since = excluded.since,
        last_open = coalesce(excluded.last_open, feed_status.last_open),
        last_trade_id = coalesce(excluded.last_trade_id, feed_status.last_trade_id),
        bars = excluded.bars, repaired = excluded.repaired, replaced = excluded.replaced,
        absent = excluded.absent, late = excluded.late, refused = excluded.refused
"""
_OPEN = """
    INSERT INTO feed_incidents (source, symbol, timeframe, kind, reason, opened_at)
    VALUES (%s, %s, %s, %s, %s, now())
    ON CONFLICT (source, symbol, timeframe, kind) WHERE resolved_at IS NULL DO NOTHING
    RETURNING incident_id
"""
_RESOLVE = """
    UPDATE feed_incidents SET resolved_at = now()
    WHERE source = %s AND symbol = %s AND timeframe = %s AND kind = %s AND resolved_at IS NULL
    RETURNING incident_id
"""
_ALERT = """
    INSERT INTO alerts (alert_type, message, level) VALUES (%s, %s, %s) RETURNING alert_id
"""


class StatusRow(NamedTuple):
    """The state of one series; `since` by this machine's clock."""

    source: str
    symbol: str
    timeframe: str
    state: str
    reason: str | None
    since: datetime
    last_open_ms: int | None
    last_trade_id: int | None
    bars: int
    repaired: int
    replaced: int
    absent: int
    late: int
    refused: int


class IncidentKey(NamedTuple):
    """Which trouble of which series; symbol and time frame are empty for a whole source."""

    source: str
    symbol: str
    timeframe: str
    kind: str


class Incident(NamedTuple):
    """One trouble that begins."""

    key: IncidentKey
    reason: str


def write_heartbeat(connection: psycopg.Connection[Any], values: dict[str, Any]) -> None:
    """Say that the process of a source lives, and what it has counted."""
    connection.execute(_HEARTBEAT, {**values, "counts": Jsonb(values["counts"])}, prepare=True)


def write_stopped(connection: psycopg.Connection[Any], source: str, reason: str) -> None:
    """Say that a source is no longer fed."""
    connection.execute(
        "UPDATE feeds SET stopped_at = now(), stop_reason = %s WHERE source = %s", [reason, source]
    )
    connection.execute(
        "UPDATE feed_status SET state = 'stopped', reason = %s, since = now()"
        " WHERE source = %s AND state <> 'stopped'",
        [reason, source],
    )


def write_status(connection: psycopg.Connection[Any], rows: Sequence[StatusRow]) -> None:
    """Overwrite the state of some series, each named once, and tell listeners at the commit."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    connection.execute(_STATUS, columns, prepare=True)
    payloads = [f"{row.symbol}|{row.timeframe}|{row.source}|{row.state}" for row in rows]
    connection.execute(
        "SELECT pg_notify('feed', payload) FROM unnest(%s::text[]) AS payload", [payloads]
    )


def newest_open(db: Session, source: str) -> datetime | None:
    """Return the open of the newest bar that a source has committed, or None."""
    return db.scalar(select(func.max(FeedStatus.last_open)).where(FeedStatus.source == source))


def open_keys(connection: psycopg.Connection[Any], source: str) -> list[IncidentKey]:
    """Return the troubles of a source that are not over."""
    rows = connection.execute(
        "SELECT source, symbol, timeframe, kind FROM feed_incidents"
        " WHERE source = %s AND resolved_at IS NULL",
        [source],
    ).fetchall()
    return [IncidentKey(*row) for row in rows]


def open_incidents(
    connection: psycopg.Connection[Any], begun: Sequence[Incident], message: str, level: str
) -> int | None:
    """Note troubles that are not known yet, with one alert for all; return it, or None."""
    new = [
        found[0]
        for key, reason in begun
        if (found := connection.execute(_OPEN, [*key, reason]).fetchone()) is not None
    ]
    if not new:
        return None
    alert_id = _alert(connection, message, level)
    connection.execute(
        "UPDATE feed_incidents SET alert_id = %s WHERE incident_id = ANY(%s)", [alert_id, new]
    )
    return alert_id


def resolve_incidents(
    connection: psycopg.Connection[Any], over: Sequence[IncidentKey], message: str
) -> int | None:
    """Note that troubles are over, with one alert for those that were known; return it."""
    known = [connection.execute(_RESOLVE, list(key)).fetchone() is not None for key in over]
    return _alert(connection, message, "info") if any(known) else None


def list_feeds(db: Session) -> list[Feed]:
    """Return the sources that were ever fed."""
    return list(db.scalars(select(Feed).order_by(Feed.source)))


def list_status(db: Session, source: str | None = None) -> list[FeedStatus]:
    """Return the state of every series, or of those of one source."""
    query = select(FeedStatus).order_by(FeedStatus.source, FeedStatus.symbol, FeedStatus.timeframe)
    return list(db.scalars(query if source is None else query.where(FeedStatus.source == source)))


def find_feed(db: Session, source: str) -> Feed | None:
    """Return the row of a source, or None where it was never fed."""
    return db.get(Feed, source)


def find_status(db: Session, source: str, symbol: str, timeframe: str) -> FeedStatus | None:
    """Return the state of one series, or None where it was never fed."""
    return db.get(FeedStatus, (source, symbol, timeframe))


def open_incident_list(db: Session) -> list[FeedIncident]:
    """Return the troubles that are not over, oldest first."""
    query = select(FeedIncident).where(FeedIncident.resolved_at.is_(None))
    return list(db.scalars(query.order_by(FeedIncident.incident_id)))


def _alert(connection: psycopg.Connection[Any], message: str, level: str) -> int:
    row = connection.execute(_ALERT, [ALERT_TYPE, message, level]).fetchone()
    assert row is not None
    return int(row[0])

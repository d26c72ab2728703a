"""Bars of many live series, committed together.

Nothing here commits. A bar of the stream that is stored already stays as it is stored; a bar of
REST goes before what is stored. A series that another program is writing is left for later.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import psycopg
from psycopg.types.json import Jsonb

from app.core.times import moment_of

STAGE = """
    CREATE TEMPORARY TABLE IF NOT EXISTS live_bars_stage (
        symbol text, timeframe text, source text, timestamp timestamptz,
        open_price float8, high_price float8, low_price float8, close_price float8, volume float8,
        corrects bool
    ) ON COMMIT DELETE ROWS
"""
_COLUMNS = (
    "symbol, timeframe, source, timestamp, open_price, high_price, low_price, close_price, volume"
)
_TYPES = ["text", "text", "text", "timestamptz", *["float8"] * 5, "bool"]
_INSERT = f"INSERT INTO market_data ({_COLUMNS}) SELECT {_COLUMNS} FROM live_bars_stage"  # noqa: S608
_VALUES = "open_price, high_price, low_price, close_price, volume"
_GIVEN = ", ".join(f"excluded.{name}" for name in _VALUES.split(", "))
_STORED = ", ".join(f"market_data.{name}" for name in _VALUES.split(", "))
_NEW = f"{_INSERT} WHERE NOT corrects ON CONFLICT DO NOTHING"
_CORRECTED = (
    f"{_INSERT} WHERE corrects ON CONFLICT (symbol, timeframe, source, timestamp)"
    f" DO UPDATE SET ({_VALUES}) = ({_GIVEN}) WHERE ({_STORED}) IS DISTINCT FROM ({_GIVEN})"
)
_LOCK = """
    SELECT name FROM unnest(%s::text[]) AS name
    WHERE pg_try_advisory_xact_lock(hashtextextended('market_data|' || name, 0))
"""
_NOTE = """
    INSERT INTO bar_repairs (symbol, timeframe, source, timestamp, kind, was, now)
    VALUES (%s, %s, %s, %s, %s, %s, %s)
"""
_NOTIFY = "SELECT pg_notify('bars', payload) FROM unnest(%s::text[]) AS payload"
_NEWEST = """
    SELECT wanted.symbol, max(stored.timestamp)
    FROM unnest(%s::text[]) AS wanted (symbol)
    CROSS JOIN LATERAL (
        SELECT timestamp FROM market_data
        WHERE symbol = wanted.symbol AND timeframe = %s AND source = %s
        ORDER BY timestamp DESC LIMIT 1
    ) AS stored
    GROUP BY wanted.symbol
"""

Values = tuple[float, float, float, float, float]


class BarRow(NamedTuple):
    """One bar to store, or the note that the venue has none at its open."""

    source: str
    symbol: str
    timeframe: str
    open_ms: int
    values: Values | None
    """Open, high, low, close, volume; None: the venue has no such bar."""
    corrects: bool
    """Whether it comes from REST, and goes before what is stored."""
    was: Values | None = None
    """What the stream had, where that was different."""

    @property
    def series(self) -> str:
        """The series as locks name it."""
        return f"{self.symbol} {self.timeframe} from {self.source}"


def lock_series(connection: psycopg.Connection[Any], names: Iterable[str]) -> set[str]:
    """Lock series until the transaction ends, and return those that nobody else was writing."""
    # Every writer of several asks in one order, so that no two wait for each other.
    rows = connection.execute(_LOCK, [sorted(set(names))]).fetchall()
    return {str(name) for (name,) in rows}


def write_bars(connection: psycopg.Connection[Any], rows: Sequence[BarRow]) -> None:
    """Store bars, note what was replaced or is absent, and tell listeners at the commit."""
    stored = [row for row in rows if row.values is not None]
    with connection.cursor() as cursor:
        with cursor.copy("COPY live_bars_stage FROM STDIN (FORMAT binary)") as copy:
            copy.set_types(_TYPES)
            for row in stored:
                assert row.values is not None
                labels = (row.symbol, row.timeframe, row.source, moment_of(row.open_ms))
                copy.write_row((*labels, *row.values, row.corrects))
        cursor.execute(_NEW.encode())
        cursor.execute(_CORRECTED.encode())
        notes = [_note(row) for row in rows if row.was is not None or row.values is None]
        if notes:
            cursor.executemany(_NOTE, notes)
        payloads = [f"{row.symbol}|{row.timeframe}|{row.source}|{row.open_ms}" for row in stored]
        cursor.execute(_NOTIFY, [payloads])


def newest_opens(
    connection: psycopg.Connection[Any], symbols: Sequence[str], timeframe: str, source: str
) -> dict[str, int]:
    """Return the open of the newest stored bar of each symbol that has any."""
    rows = connection.execute(_NEWEST, [list(symbols), timeframe, source]).fetchall()
    return {str(symbol): round(newest.timestamp() * 1000) for symbol, newest in rows}


def _note(row: BarRow) -> tuple[object, ...]:
    kind = "absent" if row.values is None else "replaced"
    was = None if row.was is None else Jsonb(list(row.was))
    now = None if row.values is None else Jsonb(list(row.values))
    moment = moment_of(row.open_ms)
    return row.symbol, row.timeframe, row.source, moment, kind, was, now

"""Bars in ``market_data``: written by COPY, compared before they are written, read as arrays.

Nothing here commits. A series is what shares symbol, time frame and source.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from typing import Any, cast

import numpy as np
from psycopg import sql
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from app.core.database import libpq_url
from app.core.times import milliseconds, moment_of
from app.repositories.bar_rows import COLUMNS, decode_times, decode_values, encode_rows
from app.repositories.binary import HEADER, TRAILER
from app.repositories.copy import driver
from cryptovolt.domain.arrays import BoolArray, IntArray
from cryptovolt.domain.bars import VALUE_COLUMNS, Bars
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.market.cleaning import take

EXAMPLES = 1_000
"""Rows that differ from what is stored are kept for the report up to this many."""

_STORED_COLUMNS = COLUMNS[4:]
_WIDTHS = {"symbol": 20, "timeframe": 12, "source": 50}
_SERIES = "symbol = %(symbol)s AND timeframe = %(timeframe)s AND source = %(source)s"
_COPY = f"COPY {{}} ({', '.join(COLUMNS)}) FROM STDIN (FORMAT binary)"
_ARRAYS = ", ".join(f"array_send(array_agg({name}))" for name in ("timestamp", *_STORED_COLUMNS))
_FULL = f"num_nulls({', '.join(_STORED_COLUMNS)}) = 0"

# One row of arrays: psycopg's work does not grow with the number of bars. A row without prices,
# which the documented calls may write, compares as NaN, which differs from everything.
_STORED = f"""
    SELECT {_ARRAYS} FROM (
        SELECT timestamp, {", ".join(f"coalesce({c}, 'NaN') AS {c}" for c in _STORED_COLUMNS)}
        FROM market_data WHERE {_SERIES} AND timestamp BETWEEN %(first)s AND %(last)s
        ORDER BY timestamp
    ) AS stored
"""  # noqa: S608 - names are written above
_LATEST = f"""
    SELECT {_ARRAYS} FROM (
        SELECT timestamp, {", ".join(_STORED_COLUMNS)} FROM market_data
        WHERE {_SERIES} AND {_FULL} ORDER BY timestamp DESC LIMIT %(limit)s
    ) AS latest
"""  # noqa: S608
_RANGE = f"""
    SELECT timestamp, {", ".join(_STORED_COLUMNS)} FROM market_data
    WHERE symbol = {{symbol}} AND timeframe = {{timeframe}} AND source = {{source}}
      AND timestamp BETWEEN {{first}} AND {{last}}
    ORDER BY timestamp
"""  # noqa: S608
_GAPS = f"""
    SELECT before, timestamp FROM (
        SELECT timestamp, lag(timestamp) OVER (ORDER BY timestamp) AS before
        FROM market_data WHERE {_SERIES}
    ) AS bars
    WHERE timestamp - before > %(interval_ms)s * interval '1 millisecond' ORDER BY timestamp
"""  # noqa: S608
_UPDATE = """
    UPDATE market_data AS stored SET {changes} FROM bars_stage AS given
    WHERE stored.symbol = given.symbol AND stored.timeframe = given.timeframe
      AND stored.source = given.source AND stored.timestamp = given.timestamp
"""
EVER = (datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class SeriesKey:
    """What bars of one series share."""

    symbol: str
    timeframe: str
    source: str

    def __post_init__(self) -> None:
        for name, width in _WIDTHS.items():
            value = getattr(self, name)
            if not 0 < len(value) <= width or "\x00" in value:
                raise ConfigurationError(
                    f"expected a {name} of 1 to {width} characters, found {value[:60]!r}"
                )

    def __str__(self) -> str:
        return f"{self.symbol} {self.timeframe} from {self.source}"

    @property
    def labels(self) -> Mapping[str, str]:
        """The three names, as parameters of a statement."""
        return {"symbol": self.symbol, "timeframe": self.timeframe, "source": self.source}


@dataclass(frozen=True, slots=True)
class Difference:
    """A bar that is stored with other values than a file has."""

    timestamp: int
    stored: tuple[float, ...]
    given: tuple[float, ...]


@dataclass(slots=True)
class Written:
    """What became of the bars handed to a writer."""

    new: int = 0
    known: int = 0
    different: int = 0
    updated: int = 0
    examples: list[Difference] = field(default_factory=list[Difference])


class SeriesWriter:
    """Writes bars of one series within one transaction, batch by batch, in order of time.

    While it is open no other writer can write the series. Bars after everything stored are copied
    straight in; others are compared with what is stored, and only new ones are copied.
    """

    def __init__(
        self, target: Connection | Session, key: SeriesKey, update_different: bool = False
    ) -> None:
        self.written = Written()
        self._key = key
        self._update = update_different
        self._connection = driver(target)
        self._connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"market_data|{key}"]
        )
        self._newest_ms = self._find_newest()

    def write(self, bars: Bars) -> None:
        """Write bars that are in order of time, one per time."""
        if not len(bars):
            return
        if self._newest_ms is None or bars.timestamp[0] > self._newest_ms:
            self._copy(bars, "market_data")
            self.written.new += len(bars)
        else:
            self._write_compared(bars)
        last = int(bars.timestamp[-1])
        self._newest_ms = last if self._newest_ms is None else max(last, self._newest_ms)

    def _find_newest(self) -> int | None:
        row = self._connection.execute(
            f"SELECT max(timestamp) FROM market_data WHERE {_SERIES}",  # noqa: S608
            self._key.labels,
        ).fetchone()
        return None if row is None or row[0] is None else milliseconds(row[0])

    def _write_compared(self, bars: Bars) -> None:
        stored = self._stored(bars)
        places = np.searchsorted(stored["timestamp"], bars.timestamp)
        places[places == stored["timestamp"].size] = 0
        if stored["timestamp"].size:
            known = stored["timestamp"][places] == bars.timestamp
        else:
            known = np.zeros(len(bars), dtype=np.bool_)
        same = known.copy()
        for name in VALUE_COLUMNS:
            if stored[name].size:
                same &= stored[name][places] == getattr(bars, name)
        if not known.all():
            fresh = take(bars, np.flatnonzero(~known))
            self._copy(fresh, "market_data")
            self.written.new += len(fresh)
        self.written.known += int(same.sum())
        self._note_different(bars, stored, places, known & ~same)

    def _note_different(
        self, bars: Bars, stored: Mapping[str, Any], places: IntArray, which: BoolArray
    ) -> None:
        rows = np.flatnonzero(which)
        if not rows.size:
            return
        self.written.different += rows.size
        room = EXAMPLES - len(self.written.examples)
        for row in rows[:room].tolist():
            self.written.examples.append(
                Difference(
                    int(bars.timestamp[row]),
                    tuple(float(stored[name][places[row]]) for name in VALUE_COLUMNS),
                    tuple(float(getattr(bars, name)[row]) for name in VALUE_COLUMNS),
                )
            )
        if self._update:
            self._replace(take(bars, rows))
            self.written.updated += rows.size

    def _stored(self, bars: Bars) -> dict[str, Any]:
        with self._connection.cursor(binary=True) as cursor:
            first, last = moment_of(int(bars.timestamp[0])), moment_of(int(bars.timestamp[-1]))
            row = cursor.execute(
                _STORED, {**self._key.labels, "first": first, "last": last}
            ).fetchone()
        return _arrays(row)

    def _replace(self, bars: Bars) -> None:
        changes = ", ".join(f"{name} = given.{name}" for name in _STORED_COLUMNS)
        self._connection.execute(
            "CREATE TEMPORARY TABLE IF NOT EXISTS bars_stage ON COMMIT DROP AS SELECT "  # noqa: S608
            f"{', '.join(COLUMNS)} FROM market_data WITH NO DATA"
        )
        self._connection.execute("TRUNCATE bars_stage")
        self._copy(bars, "bars_stage")
        self._connection.execute(cast(Any, _UPDATE.format(changes=changes)))

    def _copy(self, bars: Bars, table: str) -> None:
        statement = sql.SQL(cast(Any, _COPY)).format(sql.Identifier(table))
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(HEADER)
            copy.write(encode_rows(_relabelled(bars, self._key)))
            copy.write(TRAILER)


def read_range(key: SeriesKey, first: datetime = EVER[0], last: datetime = EVER[1]) -> Bars:
    """Return the stored bars of a series between two opens, both included, oldest first."""
    # Imported here so that start-up stays fast.
    dbapi: Any = import_module("adbc_driver_postgresql.dbapi")
    statement = sql.SQL(cast(Any, _RANGE)).format(
        **{name: sql.Literal(value) for name, value in key.labels.items()},
        first=sql.Literal(first.isoformat()),
        last=sql.Literal(last.isoformat()),
    )
    with dbapi.connect(libpq_url()) as connection, connection.cursor() as cursor:
        # ADBC reads a query without parameters by binary COPY, which is what makes it fast.
        cursor.execute(statement.as_string(None))
        table = cursor.fetch_arrow_table()
    # Rows without prices are left out here: the server would take longer over it.
    if any(column.null_count for column in table.columns):
        table = table.drop_null()
    columns = {
        name: table.column(position).to_numpy()
        for position, name in enumerate(("timestamp", *VALUE_COLUMNS))
    }
    columns["timestamp"] = columns["timestamp"].astype("datetime64[ms]").astype(np.int64)
    return Bars(**key.labels, **columns)


def latest_bars(target: Connection | Session, key: SeriesKey, limit: int) -> Bars:
    """Return the newest stored bars of a series, oldest first; the statement is prepared."""
    with driver(target).cursor(binary=True) as cursor:
        row = cursor.execute(_LATEST, {**key.labels, "limit": limit}, prepare=True).fetchone()
    return Bars(**key.labels, **_arrays(row))[::-1]


def find_gaps(
    target: Connection | Session, key: SeriesKey, interval_ms: int
) -> list[tuple[datetime, datetime]]:
    """Return the opens before and after each gap of a series, oldest first."""
    rows = driver(target).execute(_GAPS, {**key.labels, "interval_ms": interval_ms}).fetchall()
    return [(before, after) for before, after in rows]


def _arrays(row: Sequence[Any] | None) -> dict[str, Any]:
    sent = row if row is not None else (None,) * 6
    values = {name: decode_values(item) for name, item in zip(VALUE_COLUMNS, sent[1:], strict=True)}
    return {"timestamp": decode_times(sent[0]), **values}


def _relabelled(bars: Bars, key: SeriesKey) -> Bars:
    if (bars.symbol, bars.timeframe, bars.source) == (key.symbol, key.timeframe, key.source):
        return bars
    values = {name: getattr(bars, name) for name in ("timestamp", *VALUE_COLUMNS)}
    return Bars(**key.labels, **values)

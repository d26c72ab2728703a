"""Stored bars: coverage, export, snapshots, and what an archive gives back."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl
import structlog
from sqlalchemy.orm import Session

from app.core.config import settings
from app.core.database import SessionLocal
from app.models.research import BarArchive
from app.repositories import bars as stored_bars
from app.repositories import copy, market_read
from app.repositories.bars import EVER, SeriesKey
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.domain.timeframe import timeframe_ms
from cryptovolt.market.checking import require_clean
from cryptovolt.market.naming import venue_symbol
from cryptovolt.market.snapshots import write_snapshot
from cryptovolt.market.writing import check_suffix, write_bars

log = structlog.get_logger(__name__)

_ALL_SERIES = 1_000_000


@dataclass(frozen=True, slots=True)
class Gap:
    """Bars that are missing between two stored ones."""

    before: datetime
    after: datetime
    n_missing: int


@dataclass(frozen=True, slots=True)
class SeriesCoverage:
    """What is stored of one series, and what was archived."""

    key: SeriesKey
    first: datetime | None
    last: datetime | None
    n_bars: int
    gaps: tuple[Gap, ...]
    archived: tuple[tuple[datetime, datetime, int], ...]

    @property
    def n_missing(self) -> int:
        """Bars missing between the first and the last."""
        return sum(gap.n_missing for gap in self.gaps)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot that was written and listed."""

    hash: str
    path: Path
    bars: Bars


@dataclass(frozen=True, slots=True)
class Restored:
    """An archived range that was brought back."""

    key: SeriesKey
    path: Path
    n_rows: int
    n_new: int


def list_coverage(symbol: str | None = None) -> list[SeriesCoverage]:
    """Return what is stored and archived, by symbol, time frame and source."""
    with SessionLocal() as session:
        archives = stored_bars.list_archives(session)
        series = market_read.list_series(session, 0, _ALL_SERIES)
        symbols = {found.symbol for found in series} | {archive.symbol for archive in archives}
        wanted = symbols & {venue_symbol(symbol)} if symbol else symbols
        return [
            covered
            for name in sorted(wanted)
            for covered in _coverage(session, name, [a for a in archives if a.symbol == name])
        ]


def find_series(symbol: str, timeframe: str | None = None, source: str | None = None) -> SeriesKey:
    """Return the one stored series that is meant.

    Raises
    ------
    DataError
        If no series is meant, or several are.
    """
    with SessionLocal() as session:
        found = [
            SeriesKey(one.symbol, one.timeframe, one.source)
            for one in market_read.coverage(session, venue_symbol(symbol))
            if timeframe in (None, one.timeframe) and source in (None, one.source)
        ]
    if len(found) == 1:
        return found[0]
    asked = " ".join(part for part in (venue_symbol(symbol), timeframe, source) if part)
    if not found:
        raise DataError(f"there are no bars of {asked}: `cryptovolt bars list` shows what there is")
    choices = ", ".join(str(key) for key in found)
    raise DataError(f"expected one series, {asked} means {len(found)}: {choices}")


def export_bars(key: SeriesKey, path: Path, first: datetime, last: datetime) -> Bars:
    """Write stored bars to a file in the format its name asks for, and return them."""
    check_suffix(path)
    bars = stored_bars.read_range(key, first, last)
    if not len(bars):
        raise DataError(f"there are no bars of {key} between {first:%Y-%m-%d} and {last:%Y-%m-%d}")
    write_bars(bars, path)
    return bars


def take_snapshot(key: SeriesKey, first: datetime = EVER[0], last: datetime = EVER[1]) -> Snapshot:
    """Write stored bars to a snapshot and list it in ``bar_snapshots``.

    Raises
    ------
    DataError
        If there are no bars, or they have errors.
    """
    bars = stored_bars.read_range(key, first, last)
    if not len(bars):
        raise DataError(f"there are no bars of {key} to snapshot")
    require_clean(bars)
    path = write_snapshot(bars, settings.home / "snapshots")
    with SessionLocal.begin() as session:
        stored_bars.add_snapshot(session, bars, path.stem, str(path))
    log.info("bars.snapshot_taken", hash=path.stem, n_bars=len(bars))
    return Snapshot(path.stem, path, bars)


def restore_archives(symbol: str | None = None) -> list[Restored]:
    """Bring archived ranges back into the table, all in one transaction.

    Raises
    ------
    DataError
        If an archive is missing, or is not the file that was written: nothing was changed.
    """
    with SessionLocal.begin() as session:
        return [
            _restore(session, archive)
            for archive in stored_bars.list_archives(session)
            if symbol is None or archive.symbol == venue_symbol(symbol)
        ]


def _coverage(session: Session, symbol: str, archives: list[BarArchive]) -> list[SeriesCoverage]:
    covered: list[SeriesCoverage] = []
    ranges: dict[SeriesKey, list[tuple[datetime, datetime, int]]] = {}
    for one in archives:
        key = SeriesKey(one.symbol, one.timeframe, one.source)
        ranges.setdefault(key, []).append((one.first_bar, one.last_bar, one.n_bars))
    for one in market_read.coverage(session, symbol):
        key = SeriesKey(one.symbol, one.timeframe, one.source)
        gaps = _gaps(session, key, one.first, one.last, one.n_bars)
        archived = tuple(ranges.pop(key, ()))
        covered.append(SeriesCoverage(key, one.first, one.last, one.n_bars, gaps, archived))
    covered += [
        SeriesCoverage(key, None, None, 0, (), tuple(found)) for key, found in ranges.items()
    ]
    return covered


def _gaps(
    session: Session, key: SeriesKey, first: datetime, last: datetime, n_bars: int
) -> tuple[Gap, ...]:
    try:
        interval_ms = timeframe_ms(key.timeframe)
    except ConfigurationError:
        # Rows of the documented calls may have no time frame, and then no gaps either.
        return ()
    if _steps(first, last, interval_ms) + 1 == n_bars:
        return ()
    return tuple(
        Gap(before, after, _steps(before, after, interval_ms) - 1)
        for before, after in stored_bars.find_gaps(session, key, interval_ms)
    )


def _steps(first: datetime, last: datetime, interval_ms: int) -> int:
    return round((last - first).total_seconds() * 1_000) // interval_ms


def _restore(session: Session, archive: BarArchive) -> Restored:
    path = settings.home / archive.path  # an absolute path stays what it is
    if not path.is_file():
        raise DataError(f"the archive {path} is not there: put it back and restore again")
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != archive.sha256:
        raise DataError(f"the archive {path} is not the file that was written (SHA-256 {found})")
    parquet: Any = import_module("pyarrow.parquet")
    n_rows = n_new = 0
    for batch in parquet.ParquetFile(path).iter_batches(1 << 16):
        frame = pl.DataFrame(batch)
        n_rows += len(frame)
        n_new += copy.insert_columns(session, "market_data", _columns(frame))
    stored_bars.mark_restored(session, archive.archive_id)
    key = SeriesKey(archive.symbol, archive.timeframe, archive.source)
    log.info("bars.restored", symbol=key.symbol, n_rows=n_rows, n_new=n_new)
    return Restored(key, path, n_rows, n_new)


def _columns(frame: pl.DataFrame) -> dict[str, Any]:
    times = frame["timestamp"].cast(pl.Datetime("us")).to_numpy()
    texts = {name: frame[name].to_list() for name in ("symbol", "timeframe", "source")}
    values = {
        name: frame[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        for name in ("open_price", "high_price", "low_price", "close_price", "volume")
    }
    return {**texts, "timestamp": times, **values}

"""Stored bars: coverage, export, snapshots, and what an archive gives back."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy.orm import Session

from app.core.config import settings
from app.core.database import SessionLocal
from app.models.database import UNSPECIFIED
from app.models.research import BarArchive
from app.repositories import bar_files, market_read
from app.repositories import bars as stored_bars
from app.repositories.bars import EVER, SeriesKey
from app.repositories.maintenance import Series
from app.services import maintenance
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.domain.timeframe import timeframe_ms
from cryptovolt.market.checking import Findings, check_bars, require_clean
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
    """A series whose archived bars were brought back."""

    key: SeriesKey
    n_archived: int
    n_new: int


def list_coverage(symbol: str | None = None) -> list[SeriesCoverage]:
    """Return what is stored and archived, by symbol, time frame and source."""
    with SessionLocal() as session:
        archives = maintenance.archived_bars(session)
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


def check_stored(
    symbol: str | None, timeframe: str | None, source: str | None, as_of: int
) -> list[tuple[SeriesKey, Findings]]:
    """Check the stored series that the names choose, None meaning any.

    Raises
    ------
    DataError
        If nothing of these names is stored.
    """
    with SessionLocal() as session:
        stored = market_read.list_series(session, 0, _ALL_SERIES)
    name = None if symbol is None else venue_symbol(symbol)
    keys = [
        SeriesKey(one.symbol, one.timeframe, one.source)
        for one in stored
        if name in (None, one.symbol)
        and source in (None, one.source)
        # Rows of the documented calls may have no time frame; they are no series of bars.
        and timeframe in ((None, one.timeframe) if one.timeframe != UNSPECIFIED else ())
    ]
    if not keys:
        asked = " ".join(part for part in (name, timeframe, source) if part) or "any symbol"
        raise DataError(f"there are no bars of {asked}: `cryptovolt bars list` shows what there is")
    return [(key, check_bars(stored_bars.read_range(key, *EVER), as_of)) for key in keys]


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
        bar_files.add_snapshot(session, bars, path.stem, str(path))
    log.info("bars.snapshot_taken", hash=path.stem, n_bars=len(bars))
    return Snapshot(path.stem, path, bars)


def restore_archives(symbol: str | None = None) -> list[Restored]:
    """Bring archived bars back into the table, each series in one transaction.

    Raises
    ------
    DataError
        If an archive is missing, or is not the file that was written: its series is unchanged.
    """
    with SessionLocal() as session:
        archived: Counter[SeriesKey] = Counter()
        for one in maintenance.archived_bars(session):
            if symbol is None or one.symbol == venue_symbol(symbol):
                archived[SeriesKey(one.symbol, one.timeframe, one.source)] += one.n_bars
        return [
            Restored(
                key, n_archived, maintenance.restore_bars(session, settings.home, _series(key))
            )
            for key, n_archived in archived.items()
        ]


def _series(key: SeriesKey) -> Series:
    return Series(key.symbol, key.timeframe, key.source)


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

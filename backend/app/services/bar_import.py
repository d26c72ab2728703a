"""Importing files of bars: one transaction over all of them, a report of everything that was done.

A file whose bars are in order is checked and copied batch by batch, so that memory does not grow
with it. A file that needs repair is read as a whole.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

import polars as pl
import structlog
from sqlalchemy.orm import Session

from app.core.database import SessionLocal
from app.repositories.bars import SeriesKey, SeriesWriter, Written
from cryptovolt.domain.arrays import IntArray
from cryptovolt.domain.bars import Bars, concatenated
from cryptovolt.domain.errors import BadBarError
from cryptovolt.market.checking import REPAIRABLE, Finding, find_errors, raise_first
from cryptovolt.market.cleaning import Repairs, clean_bars, drop_unclosed
from cryptovolt.market.naming import venue_symbol
from cryptovolt.market.oddities import Oddity, find_warnings, gap_lengths, utc
from cryptovolt.market.reading import BarFile, open_bars
from cryptovolt.market.tables import BATCH_ROWS

log = structlog.get_logger(__name__)

MIXED_UNITS = "row in another unit of time than most, made milliseconds"


class Cleaning(StrEnum):
    """When a file is repaired."""

    NEEDED = "needed"
    """When its bars have errors that can be repaired."""
    ALWAYS = "always"
    """Also when they are only odd: bogus bars, bars filled in for an outage."""
    NEVER = "never"
    """A file that needs repair is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """What to make of files; None is taken from each file."""

    as_of: int
    """The present, milliseconds UTC: bars that are not closed by then are not imported."""
    symbol: str | None = None
    timeframe: str | None = None
    source: str | None = None
    cleaning: Cleaning = Cleaning.NEEDED
    update: bool = False
    """Replace stored bars that differ; otherwise they are kept, and the difference reported."""


@dataclass(slots=True)
class ImportReport:
    """What became of one file."""

    path: Path
    key: SeriesKey
    layout: str
    n_rows: int = 0
    written: Written = field(default_factory=Written)
    repairs: Counter[str] = field(default_factory=Counter[str])
    repaired_rows: list[pl.DataFrame] = field(default_factory=list[pl.DataFrame])
    n_missing: int = 0
    warnings: Counter[str] = field(default_factory=Counter[str])
    examples: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    @property
    def changed(self) -> bool:
        """Whether the table is another one than before."""
        return bool(self.written.new or self.written.updated)

    def add_repairs(self, repairs: Repairs) -> None:
        """Add to the account of what was done to rows."""
        self.repairs.update(repairs.counts)
        if len(repairs.rows):
            self.repaired_rows.append(repairs.rows)

    def add_warnings(self, warnings: Iterable["_Warning"]) -> None:
        """Count warnings and remember the first times of each kind."""
        for warning in warnings:
            self.warnings[warning.kind] += warning.count
            self.n_missing += warning.n_missing
            shown = self.examples.setdefault(warning.kind, [])
            shown += [utc(time) for time in warning.times][: 3 - len(shown)]


@dataclass(frozen=True, slots=True)
class _Warning:
    kind: str
    count: int
    times: IntArray
    n_missing: int


_Examined: TypeAlias = tuple[Bars, tuple[Finding, ...], list[_Warning]]


def open_files(paths: Sequence[Path], options: ImportOptions) -> list[BarFile]:
    """Find out what files hold; needs no database.

    Raises
    ------
    DataError
        If one of them is no table of bars, or contradicts the options.
    """
    return [open_bars(path, options.symbol, options.timeframe, options.source) for path in paths]


def import_files(files: Sequence[BarFile], options: ImportOptions) -> list[ImportReport]:
    """Import files in one transaction and return a report of each.

    Raises
    ------
    DataError
        If one of them cannot be used: nothing was changed.
    """
    with SessionLocal.begin() as session:
        reports = [_import_file(session, file, options) for file in files]
    for report in reports:
        log.info(
            "bars.imported",
            symbol=report.key.symbol,
            timeframe=report.key.timeframe,
            source=report.key.source,
            n_new=report.written.new,
            n_known=report.written.known,
            n_different=report.written.different,
        )
    return reports


def store_bars(session: Session, bars: Bars, update: bool = False) -> Written:
    """Store bars without errors in the session's transaction, and say what was new."""
    raise_first(bars, find_errors(bars))
    writer = SeriesWriter(session, SeriesKey(bars.symbol, bars.timeframe, bars.source), update)
    for start in range(0, len(bars), BATCH_ROWS):
        writer.write(bars[start : start + BATCH_ROWS])
    return writer.written


def _import_file(session: Session, file: BarFile, options: ImportOptions) -> ImportReport:
    try:
        report = None if options.cleaning is Cleaning.ALWAYS else _stream(session, file, options)
        report = report or _clean_and_import(session, file, options)
    except BadBarError as error:
        raise BadBarError(f"{file.path.name}: {error}") from None
    _count_units(file, report, options)
    return report


def _stream(session: Session, file: BarFile, options: ImportOptions) -> ImportReport | None:
    # None: the file needs repair, and what was written of it is rolled back.
    savepoint = session.begin_nested()
    report = _new_report(file)
    writer = SeriesWriter(session, report.key, options.update)
    before: Bars | None = None
    for batch, errors, warnings in _prefetched(_examined(file, options)):
        first_row, report.n_rows = report.n_rows, report.n_rows + len(batch)
        if errors or (before is not None and batch.timestamp[0] <= before.timestamp[-1]):
            _refuse(batch, errors, first_row, options)
            savepoint.rollback()
            return None
        report.add_warnings(warnings)
        closed, unclosed = drop_unclosed(batch, options.as_of)
        report.add_repairs(unclosed)
        writer.write(closed)
        before = batch[-1:]
    report.written = writer.written
    savepoint.commit()
    return report


def _refuse(
    bars: Bars, errors: tuple[Finding, ...], first_row: int, options: ImportOptions
) -> None:
    beyond_repair = tuple(error for error in errors if error.kind not in REPAIRABLE)
    raise_first(bars, beyond_repair, first_row)
    if options.cleaning is Cleaning.NEVER:
        raise_first(bars, errors, first_row)
        raise BadBarError(
            f"expected bars in order of time, found {utc(bars.timestamp[0])} in bar {first_row} "
            "after a later one"
        )


def _clean_and_import(session: Session, file: BarFile, options: ImportOptions) -> ImportReport:
    report = _new_report(file)
    bars = file.read()
    report.n_rows = len(bars)
    cleaned, repairs = clean_bars(bars)
    report.add_repairs(repairs)
    raise_first(cleaned, find_errors(cleaned, options.as_of))
    closed, unclosed = drop_unclosed(cleaned, options.as_of)
    report.add_repairs(unclosed)
    report.add_warnings(_warn(None, closed))
    writer = SeriesWriter(session, report.key, options.update)
    for start in range(0, len(closed), BATCH_ROWS):
        writer.write(closed[start : start + BATCH_ROWS])
    report.written = writer.written
    return report


def _new_report(file: BarFile) -> ImportReport:
    key = SeriesKey(venue_symbol(file.symbol), file.timeframe, file.source)
    return ImportReport(path=file.path, key=key, layout=file.layout)


def _examined(file: BarFile, options: ImportOptions) -> Iterator[_Examined]:
    before: Bars | None = None
    for batch in file.batches():
        errors = find_errors(batch, options.as_of)
        # What is odd can be told only of bars in order and without NaN.
        yield batch, errors, [] if errors else _warn(before, batch)
        before = batch[-1:]


def _prefetched(items: Iterator[_Examined]) -> Iterator[_Examined]:
    # The next batch is read, parsed and examined while the database works on this one.
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(next, items, None)
        while (item := waiting.result()) is not None:
            waiting = pool.submit(next, items, None)
            yield item


def _warn(before: Bars | None, batch: Bars) -> list[_Warning]:
    # One bar of the batch before stands in front, so that a gap between batches is seen.
    in_order = before is None or before.timestamp[-1] < batch.timestamp[0]
    joined = batch if before is None or not in_order else concatenated((before, batch))
    n_before = len(joined) - len(batch)
    found: list[_Warning] = []
    for kind, all_rows, _ in find_warnings(joined, None):
        rows = all_rows[all_rows >= n_before]
        n_missing = int(gap_lengths(joined)[rows].sum()) if kind is Oddity.GAP else 0
        if rows.size:
            found.append(_Warning(kind, rows.size, joined.timestamp[rows[:3]], n_missing))
    return found


def _count_units(file: BarFile, report: ImportReport, options: ImportOptions) -> None:
    if len(file.units) > 1:
        units = ", ".join(f"{n:,} in {unit}" for unit, n in file.units.most_common())
        report.repairs[MIXED_UNITS] = file.units.total() - max(file.units.values())
        report.examples[MIXED_UNITS] = [units]
    if options.cleaning is Cleaning.NEVER and report.repairs:
        kinds = "; ".join(f"{count:,} × {kind}" for kind, count in report.repairs.items())
        raise BadBarError(f"{file.path.name}: expected a file that needs no repair, found {kinds}")

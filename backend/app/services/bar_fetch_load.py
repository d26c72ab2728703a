"""Loading one piece of history, from a file of the archive or page by page over REST.

Nothing here writes to the database; any number of threads may load at once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from time import sleep
from typing import Any, Protocol, TypeAlias, TypeVar

import numpy as np

from app.core.times import milliseconds, moment_of
from app.core.venue import ArchiveFile, InstrumentList, Kind, Market, VenueTime
from app.repositories.bars import SeriesKey
from app.services.bar_fetch_plan import Origin, Piece, next_day, next_month
from cryptovolt.domain.arrays import IntArray
from cryptovolt.domain.bars import VALUE_COLUMNS, Bars
from cryptovolt.domain.errors import DataError, TransientError
from cryptovolt.domain.funding import FundingRates
from cryptovolt.domain.timeframe import timeframe_ms
from cryptovolt.market.checking import REPAIRABLE, find_errors, raise_first
from cryptovolt.market.cleaning import clean_bars
from cryptovolt.market.funding import read_funding
from cryptovolt.market.reading import open_bars

Content: TypeAlias = Bars | FundingRates
Answer = TypeVar("Answer")

_ATTEMPTS = 4
_FIRST_PAUSE_S = 0.5


class HistoryRest(Protocol):
    """One market over REST."""

    market: Market

    @property
    def host(self) -> str:
        """Host and port under which its budget is kept."""
        ...

    def now(self) -> VenueTime:
        """Return the venue's time."""
        ...

    def instruments(self) -> InstrumentList:
        """Return every symbol of the market."""
        ...

    def bars(self, kind: Kind, symbol: str, timeframe: str, start_ms: int, end_ms: int) -> Bars:
        """Return the first bars that open in [start, end), a page of them."""
        ...

    def oldest_open(self, kind: Kind, symbol: str, timeframe: str) -> int | None:
        """Return when the oldest bar opened, or None where there is none."""
        ...

    def newest_open(self, symbol: str, timeframe: str) -> int | None:
        """Return when the newest bar opened, or None where there is none."""
        ...

    def funding(self, symbol: str, start_ms: int, end_ms: int) -> FundingRates:
        """Return the first funding payments in [start, end), a page of them."""
        ...


class HistoryFiles(Protocol):
    """The public archive."""

    has_files: bool
    """False: there is no archive, everything comes over REST."""

    def fetch(self, file: ArchiveFile) -> Path | None:
        """Return a checked file, or None where the archive has no such file."""
        ...

    def exists(self, file: ArchiveFile) -> bool:
        """Return whether the archive has a file."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """One series that is fetched."""

    key: SeriesKey
    kind: Kind
    market: Market
    on_rest: bool = True
    """False: the venue no longer tells of the symbol; only the archive has it."""
    listed_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """A piece with what is in it; `file` may be deleted once it is stored."""

    content: Content
    file: Path | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Loader:
    """Loads pieces; None where the archive does not have the file."""

    rest: HistoryRest
    files: HistoryFiles

    def load(self, wanted: Wanted, piece: Piece) -> Loaded | None:
        """Return what is in a piece, checked; None where the archive has no such file.

        Raises
        ------
        TransientError
            If archive or venue do not answer.
        DataError
            If what they answer cannot be used.
        """
        if piece.origin is Origin.REST:
            if not wanted.on_rest:
                return Loaded(_empty(wanted))
            load = self._rest_funding if wanted.kind is Kind.FUNDING else self._rest_bars
            return Loaded(load(wanted, piece))
        file = archive_file(wanted, piece)
        path = _retried(lambda: self.files.fetch(file))
        if path is None:
            return None
        try:
            content = _read_file(wanted, piece, path)
        except DataError:
            # The archive replaces bad files; the next time it has to be asked again.
            path.unlink(missing_ok=True)
            raise
        return Loaded(content, path, sha256(path.read_bytes()).hexdigest())

    def _rest_bars(self, wanted: Wanted, piece: Piece) -> Bars:
        key, at = wanted.key, piece.start_ms
        pages: list[Bars] = []
        while at < piece.end_ms:
            page = self.rest.bars(wanted.kind, key.symbol, key.timeframe, at, piece.end_ms)
            if not len(page):
                break
            _check_within(page.timestamp, at, piece.end_ms, str(piece))
            raise_first(page, find_errors(page))
            pages.append(page)
            at = int(page.timestamp[-1]) + timeframe_ms(key.timeframe)
        return _concatenated(key, pages)

    def _rest_funding(self, wanted: Wanted, piece: Piece) -> FundingRates:
        at = piece.start_ms
        pages: list[FundingRates] = []
        while at < piece.end_ms:
            page = self.rest.funding(wanted.key.symbol, at, piece.end_ms)
            if not len(page):
                break
            _check_within(page.timestamp, at, piece.end_ms, str(piece))
            pages.append(page)
            at = int(page.timestamp[-1]) + 1
        times = np.concatenate([np.empty(0, np.int64), *(page.timestamp for page in pages)])
        rates = np.concatenate([np.empty(0, np.float64), *(page.rate for page in pages)])
        return _rounded(FundingRates(timestamp=times, rate=rates))


def archive_file(wanted: Wanted, piece: Piece) -> ArchiveFile:
    """Return the file of the archive that a piece is in."""
    return ArchiveFile(
        market=wanted.market,
        kind=wanted.kind,
        symbol=wanted.key.symbol,
        timeframe=wanted.key.timeframe,
        first_day=piece.first_day,
        monthly=piece.origin is Origin.MONTH,
    )


def _read_file(wanted: Wanted, piece: Piece, path: Path) -> Content:
    key = wanted.key
    start = milliseconds(moment_of(piece.start_ms).replace(hour=0, minute=0, second=0))
    if piece.origin is Origin.MONTH:
        start = milliseconds(moment_of(start).replace(day=1))
    end = (next_month if piece.origin is Origin.MONTH else next_day)(piece.first_day)
    if wanted.kind is Kind.FUNDING:
        rates = _rounded(read_funding(path, key.symbol))
        _check_within(rates.timestamp, start, end, path.name)
        rows = slice(*np.searchsorted(rates.timestamp, [piece.start_ms, piece.end_ms]).tolist())
        return FundingRates(timestamp=rates.timestamp[rows], rate=rates.rate[rows])
    bars = open_bars(path, key.symbol, key.timeframe, key.source).read()
    errors = find_errors(bars)
    if errors and all(error.kind in REPAIRABLE for error in errors):
        bars = clean_bars(bars)[0]
        errors = find_errors(bars)
    if errors:
        try:
            raise_first(bars, errors)
        except DataError as error:
            raise DataError(f"{path.name}: {error}") from None
    _check_within(bars.timestamp, start, end, path.name)
    return bars[slice(*np.searchsorted(bars.timestamp, [piece.start_ms, piece.end_ms]).tolist())]


def _check_within(times: IntArray, start_ms: int, end_ms: int, where: str) -> None:
    if len(times) and not (times[0] >= start_ms and times[-1] < end_ms):
        raise DataError(
            f"{where}: expected times from {moment_of(start_ms):%Y-%m-%d %H:%M} to "
            f"{moment_of(end_ms):%Y-%m-%d %H:%M}, found {moment_of(int(times[0])):%Y-%m-%d %H:%M} "
            f"to {moment_of(int(times[-1])):%Y-%m-%d %H:%M}"
        )


def _rounded(rates: FundingRates) -> FundingRates:
    # The venue stamps a payment some milliseconds late, and not alike in file and answer.
    return FundingRates(timestamp=(rates.timestamp + 500) // 1000 * 1000, rate=rates.rate)


def _empty(wanted: Wanted) -> Content:
    if wanted.kind is Kind.FUNDING:
        return FundingRates(timestamp=np.empty(0, np.int64), rate=np.empty(0, np.float64))
    return _concatenated(wanted.key, [])


def _concatenated(key: SeriesKey, pages: list[Bars]) -> Bars:
    columns: dict[str, Any] = {
        name: np.concatenate([np.empty(0), *(getattr(page, name) for page in pages)])
        for name in VALUE_COLUMNS
    }
    times = np.concatenate([np.empty(0, np.int64), *(page.timestamp for page in pages)])
    return Bars(**key.labels, timestamp=times, **columns)


def _retried(call: Callable[[], Answer]) -> Answer:
    pause_s = _FIRST_PAUSE_S
    for _ in range(_ATTEMPTS - 1):
        try:
            return call()
        except TransientError:
            sleep(pause_s)
            pause_s *= 2
    return call()

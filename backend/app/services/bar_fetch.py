"""Fetching history: plan, load in parallel, store each piece with its progress in one transaction.

What was committed is never asked for again, so a fetch that was interrupted, also by kill -9, is
repeated and loses and repeats nothing. A piece that cannot be used is left out and named; the
others go on.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TypeAlias

import structlog

from app.core.database import SessionLocal
from app.core.times import milliseconds, moment_of
from app.core.venue import Kind, Market
from app.models.market import BarFetch
from app.repositories import bar_fetches, funding_rates
from app.repositories.bars import SeriesKey, SeriesWriter, Written, find_gaps
from app.services.bar_fetch_load import Loaded, Loader, Wanted
from app.services.bar_fetch_plan import (
    FUNDING,
    Origin,
    Piece,
    Range,
    aligned_start,
    closed_end,
    expected_rows,
    fallback,
    missing_ranges,
    plan_pieces,
    rest_pieces,
)
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import CryptoVoltError, TransientError
from cryptovolt.domain.timeframe import DAY_MS, timeframe_ms
from cryptovolt.market.tables import BATCH_ROWS

log = structlog.get_logger(__name__)

# When the markets opened: 2017-07 and 2019-09.
FIRST_MS = {Market.SPOT: 1_498_867_200_000, Market.USDM: 1_567_296_000_000}


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchOptions:
    """What is asked for; times are milliseconds UTC, the end is not included."""

    market: Market
    kind: Kind
    timeframe: str
    since_ms: int | None
    """None: from the first bar there is."""
    until_ms: int | None
    """None: up to the last bar that is closed."""
    now_ms: int
    """The present at the venue."""
    parallel: int = 4


@dataclass(frozen=True, slots=True)
class Failure:
    """A piece that could not be used, and why."""

    piece: Piece
    reason: str


@dataclass(slots=True)
class SeriesReport:
    """What became of one series."""

    key: SeriesKey
    start_ms: int
    end_ms: int
    n_rows: int = 0
    written: Written = field(default_factory=Written)
    pieces: Counter[Origin] = field(default_factory=Counter[Origin])
    failures: list[Failure] = field(default_factory=list[Failure])
    n_stored: int = 0
    """Rows of the range that are stored now."""

    @property
    def n_absent(self) -> int | None:
        """Bars of the range that are not stored: the venue has none, or a piece failed."""
        if self.key.timeframe == FUNDING:
            return None
        expected = (self.end_ms - self.start_ms) // timeframe_ms(self.key.timeframe)
        return max(expected, 0) - self.n_stored


FetchProgress: TypeAlias = Callable[[int, int, int], None]
"""Called with the bars that are done, those that were planned, and those of them received."""


@dataclass(slots=True)
class _Job:
    wanted: Wanted
    piece: Piece
    report: SeriesReport


def fetch_history(
    series: Sequence[Wanted],
    options: FetchOptions,
    loader: Loader,
    progress: FetchProgress | None = None,
) -> list[SeriesReport]:
    """Fetch what is missing of every series and return a report of each.

    Raises
    ------
    TransientError
        If the network is gone; what was stored until then stays.
    """
    jobs: list[_Job] = []
    reports: list[SeriesReport] = []
    for wanted in series:
        report, pieces = _planned(wanted, options, loader)
        reports.append(report)
        jobs += [_Job(wanted, piece, report) for piece in pieces]
    _Run(options, loader, jobs, progress).run()
    for report in reports:
        _count(report)
        log.info(
            "history.fetched",
            symbol=report.key.symbol,
            timeframe=report.key.timeframe,
            source=report.key.source,
            n_rows=report.n_rows,
            n_new=report.written.new,
            n_failures=len(report.failures),
        )
    return reports


def _planned(
    wanted: Wanted, options: FetchOptions, loader: Loader
) -> tuple[SeriesReport, list[Piece]]:
    key, funding = wanted.key, wanted.kind is Kind.FUNDING
    newest = options.now_ms if funding else closed_end(options.now_ms, key.timeframe)
    end = newest if options.until_ms is None else min(options.until_ms, newest)
    start = max(options.since_ms or 0, wanted.listed_ms or 0, FIRST_MS[options.market])
    if not funding:
        start, end = aligned_start(start, key.timeframe), min(end, newest)
    missing = _missing(key, (start, end)) if start < end else []
    if missing and wanted.on_rest and not funding:
        # Nothing can be older than the first bar, and asking for one is cheaper than for files.
        oldest = loader.rest.oldest_open(wanted.kind, key.symbol, key.timeframe)
        start = end if oldest is None else min(max(start, oldest), end)
    missing = [(max(first, start), last) for first, last in missing if last > start]
    report = SeriesReport(key, start, max(start, end))
    if not loader.files.has_files:
        return report, rest_pieces(missing, key.timeframe)
    return report, plan_pieces(missing, key.timeframe, options.now_ms)


def _missing(key: SeriesKey, asked: Range) -> list[Range]:
    with SessionLocal() as db:
        found = None if key.timeframe == FUNDING else bar_fetches.edges(db, key)
        edges, gaps = None, list[Range]()
        if found is not None:
            interval = timeframe_ms(key.timeframe)
            edges = (milliseconds(found[0]), milliseconds(found[1]) + interval)
            gaps = [
                (milliseconds(before) + interval, milliseconds(after))
                for before, after in find_gaps(db, key, interval)
            ]
        if not missing_ranges(asked, edges, gaps, []):
            return []
        finished = bar_fetches.finished(db, key, moment_of(asked[0]), moment_of(asked[1]))
    done = [(milliseconds(first), milliseconds(last)) for first, last in finished]
    return missing_ranges(asked, edges, gaps, done)


class _Run:
    """The pieces of one fetch: loaded by threads, stored by this one, in whatever order."""

    def __init__(
        self,
        options: FetchOptions,
        loader: Loader,
        jobs: Iterable[_Job],
        progress: FetchProgress | None,
    ) -> None:
        self._options = options
        self._loader = loader
        self._waiting = deque(jobs)
        self._progress = progress
        self._total = sum(
            expected_rows(job.piece, job.wanted.key.timeframe) for job in self._waiting
        )
        self._done = self._received = 0
        self._unanswered = 0

    def run(self) -> None:
        """Work until nothing waits."""
        self._show()
        pool = ThreadPoolExecutor(self._options.parallel)
        running: dict[Future[Loaded | None], _Job] = {}
        try:
            while self._waiting or running:
                # Few are in flight at once, so that memory does not grow with the history.
                while self._waiting and len(running) < 2 * self._options.parallel:
                    job = self._waiting.popleft()
                    running[pool.submit(self._loader.load, job.wanted, job.piece)] = job
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    self._finish(running.pop(future), future)
        finally:
            pool.shutdown(cancel_futures=True)

    def _finish(self, job: _Job, future: Future[Loaded | None]) -> None:
        try:
            loaded = future.result()
        except CryptoVoltError as error:
            job.report.failures.append(Failure(job.piece, str(error)))
            self._refuse_silence(error)
            self._advance(job, 0)
            return
        self._unanswered = 0
        if loaded is None:
            key = job.wanted.key
            pieces = fallback(job.piece, key.timeframe, self._options.now_ms)
            self._waiting.extendleft(_Job(job.wanted, piece, job.report) for piece in pieces[::-1])
            return
        _store(job, loaded, self._options.now_ms)
        if loaded.file is not None:
            loaded.file.unlink(missing_ok=True)
        self._advance(job, len(loaded.content))

    def _refuse_silence(self, error: CryptoVoltError) -> None:
        self._unanswered = self._unanswered + 1 if isinstance(error, TransientError) else 0
        if self._unanswered > self._options.parallel:
            raise TransientError(
                f"{error}; gave up after {self._unanswered} tries in a row, what was stored stays, "
                "repeat the command to go on"
            )

    def _advance(self, job: _Job, n_rows: int) -> None:
        self._done += expected_rows(job.piece, job.wanted.key.timeframe)
        self._received += n_rows
        self._show()

    def _show(self) -> None:
        if self._progress is not None and self._total:
            self._progress(self._done, self._total, self._received)


def _store(job: _Job, loaded: Loaded, now_ms: int) -> None:
    key, report, content = job.wanted.key, job.report, loaded.content
    end_ms = _complete_until(job, loaded, now_ms)
    with SessionLocal.begin() as db:
        if isinstance(content, Bars):
            writer = SeriesWriter(db, key)
            for start in range(0, len(content), BATCH_ROWS):
                writer.write(content[start : start + BATCH_ROWS])
            written = writer.written
        else:
            new = funding_rates.add(db, key.symbol, key.source, content)
            written = Written(new=new, known=len(content) - new)
        if end_ms > job.piece.start_ms:
            fetch = BarFetch(
                **key.labels,
                start_at=moment_of(job.piece.start_ms),
                end_at=moment_of(end_ms),
                origin=job.piece.origin,
                n_bars=len(content),
                n_new=written.new,
                sha256=loaded.sha256,
            )
            bar_fetches.add(db, fetch)
    report.n_rows += len(content)
    report.pieces[job.piece.origin] += 1
    report.written.new += written.new
    report.written.known += written.known
    report.written.different += written.different
    report.written.examples += written.examples


def _complete_until(job: _Job, loaded: Loaded, now_ms: int) -> int:
    # A venue may show its newest bars late: they are asked for again until they are a day old.
    piece, times = job.piece, loaded.content.timestamp
    if piece.origin is not Origin.REST or piece.end_ms < now_ms - DAY_MS:
        return piece.end_ms
    timeframe = job.wanted.key.timeframe
    interval = 1 if timeframe == FUNDING else timeframe_ms(timeframe)
    return int(times[-1]) + interval if len(times) else piece.start_ms


def _count(report: SeriesReport) -> None:
    with SessionLocal() as db:
        first, last = moment_of(report.start_ms), moment_of(report.end_ms)
        if report.key.timeframe == FUNDING:
            key = report.key
            report.n_stored = len(funding_rates.read(db, key.symbol, key.source, first, last))
        else:
            report.n_stored = bar_fetches.count(db, report.key, first, last)

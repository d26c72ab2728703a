"""Markets to walk through: bars and news from files, from the public archive, stored, or generated.

Whatever they come from, they are imported into the database first and read back from there, so that
a demonstration walks the same way as daily work.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Protocol

import numpy as np
import polars as pl
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.database import SessionLocal
from app.core.times import milliseconds, moment_of
from app.core.venue import LOOPBACK
from app.models.database import UNSPECIFIED, MarketData
from app.repositories import market_read
from app.repositories.bars import SeriesKey, read_range
from app.services import sentiment, sentiment_import, sentiment_snapshots
from app.services.bar_import import (
    ImportOptions,
    ImportReport,
    import_files,
    open_files,
    store_bars,
)
from app.services.sentiment_import import FileOptions, NewsImport, ScoredFile
from app.services.sentiment_rescore import rescore
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import DataError
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.domain.timeframe import DAY_MS
from cryptovolt.research.synthetic import (
    SYNTHETIC_SOURCE,
    SYNTHETIC_SYMBOL,
    NewsItem,
    synthetic_bars,
    synthetic_news,
)

SYNTHETIC_BARS = 6_000
_ALL_SERIES = 1_000_000
SYNTHETIC_TIMEFRAME = "1h"
# Any seed gives a market without an edge; with this one the newest bars soon show some trades.
_SEED = 24


class HistoryArchive(Protocol):
    """Where public history comes from."""

    def fetch_month(self, symbol: str, timeframe: str, month: date) -> Path:
        """Return a file with the bars of one month."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """Bars and what was seen of the news, read back from the database.

    `imports` and `news_import` tell what became of files that were imported on the way.
    """

    key: SeriesKey
    bars: Bars
    news: SentimentSeries | None
    imports: tuple[ImportReport, ...] = ()
    news_import: NewsImport | None = None

    @property
    def synthetic(self) -> bool:
        """Whether nobody trades at these prices: they were generated, or a loopback venue's."""
        return is_synthetic(self.key)

    @property
    def news_hash(self) -> str | None:
        """The content hash of what was seen of the news; None where there was none."""
        return None if self.news is None else self.news.content_hash()


def is_synthetic(key: SeriesKey) -> bool:
    """Return whether a series is generated or a loopback venue's: it reads no real news."""
    return key.source == SYNTHETIC_SOURCE or key.source.startswith(LOOPBACK)


def stored_market(key: SeriesKey) -> Market:
    """Return a market as the database has it.

    Raises
    ------
    DataError
        If none of its bars are stored.
    ConfigurationError
        If its news is scored by another scorer than the active one.
    """
    bars = read_range(key)
    if not len(bars):
        raise DataError(f"there are no bars of {key}: `cryptovolt bars list` shows what there is")
    return Market(key=key, bars=bars, news=_news(bars, is_synthetic(key)))


def keep_news(market: Market) -> str | None:
    """Write what a market knew of the news to a snapshot, and return its hash; None without news.

    A result that names the hash can be checked for ever: `clean` keeps the file and its rows.
    """
    if market.news is None:
        return None
    end = moment_of(int(market.bars.timestamp[-1]) + market.bars.interval_ms)
    with SessionLocal.begin() as db:
        taken = sentiment_snapshots.keep_snapshot(
            db, market.news, market.key.symbol, end, synthetic=market.synthetic
        )
    return taken.hash


def market_from_files(
    paths: Sequence[Path], options: ImportOptions, news: Path | None = None
) -> Market:
    """Import bars and news of one series and return the market.

    Raises
    ------
    DataError
        If a file cannot be used, or the bars are of several series; nothing was changed then.
    """
    files = open_files(paths, options)
    keys = {SeriesKey(file.symbol, file.timeframe, file.source) for file in files}
    if len(keys) != 1:
        found = ", ".join(sorted(str(key) for key in keys))
        raise DataError(f"expected files of one series, found {found}")
    key = keys.pop()
    # News that cannot be read is found before a bar is stored.
    scored = None if news is None else _scored_news(news, key)
    reports = import_files(files, options)
    imported = None if scored is None else _store_news(scored)
    market = stored_market(key)
    return Market(
        key=key,
        bars=market.bars,
        news=market.news,
        imports=tuple(reports),
        news_import=imported,
    )


def market_from_archive(
    archive: HistoryArchive, symbol: str, timeframe: str, months: int, today: date, as_of: int
) -> Market:
    """Fetch, import and return the last full months of a symbol.

    Raises
    ------
    TransientError
        If the archive cannot be reached.
    """
    paths = [
        archive.fetch_month(symbol, timeframe, month) for month in months_before(today, months)
    ]
    options = ImportOptions(as_of=as_of, symbol=symbol, timeframe=timeframe, source="binance")
    return market_from_files(paths, options)


def months_before(day: date, count: int) -> Sequence[date]:
    """Return the first days of the `count` months before the month of a day, oldest first."""
    months: list[date] = []
    first = day.replace(day=1)
    for _ in range(count):
        first = (first - timedelta(days=1)).replace(day=1)
        months.append(first)
    return months[::-1]


def synthetic_market(now: datetime) -> Market:
    """Return the generated market, made and imported when it is not stored yet."""
    key = SeriesKey(SYNTHETIC_SYMBOL, SYNTHETIC_TIMEFRAME, SYNTHETIC_SOURCE)
    with SessionLocal.begin() as db:
        if not _is_stored(db, key):
            bars, items = _generated(now)
            store_bars(db, bars)
            _store_headlines(db, items, now)
    with SessionLocal() as db:
        # Nobody's archive: another scorer than the one it was made with reads it as well.
        rescore(db, sentiment.active_scorer(), source=SYNTHETIC_SOURCE)
    return stored_market(key)


def has_real_series() -> bool:
    """Return whether bars of real prices are stored; none is counted for it."""
    with SessionLocal() as db:
        return bool(_real_series(db))


def longest_series() -> SeriesKey | None:
    """Return the stored series of real prices with most bars, or None."""
    with SessionLocal() as db:
        real = _real_series(db)
        # Made-up markets may be large: only bars of real ones are counted.
        found = [
            one
            for symbol in sorted({key.symbol for key in real})
            for one in market_read.coverage(db, symbol)
            if SeriesKey(one.symbol, one.timeframe, one.source) in real
        ]
    if not found:
        return None
    longest = max(found, key=lambda one: one.n_bars)
    return SeriesKey(longest.symbol, longest.timeframe, longest.source)


def _real_series(db: Session) -> set[SeriesKey]:
    return {
        SeriesKey(one.symbol, one.timeframe, one.source)
        for one in market_read.list_series(db, 0, _ALL_SERIES)
        if one.timeframe != UNSPECIFIED
        and one.source != SYNTHETIC_SOURCE
        and not one.source.startswith(LOOPBACK)
    }


def _news(bars: Bars, synthetic: bool) -> SentimentSeries | None:
    until = int(bars.timestamp[-1]) + bars.interval_ms
    with SessionLocal() as db:
        series = sentiment.known_series(db, bars.symbol, until, synthetic=synthetic)
    return series if len(series) else None


def _scored_news(path: Path, key: SeriesKey) -> list[ScoredFile]:
    options = FileOptions(symbol=key.symbol, synthetic=is_synthetic(key))
    return sentiment_import.score_files([path], options)


def _store_news(scored: list[ScoredFile]) -> NewsImport:
    with SessionLocal.begin() as db:
        return sentiment_import.store_files(db, scored)[0]


def _is_stored(db: Session, key: SeriesKey) -> bool:
    query = select(MarketData.data_id).filter_by(
        symbol=key.symbol, timeframe=key.timeframe, source=key.source
    )
    return db.scalar(query.limit(1)) is not None


def _generated(now: datetime) -> tuple[Bars, list[NewsItem]]:
    rng = np.random.default_rng(_SEED)
    # From midnight, so that a day's loss limit sees whole days.
    end = milliseconds(now) // DAY_MS * DAY_MS
    bars = synthetic_bars(SYNTHETIC_BARS, timeframe=SYNTHETIC_TIMEFRAME, end=end, rng=rng)
    return bars, synthetic_news(bars, rng=rng)


def _store_headlines(db: Session, items: list[NewsItem], now: datetime) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "SYNTHETIC-news.csv"
        times = [moment_of(item.event_time) for item in items]
        frame = pl.DataFrame({"date": times, "text": [item.text for item in items]})
        frame.with_columns(pl.col("date").dt.strftime("%Y-%m-%dT%H:%M:%SZ")).write_csv(path)
        sentiment_import.import_news(
            db,
            path,
            symbol=SYNTHETIC_SYMBOL,
            source=SYNTHETIC_SOURCE,
            delay=timedelta(minutes=5),
            as_of=now,
            synthetic=True,
        )

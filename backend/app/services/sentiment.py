"""Importing scored news, and reading it as it was known at a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy.orm import Session

from app.core.times import milliseconds, moment_of
from app.repositories import sentiment
from app.repositories.sentiment import Scorer, SentimentCoverage
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.errors import DataError
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.market.naming import venue_symbol
from cryptovolt.sentiment import (
    DEFAULT_DELAY,
    SCORER_NAME,
    News,
    read_news,
    score_sentiment,
    scorer_hash,
)

log = structlog.get_logger(__name__)

_MAX_SYMBOL = 20
_MAX_SOURCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredNews:
    """A news file read and scored, not stored yet."""

    file: str
    symbol: str
    source: str
    delay: timedelta
    news: News
    scores: FloatArray
    scorer: Scorer


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsImport:
    """What became of a news file."""

    file: str
    symbol: str
    source: str
    n_items: int
    n_inserted: int
    dropped: Mapping[str, int]
    n_day_only: int
    first: datetime
    last: datetime
    mean_score: float
    scorer: str
    scorer_hash: str

    @property
    def n_known(self) -> int:
        """How many items were stored already."""
        return self.n_items - self.n_inserted


def score_news(
    path: str | Path,
    *,
    symbol: str,
    source: str = "news",
    delay: timedelta = DEFAULT_DELAY,
    text_column: str | None = None,
    date_column: str | None = None,
    as_of: datetime | None = None,
) -> ScoredNews:
    """Read and score a news file; no database is needed.

    Items count as seen the delay after they were written, or after the end of their day where only
    that is known. Those written after `as_of` (now, if not given) are left out.

    Raises
    ------
    DataError
        If the file cannot be read, or symbol or source are no names.
    """
    named = _name("symbol", venue_symbol(symbol), _MAX_SYMBOL)
    origin = _name("source", source.strip(), _MAX_SOURCE)
    news = read_news(
        path,
        delay=delay,
        text_column=text_column,
        date_column=date_column,
        as_of=milliseconds(as_of or datetime.now(UTC)),
    )
    return ScoredNews(
        file=Path(path).name,
        symbol=named,
        source=origin,
        delay=delay,
        news=news,
        scores=score_sentiment(item.text for item in news.items),
        scorer=Scorer(name=SCORER_NAME, hash=scorer_hash()),
    )


def store_news(db: Session, scored: ScoredNews) -> NewsImport:
    """Store the items that are not there yet, within the caller's transaction."""
    n_inserted = sentiment.insert_news(
        db,
        scored.news.items,
        scored.scores,
        symbol=scored.symbol,
        source=scored.source,
        scorer=scored.scorer,
        extra_data={"delay_s": scored.delay.total_seconds(), "file": scored.file},
    )
    log.info("sentiment.imported", symbol=scored.symbol, source=scored.source, inserted=n_inserted)
    times = [item.event_time for item in scored.news.items]
    return NewsImport(
        file=scored.file,
        symbol=scored.symbol,
        source=scored.source,
        n_items=len(scored.news),
        n_inserted=n_inserted,
        dropped=scored.news.dropped,
        n_day_only=sum(item.day_only for item in scored.news.items),
        first=moment_of(min(times)),
        last=moment_of(max(times)),
        mean_score=float(scored.scores.mean()),
        scorer=scored.scorer.name,
        scorer_hash=scored.scorer.hash,
    )


def import_news(
    db: Session,
    path: str | Path,
    *,
    symbol: str,
    source: str = "news",
    delay: timedelta = DEFAULT_DELAY,
    as_of: datetime | None = None,
) -> NewsImport:
    """Score a news file and store what is not there yet, within the caller's transaction.

    The file is read and scored whole before the first row is written: see :func:`score_news`.
    """
    return store_news(db, score_news(path, symbol=symbol, source=source, delay=delay, as_of=as_of))


def known_series(
    db: Session,
    symbol: str,
    until_ms: int,
    *,
    since_ms: int | None = None,
    source: str | None = None,
) -> SentimentSeries:
    """Return what had been seen of a symbol by a time, as today's scorer scores it."""
    return sentiment.read_series(
        db,
        venue_symbol(symbol),
        until_ms,
        scorer_hash=scorer_hash(),
        since_ms=since_ms,
        source=source,
    )


def list_coverage(db: Session) -> list[SentimentCoverage]:
    """Return how much is stored of every symbol, source and scorer."""
    return sentiment.coverage(db)


def _name(what: str, value: str, longest: int) -> str:
    if not value or len(value) > longest or not value.isprintable():
        raise DataError(
            f"expected a {what} of 1 to {longest} printable characters, found {value[:60]!r}"
        )
    return value

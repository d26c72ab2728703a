"""Reads of market data and sentiment for pages: bounded, newest first in the query."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.models.database import SentimentData

COLUMNS = ("timestamp", "open", "high", "low", "close", "volume")

# A row without prices, which the documented calls may write, is no bar.
_BARS = text("""
    SELECT CAST(extract(epoch FROM timestamp) * 1000 AS bigint),
           open_price, high_price, low_price, close_price, volume
    FROM market_data
    WHERE symbol = :symbol AND timeframe = :timeframe AND source = :source
      AND timestamp <= to_timestamp(CAST(:end AS float8) / 1000)
      AND num_nulls(open_price, high_price, low_price, close_price, volume) = 0
    ORDER BY timestamp DESC LIMIT :limit
""")
# Jumps from series to series along the natural key: DISTINCT would read every row.
_SERIES = text("""
    WITH RECURSIVE series AS (
        (SELECT symbol, timeframe, source FROM market_data
         ORDER BY symbol, timeframe, source LIMIT 1)
        UNION ALL
        SELECT following.* FROM series CROSS JOIN LATERAL (
            SELECT m.symbol, m.timeframe, m.source FROM market_data m
            WHERE (m.symbol, m.timeframe, m.source)
                > (series.symbol, series.timeframe, series.source)
            ORDER BY m.symbol, m.timeframe, m.source LIMIT 1
        ) AS following
    )
    SELECT series.symbol, series.timeframe, series.source, newest.timestamp
    FROM series CROSS JOIN LATERAL (
        SELECT m.timestamp FROM market_data m
        WHERE m.symbol = series.symbol AND m.timeframe = series.timeframe
          AND m.source = series.source
        ORDER BY m.timestamp DESC LIMIT 1
    ) AS newest
    ORDER BY 1, 2, 3 OFFSET :skip LIMIT :limit
""")
_COVERAGE = text("""
    SELECT symbol, timeframe, source, min(timestamp), max(timestamp), count(*)
    FROM market_data WHERE symbol = :symbol
    GROUP BY symbol, timeframe, source ORDER BY timeframe, source
""")
_EXISTS = text("""
    SELECT EXISTS (SELECT 1 FROM market_data
                   WHERE symbol = :symbol AND timeframe = :timeframe AND source = :source)
""")


@dataclass(frozen=True, slots=True)
class Series:
    """One series that is stored, and the open of its newest bar."""

    symbol: str
    timeframe: str
    source: str
    last: datetime


@dataclass(frozen=True, slots=True)
class Coverage:
    """From when to when a series is stored, and how many bars."""

    symbol: str
    timeframe: str
    source: str
    first: datetime
    last: datetime
    n_bars: int


@dataclass(frozen=True, slots=True)
class SentimentFilter:
    """Which texts are wanted; None means any."""

    symbol: str | None = None
    source: str | None = None


def latest_bars(
    db: Session, symbol: str, timeframe: str, source: str, end_ms: int, limit: int
) -> dict[str, list[int] | list[float]]:
    """Return the newest bars that opened at `end_ms` or before, as columns, oldest first."""
    values = {
        "symbol": symbol,
        "timeframe": timeframe,
        "source": source,
        "end": end_ms,
        "limit": limit,
    }
    rows = db.execute(_BARS, values).all()[::-1]
    columns = zip(*rows, strict=True) if rows else ((),) * len(COLUMNS)
    return {name: list(column) for name, column in zip(COLUMNS, columns, strict=True)}


def series_exists(db: Session, symbol: str, timeframe: str, source: str) -> bool:
    """Return whether any bar of the series is stored."""
    values = {"symbol": symbol, "timeframe": timeframe, "source": source}
    return bool(db.scalar(_EXISTS, values))


def list_series(db: Session, skip: int, limit: int) -> list[Series]:
    """Return a page of the series that are stored."""
    return [Series(*row) for row in db.execute(_SERIES, {"skip": skip, "limit": limit})]


def coverage(db: Session, symbol: str) -> list[Coverage]:
    """Return how much of each series of a symbol is stored."""
    return [Coverage(*row) for row in db.execute(_COVERAGE, {"symbol": symbol})]


def list_sentiment(
    db: Session, wanted: SentimentFilter, skip: int, limit: int
) -> list[SentimentData]:
    """Return a page of texts, newest first."""
    query = select(SentimentData)
    if wanted.symbol is not None:
        query = query.where(SentimentData.symbol == wanted.symbol)
    if wanted.source is not None:
        query = query.where(SentimentData.source == wanted.source)
    order = (SentimentData.timestamp.desc(), SentimentData.sentiment_id.desc())
    return list(db.scalars(query.order_by(*order).offset(skip).limit(limit)))


def find_sentiment(db: Session, sentiment_id: int) -> SentimentData | None:
    """Return one text, or None."""
    return db.scalar(select(SentimentData).where(SentimentData.sentiment_id == sentiment_id))

"""Reads of market data and sentiment for pages: bounded, newest first in the query."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select, text
from sqlalchemy.orm import Session, aliased

from app.models.database import MarketData, SentimentData
from app.models.sentiment import SentimentSourceState, SentimentWindow
from app.repositories.sentiment_items import INDEX_SCORER_HASH
from cryptovolt.market.naming import base_asset, venue_symbol

MAX_SEARCHED_TEXTS = 50_000
"""Words are looked for in so many of the newest texts that the other filters leave."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class SentimentFilter:
    """Which texts are wanted; None means any. A pair also finds the texts about its base asset."""

    symbol: str | None = None
    source: str | None = None
    kind: str | None = None
    since: datetime | None = None
    """Written at or after this, and before `until`."""
    until: datetime | None = None
    words: str | None = None
    """Looked for in the newest texts alone; upper and lower case are the same."""
    synthetic: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowFilter:
    """Which windows are wanted; None means any."""

    symbol: str | None = None
    kind: str | None = None
    since: datetime | None = None


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


def newest_open(db: Session, symbol: str, timeframe: str, source: str) -> datetime | None:
    """Return the open of the newest bar of a series, or None."""
    query = select(MarketData.timestamp).filter_by(
        symbol=symbol, timeframe=timeframe, source=source
    )
    return db.scalar(query.order_by(MarketData.timestamp.desc()).limit(1))


def list_sentiment(
    db: Session,
    wanted: SentimentFilter,
    skip: int,
    limit: int,
    *,
    scorer_hash: str | None = None,
) -> list[SentimentData]:
    """Return a page of texts, newest first; with a scorer's hash only its rows and the index."""
    rules = _rules(wanted)
    if scorer_hash is not None:
        rules.append(SentimentData.scorer_hash.in_((scorer_hash, INDEX_SCORER_HASH)))
    order = (SentimentData.timestamp.desc(), SentimentData.sentiment_id.desc())
    query = select(SentimentData).where(*rules).order_by(*order)
    if wanted.words is not None:
        newest = query.limit(MAX_SEARCHED_TEXTS).subquery()
        text_row = aliased(SentimentData, newest)
        found = text_row.text.icontains(wanted.words, autoescape=True)
        order = (text_row.timestamp.desc(), text_row.sentiment_id.desc())
        query = select(text_row).where(found).order_by(*order)
    return list(db.scalars(query.offset(skip).limit(limit)))


def list_sources(db: Session) -> list[SentimentSourceState]:
    """Return every source of texts by its name."""
    return list(db.scalars(select(SentimentSourceState).order_by(SentimentSourceState.name)))


def list_windows(db: Session, wanted: WindowFilter, skip: int, limit: int) -> list[SentimentWindow]:
    """Return a page of windows, newest first."""
    rules: list[ColumnElement[bool]] = []
    if wanted.symbol is not None:
        rules.append(SentimentWindow.symbol.in_(_about(wanted.symbol)))
    if wanted.kind is not None:
        rules.append(SentimentWindow.kind == wanted.kind)
    if wanted.since is not None:
        rules.append(SentimentWindow.window_start >= wanted.since)
    order = (SentimentWindow.window_start.desc(), SentimentWindow.symbol, SentimentWindow.kind)
    query = select(SentimentWindow).where(*rules).order_by(*order)
    return list(db.scalars(query.offset(skip).limit(limit)))


def _rules(wanted: SentimentFilter) -> list[ColumnElement[bool]]:
    rules: list[ColumnElement[bool]] = []
    if wanted.symbol is not None:
        rules.append(SentimentData.symbol.in_(_about(wanted.symbol)))
    if wanted.since is not None:
        rules.append(SentimentData.timestamp >= wanted.since)
    if wanted.until is not None:
        rules.append(SentimentData.timestamp < wanted.until)
    for name in ("source", "kind", "synthetic"):
        value = getattr(wanted, name)
        if value is not None:
            rules.append(getattr(SentimentData, name) == value)
    return rules


def _about(symbol: str) -> set[str]:
    # As written too: the documented calls store names of any form.
    return {symbol, venue_symbol(symbol), base_asset(symbol)}


def find_sentiment(db: Session, sentiment_id: int) -> SentimentData | None:
    """Return one text, or None."""
    return db.scalar(select(SentimentData).where(SentimentData.sentiment_id == sentiment_id))

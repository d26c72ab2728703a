"""Ranges of series that were fetched completely."""

from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.models.database import MarketData
from app.models.market import BarFetch, FundingRate
from app.repositories.bars import SeriesKey


def edges(db: Session, key: SeriesKey) -> tuple[datetime, datetime] | None:
    """Return the opens of the first and the last stored bar of a series."""
    ends = (func.min(MarketData.timestamp), func.max(MarketData.timestamp))
    found: list[datetime | None] = list(db.execute(select(*ends).filter_by(**key.labels)).one())
    first, last = found
    return None if first is None or last is None else (first, last)


def count(db: Session, key: SeriesKey, start: datetime, end: datetime) -> int:
    """Return how many bars of a series that open in [start, end) are stored."""
    within = (MarketData.timestamp >= start, MarketData.timestamp < end)
    query = select(func.count()).select_from(MarketData).filter_by(**key.labels).where(*within)
    return db.scalar(query) or 0


def finished(
    db: Session, key: SeriesKey, start: datetime, end: datetime
) -> list[tuple[datetime, datetime]]:
    """Return the ranges within [start, end) that were fetched and still have all their rows."""
    if key.timeframe == "funding":
        rows = FundingRate.timestamp
        within = and_(FundingRate.symbol == key.symbol, FundingRate.source == key.source)
    else:
        rows = MarketData.timestamp
        within = and_(
            MarketData.symbol == key.symbol,
            MarketData.timeframe == key.timeframe,
            MarketData.source == key.source,
        )
    held = (
        select(func.count())
        .where(within, rows >= BarFetch.start_at, rows < BarFetch.end_at)
        .correlate(BarFetch)
        .scalar_subquery()
    )
    query = (
        select(BarFetch.start_at, BarFetch.end_at)
        .filter_by(**key.labels)
        .where(BarFetch.start_at < end, BarFetch.end_at > start, held >= BarFetch.n_bars)
    )
    return [(first, last) for first, last in db.execute(query)]


def add(db: Session, fetch: BarFetch) -> None:
    """Note a finished range; the same range fetched again replaces it."""
    values = {
        "symbol": fetch.symbol,
        "timeframe": fetch.timeframe,
        "source": fetch.source,
        "start_at": fetch.start_at,
        "end_at": fetch.end_at,
        "origin": fetch.origin,
        "n_bars": fetch.n_bars,
        "n_new": fetch.n_new,
        "sha256": fetch.sha256,
    }
    statement = insert(BarFetch).values(**values)
    changed = {name: statement.excluded[name] for name in ("origin", "n_bars", "n_new", "sha256")}
    db.execute(
        statement.on_conflict_do_update(
            constraint="bar_fetches_pkey", set_={**changed, "finished_at": func.now()}
        )
    )

"""Old rows leave the tables, and archived bars come back. Nothing here commits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, text
from sqlalchemy.orm import Session

from app.models.database import MarketData
from app.models.feed import PublicTrade
from app.models.research import BarArchive
from app.repositories.copy import Column, insert_columns


@dataclass(frozen=True, slots=True, order=True)
class Series:
    """Bars that belong together."""

    symbol: str
    timeframe: str
    source: str


BAR_COLUMNS = (
    "symbol", "timeframe", "source", "timestamp", "open_price", "high_price", "low_price",
    "close_price", "volume", "created_at",
)  # fmt: skip

TRADE_COLUMNS = tuple(column.name for column in PublicTrade.__table__.columns)

# A snapshot's rows stay: a result that names it must be checkable against the table.
_IN_SNAPSHOT = """EXISTS (
    SELECT 1 FROM bar_snapshots AS kept
    WHERE kept.symbol = bar.symbol AND kept.timeframe = bar.timeframe
        AND kept.source = bar.source AND bar.timestamp BETWEEN kept.first_bar AND kept.last_bar)"""

_TAKE_BARS = f"""
    DELETE FROM market_data WHERE (symbol, timeframe, source, timestamp) IN (
        SELECT symbol, timeframe, source, timestamp FROM market_data AS bar
        WHERE symbol = :symbol AND timeframe = :timeframe AND source = :source
            AND timestamp < :before AND NOT {_IN_SNAPSHOT}
        ORDER BY timestamp LIMIT :limit)
    RETURNING {", ".join(BAR_COLUMNS)}"""  # noqa: S608 - names are written above

_TAKE_TRADES = f"""
    DELETE FROM public_trades WHERE (source, symbol, trade_id) IN (
        SELECT source, symbol, trade_id FROM public_trades WHERE time < :before LIMIT :limit)
    RETURNING {", ".join(TRADE_COLUMNS)}"""  # noqa: S608 - names are those of the model


def series_with_bars_before(db: Session, before: datetime) -> list[Series]:
    """Return the series that have bars older than this."""
    key = (MarketData.symbol, MarketData.timeframe, MarketData.source)
    query = select(*key).where(MarketData.timestamp < before).distinct().order_by(*key)
    return [Series(*row) for row in db.execute(query)]


def take_bars(
    db: Session, series: Series, before: datetime, limit: int
) -> Sequence[Row[tuple[Any, ...]]]:
    """Delete the oldest bars before a time, except those of snapshots, and return them."""
    values = {
        "symbol": series.symbol,
        "timeframe": series.timeframe,
        "source": series.source,
        "before": before,
        "limit": limit,
    }
    return db.execute(text(_TAKE_BARS), values).all()


def take_trades(db: Session, before: datetime, limit: int) -> Sequence[Row[tuple[Any, ...]]]:
    """Delete some public trades before a time, and return them."""
    return db.execute(text(_TAKE_TRADES), {"before": before, "limit": limit}).all()


def count_bars_before(db: Session, before: datetime) -> int:
    """Return how many bars are older than this."""
    query = select(func.count()).select_from(MarketData).where(MarketData.timestamp < before)
    return db.scalar(query) or 0


def archives(db: Session, series: Series | None, *, lock: bool = False) -> list[BarArchive]:
    """Return the archives whose bars are not in the table, oldest bars first."""
    query = select(BarArchive).where(BarArchive.restored_at.is_(None))
    if series is not None:
        query = query.where(
            BarArchive.symbol == series.symbol,
            BarArchive.timeframe == series.timeframe,
            BarArchive.source == series.source,
        )
    query = query.order_by(
        BarArchive.symbol, BarArchive.timeframe, BarArchive.source, BarArchive.first_bar
    )
    return list(db.scalars(query.with_for_update() if lock else query))


def put_bars_back(db: Session, columns: dict[str, Column]) -> int:
    """Insert bars that are not in the table, and return how many those were."""
    return insert_columns(db, MarketData.__tablename__, columns)

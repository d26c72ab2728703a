"""What is missing in a stored series, and what was noted about its bars: bounded, newest first."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.models.feed import BarRepair
from app.repositories.bars import SeriesKey

_NEWEST = """
    SELECT timestamp FROM market_data
    WHERE symbol = :symbol AND timeframe = :timeframe AND source = :source
    ORDER BY timestamp DESC LIMIT :n_bars
"""
_LOOKED_AT = text(f"SELECT min(timestamp), max(timestamp), count(*) FROM ({_NEWEST}) AS newest")  # noqa: S608
_GAPS = text(f"""
    SELECT before, after, count(*) OVER () FROM (
        SELECT timestamp AS after, lead(timestamp) OVER (ORDER BY timestamp DESC) AS before
        FROM ({_NEWEST}) AS newest
    ) AS bars
    WHERE after - before > :interval_ms * interval '1 millisecond'
    ORDER BY after DESC LIMIT :limit
""")  # noqa: S608


@dataclass(frozen=True, slots=True)
class LookedAt:
    """Which bars of a series were looked at; the opens are None where there are none."""

    first: datetime | None
    last: datetime | None
    n_bars: int


@dataclass(frozen=True, slots=True)
class NewestGaps:
    """Opens before and after each of the newest gaps, and how many gaps there are in all."""

    gaps: list[tuple[datetime, datetime]]
    n_gaps: int


def looked_at(db: Session, key: SeriesKey, n_bars: int) -> LookedAt:
    """Return the range of the newest bars of a series."""
    return LookedAt(*db.execute(_LOOKED_AT, {**key.labels, "n_bars": n_bars}).one())


def newest_gaps(
    db: Session, key: SeriesKey, interval_ms: int, n_bars: int, limit: int
) -> NewestGaps:
    """Return the newest gaps among the newest bars of a series, newest first."""
    values = {**key.labels, "interval_ms": interval_ms, "n_bars": n_bars, "limit": limit}
    rows = db.execute(_GAPS, values).all()
    gaps = [(before, after) for before, after, _ in rows]
    return NewestGaps(gaps, rows[0][2] if rows else 0)


def list_repairs(db: Session, key: SeriesKey, skip: int, limit: int) -> list[BarRepair]:
    """Return a page of the notes on bars of a series, newest bar first."""
    query = select(BarRepair).where(
        BarRepair.symbol == key.symbol,
        BarRepair.timeframe == key.timeframe,
        BarRepair.source == key.source,
    )
    order = (BarRepair.timestamp.desc(), BarRepair.repair_id.desc())
    return list(db.scalars(query.order_by(*order).offset(skip).limit(limit)))

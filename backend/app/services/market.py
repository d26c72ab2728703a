"""Market data, read by every user and written by traders."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from sqlalchemy.orm import Session

from app.core.times import milliseconds, moment_of
from app.models.feed import BarRepair
from app.repositories import bars as stored_bars
from app.repositories import market_notes, market_read
from app.repositories.bars import SeriesKey, SeriesWriter, Written
from app.repositories.market_read import Coverage, Series
from app.services.access import Actor, NotFoundError
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.domain.timeframe import timeframe_ms
from cryptovolt.market.checking import Findings, check_bars, require_clean
from cryptovolt.market.naming import venue_symbol

MAX_SEARCHED = 1_000_000
"""Gaps are looked for among so many of the newest bars of a series: two years of minutes."""


@dataclass(frozen=True, slots=True)
class SeriesGaps:
    """The newest gaps of a series, and how many bars and gaps there are in what was looked at."""

    key: SeriesKey
    first: datetime
    last: datetime
    n_bars: int
    n_gaps: int
    n_missing: int
    gaps: list[tuple[datetime, datetime, int]]
    """Opens before and after, and the number of bars missing between them."""


@dataclass(frozen=True, slots=True)
class SeriesQuality:
    """What was found in the newest bars of a series."""

    key: SeriesKey
    first: datetime
    last: datetime
    findings: Findings


def bars(
    db: Session, symbol: str, timeframe: str, source: str, end_ms: int, limit: int
) -> dict[str, list[int] | list[float]]:
    """Return the newest bars up to a time, as columns; a series nobody stored is an error."""
    symbol = venue_symbol(symbol)
    columns = market_read.latest_bars(db, symbol, timeframe, source, end_ms, limit)
    if not columns["timestamp"] and not market_read.series_exists(db, symbol, timeframe, source):
        raise _not_stored(SeriesKey(symbol, timeframe, source))
    return columns


def store_bars(
    db: Session,
    actor: Actor,
    *,
    symbol: str,
    timeframe: str,
    source: str,
    timestamp: list[int],
    **values: list[float],
) -> Written:
    """Store bars that have no errors, as a trader; bars stored with other values stay."""
    actor.require("trader")
    given = Bars(
        symbol=venue_symbol(symbol),
        timeframe=timeframe,
        source=source,
        timestamp=np.array(timestamp, dtype=np.int64),
        **{name: np.array(column, dtype=np.float64) for name, column in values.items()},
    )
    require_clean(given)
    _refuse_future(datetime.fromtimestamp(timestamp[-1] / 1000, UTC))
    writer = SeriesWriter(db, SeriesKey(given.symbol, given.timeframe, given.source))
    writer.write(given)
    return writer.written


def list_series(db: Session, skip: int, limit: int) -> list[Series]:
    """Return a page of the series that are stored."""
    return market_read.list_series(db, skip, limit)


def coverage(db: Session, symbol: str) -> list[Coverage]:
    """Return how much of each series of a symbol is stored."""
    found = market_read.coverage(db, venue_symbol(symbol))
    if not found:
        raise NotFoundError(f"there are no bars of {symbol}")
    return found


def missing_bars(series: Coverage) -> int | None:
    """Return how many bars are absent between first and last; None for an unknown time frame."""
    try:
        step = timeframe_ms(series.timeframe)
    except ConfigurationError:
        return None
    span_ms = round((series.last - series.first).total_seconds() * 1000)
    return max(0, span_ms // step + 1 - series.n_bars)


def gaps(db: Session, symbol: str, timeframe: str, source: str, limit: int) -> SeriesGaps:
    """Return the newest gaps of a series, looked for in its newest million bars."""
    key = SeriesKey(venue_symbol(symbol), timeframe, source)
    step = timeframe_ms(timeframe)
    seen = market_notes.looked_at(db, key, MAX_SEARCHED)
    if seen.first is None or seen.last is None:
        raise _not_stored(key)
    n_missing = max(0, _steps(seen.first, seen.last, step) + 1 - seen.n_bars)
    found = market_notes.NewestGaps([], 0)
    if n_missing > 0:
        found = market_notes.newest_gaps(db, key, step, MAX_SEARCHED, limit)
    listed = [(before, after, _steps(before, after, step) - 1) for before, after in found.gaps]
    return SeriesGaps(key, seen.first, seen.last, seen.n_bars, found.n_gaps, n_missing, listed)


def quality(db: Session, symbol: str, timeframe: str, source: str, limit: int) -> SeriesQuality:
    """Check the newest bars of a series, as ``bars check`` checks all of them."""
    key = SeriesKey(venue_symbol(symbol), timeframe, source)
    timeframe_ms(timeframe)
    found = stored_bars.latest_bars(db, key, limit)
    if not len(found):
        raise _not_stored(key)
    findings = check_bars(found, milliseconds(datetime.now(UTC)))
    first, last = (moment_of(int(found.timestamp[row])) for row in (0, -1))
    return SeriesQuality(key, first, last, findings)


def repairs(
    db: Session, symbol: str, timeframe: str, source: str, skip: int, limit: int
) -> list[BarRepair]:
    """Return a page of the notes on bars that were replaced, or that the venue does not have."""
    key = SeriesKey(venue_symbol(symbol), timeframe, source)
    return market_notes.list_repairs(db, key, skip, limit)


def _steps(first: datetime, last: datetime, interval_ms: int) -> int:
    return round((last - first).total_seconds() * 1000) // interval_ms


def _not_stored(key: SeriesKey) -> NotFoundError:
    return NotFoundError(
        f"there are no bars of {key}: GET /api/v1/market/symbols lists what is stored"
    )


def _refuse_future(time: datetime) -> None:
    now = datetime.now(UTC)
    if time > now:
        raise DataError(
            f"expected a time up to now ({now:%Y-%m-%d %H:%M:%S} UTC), found {time.isoformat()}"
        )

"""Funding rates of perpetuals, written once and read as arrays."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.core.times import moment_of
from app.models.market import FundingRate
from app.repositories.bars import EVER
from cryptovolt.domain.funding import FundingRates

_ROWS = 5_000


def add(db: Session, symbol: str, source: str, rates: FundingRates) -> int:
    """Store payments and return how many were new; a stored one stays as it is."""
    values = [
        {"symbol": symbol, "source": source, "timestamp": moment_of(time), "rate": rate}
        for time, rate in zip(rates.timestamp.tolist(), rates.rate.tolist(), strict=True)
    ]
    new = 0
    for start in range(0, len(values), _ROWS):
        statement = insert(FundingRate).values(values[start : start + _ROWS])
        returned = db.execute(statement.on_conflict_do_nothing().returning(FundingRate.timestamp))
        new += len(returned.all())
    return new


def read(
    db: Session,
    symbol: str,
    source: str,
    first: datetime = EVER[0],
    last: datetime = EVER[1],
) -> FundingRates:
    """Return the stored payments between two times, both included, oldest first."""
    query = (
        select(FundingRate.timestamp, FundingRate.rate)
        .where(
            FundingRate.symbol == symbol,
            FundingRate.source == source,
            FundingRate.timestamp.between(first, last),
        )
        .order_by(FundingRate.timestamp)
    )
    rows: Sequence[tuple[datetime, float]] = [(at, rate) for at, rate in db.execute(query)]
    times = np.array([round(at.timestamp() * 1000) for at, _ in rows], dtype=np.int64)
    return FundingRates(timestamp=times, rate=np.array([rate for _, rate in rows], np.float64))

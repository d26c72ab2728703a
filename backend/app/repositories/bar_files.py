"""Files of bars that the database knows of."""

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.core.times import moment_of
from app.models.research import BarSnapshot
from cryptovolt.domain.bars import Bars


def add_snapshot(session: Session, bars: Bars, digest: str, path: str) -> None:
    """List a snapshot; one that is listed already stays as it is."""
    session.execute(
        insert(BarSnapshot)
        .values(
            hash=digest,
            symbol=bars.symbol,
            timeframe=bars.timeframe,
            source=bars.source,
            first_bar=moment_of(int(bars.timestamp[0])),
            last_bar=moment_of(int(bars.timestamp[-1])),
            n_bars=len(bars),
            path=path,
        )
        .on_conflict_do_nothing()
    )

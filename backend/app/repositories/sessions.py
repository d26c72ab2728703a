"""Paper sessions and their equity; `owner` None means everybody's."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Select, func, select, text
from sqlalchemy.orm import Session

from app.models.database import Trade
from app.models.paper import EquitySnapshot, PaperSession

# The peak before the first bar is the cash the session started with.
_CURVE = """
    SELECT timestamp, equity, cash, position, price,
           1 - equity / NULLIF(GREATEST(
               CAST(:cash AS numeric), max(equity) OVER (ORDER BY timestamp)), 0) AS drawdown,
           row_number() OVER (ORDER BY timestamp DESC) - 1 AS behind,
           count(*) OVER () AS total
    FROM equity_snapshots WHERE session_id = :session_id
"""
_THINNED = text(f"""
    SELECT timestamp, CAST(equity AS float8), CAST(cash AS float8), CAST(position AS float8),
           price, CAST(drawdown AS float8)
    FROM ({_CURVE}) AS curve
    WHERE behind % CAST(GREATEST(1, ceil(total / CAST(:points AS float8))) AS bigint) = 0
    ORDER BY timestamp
""")  # noqa: S608 (made of constants)
_DRAWDOWN = text(f"""
    SELECT CAST(max(drawdown) FILTER (WHERE behind = 0) AS float8), CAST(max(drawdown) AS float8)
    FROM ({_CURVE}) AS curve
""")  # noqa: S608 (made of constants)


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """A session at the close of one bar; money in quote currency, drawdown a fraction."""

    timestamp: datetime
    equity: float
    cash: float
    position: float
    price: float
    drawdown: float | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a session stands at its last bar."""

    last: EquitySnapshot | None
    realised: Decimal
    drawdown: float | None
    max_drawdown: float | None


def visible(owner: int | None) -> Select[PaperSession]:
    """Return the query of the sessions that an owner sees."""
    query = select(PaperSession)
    return query if owner is None else query.where(PaperSession.user_id == owner)


def list_visible(db: Session, owner: int | None, skip: int, limit: int) -> list[PaperSession]:
    """Return a page of sessions, newest first."""
    query = visible(owner).order_by(PaperSession.session_id.desc()).offset(skip).limit(limit)
    return list(db.scalars(query))


def find(db: Session, owner: int | None, session_id: int) -> PaperSession | None:
    """Return one session, or None where it does not exist for this owner."""
    return db.scalar(visible(owner).where(PaperSession.session_id == session_id))


def find_latest(db: Session, owner: int | None) -> PaperSession | None:
    """Return the newest session, or None."""
    return db.scalar(visible(owner).order_by(PaperSession.session_id.desc()).limit(1))


def standing(db: Session, session: PaperSession) -> Standing:
    """Return what a session is worth at its last bar, and what it earned."""
    last = db.scalar(
        select(EquitySnapshot)
        .where(EquitySnapshot.session_id == session.session_id)
        .order_by(EquitySnapshot.timestamp.desc())
        .limit(1)
    )
    realised = db.scalar(
        select(func.sum(Trade.pnl)).where(
            Trade.session_id == session.session_id, Trade.status == "EXECUTED"
        )
    )
    now, largest = db.execute(_DRAWDOWN, _values(session)).one()
    return Standing(last, realised or Decimal(0), now, largest)


def curve(db: Session, session: PaperSession, points: int) -> list[CurvePoint]:
    """Return at most so many bars of the equity curve, oldest first, evenly thinned.

    The last bar is always kept, and drawdowns are measured on all bars before they are thinned.
    """
    rows = db.execute(_THINNED, {**_values(session), "points": points})
    return [CurvePoint(*row) for row in rows]


def _values(session: PaperSession) -> dict[str, object]:
    return {"session_id": session.session_id, "cash": session.cash}

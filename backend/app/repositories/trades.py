"""Trades; `owner` None means everybody's."""

from dataclasses import dataclass

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from app.models.database import Signal, Trade
from app.models.paper import PaperSession
from app.repositories import signals


@dataclass(frozen=True, slots=True)
class TradeFilter:
    """Which trades are wanted; None means any."""

    symbol: str | None = None
    status: str | None = None
    session_id: int | None = None


def visible(owner: int | None) -> Select[Trade]:
    """Return the query of the trades of an owner's signals and sessions."""
    query = select(Trade)
    if owner is None:
        return query
    own_signals = signals.visible(owner).with_only_columns(Signal.signal_id)
    sessions = select(PaperSession.session_id).where(PaperSession.user_id == owner)
    return query.where(or_(Trade.signal_id.in_(own_signals), Trade.session_id.in_(sessions)))


def list_visible(
    db: Session, owner: int | None, wanted: TradeFilter, skip: int, limit: int
) -> list[Trade]:
    """Return a page of trades, newest first."""
    query = visible(owner)
    if wanted.symbol is not None:
        query = query.where(Trade.symbol == wanted.symbol)
    if wanted.status is not None:
        query = query.where(Trade.status == wanted.status)
    if wanted.session_id is not None:
        query = query.where(Trade.session_id == wanted.session_id)
    order = (Trade.timestamp.desc(), Trade.trade_id.desc())
    return list(db.scalars(query.order_by(*order).offset(skip).limit(limit)))


def find(db: Session, owner: int | None, trade_id: int) -> Trade | None:
    """Return one trade, or None where it does not exist for this owner."""
    return db.scalar(visible(owner).where(Trade.trade_id == trade_id))

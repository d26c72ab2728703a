"""Signals; `owner` None means everybody's."""

from dataclasses import dataclass

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from app.models.database import Signal, TradingStrategy
from app.models.paper import PaperSession


@dataclass(frozen=True, slots=True)
class SignalFilter:
    """Which signals are wanted; None means any."""

    symbol: str | None = None
    strategy_id: int | None = None
    session_id: int | None = None


def visible(owner: int | None) -> Select[Signal]:
    """Return the query of the signals of an owner's strategies and sessions."""
    query = select(Signal)
    if owner is None:
        return query
    strategies = select(TradingStrategy.strategy_id).where(TradingStrategy.user_id == owner)
    sessions = select(PaperSession.session_id).where(PaperSession.user_id == owner)
    return query.where(or_(Signal.strategy_id.in_(strategies), Signal.session_id.in_(sessions)))


def list_visible(
    db: Session, owner: int | None, wanted: SignalFilter, skip: int, limit: int
) -> list[Signal]:
    """Return a page of signals, newest first."""
    query = visible(owner)
    if wanted.symbol is not None:
        query = query.where(Signal.symbol == wanted.symbol)
    if wanted.strategy_id is not None:
        query = query.where(Signal.strategy_id == wanted.strategy_id)
    if wanted.session_id is not None:
        query = query.where(Signal.session_id == wanted.session_id)
    order = (Signal.timestamp.desc(), Signal.signal_id.desc())
    return list(db.scalars(query.order_by(*order).offset(skip).limit(limit)))


def find(db: Session, owner: int | None, signal_id: int) -> Signal | None:
    """Return one signal, or None where it does not exist for this owner."""
    return db.scalar(visible(owner).where(Signal.signal_id == signal_id))

"""Signals of a user's strategies and sessions."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.models.database import Signal
from app.repositories import models, signals, strategies
from app.repositories.signals import SignalFilter
from app.services.access import Actor, NotFoundError


def list_all(
    db: Session, actor: Actor, wanted: SignalFilter, skip: int, limit: int
) -> list[Signal]:
    """Return a page of the user's signals."""
    return signals.list_visible(db, actor.owner, wanted, skip, limit)


def read(db: Session, actor: Actor, signal_id: int) -> Signal:
    """Return one of the user's signals."""
    signal = signals.find(db, actor.owner, signal_id)
    if signal is None:
        raise NotFoundError(f"there is no signal {signal_id}")
    return signal


def create(
    db: Session,
    actor: Actor,
    *,
    strategy_id: int,
    model_id: int | None,
    symbol: str,
    signal_type: str,
    confidence: float,
    timestamp: datetime,
    extra_data: dict[str, Any] | None,
) -> Signal:
    """Store a signal of one of the user's strategies."""
    if strategies.find(db, actor.owner, strategy_id) is None:
        raise NotFoundError(f"there is no strategy {strategy_id}")
    if model_id is not None and models.find(db, model_id) is None:
        raise NotFoundError(f"there is no model {model_id}")
    signal = Signal(
        strategy_id=strategy_id,
        model_id=model_id,
        symbol=symbol,
        signal_type=signal_type,
        confidence=confidence,
        timestamp=timestamp,
        extra_data=extra_data,
    )
    db.add(signal)
    db.flush()
    return signal

"""Strategies of a user."""

from typing import Any

from sqlalchemy.orm import Session

from app.models.database import TradingStrategy
from app.repositories import strategies
from app.services.access import Actor, ConflictError, NotFoundError


def list_all(db: Session, actor: Actor, skip: int, limit: int) -> list[TradingStrategy]:
    """Return a page of the user's strategies."""
    return strategies.list_visible(db, actor.owner, skip, limit)


def read(db: Session, actor: Actor, strategy_id: int) -> TradingStrategy:
    """Return one of the user's strategies."""
    return _found(strategies.find(db, actor.owner, strategy_id), strategy_id)


def create(
    db: Session, actor: Actor, name: str, description: str | None, parameters: dict[str, Any]
) -> TradingStrategy:
    """Store a strategy of the user."""
    strategy = TradingStrategy(
        user_id=actor.user_id, name=name, description=description, parameters=parameters
    )
    db.add(strategy)
    db.flush()
    return strategy


def update(db: Session, actor: Actor, strategy_id: int, changes: dict[str, Any]) -> TradingStrategy:
    """Change one of the user's strategies."""
    strategy = _found(strategies.find(db, actor.owner, strategy_id, lock=True), strategy_id)
    for name in ("name", "is_active"):
        if name in changes and changes[name] is None:
            raise ConflictError(f"expected a value for {name}, found null: leave it out to keep it")
    for name, value in changes.items():
        setattr(strategy, name, value)
    db.flush()
    return strategy


def delete(db: Session, actor: Actor, strategy_id: int) -> None:
    """Delete one of the user's strategies; refused by the database while rows refer to it."""
    db.delete(_found(strategies.find(db, actor.owner, strategy_id, lock=True), strategy_id))
    db.flush()


def _found(strategy: TradingStrategy | None, strategy_id: int) -> TradingStrategy:
    if strategy is None:
        raise NotFoundError(f"there is no strategy {strategy_id}")
    return strategy

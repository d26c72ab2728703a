"""Strategies; `owner` None means everybody's."""

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.models.database import TradingStrategy


def visible(owner: int | None) -> Select[TradingStrategy]:
    """Return the query of the strategies that an owner sees."""
    query = select(TradingStrategy)
    return query if owner is None else query.where(TradingStrategy.user_id == owner)


def list_visible(db: Session, owner: int | None, skip: int, limit: int) -> list[TradingStrategy]:
    """Return a page of strategies, newest first."""
    query = visible(owner).order_by(TradingStrategy.strategy_id.desc()).offset(skip).limit(limit)
    return list(db.scalars(query))


def find(
    db: Session, owner: int | None, strategy_id: int, *, lock: bool = False
) -> TradingStrategy | None:
    """Return one strategy, or None where it does not exist for this owner."""
    query = visible(owner).where(TradingStrategy.strategy_id == strategy_id)
    return db.scalar(query.with_for_update() if lock else query)

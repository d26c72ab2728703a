"""Trades of a user's signals and sessions."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from app.models.database import Trade
from app.repositories import signals, trades
from app.repositories.trades import TradeFilter
from app.services.access import Actor, ConflictError, NotFoundError


def list_all(db: Session, actor: Actor, wanted: TradeFilter, skip: int, limit: int) -> list[Trade]:
    """Return a page of the user's trades."""
    return trades.list_visible(db, actor.owner, wanted, skip, limit)


def read(db: Session, actor: Actor, trade_id: int) -> Trade:
    """Return one of the user's trades."""
    trade = trades.find(db, actor.owner, trade_id)
    if trade is None:
        raise NotFoundError(f"there is no trade {trade_id}")
    return trade


def record(
    db: Session,
    actor: Actor,
    *,
    signal_id: int,
    symbol: str,
    trade_type: str,
    price: Decimal,
    quantity: Decimal,
    timestamp: datetime,
) -> Trade:
    """Store a paper trade made by hand on one of the user's signals.

    It is EXECUTED as told, always on paper, and has no P&L: that is the ledger's to compute.
    """
    signal = signals.find(db, actor.owner, signal_id)
    if signal is None:
        raise NotFoundError(f"there is no signal {signal_id}")
    if (signal.symbol, signal.signal_type) != (symbol, trade_type):
        raise ConflictError(
            f"expected {signal.signal_type} {signal.symbol} as in signal {signal_id}, "
            f"found {trade_type} {symbol}"
        )
    if signal.session_id is not None:
        raise ConflictError(f"signal {signal_id} belongs to a session, which trades by itself")
    trade = Trade(
        signal_id=signal_id,
        symbol=symbol,
        trade_type=trade_type,
        price=price,
        quantity=quantity,
        status="EXECUTED",
        is_paper_trade=True,
        timestamp=timestamp,
        reason="manual",
    )
    db.add(trade)
    db.flush()
    return trade

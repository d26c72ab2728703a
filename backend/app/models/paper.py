"""Paper trading: sessions and their equity, bar by bar."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Double, ForeignKey, Integer, String, text
from sqlalchemy import func as sql
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Money, UtcDateTime


class PaperSession(Base):
    """One run of the corridor on paper, over one symbol; `synthetic` prices never traded."""

    __tablename__ = "paper_sessions"
    __table_args__ = (
        CheckConstraint("kind IN ('demo', 'up')", name="kind"),
        CheckConstraint("cash >= 0 AND cash < 'Infinity'", name="cash"),
    )

    session_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    user_id: Mapped[int | None] = mapped_column(
        ForeignKey("users.user_id", ondelete="SET NULL"), index=True
    )
    strategy_id: Mapped[int | None] = mapped_column(
        ForeignKey("trading_strategies.strategy_id"), index=True
    )
    model_id: Mapped[int | None] = mapped_column(ForeignKey("models.model_id"), index=True)
    symbol: Mapped[str] = mapped_column(String(20))
    timeframe: Mapped[str] = mapped_column(String(12))
    source: Mapped[str] = mapped_column(String(50))
    kind: Mapped[str] = mapped_column(String(10))
    synthetic: Mapped[bool] = mapped_column(server_default=text("false"))
    cash: Mapped[Decimal] = mapped_column(Money)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default=sql.now())
    stopped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settings: Mapped[dict[str, Any] | None]
    statistics: Mapped[dict[str, Any] | None]
    as_of: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Close of the newest bar it has lived through."""
    state: Mapped[dict[str, Any] | None]
    """What a restart needs besides the bars, as integers; written with each bar's rows."""


class EquitySnapshot(Base):
    """What a session was worth at the close of one bar, in quote currency."""

    __tablename__ = "equity_snapshots"

    session_id: Mapped[int] = mapped_column(
        ForeignKey("paper_sessions.session_id", ondelete="CASCADE"), primary_key=True
    )
    timestamp: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    equity: Mapped[Decimal] = mapped_column(Money)
    cash: Mapped[Decimal] = mapped_column(Money)
    position: Mapped[Decimal] = mapped_column(Money)
    price: Mapped[float] = mapped_column(Double)

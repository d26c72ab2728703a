"""The live feed: its state, series by series, and what it stores besides bars."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Double,
    ForeignKey,
    Identity,
    Index,
    PrimaryKeyConstraint,
    String,
    Text,
    text,
)
from sqlalchemy import func as sql
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, UtcDateTime

_ZERO = text("0")


class Feed(Base):
    """The process that feeds one source; `heartbeat_at` says whether it still runs."""

    __tablename__ = "feeds"

    source: Mapped[str] = mapped_column(String(50), primary_key=True)
    process: Mapped[str] = mapped_column(String(100))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    heartbeat_at: Mapped[datetime] = mapped_column(UtcDateTime)
    stopped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    speed: Mapped[float] = mapped_column(Double, server_default=text("1"))
    """Market time passes so much faster than real time; 1 at the real venue."""
    clock_offset_ms: Mapped[float | None] = mapped_column(Double)
    """How far the venue's clock is ahead of this machine's."""
    clock_checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    stop_reason: Mapped[str | None] = mapped_column(Text)
    """Why no series of this source may be traded now; None where nothing is wrong with all."""
    counts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))


class FeedStatus(Base):
    """How one series is fed; only a `live` one may be traded."""

    __tablename__ = "feed_status"
    __table_args__ = (
        PrimaryKeyConstraint("source", "symbol", "timeframe"),
        CheckConstraint(
            "state IN ('starting', 'live', 'repairing', 'stale', 'halted', 'stopped')",
            name="state",
        ),
    )

    source: Mapped[str] = mapped_column(String(50))
    symbol: Mapped[str] = mapped_column(String(20))
    timeframe: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(Text)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    """When it came into this state, by this machine's clock."""
    last_open: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Open of the newest bar that is committed."""
    last_trade_id: Mapped[int | None] = mapped_column(BigInteger)
    bars: Mapped[int] = mapped_column(BigInteger, server_default=_ZERO)
    repaired: Mapped[int] = mapped_column(BigInteger, server_default=_ZERO)
    replaced: Mapped[int] = mapped_column(BigInteger, server_default=_ZERO)
    absent: Mapped[int] = mapped_column(BigInteger, server_default=_ZERO)
    late: Mapped[int] = mapped_column(BigInteger, server_default=_ZERO)
    refused: Mapped[int] = mapped_column(BigInteger, server_default=_ZERO)


class FeedIncident(Base):
    """Something that keeps a series, or a whole source, from being traded, until it is resolved."""

    __tablename__ = "feed_incidents"
    __table_args__ = (
        CheckConstraint("kind IN ('silent', 'gap', 'halted', 'clock')", name="kind"),
        Index(
            "uq_feed_incidents_open",
            "source",
            "symbol",
            "timeframe",
            "kind",
            unique=True,
            postgresql_where=text("resolved_at IS NULL"),
        ),
    )

    incident_id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    source: Mapped[str] = mapped_column(String(50))
    symbol: Mapped[str] = mapped_column(String(20), server_default=text("''"))
    """Empty where the incident is of the whole source, and `timeframe` too."""
    timeframe: Mapped[str] = mapped_column(String(12), server_default=text("''"))
    kind: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    resolved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    alert_id: Mapped[int | None] = mapped_column(ForeignKey("alerts.alert_id", ondelete="SET NULL"))


class PublicTrade(Base):
    """A trade of strangers, as the venue published it."""

    __tablename__ = "public_trades"
    __table_args__ = (
        PrimaryKeyConstraint("source", "symbol", "trade_id"),
        Index("ix_public_trades_time", "time", postgresql_using="brin"),
    )

    source: Mapped[str] = mapped_column(String(50))
    symbol: Mapped[str] = mapped_column(String(20))
    trade_id: Mapped[int] = mapped_column(BigInteger)
    time: Mapped[datetime] = mapped_column(UtcDateTime)
    price: Mapped[float] = mapped_column(Double)
    quantity: Mapped[float] = mapped_column(Double)
    buyer_is_maker: Mapped[bool] = mapped_column(Boolean)


class Ticker(Base):
    """The newest best prices of a symbol."""

    __tablename__ = "tickers"
    __table_args__ = (
        PrimaryKeyConstraint("source", "symbol"),
        CheckConstraint("bid < ask", name="crossed"),
        # Rows are overwritten many times a second: room on the page keeps that cheap.
        {"postgresql_with": {"fillfactor": 50}},
    )

    source: Mapped[str] = mapped_column(String(50))
    symbol: Mapped[str] = mapped_column(String(20))
    bid: Mapped[float] = mapped_column(Double)
    bid_quantity: Mapped[float] = mapped_column(Double)
    ask: Mapped[float] = mapped_column(Double)
    ask_quantity: Mapped[float] = mapped_column(Double)
    update_id: Mapped[int] = mapped_column(BigInteger)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)


class BarRepair(Base):
    """A note: a bar of the stream was replaced by that of REST, or the venue has none at all."""

    __tablename__ = "bar_repairs"
    __table_args__ = (
        CheckConstraint("kind IN ('replaced', 'absent')", name="kind"),
        Index("ix_bar_repairs_series", "symbol", "timeframe", "source", "timestamp"),
    )

    repair_id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    symbol: Mapped[str] = mapped_column(String(20))
    timeframe: Mapped[str] = mapped_column(String(12))
    source: Mapped[str] = mapped_column(String(50))
    timestamp: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(10))
    was: Mapped[list[Any] | None]
    """Open, high, low, close and volume as the stream had them."""
    now: Mapped[list[Any] | None]
    """The same as REST has them."""
    noted_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default=sql.now())

"""Orders and fills of exchange accounts as the venue tells them, and how the account is followed.

Fills and events are only ever added, and no order is ever deleted: the database refuses both. Times
named `told_at` and `time` are the venue's, all others this machine's.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    PrimaryKeyConstraint,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy import func as sql
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Money, UtcDateTime

_SIDES = "side IN ('BUY', 'SELL')"
_ORIGINS = "origin IN ('stream', 'rest')"


class VenueOrder(Base):
    """One order of an account; `status` is what the venue's word in `status_text` means."""

    __tablename__ = "orders"
    __table_args__ = (
        CheckConstraint(
            "status IN ('PENDING', 'NEW', 'PARTIALLY_FILLED', 'UNKNOWN', 'REJECTED', 'EXPIRED', "
            "'CANCELED', 'FILLED')",
            name="status",
        ),
        CheckConstraint(_SIDES, name="side"),
        # NaN counts as larger than every number, infinity included.
        CheckConstraint("quantity > 0 AND quantity < 'Infinity'", name="quantity"),
        CheckConstraint("filled >= 0 AND filled < 'Infinity'", name="filled"),
        CheckConstraint("filled <= quantity", name="overfilled"),
        UniqueConstraint("account", "source", "symbol", "venue_order_id"),
        Index("ix_orders_client_id", "account", "source", "client_id"),
        Index(
            "ix_orders_open",
            "account",
            "source",
            postgresql_where=text("status IN ('PENDING', 'NEW', 'PARTIALLY_FILLED', 'UNKNOWN')"),
        ),
    )

    order_id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account: Mapped[str] = mapped_column(String(50))
    source: Mapped[str] = mapped_column(String(50))
    symbol: Mapped[str] = mapped_column(String(20))
    venue_order_id: Mapped[int | None] = mapped_column(BigInteger)
    """None until the venue has named it."""
    client_id: Mapped[str | None] = mapped_column(String(64))
    side: Mapped[str] = mapped_column(String(4))
    kind: Mapped[str | None] = mapped_column(String(40))
    time_in_force: Mapped[str | None] = mapped_column(String(20))
    quantity: Mapped[Decimal | None] = mapped_column(Money)
    price: Mapped[Decimal | None] = mapped_column(Money)
    stop_price: Mapped[Decimal | None] = mapped_column(Money)
    reduce_only: Mapped[bool | None] = mapped_column(Boolean)
    status: Mapped[str] = mapped_column(String(20))
    status_text: Mapped[str | None] = mapped_column(Text)
    filled: Mapped[Decimal] = mapped_column(Money, server_default=text("0"))
    """What its fills sum to."""
    quote_filled: Mapped[Decimal] = mapped_column(Money, server_default=text("0"))
    told_filled: Mapped[Decimal] = mapped_column(Money, server_default=text("0"))
    """What the venue says was filled; more than `filled` while a fill is missing."""
    report: Mapped[dict[str, Any] | None]
    """The strongest word of the venue, ids and amounts as texts."""
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default=sql.now())
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default=sql.now())


class OrderEvent(Base):
    """Evidence that changed an order; folding an order's events from none gives its row."""

    __tablename__ = "order_events"
    __table_args__ = (
        CheckConstraint("kind IN ('report', 'fill')", name="kind"),
        CheckConstraint(_ORIGINS, name="origin"),
    )

    event_id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.order_id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    origin: Mapped[str] = mapped_column(String(10))
    status: Mapped[str] = mapped_column(String(20))
    """Status of the order after it."""
    evidence: Mapped[dict[str, Any]]
    told_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default=sql.now())


class VenueFill(Base):
    """One execution, once, however often and by whatever way it was told."""

    __tablename__ = "fills"
    __table_args__ = (
        PrimaryKeyConstraint("account", "source", "symbol", "trade_id", "venue_order_id"),
        CheckConstraint(_SIDES, name="side"),
        CheckConstraint(_ORIGINS, name="origin"),
        CheckConstraint("quantity > 0 AND quantity < 'Infinity'", name="quantity"),
        CheckConstraint("price >= 0 AND price < 'Infinity'", name="price"),
        CheckConstraint("fee > '-Infinity' AND fee < 'Infinity'", name="fee"),
        Index("ix_fills_time", "account", "source", "time"),
    )

    account: Mapped[str] = mapped_column(String(50))
    source: Mapped[str] = mapped_column(String(50))
    symbol: Mapped[str] = mapped_column(String(20))
    trade_id: Mapped[int] = mapped_column(BigInteger)
    venue_order_id: Mapped[int] = mapped_column(BigInteger)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.order_id"), index=True)
    side: Mapped[str] = mapped_column(String(4))
    price: Mapped[Decimal] = mapped_column(Money)
    quantity: Mapped[Decimal] = mapped_column(Money)
    quote: Mapped[Decimal] = mapped_column(Money)
    fee: Mapped[Decimal] = mapped_column(Money)
    fee_asset: Mapped[str] = mapped_column(String(20))
    is_maker: Mapped[bool] = mapped_column(Boolean)
    realized: Mapped[Decimal | None] = mapped_column(Money)
    time: Mapped[datetime] = mapped_column(UtcDateTime)
    origin: Mapped[str] = mapped_column(String(10))
    """Who told it first."""
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default=sql.now())


class AccountBalance(Base):
    """What an account owns of an asset; zero where it owned some before."""

    __tablename__ = "account_balances"
    __table_args__ = (
        PrimaryKeyConstraint("account", "source", "asset"),
        CheckConstraint(_ORIGINS, name="origin"),
        CheckConstraint("total > '-Infinity' AND total < 'Infinity'", name="total"),
        CheckConstraint("locked >= 0 AND locked < 'Infinity'", name="locked"),
    )

    account: Mapped[str] = mapped_column(String(50))
    source: Mapped[str] = mapped_column(String(50))
    asset: Mapped[str] = mapped_column(String(20))
    total: Mapped[Decimal] = mapped_column(Money)
    """Free and locked together; the wallet of a margin account, without open profit."""
    locked: Mapped[Decimal | None] = mapped_column(Money)
    """The part that open orders hold; None on a margin account."""
    told_at: Mapped[datetime] = mapped_column(UtcDateTime)
    origin: Mapped[str] = mapped_column(String(10))
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default=sql.now())


class AccountStatus(Base):
    """How an account is followed in one market; only what is `live` may be traded."""

    __tablename__ = "account_status"
    __table_args__ = (
        PrimaryKeyConstraint("account", "source"),
        CheckConstraint(
            "state IN ('starting', 'catching_up', 'live', 'silent', 'disconnected', 'unchecked', "
            "'stopped')",
            name="state",
        ),
    )

    account: Mapped[str] = mapped_column(String(50))
    source: Mapped[str] = mapped_column(String(50))
    process: Mapped[str] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(Text)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    heartbeat_at: Mapped[datetime] = mapped_column(UtcDateTime)
    stopped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    connected_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_event_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the stream last said anything of the account."""
    last_check_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When REST was last compared, completely and without error."""
    counts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))


class AccountIncident(Base):
    """Something wrong with an account or one of its orders, until it is resolved."""

    __tablename__ = "account_incidents"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('silent', 'disconnected', 'unchecked', 'unknown', 'contradiction')",
            name="kind",
        ),
        Index(
            "uq_account_incidents_open",
            "account",
            "source",
            "kind",
            "subject",
            unique=True,
            postgresql_where=text("resolved_at IS NULL"),
        ),
    )

    incident_id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account: Mapped[str] = mapped_column(String(50))
    source: Mapped[str] = mapped_column(String(50))
    kind: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(60), server_default=text("''"))
    """Symbol and id of the order it is about; empty where it is about the account."""
    reason: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    resolved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    alert_id: Mapped[int | None] = mapped_column(ForeignKey("alerts.alert_id", ondelete="SET NULL"))


class AccountCursor(Base):
    """Up to where REST was read of one symbol: everything before it is in the tables."""

    __tablename__ = "account_cursors"
    __table_args__ = (PrimaryKeyConstraint("account", "source", "symbol"),)

    account: Mapped[str] = mapped_column(String(50))
    source: Mapped[str] = mapped_column(String(50))
    symbol: Mapped[str] = mapped_column(String(20))
    next_order_id: Mapped[int] = mapped_column(BigInteger)
    next_trade_id: Mapped[int] = mapped_column(BigInteger)

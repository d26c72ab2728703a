"""The tables of the specification, under their documented names.

Every time is TIMESTAMPTZ and read in UTC; money is NUMERIC. Columns beyond the documented ones are
optional, or have a default in the database.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Text,
    UniqueConstraint,
    false,
    func,
    select,
    text,
)
from sqlalchemy.orm import Mapped, column_property, mapped_column

from app.models.base import SEARCHABLE, Base, Money, UtcDateTime

_SEARCHED = {SEARCHABLE: True}

UNSPECIFIED = "unspecified"
"""The time frame or source of a bar whose writer named none."""


class User(Base):
    """An account that may log in."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("role IN ('viewer', 'trader', 'admin')", name="role"),
        UniqueConstraint("username"),
        UniqueConstraint("email"),
    )

    user_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    username: Mapped[str] = mapped_column(String(50), info=_SEARCHED)
    email: Mapped[str] = mapped_column(String(100), info=_SEARCHED)
    password_hash: Mapped[str] = mapped_column(String(255))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(
        UtcDateTime, server_default=func.now(), onupdate=func.now()
    )
    role: Mapped[str] = mapped_column(String(20), server_default="trader")
    last_login: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TradingStrategy(Base):
    """A strategy and its parameters."""

    __tablename__ = "trading_strategies"

    strategy_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    user_id: Mapped[int | None] = mapped_column(
        ForeignKey("users.user_id", ondelete="SET NULL"), index=True
    )
    name: Mapped[str] = mapped_column(String(100), info=_SEARCHED)
    description: Mapped[str | None] = mapped_column(Text, info=_SEARCHED)
    parameters: Mapped[dict[str, Any] | None]
    is_active: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(
        UtcDateTime, server_default=func.now(), onupdate=func.now()
    )


class MarketData(Base):
    """One bar. Its natural key makes importing twice change nothing.

    The database's primary key is (symbol, timeframe, source, timestamp), which also serves reads by
    symbol. `data_id` identifies a row to the ORM and is found through a BRIN index, which costs
    almost nothing to write; rows arrive in its order.
    """

    __tablename__ = "market_data"
    __table_args__ = (
        PrimaryKeyConstraint("symbol", "timeframe", "source", "timestamp"),
        Index("ix_market_data_data_id", "data_id", postgresql_using="brin"),
        Index("ix_market_data_timestamp", "timestamp", postgresql_using="brin"),
    )
    __mapper_args__ = {"primary_key": ["data_id"]}  # noqa: RUF012 - read by SQLAlchemy

    data_id: Mapped[int] = mapped_column(BigInteger, Identity(always=False))
    symbol: Mapped[str] = mapped_column(String(20), info=_SEARCHED)
    timestamp: Mapped[datetime] = mapped_column(UtcDateTime)
    open_price: Mapped[float | None] = mapped_column(Double)
    high_price: Mapped[float | None] = mapped_column(Double)
    low_price: Mapped[float | None] = mapped_column(Double)
    close_price: Mapped[float | None] = mapped_column(Double)
    volume: Mapped[float | None] = mapped_column(Double)
    source: Mapped[str] = mapped_column(String(50), server_default=UNSPECIFIED, info=_SEARCHED)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default=func.now())
    timeframe: Mapped[str] = mapped_column(String(12), server_default=UNSPECIFIED, info=_SEARCHED)


class SentimentData(Base):
    """One text and its score; `observed_at` is when we first saw it."""

    __tablename__ = "sentiment_data"
    __table_args__ = (
        CheckConstraint("sentiment_score BETWEEN -1 AND 1", name="sentiment_score"),
        CheckConstraint("kind IN ('news', 'social', 'announcement', 'index')", name="kind"),
        CheckConstraint("spam BETWEEN 0 AND 1", name="spam"),
        CheckConstraint("weight BETWEEN 0 AND 1", name="weight"),
        Index(
            "uq_sentiment_data_external",
            "source",
            "symbol",
            "external_id",
            "scorer_hash",
            unique=True,
            postgresql_where=text("external_id IS NOT NULL"),
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_sentiment_data_symbol_timestamp", "symbol", "timestamp"),
        Index("ix_sentiment_data_known", "symbol", "scorer_hash", "observed_at"),
    )

    sentiment_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    symbol: Mapped[str | None] = mapped_column(String(20), index=True, info=_SEARCHED)
    source: Mapped[str | None] = mapped_column(String(50), index=True, info=_SEARCHED)
    text: Mapped[str | None] = mapped_column(Text, info=_SEARCHED)
    sentiment_score: Mapped[float | None] = mapped_column(Double)
    timestamp: Mapped[datetime] = mapped_column(UtcDateTime, server_default=func.now(), index=True)
    extra_data: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default=func.now())
    external_id: Mapped[str | None] = mapped_column(String(128))
    observed_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default=func.now())
    scorer: Mapped[str | None] = mapped_column(String(50), info=_SEARCHED)
    scorer_hash: Mapped[str | None] = mapped_column(String(64))
    text_hash: Mapped[str | None] = mapped_column(String(64))
    kind: Mapped[str | None] = mapped_column(String(12))
    author_hash: Mapped[str | None] = mapped_column(String(64))
    url: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(String(12))
    matched: Mapped[list[Any] | None]
    """Why it is about its symbol: ``[{"asset": "BTC", "by": "cashtag", "term": "$BTC"}]``."""
    duplicate_group: Mapped[str | None] = mapped_column(String(64))
    """Shared by texts that say the same; the hash of the first one's text."""
    spam: Mapped[float | None] = mapped_column(Double)
    weight: Mapped[float | None] = mapped_column(Double)
    """What it counts, from 0 to 1: credibility times (1 - spam); None counts whole."""
    day_only: Mapped[bool | None]
    synthetic: Mapped[bool] = mapped_column(server_default=false())
    """Whether a loopback press or a generator wrote it."""
    raw_text: Mapped[str | None] = mapped_column(Text)
    """As it came, where cleaning changed it."""


class Model(Base):
    """A trained model: what it learnt from, how good it was, where its files are, who forced it."""

    __tablename__ = "models"
    __table_args__ = (
        CheckConstraint(
            "status IN ('candidate', 'challenger', 'champion', 'retired')", name="status"
        ),
        CheckConstraint(
            "(forced_by IS NULL) = (forced_at IS NULL) "
            "AND (forced_by IS NULL) = (forced_reason IS NULL)",
            name="forced",
        ),
        Index(
            "uq_models_champion",
            "symbol",
            "timeframe",
            "source",
            "kind",
            "label_kind",
            unique=True,
            postgresql_where=text("status = 'champion'"),
        ),
        Index("ix_models_series", "symbol", "timeframe", "source", "status"),
        Index("ix_models_artefact_hash", "artefact_hash"),
    )

    model_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str | None] = mapped_column(String(100), info=_SEARCHED)
    model_type: Mapped[str | None] = mapped_column(String(50), info=_SEARCHED)
    version: Mapped[str | None] = mapped_column(String(20), info=_SEARCHED)
    accuracy: Mapped[float | None] = mapped_column(Double)
    precision: Mapped[float | None] = mapped_column(Double)
    recall: Mapped[float | None] = mapped_column(Double)
    auc: Mapped[float | None] = mapped_column(Double)
    trained_on: Mapped[datetime | None] = mapped_column(UtcDateTime)
    extra_data: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default=func.now())
    label_kind: Mapped[str | None] = mapped_column(String(50), info=_SEARCHED)
    features: Mapped[list[Any] | None]
    data_hash: Mapped[str | None] = mapped_column(String(64))
    code_version: Mapped[str | None] = mapped_column(String(64))
    artefact_hash: Mapped[str | None] = mapped_column(String(64))
    artefact_path: Mapped[str | None] = mapped_column(Text)
    gates: Mapped[dict[str, Any] | None]
    status: Mapped[str] = mapped_column(String(20), server_default="candidate", info=_SEARCHED)
    symbol: Mapped[str | None] = mapped_column(String(20), info=_SEARCHED)
    timeframe: Mapped[str | None] = mapped_column(String(12), info=_SEARCHED)
    source: Mapped[str | None] = mapped_column(String(50), info=_SEARCHED)
    kind: Mapped[str | None] = mapped_column(String(20), info=_SEARCHED)
    parent_id: Mapped[int | None] = mapped_column(
        ForeignKey("models.model_id", ondelete="SET NULL")
    )
    """The champion of its series when it was trained."""
    parameters: Mapped[dict[str, Any] | None]
    """Everything that training needs beside the data."""
    seed: Mapped[int | None] = mapped_column(BigInteger)
    n_threads: Mapped[int | None]
    inputs: Mapped[dict[str, Any] | None]
    """What was given beside the bars, with the hash of each."""
    feature_hash: Mapped[str | None] = mapped_column(String(64))
    sentiment_hash: Mapped[str | None] = mapped_column(String(64))
    code_commit: Mapped[str | None] = mapped_column(String(60))
    libraries: Mapped[dict[str, Any] | None]
    forced_by: Mapped[str | None] = mapped_column(String(100))
    """Who promoted it against its gates; once set, never changed by anybody."""
    forced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    forced_reason: Mapped[str | None] = mapped_column(Text)
    verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    verified_result: Mapped[dict[str, Any] | None]
    card: Mapped[dict[str, Any] | None]


class Signal(Base):
    """One decision at one bar, with the votes, weights and vetoes that explain it."""

    __tablename__ = "signals"
    __table_args__ = (
        CheckConstraint("signal_type IN ('BUY', 'SELL', 'HOLD')", name="signal_type"),
        CheckConstraint("confidence BETWEEN 0 AND 1", name="confidence"),
        Index(
            "uq_signals_session_bar",
            "session_id",
            "symbol",
            "timestamp",
            unique=True,
            postgresql_where=text("session_id IS NOT NULL"),
        ),
    )

    signal_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    strategy_id: Mapped[int | None] = mapped_column(
        ForeignKey("trading_strategies.strategy_id"), index=True
    )
    model_id: Mapped[int | None] = mapped_column(ForeignKey("models.model_id"), index=True)
    symbol: Mapped[str | None] = mapped_column(String(20), info=_SEARCHED)
    signal_type: Mapped[str | None] = mapped_column(String(10), info=_SEARCHED)
    confidence: Mapped[float | None] = mapped_column(Double)
    timestamp: Mapped[datetime] = mapped_column(UtcDateTime, server_default=func.now(), index=True)
    extra_data: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default=func.now())
    timeframe: Mapped[str | None] = mapped_column(String(12), info=_SEARCHED)
    score: Mapped[float | None] = mapped_column(Double)
    as_of: Mapped[datetime | None] = mapped_column(UtcDateTime)
    votes: Mapped[list[Any] | None]
    weights: Mapped[dict[str, Any] | None]
    vetoes: Mapped[list[Any] | None]
    reasons: Mapped[list[Any] | None]
    target: Mapped[float | None] = mapped_column(Double)
    session_id: Mapped[int | None] = mapped_column(ForeignKey("paper_sessions.session_id"))


Signal.forced_reason = column_property(  # pyright: ignore[reportAttributeAccessIssue]
    select(Model.forced_reason)
    .where(
        Model.model_id == Signal.model_id,
        Model.forced_at <= Signal.created_at,
        Signal.votes.contains([{"source": "ml"}]),
    )
    .correlate(Signal.__table__)
    .scalar_subquery()
)


class Trade(Base):
    """An order that traded, or failed to; `pnl` stands on the one that reduces a position."""

    __tablename__ = "trades"
    __table_args__ = (
        CheckConstraint("trade_type IN ('BUY', 'SELL')", name="trade_type"),
        CheckConstraint("status IN ('PENDING', 'EXECUTED', 'FAILED')", name="status"),
        # NaN counts as larger than every number, infinity included.
        CheckConstraint("price >= 0 AND price < 'Infinity'", name="price"),
        CheckConstraint("quantity >= 0 AND quantity < 'Infinity'", name="quantity"),
        UniqueConstraint("order_id"),
    )

    trade_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    signal_id: Mapped[int | None] = mapped_column(ForeignKey("signals.signal_id"), index=True)
    symbol: Mapped[str | None] = mapped_column(String(20), info=_SEARCHED)
    trade_type: Mapped[str | None] = mapped_column(String(10), info=_SEARCHED)
    price: Mapped[Decimal | None] = mapped_column(Money)
    quantity: Mapped[Decimal | None] = mapped_column(Money)
    status: Mapped[str | None] = mapped_column(String(20), server_default="PENDING", info=_SEARCHED)
    is_paper_trade: Mapped[bool] = mapped_column(server_default=text("true"))
    pnl: Mapped[Decimal | None] = mapped_column(Money)
    timestamp: Mapped[datetime] = mapped_column(UtcDateTime, server_default=func.now(), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default=func.now())
    fee: Mapped[Decimal | None] = mapped_column(Money)
    fee_asset: Mapped[str | None] = mapped_column(String(20))
    session_id: Mapped[int | None] = mapped_column(
        ForeignKey("paper_sessions.session_id"), index=True
    )
    reason: Mapped[str | None] = mapped_column(String(50), info=_SEARCHED)
    order_id: Mapped[str | None] = mapped_column(String(36))


class Alert(Base):
    """Something a person should know."""

    __tablename__ = "alerts"
    __table_args__ = (
        CheckConstraint("level IN ('info', 'warning', 'error', 'critical')", name="level"),
    )

    alert_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    user_id: Mapped[int | None] = mapped_column(
        ForeignKey("users.user_id", ondelete="CASCADE"), index=True
    )
    alert_type: Mapped[str | None] = mapped_column(String(50), info=_SEARCHED)
    message: Mapped[str | None] = mapped_column(Text, info=_SEARCHED)
    is_read: Mapped[bool] = mapped_column(server_default=text("false"))
    timestamp: Mapped[datetime] = mapped_column(UtcDateTime, server_default=func.now(), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default=func.now())
    session_id: Mapped[int | None] = mapped_column(
        ForeignKey("paper_sessions.session_id", ondelete="SET NULL"), index=True
    )
    level: Mapped[str] = mapped_column(String(10), server_default="info", info=_SEARCHED)

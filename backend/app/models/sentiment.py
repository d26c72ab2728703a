"""Sentiment beside its texts: sources, sampled windows, snapshots, and archived rows."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    CHAR,
    BigInteger,
    CheckConstraint,
    Double,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Text,
    text,
)
from sqlalchemy import func as sql
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Money, UtcDateTime

_KINDS = "kind IN ('news', 'social', 'announcement', 'index')"
_ZERO = text("0")
_EMPTY = text("'{}'::jsonb")


class SentimentSourceState(Base):
    """How one source of texts is, and what it said last time."""

    __tablename__ = "sentiment_sources"
    __table_args__ = (
        CheckConstraint(_KINDS, name="kind"),
        CheckConstraint("state IN ('good', 'stale', 'off', 'broken', 'waiting')", name="state"),
        CheckConstraint("spent >= 0 AND spent < 'Infinity'", name="spent"),
    )

    name: Mapped[str] = mapped_column(String(50), primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(Text)
    """Why it is in this state, one sentence."""
    every_s: Mapped[float | None] = mapped_column(Double)
    """Seconds between two requests; stale is what did not answer well for three of these."""
    last_attempt_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_success_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_attempt_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failures: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    """In a row."""
    etag: Mapped[str | None] = mapped_column(Text)
    last_modified: Mapped[str | None] = mapped_column(Text)
    cursor: Mapped[dict[str, Any]] = mapped_column(server_default=_EMPTY)
    quota_left: Mapped[int | None] = mapped_column(BigInteger)
    quota_resets_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    spent: Mapped[Decimal] = mapped_column(Money, server_default=_ZERO)
    """US dollars in `spent_month`."""
    spent_month: Mapped[str | None] = mapped_column(String(7))
    """For example 2026-01."""
    counts: Mapped[dict[str, Any]] = mapped_column(server_default=_EMPTY)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default=sql.now())


class SentimentWindow(Base):
    """What the sampling plan did in one window, for one symbol and kind of text."""

    __tablename__ = "sentiment_windows"
    __table_args__ = (
        PrimaryKeyConstraint("window_start", "symbol", "kind"),
        CheckConstraint(_KINDS, name="kind"),
    )

    window_start: Mapped[datetime] = mapped_column(UtcDateTime)
    symbol: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(12))
    offered: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    taken: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    spam: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    duplicates: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    plan: Mapped[int] = mapped_column(Integer)
    """At most so many are taken."""


class SentimentSnapshot(Base):
    """A Parquet file of a series, named by the hash of its content; `clean` keeps its rows."""

    __tablename__ = "sentiment_snapshots"
    __table_args__ = (
        PrimaryKeyConstraint("hash", "symbol"),
        Index("ix_sentiment_snapshots_symbol", "symbol", "created_at"),
    )

    hash: Mapped[str] = mapped_column(CHAR(64))
    symbol: Mapped[str] = mapped_column(String(20))
    source: Mapped[str | None] = mapped_column(String(50))
    """None: of every source."""
    scorer: Mapped[str] = mapped_column(String(50))
    scorer_hash: Mapped[str] = mapped_column(String(64))
    synthetic: Mapped[bool]
    as_of: Mapped[datetime] = mapped_column(UtcDateTime)
    """It holds what had been seen by then."""
    first_seen: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_seen: Mapped[datetime | None] = mapped_column(UtcDateTime)
    n_items: Mapped[int] = mapped_column(BigInteger)
    path: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default=sql.now())


class SentimentArchive(Base):
    """Rows that `clean` moved from the table to a Parquet file, and when they came back."""

    __tablename__ = "sentiment_archives"

    archive_id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    first_item: Mapped[datetime] = mapped_column(UtcDateTime)
    last_item: Mapped[datetime] = mapped_column(UtcDateTime)
    n_items: Mapped[int] = mapped_column(BigInteger)
    path: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(CHAR(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default=sql.now())
    restored_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

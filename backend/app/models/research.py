"""What research leaves behind: bar snapshots, archived bars, and every trial ever made."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CHAR,
    BigInteger,
    Boolean,
    CheckConstraint,
    Computed,
    Index,
    Integer,
    String,
    Text,
)
from sqlalchemy import func as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, UtcDateTime


class BarSnapshot(Base):
    """A Parquet file of bars, named by the hash of its content; `clean` keeps its rows."""

    __tablename__ = "bar_snapshots"
    __table_args__ = (Index("ix_bar_snapshots_series", "symbol", "timeframe", "source"),)

    hash: Mapped[str] = mapped_column(CHAR(64), primary_key=True)
    symbol: Mapped[str] = mapped_column(String(20))
    timeframe: Mapped[str] = mapped_column(String(12))
    source: Mapped[str] = mapped_column(String(50))
    first_bar: Mapped[datetime] = mapped_column(UtcDateTime)
    last_bar: Mapped[datetime] = mapped_column(UtcDateTime)
    n_bars: Mapped[int] = mapped_column(BigInteger)
    path: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default=sql.now())


class BarArchive(Base):
    """Bars that `clean` moved from the table to a Parquet file, and when they came back."""

    __tablename__ = "bar_archives"
    __table_args__ = (Index("ix_bar_archives_series", "symbol", "timeframe", "source"),)

    archive_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    symbol: Mapped[str] = mapped_column(String(20))
    timeframe: Mapped[str] = mapped_column(String(12))
    source: Mapped[str] = mapped_column(String(50))
    first_bar: Mapped[datetime] = mapped_column(UtcDateTime)
    last_bar: Mapped[datetime] = mapped_column(UtcDateTime)
    n_bars: Mapped[int] = mapped_column(BigInteger)
    path: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(CHAR(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default=sql.now())
    restored_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


def _from_payload(key: str, operator: str = "->>") -> Computed:
    return Computed(f"CAST(payload AS jsonb) {operator} '{key}'", persisted=True)


def _number_from_payload(key: str) -> Computed:
    return Computed(f"CAST(CAST(payload AS jsonb) ->> '{key}' AS bigint)", persisted=True)


class Trial(Base):
    """One configuration that was evaluated, as the text that its hash covers.

    Rows are only ever added, each after the last one: the database refuses everything else. All
    columns but the first three are made from the payload.
    """

    __tablename__ = "trials"
    __table_args__ = (Index("ix_trials_symbols", "symbols", postgresql_using="gin"),)

    trial_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default=sql.now())
    payload: Mapped[str] = mapped_column(Text)
    hash: Mapped[str] = mapped_column(
        CHAR(64), Computed("trial_hash(payload)", persisted=True), unique=True
    )
    previous: Mapped[str] = mapped_column(CHAR(64), _from_payload("previous"), unique=True)
    kind: Mapped[str] = mapped_column(String(20), _from_payload("kind"))
    study: Mapped[str] = mapped_column(Text, _from_payload("study"), index=True)
    symbols: Mapped[list[Any]] = mapped_column(JSONB, _from_payload("symbols", "->"))
    timeframe: Mapped[str] = mapped_column(String(12), _from_payload("timeframe"))
    first_ms: Mapped[int] = mapped_column(BigInteger, _number_from_payload("first"))
    last_ms: Mapped[int] = mapped_column(BigInteger, _number_from_payload("last"))
    data_hash: Mapped[str] = mapped_column(String(64), _from_payload("data_hash"))
    parameters: Mapped[dict[str, Any]] = mapped_column(JSONB, _from_payload("parameters", "->"))
    result: Mapped[dict[str, Any]] = mapped_column(JSONB, _from_payload("result", "->"))


class TrialHead(Base):
    """How many trials there are and the hash of the last one; one row, kept by the database."""

    __tablename__ = "trial_head"
    __table_args__ = (CheckConstraint("only_one", name="only_one"),)

    only_one: Mapped[bool] = mapped_column(Boolean, primary_key=True, server_default=sql.true())
    n_trials: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(CHAR(64))

"""What research leaves behind: bar snapshots, archived bars, and every trial ever made."""

from datetime import datetime
from typing import Any

from sqlalchemy import CHAR, BigInteger, Index, Integer, String, Text
from sqlalchemy import func as sql
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


class Trial(Base):
    """One configuration that was evaluated. Rows are only ever added: they deflate the Sharpe."""

    __tablename__ = "trials"

    trial_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default=sql.now())
    study: Mapped[str] = mapped_column(String(100), index=True)
    data_hash: Mapped[str | None] = mapped_column(String(64))
    parameters: Mapped[dict[str, Any]]
    result: Mapped[dict[str, Any]]

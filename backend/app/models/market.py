"""What is known of the venue: its symbols, funding rates, request budgets, and what was fetched."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import (
    CHAR,
    BigInteger,
    CheckConstraint,
    Double,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    text,
)
from sqlalchemy import func as sql
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Money, UtcDateTime


class VenueSymbol(Base):
    """One symbol of one market, as the venue last described it; a delisted one stays."""

    __tablename__ = "symbols"
    __table_args__ = (
        CheckConstraint("tick > 0 AND step > 0 AND min_notional >= 0", name="rules"),
        CheckConstraint("delisted_at >= listed_at", name="dates"),
    )

    source: Mapped[str] = mapped_column(String(50), primary_key=True)
    symbol: Mapped[str] = mapped_column(String(20), primary_key=True)
    base: Mapped[str] = mapped_column(String(20))
    quote: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(30))
    contract: Mapped[str | None] = mapped_column(String(30))
    """PERPETUAL, CURRENT_QUARTER …; None on the spot market."""
    tick: Mapped[Decimal] = mapped_column(Money)
    """Smallest step of a price, quote currency."""
    step: Mapped[Decimal] = mapped_column(Money)
    """Smallest step of a quantity, base currency."""
    min_quantity: Mapped[Decimal | None] = mapped_column(Money)
    max_quantity: Mapped[Decimal | None] = mapped_column(Money)
    min_notional: Mapped[Decimal] = mapped_column(Money)
    listed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When trading began; None: not known yet."""
    delisted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When trading ended; None: it has not."""
    first_seen_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default=sql.now())
    refreshed_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default=sql.now())


class SymbolChange(Base):
    """One value of a symbol that became another one, and when that was seen."""

    __tablename__ = "symbol_changes"
    __table_args__ = (
        ForeignKeyConstraint(["source", "symbol"], ["symbols.source", "symbols.symbol"]),
        Index("ix_symbol_changes_symbol", "source", "symbol", "seen_at"),
    )

    change_id: Mapped[int] = mapped_column(BigInteger, Identity(always=False), primary_key=True)
    source: Mapped[str] = mapped_column(String(50))
    symbol: Mapped[str] = mapped_column(String(20))
    field: Mapped[str] = mapped_column(String(30))
    before: Mapped[str | None] = mapped_column(Text)
    after: Mapped[str | None] = mapped_column(Text)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default=sql.now())


class FundingRate(Base):
    """One funding payment of a perpetual; its time is rounded to the second."""

    __tablename__ = "funding_rates"
    __table_args__ = (CheckConstraint("rate BETWEEN -1 AND 1", name="rate"),)

    symbol: Mapped[str] = mapped_column(String(20), primary_key=True)
    source: Mapped[str] = mapped_column(String(50), primary_key=True)
    timestamp: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    rate: Mapped[float] = mapped_column(Double)
    """Fraction of the position's value that longs pay to shorts."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default=sql.now())


class RateBudget(Base):
    """How much may be asked of a host now; shared by all processes."""

    __tablename__ = "rate_budgets"
    __table_args__ = (CheckConstraint("weight_limit > 0", name="weight_limit"),)

    host: Mapped[str] = mapped_column(String(255), primary_key=True)
    weight_limit: Mapped[int] = mapped_column(Integer)
    """Weight per minute that the host allows."""
    tokens: Mapped[float] = mapped_column(Double)
    """Weight that may be taken at once, at the time of `refilled_at`."""
    refilled_at: Mapped[datetime] = mapped_column(UtcDateTime)
    blocked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    blocked_status: Mapped[int | None] = mapped_column(SmallInteger)
    """429 or 418, what the host answered last when it had enough."""
    n_requests: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    n_refused: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))


class BarFetch(Base):
    """A range of a series that was fetched completely, written in one transaction with its bars.

    `timeframe` is ``funding`` for funding rates.
    """

    __tablename__ = "bar_fetches"
    __table_args__ = (CheckConstraint("start_at < end_at", name="range"),)

    symbol: Mapped[str] = mapped_column(String(20), primary_key=True)
    timeframe: Mapped[str] = mapped_column(String(12), primary_key=True)
    source: Mapped[str] = mapped_column(String(50), primary_key=True)
    start_at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    end_at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    """Not included."""
    origin: Mapped[str] = mapped_column(String(10))
    """month, day or rest."""
    n_bars: Mapped[int] = mapped_column(BigInteger)
    n_new: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(CHAR(64))
    finished_at: Mapped[datetime] = mapped_column(UtcDateTime, server_default=sql.now())

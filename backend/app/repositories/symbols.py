"""Symbols of the venue and how they changed."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.times import moment_of
from app.core.venue import Instrument
from app.models.market import SymbolChange, VenueSymbol

WATCHED = (
    "base", "quote", "status", "contract", "tick", "step", "min_quantity", "max_quantity",
    "min_notional", "listed_at", "delisted_at",
)  # fmt: skip
"""Columns whose changes are kept."""


def every(db: Session, source: str) -> list[VenueSymbol]:
    """Return every symbol of a market, also the delisted ones, by name."""
    query = select(VenueSymbol).filter_by(source=source).order_by(VenueSymbol.symbol)
    return list(db.scalars(query))


def find(db: Session, source: str, symbol: str) -> VenueSymbol | None:
    """Return one symbol, or None."""
    return db.get(VenueSymbol, (source, symbol))


def names(db: Session, source: str) -> list[str]:
    """Return the names of a market's symbols."""
    query = select(VenueSymbol.symbol).filter_by(source=source).order_by(VenueSymbol.symbol)
    return list(db.scalars(query))


def last_refresh(db: Session, source: str) -> datetime | None:
    """Return when a market's symbols were asked for last, or None."""
    return db.scalar(select(func.max(VenueSymbol.refreshed_at)).filter_by(source=source))


def columns(instrument: Instrument) -> dict[str, Any]:
    """Return the columns of a symbol as the venue describes it; what it does not tell is absent."""
    told = asdict(instrument)
    for name in ("listed", "delisted"):
        moment = told.pop(f"{name}_ms")
        if moment is not None:
            told[f"{name}_at"] = moment_of(moment)
    return told


def add(db: Session, source: str, values: dict[str, Any], seen_at: datetime) -> VenueSymbol:
    """Store a symbol that was not known."""
    made = VenueSymbol(source=source, first_seen_at=seen_at, refreshed_at=seen_at, **values)
    db.add(made)
    return made


def change(
    db: Session, stored: VenueSymbol, values: dict[str, Any], seen_at: datetime
) -> list[SymbolChange]:
    """Give a symbol new values and keep, with the time, those that were others before."""
    found: list[SymbolChange] = []
    for name, value in values.items():
        before = getattr(stored, name)
        if name not in WATCHED or before == value:
            continue
        made = SymbolChange(
            source=stored.source,
            symbol=stored.symbol,
            field=name,
            before=_text(before),
            after=_text(value),
            seen_at=seen_at,
        )
        db.add(made)
        found.append(made)
        setattr(stored, name, value)
    stored.refreshed_at = seen_at
    return found


def changes(db: Session, source: str, fields: Sequence[str] = WATCHED) -> list[SymbolChange]:
    """Return what changed of a market's symbols, oldest first."""
    query = (
        select(SymbolChange)
        .where(SymbolChange.source == source, SymbolChange.field.in_(fields))
        .order_by(SymbolChange.seen_at, SymbolChange.change_id)
    )
    return list(db.scalars(query))


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return value.isoformat() if isinstance(value, datetime) else str(value)

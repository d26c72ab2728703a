"""The universe of a day from the tables: symbols with their listings, and stored bars."""

from datetime import datetime

from app.core.database import SessionLocal
from app.core.times import milliseconds, moment_of
from app.models.market import SymbolChange, VenueSymbol
from app.repositories import symbols as stored_symbols
from app.repositories.bars import SeriesKey, read_range
from cryptovolt.domain.timeframe import DAY_MS
from cryptovolt.market.universe import (
    Listing,
    Member,
    SymbolHistory,
    UniverseRules,
    daily_history,
    universe,
)


def universe_of(
    source: str, day_ms: int, rules: UniverseRules, timeframe: str = "1d"
) -> tuple[Member, ...]:
    """Return the symbols of a market that belong as of the open of a day, most volume first."""
    with SessionLocal() as db:
        known = stored_symbols.every(db, source)
        changes = stored_symbols.changes(db, source, ("listed_at", "delisted_at"))
    first = day_ms - rules.volume_days * DAY_MS
    histories = (
        _history(one, [c for c in changes if c.symbol == one.symbol], timeframe, (first, day_ms))
        for one in known
        if rules.quote in (None, one.quote)
    )
    return universe(histories, day_ms, rules)


def listings(symbol: VenueSymbol, changes: list[SymbolChange]) -> tuple[Listing, ...]:
    """Return every time a symbol was traded, oldest first: its last one, and those it replaced."""
    found: list[Listing] = []
    ends = {one.seen_at: one.before for one in changes if one.field == "delisted_at"}
    for change in changes:
        # The end of an old listing is taken away in the moment its ticker begins anew.
        end = ends.get(change.seen_at)
        if change.field == "listed_at" and change.before is not None and end is not None:
            found.append(Listing(_read(change.before), _read(end)))
    if symbol.listed_at is not None:
        end_ms = None if symbol.delisted_at is None else milliseconds(symbol.delisted_at)
        found.append(Listing(milliseconds(symbol.listed_at), end_ms))
    return tuple(found)


def _history(
    symbol: VenueSymbol, changes: list[SymbolChange], timeframe: str, span: tuple[int, int]
) -> SymbolHistory:
    key = SeriesKey(symbol.symbol, timeframe, symbol.source)
    bars = read_range(key, moment_of(span[0]), moment_of(span[1] - 1))
    return daily_history(bars, symbol.quote, listings(symbol, changes))


def _read(text: str) -> int:
    return milliseconds(datetime.fromisoformat(text))

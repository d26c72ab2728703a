"""Symbols of the venue: asked for, kept with every change and the time it was seen, and found.

A symbol that the venue no longer tells of stays, as delisted. What the list of symbols does not
tell is asked for: a spot market began with its first bar, and one that was closed ended with its
last.
"""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import get_close_matches
from functools import partial

import structlog
from sqlalchemy.orm import Session

from app.core.database import SessionLocal
from app.core.times import moment_of
from app.core.venue import Instrument, InstrumentList, Kind, Market, source_name
from app.models.market import VenueSymbol
from app.repositories import symbols as stored_symbols
from app.services.bar_fetch_load import HistoryRest
from cryptovolt.domain.errors import DataError
from cryptovolt.market.naming import venue_symbol

log = structlog.get_logger(__name__)

DELISTED = "DELISTED"
"""The status of a symbol that the venue no longer tells of."""

_CLOSED = "BREAK"
_FRESH = timedelta(hours=24)
_CLOSED_FOR = timedelta(days=1)
_THREADS = 4
_DATED_AT_ONCE = 40


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh found."""

    n_symbols: int
    n_new: int
    n_changes: int
    n_delisted: int
    unreadable: tuple[str, ...]


def refresh(
    rest: HistoryRest,
    seen_at: datetime,
    dated: Collection[str] | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> Refreshed:
    """Ask the venue for its symbols and store what is new or has changed.

    `dated` are the symbols whose dates are asked for where they are not known; None means all.

    Raises
    ------
    TransientError
        If the venue does not answer; nothing was changed.
    """
    told = rest.instruments()
    source = source_name(rest.market)
    with SessionLocal.begin() as db:
        found = _store(db, source, told, seen_at)
    if rest.market is Market.SPOT:
        _date(rest, source, seen_at, dated, progress)
    log.info("symbols.refreshed", source=source, n_symbols=found.n_symbols, n_new=found.n_new)
    return found


def refresh_where_needed(rest: HistoryRest, names: Collection[str], now: datetime) -> None:
    """Refresh a market's symbols where they are older than a day or a name is not among them."""
    source = source_name(rest.market)
    with SessionLocal() as db:
        last = stored_symbols.last_refresh(db, source)
        known = set(stored_symbols.names(db, source))
    if last is None or now - last >= _FRESH or not known.issuperset(names):
        refresh(rest, now, dated=names)


def find_symbols(source: str, names: Sequence[str]) -> dict[str, VenueSymbol | None]:
    """Return what is known of each name, in venue form; None where nothing is."""
    with SessionLocal() as db:
        return {name: stored_symbols.find(db, source, name) for name in map(venue_symbol, names)}


def unknown_symbol(source: str, name: str) -> DataError:
    """Return the error that names what may have been meant."""
    with SessionLocal() as db:
        known = stored_symbols.names(db, source)
    near = get_close_matches(name, known, n=3, cutoff=0.6)
    near += [other for other in known if other.startswith(name) and other not in near][
        : 3 - len(near)
    ]
    meant = f"; did you mean {', '.join(near[:3])}?" if near else ""
    return DataError(
        f"the market {source} has no symbol {name}{meant} "
        "`cryptovolt symbols list` shows what there is"
    )


def list_symbols(source: str, quote: str | None = None, trading: bool = False) -> list[VenueSymbol]:
    """Return the symbols of a market by name, also the delisted ones unless only trading ones."""
    with SessionLocal() as db:
        found = stored_symbols.every(db, source)
    return [
        one
        for one in found
        if quote in (None, one.quote) and not (trading and one.status != "TRADING")
    ]


def _store(db: Session, source: str, told: InstrumentList, seen_at: datetime) -> Refreshed:
    stored = {one.symbol: one for one in stored_symbols.every(db, source)}
    n_new = n_changes = 0
    for instrument in told.instruments:
        values = stored_symbols.columns(instrument)
        known = stored.get(instrument.symbol)
        if known is None:
            stored_symbols.add(db, source, values, seen_at)
            n_new += 1
        else:
            begins = values.get("listed_at")
            if begins is not None and known.listed_at is not None and begins < known.listed_at:
                # The venue still tells when the ticker was listed first.
                del values["listed_at"]
            values |= _returned(known, instrument, seen_at)
            n_changes += len(stored_symbols.change(db, known, values, seen_at))
    present = {one.symbol for one in told.instruments} | set(told.unreadable)
    gone = [one for name, one in stored.items() if name not in present and one.status != DELISTED]
    for one in gone:
        ended = {"status": DELISTED, "delisted_at": one.delisted_at or seen_at}
        n_changes += len(stored_symbols.change(db, one, ended, seen_at))
    return Refreshed(len(told.instruments), n_new, n_changes, len(gone), told.unreadable)


def _returned(
    known: VenueSymbol, instrument: Instrument, seen_at: datetime
) -> dict[str, datetime | None]:
    # A ticker that trades again after its end is another listing, perhaps another coin.
    if known.delisted_at is None or instrument.status != "TRADING":
        return {}
    told = instrument.listed_ms
    begins = moment_of(told) if told is not None else None
    again = begins if begins is not None and begins > known.delisted_at else seen_at
    return {"delisted_at": None, "listed_at": again}


def _date(
    rest: HistoryRest,
    source: str,
    now: datetime,
    dated: Collection[str] | None,
    progress: Callable[[int, int, str], None] | None,
) -> None:
    with SessionLocal() as db:
        undated = [
            one
            for one in stored_symbols.every(db, source)
            if (dated is None or one.symbol in dated) and one.status != DELISTED
        ]
    undated = [one for one in undated if one.listed_at is None or _may_have_ended(one)]
    # Committed now and then, so that an interruption costs little.
    with ThreadPoolExecutor(_THREADS) as pool:
        for start in range(0, len(undated), _DATED_AT_ONCE):
            some = undated[start : start + _DATED_AT_ONCE]
            found = list(pool.map(partial(_dates, rest, now), some))
            with SessionLocal.begin() as db:
                for one, values in zip(some, found, strict=True):
                    current = stored_symbols.find(db, source, one.symbol)
                    if current is not None and values:
                        stored_symbols.change(db, current, values, now)
            if progress is not None:
                progress(start + len(some), len(undated), "listing dates")


def _may_have_ended(one: VenueSymbol) -> bool:
    return one.status == _CLOSED and one.delisted_at is None


def _dates(rest: HistoryRest, now: datetime, one: VenueSymbol) -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    if one.listed_at is None:
        oldest = rest.oldest_open(Kind.BARS, one.symbol, "1m")
        if oldest is not None:
            found["listed_at"] = moment_of(oldest)
    if _may_have_ended(one):
        newest = rest.newest_open(one.symbol, "1m")
        if newest is not None and now - moment_of(newest) > _CLOSED_FOR:
            found["delisted_at"] = moment_of(newest) + timedelta(minutes=1)
    return found

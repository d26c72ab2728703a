"""The use case ``bars fetch``: check what was asked for, find the symbols, fetch."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from app.core.times import milliseconds, moment_of
from app.core.venue import ArchiveFile, Kind, Market, offered_timeframes, source_name
from app.models.market import VenueSymbol
from app.repositories.bars import SeriesKey
from app.services.bar_fetch import (
    FIRST_MS,
    FetchOptions,
    FetchProgress,
    SeriesReport,
    fetch_history,
)
from app.services.bar_fetch_load import HistoryFiles, HistoryRest, Loader, Wanted
from app.services.bar_fetch_plan import FUNDING
from app.services.symbols import DELISTED, find_symbols, refresh_where_needed, unknown_symbol
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.market.naming import venue_symbol

_PROBED_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of every series, and how far this machine's clock is off."""

    reports: list[SeriesReport]
    offset_ms: int


def prepare(
    *,
    market: Market,
    kind: Kind,
    timeframe: str,
    since: datetime | None,
    until: datetime | None,
    parallel: int,
) -> FetchOptions:
    """Return checked options; needs neither database nor network.

    Raises
    ------
    ConfigurationError
        If the market has no such kind or time frame, or the range is empty.
    """
    source_name(market, kind)
    offered = offered_timeframes(market)
    if kind is not Kind.FUNDING and timeframe not in offered:
        raise ConfigurationError(
            f"the {market} market does not offer the time frame {timeframe!r}; it offers "
            f"{', '.join(offered)}"
        )
    if since is not None and until is not None and since >= until:
        raise ConfigurationError(
            f"expected --since before --until, found {since:%Y-%m-%d %H:%M} and "
            f"{until:%Y-%m-%d %H:%M}"
        )
    return FetchOptions(
        market=market,
        kind=kind,
        timeframe=FUNDING if kind is Kind.FUNDING else timeframe,
        since_ms=None if since is None else milliseconds(since),
        until_ms=None if until is None else milliseconds(until),
        now_ms=0,
        parallel=parallel,
    )


def fetch_symbols(
    names: Sequence[str],
    options: FetchOptions,
    rest: HistoryRest,
    files: HistoryFiles,
    progress: FetchProgress | None = None,
) -> Fetched:
    """Fetch what is missing of every symbol.

    Raises
    ------
    DataError
        If a symbol is unknown to the venue and the archive; nothing was fetched.
    TransientError
        If the venue does not answer.
    """
    time = rest.now()
    options = replace(options, now_ms=time.market_ms)
    symbols = list(dict.fromkeys(venue_symbol(name) for name in names))
    refresh_where_needed(rest, symbols, moment_of(time.market_ms))
    listed_in = source_name(options.market)
    known = find_symbols(listed_in, symbols)
    for name, found in known.items():
        if found is None and not _archived(name, options, files):
            raise unknown_symbol(listed_in, name)
    series = [_wanted(name, found, options) for name, found in known.items()]
    reports = fetch_history(series, options, Loader(rest, files), progress)
    return Fetched(reports, time.offset_ms)


def _wanted(name: str, found: VenueSymbol | None, options: FetchOptions) -> Wanted:
    listed = None if found is None else found.listed_at
    return Wanted(
        key=SeriesKey(name, options.timeframe, source_name(options.market, options.kind)),
        kind=options.kind,
        market=options.market,
        on_rest=found is not None and found.status != DELISTED,
        # Bars ask for their first one: a ticker that returned has history from before.
        listed_ms=milliseconds(listed) if listed and options.kind is Kind.FUNDING else None,
    )


def _archived(name: str, options: FetchOptions, files: HistoryFiles) -> bool:
    # A coin that was delisted before anybody asked is known to the archive alone.
    months = _months_between(
        moment_of(max(options.since_ms or 0, FIRST_MS[options.market])).date(),
        moment_of(min(options.until_ms or options.now_ms, options.now_ms)).date(),
    )
    step = max(len(months) // _PROBED_MONTHS, 1)
    return any(
        files.exists(
            ArchiveFile(
                market=options.market,
                kind=options.kind,
                symbol=name,
                timeframe=options.timeframe,
                first_day=month,
                monthly=True,
            )
        )
        for month in months[::step]
    )


def _months_between(first: date, last: date) -> list[date]:
    n_months = (last.year - first.year) * 12 + last.month - first.month + 1
    start = first.year * 12 + first.month - 1
    return [date((start + n) // 12, (start + n) % 12 + 1, 1) for n in range(max(n_months, 0))]

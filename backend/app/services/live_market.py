"""A live market to trade on: its newest history, fetched where it is missing, and its rules."""

from datetime import timedelta

from app.core.times import moment_of
from app.core.venue import Kind, Market
from app.repositories.bars import SeriesKey
from app.services.bar_fetch_load import HistoryFiles, HistoryRest
from app.services.history import fetch_symbols, prepare
from app.services.markets import Market as WalkedMarket
from app.services.markets import stored_market
from app.services.symbols import find_symbols, unknown_symbol
from cryptovolt.domain.costs import SymbolRules
from cryptovolt.domain.errors import TransientError
from cryptovolt.domain.timeframe import timeframe_ms

HISTORY_BARS = 6_000
"""Bars before the present that a model learns from and a session warms up on."""


def live_market(
    key: SeriesKey, market: Market, rest: HistoryRest, files: HistoryFiles
) -> WalkedMarket:
    """Return the stored bars of a live series, after fetching what is missing of the newest.

    Raises
    ------
    DataError
        If the venue has no such symbol.
    TransientError
        If it does not answer.
    """
    span = timedelta(milliseconds=HISTORY_BARS * timeframe_ms(key.timeframe))
    options = prepare(
        market=market,
        kind=Kind.BARS,
        timeframe=key.timeframe,
        since=moment_of(rest.now().market_ms) - span,
        until=None,
        parallel=4,
    )
    (report,) = fetch_symbols([key.symbol], options, rest, files).reports
    if report.failures:
        failure = report.failures[0]
        raise TransientError(f"{key}: {failure.piece} could not be fetched: {failure.reason}")
    return stored_market(key)


def venue_rules(key: SeriesKey) -> SymbolRules:
    """Return what the venue accepts of a symbol, as it last said.

    Raises
    ------
    DataError
        If nothing is known of the symbol.
    """
    found = find_symbols(key.source, [key.symbol])[key.symbol]
    if found is None:
        raise unknown_symbol(key.source, key.symbol)
    return SymbolRules(
        tick_size=float(found.tick),
        step_size=float(found.step),
        min_notional=float(found.min_notional),
    )

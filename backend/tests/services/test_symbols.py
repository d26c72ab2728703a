"""Symbols of the venue over time, and the universe of a day from tables and from arrays."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from tests.services.history_server import Coin, History, HistoryServer, ms, serving, truth

from app.core.config import settings
from app.core.database import SessionLocal
from app.core.times import moment_of
from app.core.venue import Market
from app.models.market import VenueSymbol
from app.repositories import symbols as stored_symbols
from app.services.bar_import import store_bars
from app.services.symbols import Refreshed, list_symbols, refresh
from app.services.universe import listings, universe_of
from app.wiring import market_rest
from cryptovolt.domain.timeframe import DAY_MS
from cryptovolt.market.universe import Listing, UniverseRules, daily_history, universe

NOW = ms("2025-02-10T12:34")


@pytest.fixture
def venue(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[HistoryServer]:
    """Three coins on loopback, and empty tables."""
    del database_url
    with SessionLocal.begin() as db:
        db.execute(text("TRUNCATE market_data, symbol_changes, symbols, rate_budgets"))
    coins = {
        "BTCUSDT": Coin("BTCUSDT", ms("2024-10-05T04:00")),
        "OLDUSDT": Coin("OLDUSDT", ms("2024-06-01"), ms("2024-12-24T03:00"), status="BREAK"),
        "NEWUSDT": Coin("NEWUSDT", ms("2025-02-01T10:00")),
    }
    with serving(History(NOW, coins, 0)) as server:
        # It stands in for the real venue, whose name its symbols carry.
        for name in ("EXCHANGE_SPOT_URL", "EXCHANGE_USDM_URL"):
            monkeypatch.setattr(settings, name, server.url)
        yield server


def refreshed(at: str = "2025-02-10", market: Market = Market.SPOT) -> Refreshed:
    with market_rest(market) as rest:
        return refresh(rest, datetime.fromisoformat(at).replace(tzinfo=UTC))


def known(symbol: str, source: str = "binance") -> VenueSymbol:
    return next(one for one in list_symbols(source) if one.symbol == symbol)


def test_rules_and_dates_are_stored(venue: HistoryServer) -> None:
    del venue
    assert refreshed().n_new == 3
    bitcoin = known("BTCUSDT")
    assert [str(bitcoin.tick), str(bitcoin.step)] == ["0.01", "0.001"]
    assert [str(bitcoin.min_notional), bitcoin.base] == ["5", "BTC"]
    # The list of spot symbols tells no date: the first bar does, and the last one of what closed.
    assert bitcoin.listed_at == moment_of(ms("2024-10-05T04:00"))
    assert bitcoin.delisted_at is None
    assert known("OLDUSDT").delisted_at == moment_of(ms("2024-12-24T03:00"))


def test_perpetuals_tell_when_they_were_listed(venue: HistoryServer) -> None:
    del venue
    refreshed(market=Market.USDM)
    found = known("NEWUSDT", "binance-usdm")
    assert (found.contract, found.listed_at) == ("PERPETUAL", moment_of(ms("2025-02-01T10:00")))


def test_asking_again_changes_nothing(venue: HistoryServer) -> None:
    refreshed()
    venue.history.asked.clear()
    assert refreshed() == Refreshed(3, 0, 0, 0, ())
    assert [path for path in venue.history.asked if "klines" in path] == []


def test_changes_are_kept_with_the_time_they_were_seen(venue: HistoryServer) -> None:
    refreshed()
    venue.history.coins["BTCUSDT"].tick = "0.10000000"
    assert refreshed("2025-02-11").n_changes == 1
    with SessionLocal() as db:
        change = stored_symbols.changes(db, "binance", ("tick",))[-1]
    assert (change.symbol, change.before, change.after) == ("BTCUSDT", "0.01", "0.1")
    assert change.seen_at == datetime(2025, 2, 11, tzinfo=UTC)


def test_f39_a_symbol_that_is_gone_stays_as_delisted_and_may_return(venue: HistoryServer) -> None:
    refreshed()
    venue.history.coins["NEWUSDT"].on_rest = False
    assert refreshed("2025-02-12").n_delisted == 1
    gone = known("NEWUSDT")
    assert (gone.status, gone.delisted_at) == ("DELISTED", datetime(2025, 2, 12, tzinfo=UTC))
    assert refreshed("2025-02-13").n_delisted == 0
    venue.history.coins["NEWUSDT"].on_rest = True
    refreshed("2025-06-01")
    with SessionLocal() as db:
        changes = stored_symbols.changes(db, "binance", ("listed_at", "delisted_at"))
    found = listings(known("NEWUSDT"), [one for one in changes if one.symbol == "NEWUSDT"])
    assert found == (
        Listing(ms("2025-02-01T10:00"), ms("2025-02-12")),
        Listing(ms("2025-06-01")),
    )


def test_a_symbol_of_another_form_is_named_and_the_others_stand(venue: HistoryServer) -> None:
    venue.history.coins["NEWUSDT"].tick = "0.00000000"
    found = refreshed()
    assert (found.n_new, found.unreadable) == (2, ("NEWUSDT",))


def test_tables_and_arrays_give_the_same_universe(venue: HistoryServer) -> None:
    del venue
    refreshed()
    spans = {
        "BTCUSDT": (ms("2024-10-05T04:00"), ms("2025-02-10")),
        "OLDUSDT": (ms("2024-06-01"), ms("2024-12-24T03:00")),
        "NEWUSDT": (ms("2025-02-01T10:00"), ms("2025-02-10")),
    }
    every = {name: truth(name, "1h", *span) for name, span in spans.items()}
    with SessionLocal.begin() as db:
        for bars in every.values():
            store_bars(db, bars)
    rules = UniverseRules(top=2, volume_days=20, min_age_days=2)
    answers: set[tuple[str, ...]] = set()
    for day in range(ms("2024-12-01"), ms("2025-02-11"), 5 * DAY_MS):
        expected = universe(
            [
                daily_history(bars, "USDT", (Listing(spans[name][0], _end(name, spans[name][1])),))
                for name, bars in every.items()
            ],
            day,
            rules,
        )
        assert universe_of("binance", day, rules, "1h") == expected
        answers.add(tuple(sorted(member.symbol for member in expected)))
    assert answers == {("BTCUSDT", "OLDUSDT"), ("BTCUSDT",), ("BTCUSDT", "NEWUSDT")}


def _end(name: str, end: int) -> int | None:
    return end if name == "OLDUSDT" else None

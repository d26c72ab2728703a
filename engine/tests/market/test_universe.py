"""The universe of a day: rules a trader can read, and no look at what came later."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.domain.timeframe import DAY_MS, timeframe_ms
from cryptovolt.market.universe import (
    Listing,
    SymbolHistory,
    UniverseRules,
    daily_history,
    universe,
)

DAY_0 = 19_700 * DAY_MS


def days(count: int, first: int = 0) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    return DAY_0 + DAY_MS * np.arange(first, first + count, dtype=np.int64)


def history(
    symbol: str,
    *,
    volume: float,
    price: float = 10.0,
    quote: str = "USDT",
    first: int = 0,
    count: int = 100,
    listings: tuple[tuple[int, int | None], ...] | None = None,
) -> SymbolHistory:
    spans = ((first, None),) if listings is None else listings
    return SymbolHistory(
        symbol=symbol,
        quote=quote,
        listings=tuple(
            Listing(DAY_0 + start * DAY_MS, None if end is None else DAY_0 + end * DAY_MS)
            for start, end in spans
        ),
        day=days(count, first),
        close=np.full(count, price),
        quote_volume=np.full(count, volume),
    )


MARKET = (
    history("BTCUSDT", volume=900.0, price=60_000.0),
    history("ETHUSDT", volume=500.0, price=3_000.0),
    history("PENNYUSDT", volume=700.0, price=0.001),
    history("NEWUSDT", volume=800.0, first=45),
    history("LUNAUSDT", volume=600.0, count=51, listings=((0, 50),)),
    history("ETHBTC", volume=990.0, quote="BTC"),
    history("SILENTUSDT", volume=999.0, count=40),
)

SCENARIOS: list[tuple[int, dict[str, Any], list[str]]] = [
    # day, rules, members by volume
    (50, {"top": 2}, ["BTCUSDT", "PENNYUSDT"]),
    (49, {"top": 9}, ["BTCUSDT", "PENNYUSDT", "LUNAUSDT", "ETHUSDT", "NEWUSDT"]),
    (50, {"top": 9}, ["BTCUSDT", "PENNYUSDT", "ETHUSDT", "NEWUSDT"]),  # delisted this day
    (50, {"top": 9, "min_price": 1.0}, ["BTCUSDT", "ETHUSDT", "NEWUSDT"]),
    (50, {"top": 9, "min_age_days": 5}, ["BTCUSDT", "PENNYUSDT", "ETHUSDT", "NEWUSDT"]),
    (50, {"top": 9, "min_age_days": 6}, ["BTCUSDT", "PENNYUSDT", "ETHUSDT"]),
    (50, {"top": 9, "quote": "BTC"}, ["ETHBTC"]),
    (42, {"top": 1}, ["SILENTUSDT"]),  # its last bar is two days old
    (43, {"top": 1}, ["BTCUSDT"]),  # three: it stopped, and nobody wrote down when
    (50, {"top": 1, "volume_days": 5, "quote": None}, ["ETHBTC"]),
    (45, {"top": 9, "min_price": 5_000.0}, ["BTCUSDT"]),
    (0, {"top": 9}, []),
]


@pytest.mark.parametrize(("day", "rules", "expected"), SCENARIOS)
def test_scenarios(day: int, rules: dict[str, Any], expected: list[str]) -> None:
    found = universe(MARKET, DAY_0 + day * DAY_MS, UniverseRules(**rules))
    assert [member.symbol for member in found] == expected


def test_a_member_tells_its_volume_price_and_age() -> None:
    found = universe(MARKET, DAY_0 + 50 * DAY_MS, UniverseRules(top=1, volume_days=7))
    assert (found[0].quote_volume, found[0].price, found[0].age_days) == (6_300.0, 60_000.0, 50)


def test_a_ticker_that_returned_counts_from_its_return() -> None:
    back = history("LUNAUSDT", volume=100.0, listings=((0, 20), (60, None)))
    rules = UniverseRules(top=1, volume_days=30)
    assert [m.symbol for m in universe([back], DAY_0 + 19 * DAY_MS, rules)] == ["LUNAUSDT"]
    assert universe([back], DAY_0 + 40 * DAY_MS, rules) == ()
    member = universe([back], DAY_0 + 62 * DAY_MS, rules)[0]
    assert (member.quote_volume, member.age_days) == (200.0, 2)


def test_of_equal_volume_the_alphabet_decides() -> None:
    pair = (history("BBBUSDT", volume=1.0), history("AAAUSDT", volume=1.0))
    found = universe(pair, DAY_0 + 9 * DAY_MS, UniverseRules(top=1))
    assert [member.symbol for member in found] == ["AAAUSDT"]


def test_an_undefined_volume_is_refused() -> None:
    broken = history("NANUSDT", volume=float("nan"))
    assert universe([broken], DAY_0 + 9 * DAY_MS, UniverseRules(top=1)) == ()


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"top": 0}, "top of at least 1, found 0"),
        ({"top": 1, "volume_days": 0}, "volume_days of at least 1"),
        ({"top": 1, "min_age_days": -1}, "min_age_days of at least 0"),
        ({"top": 1, "min_price": float("nan")}, "min_price of at least 0, found nan"),
    ],
)
def test_rules_that_make_no_sense_are_refused(rules: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        UniverseRules(**rules)


def test_a_day_is_a_day_and_a_symbol_comes_once() -> None:
    with pytest.raises(ConfigurationError, match="00:00 UTC"):
        universe(MARKET, DAY_0 + 1, UniverseRules(top=1))
    with pytest.raises(DataError, match="one history of BTCUSDT, found two"):
        universe([MARKET[0], MARKET[0]], DAY_0 + DAY_MS, UniverseRules(top=1))


def hourly(symbol: str, seed: int, first_hour: int, closed: tuple[int, int]) -> Bars:
    rng = np.random.default_rng(seed)
    hours = np.arange(first_hour, 80 * 24)
    hours = hours[(hours < closed[0]) | (hours >= closed[1])]
    close = 10 * np.exp(np.cumsum(rng.normal(0, 0.02, hours.size)))
    return Bars(
        symbol=symbol,
        timeframe="1h",
        timestamp=DAY_0 + hours * timeframe_ms("1h"),
        open=close,
        high=close * 1.01,
        low=close * 0.99,
        close=close,
        volume=rng.uniform(0, 100, hours.size),
    )


@settings(max_examples=60, deadline=None)
@given(
    day=st.integers(1, 79),
    seed=st.integers(0, 2**32 - 1),
    firsts=st.lists(st.integers(0, 60 * 24), min_size=3, max_size=3),
    closed=st.tuples(st.integers(0, 40 * 24), st.integers(0, 79 * 24)),
    volume_days=st.integers(1, 90),
)
def test_data_after_the_day_never_changes_the_answer(
    day: int, seed: int, firsts: list[int], closed: tuple[int, int], volume_days: int
) -> None:
    rules = UniverseRules(top=2, volume_days=volume_days, min_age_days=1)
    every = [hourly(f"C{n}USDT", seed + n, first, closed) for n, first in enumerate(firsts)]
    as_of = DAY_0 + day * DAY_MS
    whole = universe([daily_history(bars, "USDT") for bars in every], as_of, rules)
    until = [bars[: int(np.searchsorted(bars.timestamp, as_of))] for bars in every]
    known = universe([daily_history(bars, "USDT") for bars in until], as_of, rules)
    assert whole == known


@given(seed=st.integers(0, 2**32 - 1), day=st.integers(10, 79))
@settings(max_examples=20, deadline=None)
def test_a_window_of_bars_gives_the_same_bits_as_all_of_them(seed: int, day: int) -> None:
    # A backtest has every bar, the live system reads those it needs.
    bars = hourly("AUSDT", seed, 0, (0, 0))
    listings = (Listing(DAY_0),)
    as_of = DAY_0 + day * DAY_MS
    first, last = np.searchsorted(bars.timestamp, [as_of - 7 * DAY_MS, as_of]).tolist()
    rules = UniverseRules(top=1, volume_days=7)
    whole = universe([daily_history(bars, "USDT", listings)], as_of, rules)
    window = universe([daily_history(bars[first:last], "USDT", listings)], as_of, rules)
    assert whole == window
    assert len(whole) == 1


def test_days_come_from_bars() -> None:
    bars = hourly("AUSDT", 1, 30, (0, 0))
    found = daily_history(bars, "USDT")
    assert found.day[0] == DAY_0 + DAY_MS
    assert found.listings == (Listing(DAY_0 + 30 * timeframe_ms("1h")),)
    assert found.close[0] == bars.close[17]
    expected = float((bars.close[:18] * bars.volume[:18]).sum())
    assert found.quote_volume[0] == pytest.approx(expected, rel=1e-12)


def test_bars_longer_than_a_day_make_no_days() -> None:
    one = np.ones(1)
    week = Bars(
        symbol="A",
        timeframe="1w",
        timestamp=np.zeros(1, np.int64),
        open=one,
        high=one,
        low=one,
        close=one,
        volume=one,
    )
    with pytest.raises(DataError, match="at most a day"):
        daily_history(week, "USDT")


def test_no_bars_give_no_days() -> None:
    bars = hourly("AUSDT", 1, 30, (0, 0))[:0]
    assert len(daily_history(bars, "USDT").day) == 0

"""The pure parts of the feed: pulse, clock, batches, troubles; and the pace of connections."""

import asyncio
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.market_stream_pace import (
    CAP_S,
    CONNECTIONS_PER_MINUTE,
    ConnectionPace,
    full_jitter_s,
)
from app.core.frames import TickerRow, TradeRow, VenueTime
from app.repositories.feed import Incident, IncidentKey
from app.services.feed_batch import HIGH_WATER, Collector
from app.services.feed_begin import first_open
from app.services.feed_pulse import Pulse
from app.services.feed_troubles import Troubles
from app.services.market_clock import MarketClock


def silent_after(gaps: list[float], speed: float = 1.0) -> float:
    """How long a series with these gaps may say nothing, in seconds."""
    pulse, at = Pulse(0.0, speed), 0.0
    for gap in gaps:
        at += gap
        pulse.beat(at)
    return pulse.limit_s


SILENCE = [
    #  gaps in s                  speed  limit in s
    ([0.5] * 20, 1.0, 1.5),  # three times the gap
    ([0.1] * 20, 1.0, 1.0),  # below a second nothing counts
    ([2.0] * 20, 1.0, 5.0),  # liquid: never more than five seconds
    ([1.0, 0.2, 4.0, 0.3, 0.5], 1.0, 5.0),  # the longest gap counts, up to the cap
    ([10.0] * 20, 1.0, 30.0),  # thin
    ([40.0] * 20, 1.0, 60.0),  # thin: never more than a minute
    ([4.0] * 20, 10.0, 6.0),  # thin at ten times the speed: a minute of the market is six seconds
    ([0.1] * 20, 100.0, 1.0),
]


@pytest.mark.parametrize(("gaps", "speed", "limit"), SILENCE)
def test_f23_silence_is_three_times_the_gap_within_bounds(
    gaps: list[float], speed: float, limit: float
) -> None:
    assert silent_after(gaps, speed) == pytest.approx(limit)


def test_f23_an_outage_does_not_teach_the_pulse_patience() -> None:
    pulse = Pulse(0.0)
    for second in range(1, 10):
        pulse.beat(second * 0.5)
    assert not pulse.check(5.9)
    assert pulse.check(6.1)
    assert not pulse.check(6.2), "told once"
    assert pulse.beat(100.0), "and returned"
    assert pulse.limit_s == pytest.approx(1.5)


class Venue:
    """A venue whose clock is off, behind a slow line."""

    def __init__(self, ahead_s: float, speed: float = 1.0) -> None:
        self.steady = 1_000.0
        self.date = 1_700_000_000.0
        self.ahead_s, self.speed = ahead_s, speed
        self.ways = [0.3, 0.02, 0.5]

    def clock(self) -> MarketClock:
        return MarketClock(lambda: self.steady, lambda: self.date)

    def let_pass(self, seconds: float) -> None:
        self.steady += seconds
        self.date += seconds

    async def read_time(self) -> VenueTime:
        way = self.ways[0] if len(self.ways) == 1 else self.ways.pop(0)
        self.let_pass(way / 2)
        answer = VenueTime(round((self.date + self.ahead_s) * 1000), 5_000_000, self.speed)
        self.let_pass(way / 2)
        return answer


OFFSETS = [
    # offset s, warning, stop
    (0.0, False, False),
    (0.2, False, False),
    (-0.3, True, False),
    (0.7, True, False),
    (0.8, True, True),
    (-2.0, True, True),
    (2.0, True, True),
]


@pytest.mark.parametrize(("ahead_s", "warns", "stops"), OFFSETS)
def test_f29_a_quarter_of_a_second_warns_and_three_quarters_stop_entries(
    ahead_s: float, warns: bool, stops: bool
) -> None:
    venue = Venue(ahead_s)
    clock = venue.clock()
    assert clock.stop_reason is not None, "an unknown offset stops entries too"
    asyncio.run(clock.measure(venue))
    assert clock.offset_ms == pytest.approx(ahead_s * 1000, abs=1.0)
    assert clock.round_trip_ms == pytest.approx(20.0)
    assert (clock.warning is not None, clock.stop_reason is not None) == (warns, stops)


def test_f29_a_step_of_this_machines_date_is_noticed_and_moves_no_bar() -> None:
    venue = Venue(0.0, speed=10.0)
    clock = venue.clock()
    asyncio.run(clock.measure(venue))
    before = clock.market_ms()
    venue.date -= 3_600.0
    assert clock.stepped
    venue.steady += 1.0
    assert clock.market_ms() == before + 10_000


def test_f29_a_venue_that_no_longer_tells_the_time_stops_entries() -> None:
    venue = Venue(0.0)
    clock = venue.clock()
    asyncio.run(clock.measure(venue))
    venue.let_pass(179.0)
    assert clock.stop_reason is None
    venue.let_pass(2.0)
    assert "unknown" in str(clock.stop_reason)


def top(number: int, bid: float, ask: float, symbol: str = "BTCUSDT") -> TickerRow:
    return TickerRow("binance", symbol, number, bid, 1.0, ask, 1.0, 0)


def trade(number: int, price: float = 100.0) -> TradeRow:
    return TradeRow("binance", "BTCUSDT", number, 0, price, 1.0, False)


def test_tickers_are_conflated_and_counted() -> None:
    collector = Collector()
    for number in range(1, 6):
        assert collector.add_ticker(top(number, 99.0, 100.0 + number), 0.0)
    assert [row.update_id for row in collector.take().tickers.values()] == [5]
    assert (collector.counts.tickers, collector.counts.conflated) == (5, 4)


@given(st.permutations(range(1, 9)), st.sets(st.integers(1, 8)))
def test_f24_whatever_is_lost_or_late_the_newest_top_stays_and_never_crosses(
    order: list[int], crossed: set[int]
) -> None:
    collector, newest = Collector(), 0
    for number in order:
        bid = 101.0 if number in crossed else 99.0
        taken = collector.add_ticker(top(number, bid, 100.0), 0.0)
        assert taken == (number > newest and number not in crossed)
        newest = number if taken else newest
    rows = list(collector.take().tickers.values())
    assert [row.update_id for row in rows] == ([newest] if newest else [])
    assert all(row.bid < row.ask for row in rows)


def test_trades_are_never_dropped_the_reader_is_asked_to_wait() -> None:
    collector = Collector()
    for number in range(HIGH_WATER + 5):
        assert collector.full == (number >= HIGH_WATER)
        collector.add_trade(trade(number), 0.0)
    batch = collector.take()
    assert [row.trade_id for row in batch.trades] == list(range(HIGH_WATER + 5))
    assert collector.drained


@pytest.mark.parametrize("price", [float("nan"), float("inf"), 0.0, -1.0])
def test_f38_a_trade_without_a_price_is_refused_and_counted(price: float) -> None:
    collector = Collector()
    collector.add_trade(trade(1, price), 0.0)
    assert collector.empty
    assert collector.counts.refused == 1


KEY = IncidentKey("binance", "BTCUSDT", "1m", "silent")
OTHER = IncidentKey("binance", "ETHUSDT", "1m", "silent")


def test_troubles_that_begin_together_are_told_together_and_once() -> None:
    troubles = Troubles()
    troubles.set(KEY, "no frame for 5.1 s", 0.0)
    troubles.set(OTHER, "no frame for 5.3 s", 0.4)
    troubles.set(KEY, "no frame for 5.6 s", 0.5)
    assert troubles.due(0.9) == ([], [])
    begun, over = troubles.due(1.0)
    assert begun == [Incident(KEY, "no frame for 5.1 s"), Incident(OTHER, "no frame for 5.3 s")]
    assert over == []
    assert troubles.due(5.0) == ([], [])
    troubles.set(KEY, None, 6.0)
    assert troubles.due(7.0) == ([], [KEY])


def test_a_trouble_that_an_earlier_process_told_is_not_told_again_but_ended() -> None:
    troubles = Troubles()
    troubles.adopt([KEY])
    troubles.set(KEY, "no frame for 9.0 s", 0.0)
    assert troubles.due(2.0) == ([], [])
    troubles.set(KEY, None, 3.0)
    assert troubles.due(4.0) == ([], [KEY])


def test_f27_waits_are_drawn_from_the_whole_range_up_to_half_a_minute() -> None:
    random = Random(1)
    for attempt, longest in [(0, 0.5), (1, 1.0), (3, 4.0), (6, 30.0), (60, CAP_S)]:
        drawn = [full_jitter_s(attempt, random) for _ in range(2_000)]
        assert 0.0 <= min(drawn) < 0.02 * longest
        assert 0.98 * longest < max(drawn) <= longest


def test_f27_no_minute_sees_more_than_ten_connections() -> None:
    at = 0.0
    pace = ConnectionPace(lambda: at)
    opened: list[float] = []
    for _ in range(100):
        at += pace.wait_s()
        assert pace.wait_s() == 0.0
        asyncio.run(pace.take())
        opened.append(at)
        at += 0.5
    for begin in opened:
        assert sum(begin <= moment < begin + 60.0 for moment in opened) <= CONNECTIONS_PER_MINUTE


FIRST = [
    # market time, newest stored open, first open expected (minutes)
    (100.5, None, 100),
    (100.5, 98.0, 99),
    (100.5, 100.0, 101),
    (100.5, 500.0, 100),  # the venue replays the past once more
    (50_000.5, 100.0, 50_000),  # too far behind: a fetch fills it
]


@pytest.mark.parametrize(("now", "newest", "expected"), FIRST)
def test_a_series_goes_on_after_its_newest_stored_bar(
    now: float, newest: float | None, expected: int
) -> None:
    stored = None if newest is None else round(newest * 60_000)
    assert first_open(round(now * 60_000), "1m", stored) == expected * 60_000

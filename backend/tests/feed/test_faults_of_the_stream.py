"""Faults of the catalogue that concern bars, F22 to F28, against the venue over real sockets."""

import time
from collections.abc import Iterator
from random import Random

import pytest
from tests.feed.running import (
    Venue,
    assert_equal_to_rest,
    n_bars,
    n_live,
    rows,
    running_feed,
    running_venue,
    states,
    until,
)

pytestmark = pytest.mark.usefixtures("fresh_database_url")


@pytest.fixture
def venue() -> Iterator[Venue]:
    with running_venue() as found:
        yield found


def alerts(level: str) -> list[str]:
    found = rows("SELECT message FROM alerts WHERE level = :l ORDER BY alert_id", l=level)
    return [message for (message,) in found]


def test_closed_bars_of_both_markets_equal_those_of_rest() -> None:
    markets = ("spot", "usdm")
    with running_venue(2, markets=markets) as venue:
        with running_feed(markets=markets, trades=True, tickers=True) as feed:
            until(lambda: n_live() == 4)
            until(lambda: n_bars() >= 8)
            feed.stop()
        for source in ("loopback", "loopback-usdm"):
            assert assert_equal_to_rest(venue, source) >= 6
        found = rows(
            "SELECT max(trade_id) - min(trade_id) + 1 - count(*) FROM public_trades"
            " GROUP BY source, symbol"
        )
        assert found == [(0,)] * 4, "trades are missing"
        assert len(rows("SELECT 1 FROM tickers WHERE bid < ask")) == 4


def test_f22_a_connection_that_the_venue_ends_is_back_within_five_seconds(venue: Venue) -> None:
    with running_feed() as feed:
        until(lambda: n_live() == 3)
        for action in ("shutdown", "cut"):
            opened = venue.status()["connections_opened"]
            venue.act(action)
            took = until(lambda o=opened: venue.status()["connections_opened"] > o)
            assert took < 5.0
            before = n_bars()
            until(lambda b=before: n_bars() >= b + 2)
        feed.stop()
    assert assert_equal_to_rest(venue) > 6


def test_f23_a_silent_symbol_stops_and_is_told_once(venue: Venue) -> None:
    with running_feed():
        until(lambda: n_live() == 3 and n_bars() >= 2)
        venue.act("mute", symbol="BTCUSDT")
        # 5 s of the market would be a twelfth of a second here; below one second nothing counts.
        assert until(lambda: states()["BTCUSDT"] == "stale") < 3.0
        until(lambda: len(alerts("error")) == 1)
        time.sleep(2.0)
        assert len(alerts("error")) == 1
        assert alerts("error")[0].startswith("BTCUSDT 1m of loopback is silent")
        assert states()["ETHUSDT"] == "live"
        venue.act("unmute")
        until(lambda: states()["BTCUSDT"] == "live")
        until(lambda: alerts("info") == ["BTCUSDT 1m of loopback is no longer silent."])
        assert rows("SELECT count(*) FROM feed_incidents WHERE resolved_at IS NULL") == [(0,)]
        n_stored = n_bars()
        until(lambda: n_bars() > n_stored)
    assert_equal_to_rest(venue)


def test_f23_a_connection_on_which_nothing_comes_is_given_up(venue: Venue) -> None:
    with running_feed():
        until(lambda: n_live() == 3)
        opened = venue.status()["connections_opened"]
        venue.act("mute", ms=2500)
        until(lambda: set(states().values()) == {"stale"})
        until(lambda: venue.status()["connections_opened"] > opened)
        until(lambda: n_live() == 3)
        assert venue.status()["connections_opened"] <= opened + 3
    assert_equal_to_rest(venue)


def test_f24_lost_and_shuffled_tops_of_the_book_never_cross(venue: Venue) -> None:
    match = {"channel": "bookTicker"}
    venue.fault("stream.frame", "drop", probability=0.2, match=match)
    venue.fault("stream.frame", "reorder", window=7, probability=0.05, match=match)
    venue.fault("stream.frame", "duplicate", probability=0.1, match=match)
    venue.fault("stream.frame", "set", field="b", value="99999999", probability=0.05, match=match)
    with running_feed(tickers=True) as feed:
        until(lambda: n_live() == 3)
        newest: dict[str, int] = {}
        until_s = time.monotonic() + 4.0
        while time.monotonic() < until_s:
            for symbol, number, bid, ask in rows("SELECT symbol, update_id, bid, ask FROM tickers"):
                assert bid < ask
                assert number >= newest.get(symbol, 0), "an older top replaced a newer one"
                newest[symbol] = number
        counts = feed.stop().collector.counts
    assert len(newest) == 3
    assert counts.crossed > 0
    assert counts.conflated > 0


def test_f25_bars_that_closed_while_the_stream_was_down_are_there_before_the_next(
    venue: Venue,
) -> None:
    with running_feed():
        until(lambda: n_live() == 3 and n_bars() >= 2)
        venue.act("refuse", seconds=5)
        venue.act("cut")
        time.sleep(5.5)
        before = n_bars()
        until(lambda: n_live() == 3)
        until(lambda: n_bars() >= before + 3)
    assert assert_equal_to_rest(venue) > 15
    assert rows("SELECT min(repaired) >= 4 FROM feed_status") == [(True,)]


def test_f26_a_bar_that_was_forming_at_the_cut_is_stored_as_rest_has_it(venue: Venue) -> None:
    random = Random(3)
    with running_feed():
        until(lambda: n_live() == 3)
        for _ in range(4):
            time.sleep(random.uniform(0.2, 0.9))
            venue.act("mute", channel="kline", ms=random.choice([300, 700, 1100]))
            time.sleep(0.4)
            venue.act("cut")
        before = n_bars()
        until(lambda: n_bars() >= before + 3)
    assert assert_equal_to_rest(venue) > 12


def test_f26_a_closed_bar_that_rest_has_otherwise_is_replaced_with_a_note(
    venue: Venue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.feed_repair.CHECK_EVERY_S", 1.0)
    match = {"channel": "kline", "symbol": "BTCUSDT"}
    venue.fault("stream.frame", "set", field="k.v", value="0.123", match=match, for_ms=4000)
    with running_feed():
        until(lambda: n_bars() >= 3)
        until(lambda: rows("SELECT count(*) > 0 FROM bar_repairs") == [(True,)])
        until(lambda: rows("SELECT min(bars) >= 12 FROM feed_status") == [(True,)], 25)
        until(lambda: rows("SELECT max(replaced) >= 3 FROM feed_status") == [(True,)])
    notes = rows("SELECT symbol, kind, was->>4, now->>4 FROM bar_repairs")
    assert {(symbol, kind, was) for symbol, kind, was, _ in notes} == {
        ("BTCUSDT", "replaced", "0.123")
    }
    assert all(float(now) != 0.123 for *_, now in notes)
    ours = len(notes)
    assert assert_equal_to_rest(venue) > ours


def test_f27_while_connections_are_refused_they_are_tried_few_times(venue: Venue) -> None:
    with running_feed(per_minute=10, hurry=1.0):
        until(lambda: n_live() == 3)
        venue.fault("stream.connection", "refuse", for_ms=6000)
        venue.act("cut")
        time.sleep(6.0)
        assert 1 <= venue.status()["connections_refused"] <= 9
        venue.forget_faults()
        until(lambda: n_live() == 3, 40)
    assert_equal_to_rest(venue)


def test_f28_nothing_is_asked_while_the_venue_says_to_wait(venue: Venue) -> None:
    with running_feed():
        until(lambda: n_live() == 3 and n_bars() >= 2)
        venue.fault("rest.request", "limit", for_s=3, times=1, match={"endpoint": "klines"})
        venue.act("mute", channel="kline", ms=1500)
        until(lambda: venue.status()["requests_refused"].get("429", 0) >= 1)
        # Questions that were under way already are refused too; then there is silence.
        time.sleep(0.3)
        refused, before = venue.status()["requests_refused"], n_bars("ETHUSDT")
        assert refused["429"] <= 3
        until(lambda: n_bars("ETHUSDT") > before)
        assert venue.status()["requests_refused"] == refused
    assert_equal_to_rest(venue)

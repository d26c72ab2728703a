"""Faults of the catalogue that concern user streams, F16, F17 and F19 to F22, over real sockets."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.account.running import (
    Venue,
    alerts,
    count,
    following,
    ledger,
    rows,
    running_venue,
    settle,
    states,
    until,
)

pytestmark = pytest.mark.usefixtures("fresh_database_url")
BOTH = ("spot", "usdm")
CHANNELS = {"spot": "executionReport", "usdm": "ORDER_TRADE_UPDATE"}


@pytest.fixture
def venue() -> Iterator[Venue]:
    with running_venue() as found:
        yield found


def n_opened(venue: Venue) -> int:
    found: dict[str, Any] = venue.control.get("/venue/status").json()
    return int(found["connections_opened"])


@pytest.mark.parametrize("market", BOTH)
def test_f16_fills_before_new_and_any_order_within_five(venue: Venue, market: str) -> None:
    match = {"channel": CHANNELS[market]}
    venue.fault("stream.frame", "reorder", window=5, match=match)
    with following((market,)):
        for _ in range(15):
            venue.buy(market)
            venue.cancel(venue.rest(market), market)
        settle(venue, (market,))
    # An order that the stream told to be NEW only after its end has no event of being NEW.
    early = rows(
        "SELECT count(*) FROM orders AS o WHERE EXISTS (SELECT 1 FROM order_events AS e"
        " WHERE e.order_id = o.order_id AND e.origin = 'stream' AND e.status = o.status)"
        " AND NOT EXISTS (SELECT 1 FROM order_events AS e"
        " WHERE e.order_id = o.order_id AND e.evidence->>'status_text' = 'NEW')"
    )
    assert early[0][0] > 0
    assert rows("SELECT count(*) > 5 FROM fills WHERE origin = 'stream'") == [(True,)]


@pytest.mark.parametrize("market", BOTH)
def test_f17_the_last_100_events_told_again_change_nothing(venue: Venue, market: str) -> None:
    with following((market,)):
        for _ in range(40):
            venue.buy(market)
        settle(venue, (market,))
        until(lambda: states()[rows("SELECT source FROM account_status")[0][0]] == "live")
        before, heard, cuts = ledger(), count("frames", market), count("cuts", market)
        venue.fault("stream.connection", "replay", n=100, match={"market": market})
        venue.act("cut")
        until(lambda: count("cuts", market) > cuts)
        until(lambda: count("frames", market) >= heard + 100)
        until(lambda: set(states().values()) == {"live"})
        assert ledger() == before
        venue.buy(market)
        settle(venue, (market,))


@pytest.mark.parametrize("market", BOTH)
def test_f19_one_of_200_fills_is_not_told_and_found_within_a_period(
    venue: Venue, market: str
) -> None:
    match = {"channel": CHANNELS[market], "execution": "TRADE"}
    venue.fault("stream.frame", "drop", match=match, at=150)
    with following((market,)):
        while sum(len(order["fills"]) for order in venue.truth()["orders"]) < 200:
            venue.buy(market)
        assert settle(venue, (market,)) < 2.0 + 1.0
        until(lambda: count("missed", market) >= 1)
        assert set(states().values()) == {"live"}
        # The fill and, if it was the last of its order, that the order was filled.
        assert 1 <= count("missed", market) <= 2
        assert count("cuts", market) == 0
    assert rows("SELECT count(*) FROM account_incidents") == [(0,)]


@pytest.mark.parametrize("market", BOTH)
def test_f20_what_filled_while_the_stream_was_down_is_recovered(venue: Venue, market: str) -> None:
    with following((market,), check_every_s=20.0):
        resting = venue.rest(market)
        settle(venue, (market,))
        until(lambda: count("checks", market) >= 1)
        venue.fault("stream.connection", "refuse", for_ms=2000)
        venue.act("cut")
        until(lambda: count("cuts", market) >= 1)
        for _ in range(3):
            venue.buy(market)
            venue.buy(market, "ETHUSDT")
        venue.cancel(resting, market)
        until(lambda: set(states().values()) == {"live"})
        settle(venue, (market,), 5.0)
        assert count("recovered", market) >= 13
        assert count("missed", market) == 0
        venue.buy(market)
        settle(venue, (market,))


@pytest.mark.parametrize("market", BOTH)
def test_f21_a_stream_that_is_silent_while_pings_are_answered_is_told_once(
    venue: Venue, market: str
) -> None:
    with following((market,)):
        venue.buy(market)
        settle(venue, (market,))
        match = {"channel": CHANNELS[market]}
        venue.fault("stream.frame", "mute", match=match, scope="channel", times=1)
        venue.buy(market)
        venue.rest(market)
        # A period, and the grace.
        assert until(lambda: set(states().values()) == {"silent"}) < 2.0 + 0.5 + 1.0
        settle(venue, (market,), 3.0)
        until(lambda: len(alerts("error")) == 1)
        for _ in range(2):
            venue.buy(market, "ETHUSDT")
            settle(venue, (market,), 5.0)
        time.sleep(2.0)
        assert set(states().values()) == {"silent"}
        assert len(alerts("error")) == 1
        assert "is silent: it did not tell of BTCUSDT" in alerts("error")[0]
        venue.forget_faults()
        until(lambda: count("cuts", market) >= 1)
        until(lambda: bool(venue.buy(market)) and set(states().values()) == {"live"})
        until(lambda: len(alerts("info")) == 1)
        settle(venue, (market,))
    assert rows("SELECT count(*) FROM account_incidents WHERE resolved_at IS NULL") == [(0,)]


@pytest.mark.parametrize("market", BOTH)
def test_f22_a_stream_that_the_venue_ends_is_there_again_within_five_seconds(
    venue: Venue, market: str
) -> None:
    with following((market,), check_every_s=20.0):
        venue.buy(market)
        settle(venue, (market,))
        cuts, opened = count("cuts", market), n_opened(venue)
        venue.act("user-stream", account="main", market=market)
        assert until(lambda: n_opened(venue) > opened) < 5.0
        until(lambda: count("cuts", market) > cuts and set(states().values()) == {"live"}, 5.0)
        venue.buy(market)
        settle(venue, (market,), 2.0)
    assert rows("SELECT DISTINCT origin FROM fills") == [("stream",)]


def test_f27_while_connections_are_refused_the_account_is_followed_by_rest(venue: Venue) -> None:
    with following():
        venue.fault("stream.connection", "refuse", for_ms=4000)
        venue.act("cut")
        until(lambda: set(states().values()) == {"disconnected"})
        venue.buy()
        settle(venue, seconds=4.0)
        assert set(states().values()) == {"disconnected"}
        until(lambda: set(states().values()) == {"live"}, 30.0)


def test_messages_that_cannot_be_read_are_asked_for(venue: Venue) -> None:
    match = {"channel": "executionReport"}
    venue.fault("stream.frame", "garbage", match=match, every=3)
    venue.fault("stream.frame", "truncate", match=match, every=4)
    with following():
        for _ in range(6):
            venue.buy()
        settle(venue)
        until(lambda: count("unreadable") >= 3)

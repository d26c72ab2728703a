"""An account is followed to the last digit, whenever the follower starts and ends."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.account.running import (
    Venue,
    count,
    following,
    ledger,
    rows,
    running_venue,
    settle,
    states,
    until,
)

from app.core import database
from app.repositories import fills, orders
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.execution.order_state import fold_all

pytestmark = pytest.mark.usefixtures("fresh_database_url")
BOTH = ("spot", "usdm")


@pytest.fixture
def venue() -> Iterator[Venue]:
    with running_venue() as found:
        yield found


def trade_a_little(venue: Venue, market: str) -> Any:
    """Fill, rest, cancel, and leave one order working."""
    venue.buy(market)
    venue.buy(market)
    venue.buy(market, "ETHUSDT")
    venue.buy(market, side="sell")
    venue.cancel(venue.rest(market), market)
    return venue.rest(market, "ETHUSDT")


def test_orders_fills_fees_and_balances_of_both_markets_equal_the_venues(venue: Venue) -> None:
    with following(BOTH) as follower:
        for market in BOTH:
            trade_a_little(venue, market)
        settle(venue, BOTH)
        follower.stop()
        assert set(states().values()) == {"stopped"}
    assert rows("SELECT count(*) FROM orders WHERE status = 'NEW'") == [(2,)]
    assert rows("SELECT count(*) FROM fills WHERE realized IS NULL") != [(0,)]
    assert rows("SELECT count(*) FROM account_incidents") == [(0,)]


def test_what_happened_before_and_between_is_read_from_rest(venue: Venue) -> None:
    working = {market: trade_a_little(venue, market) for market in BOTH}
    with following(BOTH):
        settle(venue, BOTH)
    for market, order in working.items():
        venue.cancel(order, market)
        trade_a_little(venue, market)
    with following(BOTH):
        settle(venue, BOTH)
    assert rows("SELECT DISTINCT origin FROM fills") == [("rest",)]


def test_following_again_twice_changes_nothing(venue: Venue) -> None:
    with following(BOTH):
        for market in BOTH:
            trade_a_little(venue, market)
        settle(venue, BOTH)
    before = ledger()
    for _ in range(2):
        with following(BOTH):
            until(lambda: rows("SELECT min((counts->>'checks')::int) >= 3 FROM account_status")
                  == [(True,)])  # fmt: skip
            settle(venue, BOTH)
    assert ledger() == before


def test_events_folded_from_none_give_the_rows(venue: Venue) -> None:
    with following():
        trade_a_little(venue, "spot")
        settle(venue)
    with database.SessionLocal() as db:
        for row in orders.list_orders(db, "main"):
            events = orders.list_events(db, row.order_id)
            evidence = [orders.read_evidence(one.kind, one.evidence) for one in events]
            (order,) = fold_all(evidence).values()
            assert (row.status, row.filled, row.told_filled) == (
                order.stage, order.filled, order.told_filled
            )  # fmt: skip
            booked = {one.trade_id for one in fills.list_fills(db, "main")
                      if one.order_id == row.order_id}  # fmt: skip
            assert booked == {key.trade_id for key in order.fills}


def test_a_second_follower_of_the_same_account_is_refused(venue: Venue) -> None:
    del venue
    with following():
        second = following(live=False)
        follower = second.__enter__()
        with pytest.raises(ExceptionGroup) as raised:
            follower.stop()
        assert raised.group_contains(ConfigurationError, match="only one to follow main")


def test_no_order_is_deleted_and_no_fill_is_changed(venue: Venue) -> None:
    with following():
        venue.buy()
        settle(venue)
    for statement in (
        "DELETE FROM orders",
        "UPDATE fills SET fee = 0",
        "DELETE FROM fills",
        "UPDATE order_events SET status = 'NEW'",
    ):
        with pytest.raises(Exception, match="only ever added"):
            rows(statement)


def test_a_key_that_the_venue_refuses_is_no_empty_account(venue: Venue) -> None:
    venue.buy()
    with following(secret="wrong", live=False):
        until(lambda: rows("SELECT count(*) FROM account_incidents WHERE kind = 'unchecked'")
              == [(1,)])  # fmt: skip
        assert set(states().values()) <= {"starting", "disconnected", "unchecked"}
    assert rows("SELECT count(*) FROM account_balances") == [(0,)]


def test_a_database_that_drops_connections_loses_nothing(venue: Venue) -> None:
    drop = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with following():
        for _ in range(3):
            venue.buy()
            database.engine.dispose()
            rows(drop)
            trade_a_little(venue, "spot")
        settle(venue)
    assert rows("SELECT count(*) FROM account_incidents") == [(0,)]


def test_f29_a_clock_that_is_moved_is_measured_again(venue: Venue) -> None:
    client = venue.client("spot")
    with following():
        venue.fault("clock", "offset", ms=-7000, times=1)
        time.sleep(2.5)
        venue.act("cut")
        until(lambda: count("cuts") >= 1)
        until(lambda: set(states().values()) == {"live"})
        client.load_time_difference()
        venue.buy()
        settle(venue)

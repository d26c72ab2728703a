"""Faults of the catalogue that concern what the venue says of orders: F9, F10, F18, F36, F37."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.account.running import (
    Venue,
    alerts,
    count,
    following,
    rows,
    running_venue,
    settle,
    states,
    until,
)

pytestmark = pytest.mark.usefixtures("fresh_database_url")
BOTH = ("spot", "usdm")


@pytest.fixture
def venue() -> Iterator[Venue]:
    with running_venue() as found:
        yield found


def test_f9_a_fill_after_canceled_is_booked_and_the_order_stays_canceled(venue: Venue) -> None:
    late = {"match": {"operation": "cancel"}, "delay_ms": 1500}
    venue.fault("order.accept", "late_fill", fraction="0.5", **late)
    with following():
        order = venue.rest(factor=0.99)
        venue.cancel(order)
        until(lambda: rows("SELECT status FROM orders") == [("CANCELED",)])
        until(lambda: rows("SELECT count(*) FROM fills") == [(1,)])
        settle(venue)
    assert rows("SELECT status, filled = 0.005 FROM orders") == [("CANCELED", True)]


def test_f10_three_parts_and_the_cancelled_rest_are_exact(venue: Venue) -> None:
    parts = {"match": {"operation": "new", "type": "LIMIT"}, "count": 3, "fraction": "0.6"}
    venue.fault("order.accept", "partials", **parts)
    with following(BOTH):
        for market in BOTH:
            venue.cancel(venue.rest(market), market)
        settle(venue, BOTH)
    assert rows("SELECT status, filled = 0.006 FROM orders") == [("CANCELED", True)] * 2
    assert rows("SELECT count(*) FROM fills") == [(6,)]


def test_f18_one_trade_id_of_two_symbols_is_booked_for_each(venue: Venue) -> None:
    venue.fault("order.fill", "reuse_trade_id", match={"symbol": "ETHUSDT"})
    with following(BOTH):
        for market in BOTH:
            for _ in range(5):
                venue.buy(market)
                venue.buy(market, "ETHUSDT")
        settle(venue, BOTH)
    shared = "SELECT count(*) > 0 FROM fills GROUP BY source, trade_id HAVING count(*) > 1"
    assert rows(shared)


def test_f36_ids_beyond_what_a_double_counts_are_exact_and_texts_in_json() -> None:
    with running_venue(big_ids=True) as venue, following(BOTH):
        for market in BOTH:
            for _ in range(3):
                venue.buy(market)
            venue.rest(market)
        settle(venue, BOTH)
    smallest = rows("SELECT min(venue_order_id), min(trade_id) FROM fills")[0]
    assert smallest == (8389765489680951453, 8389765489680951453)
    kinds = rows(
        "SELECT DISTINCT jsonb_typeof(evidence->'order_id'), jsonb_typeof(evidence->'trade_id')"
        " FROM order_events ORDER BY 2"
    )
    assert kinds == [("string", "string"), ("string", None)]
    assert rows(
        "SELECT count(*) FROM orders WHERE (report->>'order_id')::bigint <> venue_order_id"
    ) == [(0,)]


@pytest.mark.parametrize("market", BOTH)
def test_f37_an_unknown_status_concerns_that_order_alone(venue: Venue, market: str) -> None:
    strange: dict[str, Any] = {"match": {"operation": "new"}, "times": 1}
    with following((market,)):
        venue.fault("order.accept", "new_status", status="PENDING_REVIEW", **strange)
        order = venue.rest(market)
        venue.buy(market)
        venue.buy(market, "ETHUSDT")
        settle(venue, (market,))
        until(lambda: len(alerts("error")) == 1)
        unknown = rows("SELECT venue_order_id, status_text FROM orders WHERE status = 'UNKNOWN'")
        assert unknown == [(int(order["id"]), "PENDING_REVIEW")]
        assert set(states().values()) == {"live"}
        venue.buy(market)
        settle(venue, (market,))
    with following((market,)):
        until(lambda: count("checks", market) >= 2)
    # Not told again after a new start.
    (alert,) = alerts("error")
    assert alerts("info") == []
    assert f"Order BTCUSDT {order['id']}" in alert
    assert "'PENDING_REVIEW', a status that is not known here" in alert


def test_f37_a_strange_word_of_the_stream_alone_is_set_right_by_the_next(venue: Venue) -> None:
    match = {"channel": "executionReport", "execution": "NEW"}
    venue.fault("stream.frame", "set", field="event.X", value="HAUNTED", match=match, times=1)
    with following():
        order = venue.rest()
        until(lambda: rows("SELECT status FROM orders") == [("UNKNOWN",)])
        until(lambda: len(alerts("error")) == 1)
        venue.cancel(order)
        until(lambda: rows("SELECT status FROM orders") == [("CANCELED",)])
        until(lambda: len(alerts("info")) == 1)
        settle(venue)
    assert rows("SELECT count(*) FROM account_incidents WHERE resolved_at IS NULL") == [(0,)]

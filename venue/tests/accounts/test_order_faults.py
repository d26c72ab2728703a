"""Faults of orders, each named after its number in the catalogue of faults."""

from decimal import Decimal

import pytest

from cryptovolt_venue.floor import Ids
from cryptovolt_venue.orders import Order, Status
from cryptovolt_venue.requests import new_order
from cryptovolt_venue.scripted import ScriptedVenue
from cryptovolt_venue.web.errors import VenueError


def place(venue: ScriptedVenue, side: str, type_: str, **sent: str) -> Order:
    parameters = {"symbol": "BTCUSDT", "side": side, "type": type_, **sent}
    return venue.spot.place("a", new_order(parameters))


@pytest.fixture
def funded(scripted: ScriptedVenue) -> ScriptedVenue:
    for asset, amount in (("USDT", "100000"), ("BTC", "2"), ("BNB", "10"), ("ETH", "5")):
        scripted.deposit("a", "spot", asset, amount)
    return scripted


def test_f2_a_client_id_is_accepted_again_after_the_fill(funded: ScriptedVenue) -> None:
    sent = {"quantity": "0.1", "newClientOrderId": "same"}
    orders = [place(funded, "BUY", "MARKET", **sent) for _ in range(2)]
    assert [order.status for order in orders] == [Status.FILLED] * 2
    assert orders[0].order_id != orders[1].order_id


def test_f8_a_fill_comes_before_the_cancel(funded: ScriptedVenue) -> None:
    funded.fault(point="order.accept", action="fill_first", match={"operation": "cancel"})
    order = place(funded, "BUY", "LIMIT", quantity="0.1", price="49000")
    with pytest.raises(VenueError) as refusal:
        funded.spot.cancel("a", "BTCUSDT", order.order_id, None)
    assert (refusal.value.code, refusal.value.message) == (-2011, "Unknown order sent.")
    assert (order.status, order.filled) == (Status.FILLED, Decimal("0.1"))
    assert funded.locked("a", "USDT") == 0


def test_f9_a_fill_is_told_after_the_cancel(funded: ScriptedVenue) -> None:
    funded.fault(
        point="order.accept", action="late_fill", match={"operation": "cancel"},
        fraction="0.25", delay_ms=60_000,
    )  # fmt: skip
    order = place(funded, "BUY", "LIMIT", quantity="0.1", price="49000")
    funded.spot.cancel("a", "BTCUSDT", order.order_id, None)
    assert (order.status, order.filled) == (Status.CANCELED, Decimal(0))
    funded.pass_time(59_999)
    assert order.filled == 0
    funded.pass_time(1)
    assert (order.status, order.filled) == (Status.CANCELED, Decimal("0.025"))
    assert (funded.free("a", "USDT"), funded.locked("a", "USDT")) == (Decimal(98775), Decimal(0))
    told = [(frame["x"], frame["X"]) for frame in funded.told("executionReport")]
    assert told == [("NEW", "NEW"), ("CANCELED", "CANCELED"), ("TRADE", "PARTIALLY_FILLED")]


def test_f10_an_order_fills_in_three_parts_and_the_rest_is_cancelled(
    funded: ScriptedVenue,
) -> None:
    funded.fault(
        point="order.accept", action="partials", match={"operation": "new"}, count=3, fraction="0.6"
    )
    order = place(funded, "BUY", "LIMIT", quantity="0.1", price="49000")
    assert [fill.quantity for fill in order.fills] == [Decimal("0.02")] * 3
    funded.spot.cancel("a", "BTCUSDT", order.order_id, None)
    assert (order.status, order.filled) == (Status.CANCELED, Decimal("0.06"))
    assert (funded.free("a", "USDT"), funded.locked("a", "USDT")) == (Decimal(97060), Decimal(0))


def test_f14_a_stop_is_accepted_and_never_works(funded: ScriptedVenue) -> None:
    funded.fault(point="order.accept", action="hold", match={"type": "STOP_LOSS"})
    order = place(funded, "SELL", "STOP_LOSS", quantity="0.1", stopPrice="49000")
    funded.trade("spot", "BTCUSDT", "40000")
    assert order.status is Status.NEW


def test_f18_a_trade_id_is_had_by_two_symbols_but_never_twice_by_one(
    funded: ScriptedVenue,
) -> None:
    funded.fault(point="order.fill", action="reuse_trade_id", match={"symbol": "ETHUSDT"})
    for _ in range(3):
        place(funded, "BUY", "MARKET", quantity="0.1")
        place(funded, "BUY", "MARKET", quantity="0.1", symbol="ETHUSDT")
        place(funded, "BUY", "MARKET", quantity="0.1", symbol="ETHUSDT")
    ids = {
        symbol: [
            fill.trade_id for order in funded.spot.store.all_of("a", symbol) for fill in order.fills
        ]
        for symbol in ("BTCUSDT", "ETHUSDT")
    }
    assert set(ids["BTCUSDT"]) & set(ids["ETHUSDT"])
    assert all(len(found) == len(set(found)) for found in ids.values())


def test_f32_fees_come_in_random_assets_and_the_same_ones_again(scripted: ScriptedVenue) -> None:
    scripted.deposit("a", "spot", "USDT", "100000")
    scripted.deposit("a", "spot", "BNB", "10")
    scripted.fault(point="order.fill", action="fee_asset", asset="random")
    orders = [place(scripted, "BUY", "MARKET", quantity="0.01") for _ in range(20)]
    assets = [fill.fee_asset for order in orders for fill in order.fills]
    assert set(assets) == {"BTC", "USDT", "BNB"}
    assert assets[-4:] == ["USDT", "BTC", "USDT", "BNB"]  # follows from the seed
    paid = sum(fill.quote for order in orders for fill in order.fills)
    fees = sum(f.fee for order in orders for f in order.fills if f.fee_asset == "USDT")
    assert scripted.free("a", "USDT") == 100_000 - paid - fees


@pytest.mark.parametrize(
    ("action", "values", "told", "open_"),
    [
        ("expire_in_match", {}, "EXPIRED_IN_MATCH", False),
        ("new_status", {"status": "PENDING_REVIEW"}, "PENDING_REVIEW", True),
    ],
)
def test_f37_an_order_ends_in_a_state_that_clients_do_not_know(
    funded: ScriptedVenue, action: str, values: dict[str, str], told: str, open_: bool
) -> None:
    funded.fault(point="order.accept", action=action, match={"operation": "new"}, **values)
    order = place(funded, "BUY", "LIMIT", quantity="0.1", price="49000")
    assert (order.status_text, order.is_open) == (told, open_)


def test_f36_ids_begin_beyond_what_a_double_counts() -> None:
    ids = Ids(8389765489680951453)
    found = [next(ids.order), next(ids.order), ids.trade("BTCUSDT")]
    assert found == [8389765489680951453, 8389765489680951454, 8389765489680951453]
    assert float(found[0]) == float(found[1])

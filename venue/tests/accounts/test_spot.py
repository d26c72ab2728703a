from decimal import Decimal

import pytest

from cryptovolt_venue.orders import Order, Status
from cryptovolt_venue.requests import new_order
from cryptovolt_venue.scripted import ScriptedVenue
from cryptovolt_venue.spot_fees import FeeTerms
from cryptovolt_venue.web.errors import VenueError

UNFILLED_FOK = "UNFILLED_FOK_ORDER_EXPIRED"
PRICE_FILTER, LOT_SIZE = "Filter failure: PRICE_FILTER", "Filter failure: LOT_SIZE"


def place(venue: ScriptedVenue, side: str, type_: str, account: str = "a", **sent: str) -> Order:
    parameters = {"symbol": "BTCUSDT", "side": side, "type": type_, **sent}
    return venue.spot.place(account, new_order(parameters))


def fund(venue: ScriptedVenue, **amounts: str) -> ScriptedVenue:
    for asset, amount in amounts.items():
        venue.deposit("a", "spot", asset, amount)
    return venue


def state(venue: ScriptedVenue) -> dict[str, tuple[str, str]]:
    told = venue.spot.balances("a", ["BTC", "USDT", "BNB"])
    return {asset: (free.rstrip("0").rstrip("."), locked.rstrip("0").rstrip("."))
            for asset, free, locked in told}  # fmt: skip


FILLS = [
    # side, type, sent, free BTC, free USDT: from 1 BTC and 100,000 USDT, fee 0.1 %
    ("BUY", "MARKET", {"quantity": "0.5"}, "1.4995", "74995"),
    ("BUY", "MARKET", {"quantity": "1"}, "1.999", "49985"),  # 0.5 at 50,010 and 0.5 at 50,020
    ("SELL", "MARKET", {"quantity": "0.5"}, "0.5", "124975"),
    ("BUY", "MARKET", {"quoteOrderQty": "1000"}, "1.01997001", "99000.3001"),
    ("BUY", "LIMIT", {"quantity": "0.1", "price": "60000"}, "1.0999", "94999"),
]


@pytest.mark.parametrize(("side", "type_", "sent", "btc", "usdt"), FILLS)
def test_a_taker_pays_the_book_and_a_tenth_of_a_per_cent(
    scripted: ScriptedVenue, side: str, type_: str, sent: dict[str, str], btc: str, usdt: str
) -> None:
    fund(scripted, BTC="1", USDT="100000")
    order = place(scripted, side, type_, **sent)
    assert order.status is Status.FILLED
    assert state(scripted) == {"BTC": (btc, "0"), "USDT": (usdt, "0"), "BNB": ("0", "0")}


def test_a_limit_fills_only_when_traded_through_and_by_what_was_traded(
    scripted: ScriptedVenue,
) -> None:
    fund(scripted, USDT="10000")
    order = place(scripted, "BUY", "LIMIT", quantity="0.1", price="49000")
    assert state(scripted)["USDT"] == ("5100", "4900")
    scripted.trade("spot", "BTCUSDT", "49000", "5")
    assert order.status is Status.NEW
    scripted.trade("spot", "BTCUSDT", "48999.99", "0.03")
    assert (order.status, order.filled) == (Status.PARTIALLY_FILLED, Decimal("0.03"))
    assert state(scripted)["USDT"] == ("5100", "3430")
    scripted.trade("spot", "BTCUSDT", "48000", "9")
    assert order.status is Status.FILLED
    assert [fill.price for fill in order.fills] == [Decimal(49000)] * 2
    assert all(fill.is_maker for fill in order.fills)
    assert state(scripted) == {"BTC": ("0.0999", "0"), "USDT": ("5100", "0"), "BNB": ("0", "0")}


def test_what_a_better_price_saved_is_free_at_once(scripted: ScriptedVenue) -> None:
    fund(scripted, USDT="100000")
    order = place(scripted, "BUY", "LIMIT", quantity="1", price="50015")
    assert order.filled == Decimal("0.5")  # at 50,010
    assert state(scripted)["USDT"] == ("49987.5", "25007.5")


def test_orders_share_what_was_traded_by_price_and_then_by_age(scripted: ScriptedVenue) -> None:
    fund(scripted, USDT="20000")
    low = place(scripted, "BUY", "LIMIT", quantity="0.1", price="48000")
    old = place(scripted, "BUY", "LIMIT", quantity="0.1", price="49000")
    new = place(scripted, "BUY", "LIMIT", quantity="0.1", price="49000")
    scripted.trade("spot", "BTCUSDT", "47000", "0.15")
    assert [order.filled for order in (old, new, low)] == [
        Decimal("0.1"), Decimal("0.05"), Decimal(0)]  # fmt: skip


def test_two_takers_do_not_get_the_same_offer(scripted: ScriptedVenue) -> None:
    fund(scripted, USDT="100000")
    first = place(scripted, "BUY", "MARKET", quantity="0.5")
    second = place(scripted, "BUY", "MARKET", quantity="0.5")
    assert [first.fills[0].price, second.fills[0].price] == [Decimal(50010), Decimal(50020)]


LIVES = [
    # type, sent, status at once, filled, reason
    ("LIMIT", {"price": "50010", "timeInForce": "IOC"}, "EXPIRED", "0.5",
     "UNFILLED_IOC_QUANTITY_EXPIRED"),
    ("LIMIT", {"price": "50010", "timeInForce": "FOK"}, "EXPIRED", "0", UNFILLED_FOK),
    ("LIMIT", {"price": "50020", "timeInForce": "FOK"}, "FILLED", "1", None),
    ("LIMIT", {"price": "50010", "timeInForce": "GTC"}, "PARTIALLY_FILLED", "0.5", None),
    ("LIMIT_MAKER", {"price": "50009"}, "NEW", "0", None),
]  # fmt: skip


@pytest.mark.parametrize(("type_", "sent", "status", "filled", "reason"), LIVES)
def test_time_in_force_decides_what_becomes_of_the_rest(
    scripted: ScriptedVenue,
    type_: str,
    sent: dict[str, str],
    status: str,
    filled: str,
    reason: str | None,
) -> None:
    fund(scripted, USDT="100000")
    order = place(scripted, "BUY", type_, quantity="1", **sent)
    assert (order.status, order.filled, order.expiry_reason) == (status, Decimal(filled), reason)
    if not order.is_open:
        assert scripted.locked("a", "USDT") == 0


REFUSALS = [
    # sent, code, message
    ({"type": "LIMIT", "quantity": "1", "price": "50000.001"}, -1013, PRICE_FILTER),
    ({"type": "LIMIT", "quantity": "0.000001", "price": "50000"}, -1013, LOT_SIZE),
    ({"type": "LIMIT", "quantity": "0.00001", "price": "50000"}, -1013, "Filter failure: NOTIONAL"),
    ({"type": "LIMIT", "quantity": "0.01", "price": "10000.99"}, -1013,
     "Filter failure: PERCENT_PRICE_BY_SIDE"),  # less than a fifth of 50,005
    ({"type": "MARKET", "quantity": "0"}, -1013, LOT_SIZE),
    ({"type": "LIMIT", "quantity": "1", "price": "1.123456789"}, -1111,
     "Parameter 'price' has too much precision."),
    ({"type": "LIMIT", "quantity": "3", "price": "50000"}, -2010,
     "Account has insufficient balance for requested action."),
    ({"type": "LIMIT_MAKER", "quantity": "0.1", "price": "50010"}, -2010,
     "Order would immediately match and take."),
    ({"type": "STOP_LOSS", "quantity": "0.1", "stopPrice": "50000"}, -2010,
     "Stop price would trigger immediately."),
    ({"type": "LIMIT", "quantity": "0.1", "price": "49000", "symbol": "XYZUSDT"}, -1121,
     "Invalid symbol."),
]  # fmt: skip


@pytest.mark.parametrize(("sent", "code", "message"), REFUSALS)
def test_a_refused_order_changes_nothing(
    scripted: ScriptedVenue, sent: dict[str, str], code: int, message: str
) -> None:
    fund(scripted, USDT="100000")
    rows, frames = len(scripted.ledger.rows), len(scripted.frames)
    with pytest.raises(VenueError) as refusal:
        scripted.spot.place("a", new_order({"symbol": "BTCUSDT", "side": "BUY", **sent}))
    assert (refusal.value.code, refusal.value.message) == (code, message)
    assert (len(scripted.ledger.rows), len(scripted.frames)) == (rows, frames)


def test_a_client_id_is_refused_while_open_and_accepted_after(scripted: ScriptedVenue) -> None:
    fund(scripted, USDT="100000")
    sent = {"quantity": "0.1", "price": "49000", "newClientOrderId": "mine"}
    first = place(scripted, "BUY", "LIMIT", **sent)
    with pytest.raises(VenueError, match=r"Duplicate order sent\."):
        place(scripted, "BUY", "LIMIT", **sent)
    scripted.deposit("b", "spot", "USDT", "10000")
    place(scripted, "BUY", "LIMIT", "b", **sent)
    scripted.spot.cancel("a", "BTCUSDT", first.order_id, None)
    second = place(scripted, "BUY", "LIMIT", **sent)
    assert scripted.spot.store.find("a", "BTCUSDT", None, "mine") is second


def test_a_stop_waits_then_takes_the_book(scripted: ScriptedVenue) -> None:
    fund(scripted, BTC="1")
    order = place(scripted, "SELL", "STOP_LOSS", quantity="0.1", stopPrice="49950")
    assert state(scripted)["BTC"] == ("0.9", "0.1")
    scripted.trade("spot", "BTCUSDT", "49951")
    assert not order.working
    scripted.trade("spot", "BTCUSDT", "49950")
    assert (order.status, order.fills[0].price) == (Status.FILLED, Decimal(50000))


def test_a_stop_buy_that_cannot_be_paid_expires(scripted: ScriptedVenue) -> None:
    fund(scripted, USDT="5006")
    order = place(scripted, "BUY", "STOP_LOSS", quantity="0.1", stopPrice="50006")
    scripted.market.set_book("spot", "BTCUSDT", [("51000", "1")], [("51010", "1")])
    scripted.trade("spot", "BTCUSDT", "51005")
    assert (order.status, order.expiry_reason) == (Status.EXPIRED, "REJECTED")
    assert state(scripted)["USDT"] == ("5006", "0")


FEES = [
    # pays with, free BNB before, fees (asset, amount) of a buy of 0.1 at 50,010
    (None, "1", [("BTC", "0.0001")]),
    ("BNB", "1", [("BNB", "0.0075015")]),  # 5,001 × 0.1 % × 75 % ÷ 500
    ("BNB", "0.001", [("BTC", "0.0001")]),
]


@pytest.mark.parametrize(("pay_with", "bnb", "fees"), FEES)
def test_f31_a_fee_is_paid_in_the_third_asset_while_it_lasts(
    scripted: ScriptedVenue, pay_with: str | None, bnb: str, fees: list[tuple[str, str]]
) -> None:
    fund(scripted, USDT="100000", BNB=bnb)
    scripted.spot.terms["a"] = FeeTerms(pay_with=pay_with)
    order = place(scripted, "BUY", "MARKET", quantity="0.1")
    found = [(fill.fee_asset, fill.fee) for fill in order.fills]
    assert found == [(asset, Decimal(fee)) for asset, fee in fees]


def test_f31_bnb_runs_out_in_the_middle_of_an_order(scripted: ScriptedVenue) -> None:
    fund(scripted, USDT="100000", BNB="0.05")
    scripted.spot.terms["a"] = FeeTerms(pay_with="BNB")
    order = place(scripted, "BUY", "MARKET", quantity="1")
    assert [fill.fee_asset for fill in order.fills] == ["BNB", "BTC"]
    assert scripted.free("a", "BTC") == Decimal("0.9995")
    with pytest.raises(VenueError, match="insufficient balance"):
        place(scripted, "SELL", "MARKET", quantity="1")


def test_an_order_list_locks_once_and_ends_together(scripted: ScriptedVenue) -> None:
    fund(scripted, BTC="1")
    above = {"type": "LIMIT_MAKER", "price": "52000"}
    below = {"type": "STOP_LOSS_LIMIT", "price": "47900", "stopPrice": "48000",
             "timeInForce": "GTC"}  # fmt: skip
    shared = {"symbol": "BTCUSDT", "side": "SELL", "quantity": "0.4"}

    def sent():
        legs = new_order(shared | above), new_order(shared | below)
        return scripted.spot.lists.place(scripted.spot, "a", legs, None).orders

    limit, stop = sent()
    assert state(scripted)["BTC"] == ("0.6", "0.4")
    scripted.trade("spot", "BTCUSDT", "52001", "0.1")
    assert (limit.status, stop.status) == (Status.PARTIALLY_FILLED, Status.EXPIRED)
    assert state(scripted)["BTC"] == ("0.6", "0.3")
    scripted.spot.cancel("a", "BTCUSDT", limit.order_id, None)
    assert state(scripted)["BTC"] == ("0.9", "0")

    scripted.trade("spot", "BTCUSDT", "50000", "0.1")
    limit, stop = sent()
    scripted.trade("spot", "BTCUSDT", "47999", "0.1")
    assert (limit.status, limit.expiry_reason) == (Status.EXPIRED, "OCO_TRIGGER")
    assert (stop.status, stop.filled) == (Status.FILLED, Decimal("0.4"))
    assert state(scripted)["BTC"] == ("0.5", "0")

    scripted.trade("spot", "BTCUSDT", "50000", "0.1")
    limit, stop = sent()
    scripted.spot.cancel("a", "BTCUSDT", stop.order_id, None)
    assert (limit.status, stop.status) == (Status.CANCELED, Status.CANCELED)
    assert state(scripted)["BTC"] == ("0.5", "0")
    scripted.trade("spot", "BTCUSDT", "53000", "0.1")
    with pytest.raises(VenueError, match="relationship of the prices"):
        sent()


def test_a_symbol_that_leaves_the_market_takes_its_orders_along(scripted: ScriptedVenue) -> None:
    fund(scripted, USDT="10000")
    order = place(scripted, "BUY", "LIMIT", quantity="0.1", price="49000")
    scripted.spot.expire_all("BTCUSDT")
    assert (order.status, order.expiry_reason) == (Status.EXPIRED, "EXCHANGE_CANCELED")
    assert state(scripted)["USDT"] == ("10000", "0")

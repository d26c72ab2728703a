from decimal import Decimal
from itertools import pairwise

import pytest

from cryptovolt_venue.orders import Order, Side, Status
from cryptovolt_venue.positions import BRACKETS, Position, maintenance_margin
from cryptovolt_venue.requests import new_order
from cryptovolt_venue.scripted import ScriptedVenue
from cryptovolt_venue.web.errors import VenueError


def place(venue: ScriptedVenue, side: str, type_: str = "MARKET", **sent: str) -> Order:
    parameters = {"symbol": "BTCUSDT", "side": side, "type": type_, **sent}
    return venue.usdm.place("a", new_order(parameters))


def book(venue: ScriptedVenue, bid: str, ask: str, quantity: str = "100") -> None:
    venue.market.set_book("usdm", "BTCUSDT", [(bid, quantity)], [(ask, quantity)])


def held(venue: ScriptedVenue) -> Position:
    return venue.usdm.position("a", "BTCUSDT")


TRADES = [
    # side, quantity, price, realized, amount, entry price
    ("BUY", "1", "100", "0", "1", "100"),
    ("BUY", "3", "120", "0", "4", "115"),
    ("SELL", "1", "130", "15", "3", "115"),
    ("SELL", "5", "110", "-15", "-2", "110"),
    ("SELL", "1", "101", "0", "-3", "107"),
    ("BUY", "1", "100", "7", "-2", "107"),
    ("BUY", "2", "110", "-6", "0", "0"),
]


def test_a_position_goes_long_flat_and_short_as_worked_out_by_hand() -> None:
    position = Position("BTCUSDT")
    for side, quantity, price, realized, amount, entry in TRADES:
        found = position.trade(Side(side), Decimal(price), Decimal(quantity))
        assert (found, position.amount, position.entry_price) == (
            Decimal(realized), Decimal(amount), Decimal(entry))  # fmt: skip


MARGINS = [
    # notional, maintenance margin: rate × notional − deduction, brackets of BTCUSDT
    ("10000", "40"), ("-10000", "40"), ("50000", "200"), ("50001", "200.005"), ("250000", "1200"),
    ("1000000", "8700"), ("2000000", "33700"), ("10000000", "233700"),
]  # fmt: skip


@pytest.mark.parametrize(("notional", "margin"), MARGINS)
def test_the_maintenance_margin_follows_the_brackets(notional: str, margin: str) -> None:
    assert maintenance_margin(Decimal(notional)) == Decimal(margin)


def test_the_maintenance_margin_does_not_jump_between_brackets() -> None:
    for below, above in pairwise(BRACKETS):
        edge = below.cap
        assert edge * below.rate - below.deduction == edge * above.rate - above.deduction


def test_fills_move_position_and_wallet_as_worked_out_by_hand(scripted: ScriptedVenue) -> None:
    scripted.deposit("a", "usdm", "USDT", "10000")
    place(scripted, "BUY", quantity="0.5")  # at 50,010: fee 12.5025
    scripted.market.set_mark("BTCUSDT", "51000")
    margin = scripted.usdm.margin
    assert scripted.wallet("a") == Decimal("9987.4975")
    assert margin.unrealized("a", "USDT") == 495  # 25,500 − 25,005
    assert margin.maintenance("a", "USDT") == 102  # 0.4 % of 25,500
    assert margin.available("a", "USDT") == Decimal("9207.4975")  # less 25,500 ÷ 20
    book(scripted, "52000", "52010")
    place(scripted, "SELL", quantity="0.2")  # realizes 398, fee 5.2
    place(scripted, "SELL", quantity="0.5")  # closes 0.3: 597; short 0.2; fee 13
    assert scripted.wallet("a") == Decimal("10964.2975")
    assert (held(scripted).amount, held(scripted).entry_price) == (Decimal("-0.2"), Decimal(52000))


def test_longs_pay_shorts_a_positive_rate(scripted: ScriptedVenue) -> None:
    scripted.deposit("a", "usdm", "USDT", "10000")
    place(scripted, "BUY", quantity="0.5")
    scripted.market.set_mark("BTCUSDT", "50000")
    before = scripted.wallet("a")
    scripted.pay_funding("BTCUSDT", "0.0001")
    assert scripted.wallet("a") == before - Decimal("2.5")
    scripted.pay_funding("BTCUSDT", "-0.0003")
    assert scripted.wallet("a") == before + Decimal(5)
    place(scripted, "SELL", quantity="1")
    before = scripted.wallet("a")
    scripted.pay_funding("BTCUSDT", "0.0001")
    assert scripted.wallet("a") == before + Decimal("2.5")
    assert [frame["a"]["m"] for frame in scripted.told("ACCOUNT_UPDATE")].count("FUNDING_FEE") == 3


LIQUIDATIONS = [
    # bid when it happens, wallet after, insurance fund after
    ("47600", "0", "41.06605"),  # wallet 41.06605 left; the liquidation fee would be 232.05
    ("45000", "0", "-972.42695"),  # realizes −1,953.9: the insurance fund pays what is missing
]


@pytest.mark.parametrize(("bid", "wallet", "insurance"), LIQUIDATIONS)
def test_an_account_is_liquidated_at_its_liquidation_price(
    scripted: ScriptedVenue, bid: str, wallet: str, insurance: str
) -> None:
    scripted.deposit("a", "usdm", "USDT", "1000")
    place(scripted, "BUY", quantity="0.39")  # 19,503.9 at 50,010, fee 9.75195
    working = place(scripted, "SELL", "LIMIT", quantity="0.1", price="60000")
    # (990.24805 − 19,503.9) ÷ (0.39 × 0.004 − 0.39)
    price = scripted.usdm.margin.liquidation("a", held(scripted))
    assert price == Decimal("47661.54863042")
    book(scripted, bid, "47662")
    scripted.market.set_mark("BTCUSDT", "47661.6")
    scripted.trade("usdm", "BTCUSDT", "47661.6")
    assert held(scripted).amount == Decimal("0.39")
    scripted.market.set_mark("BTCUSDT", "47661.5")
    scripted.trade("usdm", "BTCUSDT", "47661.5")
    assert held(scripted).amount == 0
    assert working.status is Status.EXPIRED
    assert scripted.wallet("a") == Decimal(wallet)
    pockets = {str(p): amount for p, _, amount in scripted.ledger.balances()}
    assert pockets["venue:usdm:insurance"] == Decimal(insurance)
    closing = [f["o"] for f in scripted.told("ORDER_TRADE_UPDATE") if f["o"]["x"] == "CALCULATED"]
    assert [(o["X"], o["c"].startswith("autoclose-")) for o in closing] == [("FILLED", True)]


def test_an_order_that_only_reduces_never_turns_a_position(scripted: ScriptedVenue) -> None:
    scripted.deposit("a", "usdm", "USDT", "10000")
    with pytest.raises(VenueError, match=r"ReduceOnly Order is rejected\."):
        place(scripted, "SELL", quantity="0.1", reduceOnly="true")
    place(scripted, "BUY", quantity="0.3")
    resting = place(scripted, "SELL", "LIMIT", quantity="0.3", price="51000", reduceOnly="true")
    order = place(scripted, "SELL", quantity="0.5", reduceOnly="true")
    assert (order.status, order.filled) == (Status.EXPIRED, Decimal("0.3"))
    assert held(scripted).amount == 0
    assert resting.status is Status.EXPIRED


REFUSALS = [
    # sent, code
    ({"type": "LIMIT", "quantity": "0.1", "price": "50000.05"}, -1111),
    ({"type": "LIMIT", "quantity": "0.0001", "price": "50000"}, -1111),
    ({"type": "LIMIT", "quantity": "0", "price": "50000"}, -4003),
    ({"type": "LIMIT", "quantity": "0.001", "price": "100"}, -4164),
    ({"type": "MARKET", "quantity": "5"}, -2019),
    ({"type": "LIMIT", "quantity": "0.1", "price": "50010", "timeInForce": "GTX"}, -5022),
    ({"type": "LIMIT", "quantity": "0.1", "price": "49000", "newClientOrderId": "x"}, -4116),
    ({"type": "LIMIT", "quantity": "0.1", "price": "49000", "symbol": "NONE"}, -1121),
]


@pytest.mark.parametrize(("sent", "code"), REFUSALS)
def test_a_refused_order_changes_nothing(
    scripted: ScriptedVenue, sent: dict[str, str], code: int
) -> None:
    scripted.deposit("a", "usdm", "USDT", "10000")
    place(scripted, "BUY", "LIMIT", quantity="0.1", price="49000", newClientOrderId="x")
    rows, frames = len(scripted.ledger.rows), len(scripted.frames)
    with pytest.raises(VenueError) as refusal:
        scripted.usdm.place("a", new_order({"symbol": "BTCUSDT", "side": "BUY", **sent}))
    assert refusal.value.code == code
    assert (len(scripted.ledger.rows), len(scripted.frames)) == (rows, frames)


def conditional(venue: ScriptedVenue, side: str, type_: str, **sent: str):
    shared = {"algoType": "CONDITIONAL", "symbol": "BTCUSDT", "quantity": "0.3"}
    return venue.algos.place("a", new_order(shared | {"side": side, "type": type_} | sent))


CONDITIONAL = [
    # type, sent, prices that do nothing, price that triggers; the account is long 0.3
    ("STOP_MARKET", {"triggerPrice": "49000"}, ["51000", "49000.1"], "49000"),
    ("TAKE_PROFIT_MARKET", {"triggerPrice": "51000"}, ["49000", "50999.9"], "51000"),
    ("STOP_MARKET", {"triggerPrice": "49000", "closePosition": "true", "quantity": ""},
     ["49001"], "48000"),
    ("TRAILING_STOP_MARKET", {"callbackRate": "1"}, ["51000", "52000", "51480.1"], "51480"),
    ("TRAILING_STOP_MARKET", {"callbackRate": "1", "activatePrice": "53000"},
     ["52000", "50000", "53000", "52470.1"], "52470"),
]  # fmt: skip


@pytest.mark.parametrize(("type_", "sent", "quiet", "last"), CONDITIONAL)
def test_a_conditional_order_waits_for_its_price(
    scripted: ScriptedVenue, type_: str, sent: dict[str, str], quiet: list[str], last: str
) -> None:
    scripted.deposit("a", "usdm", "USDT", "10000")
    place(scripted, "BUY", quantity="0.3")
    algo = conditional(scripted, "SELL", type_, **sent)
    for price in quiet:
        scripted.trade("usdm", "BTCUSDT", price)
        assert algo.status == "NEW"
    scripted.trade("usdm", "BTCUSDT", last)
    assert algo.status == "FINISHED"
    assert algo.order is not None
    assert (algo.order.filled, held(scripted).amount) == (Decimal("0.3"), Decimal(0))
    told = [frame["o"]["X"] for frame in scripted.told("ALGO_UPDATE")]
    assert told == ["NEW", "FINISHED"]


def test_a_conditional_order_that_would_trigger_at_once_is_refused(
    scripted: ScriptedVenue,
) -> None:
    with pytest.raises(VenueError, match=r"Order would immediately trigger\."):
        conditional(scripted, "SELL", "STOP_MARKET", triggerPrice="50006")


def test_a_conditional_order_the_engine_refuses_is_told_as_rejected(
    scripted: ScriptedVenue,
) -> None:
    algo = conditional(scripted, "SELL", "STOP_MARKET", triggerPrice="49000", reduceOnly="true")
    scripted.trade("usdm", "BTCUSDT", "48000")
    assert (algo.status, algo.refusal) == ("REJECTED", "ReduceOnly Order is rejected.")


def test_leverage_bounds_what_may_be_held(scripted: ScriptedVenue) -> None:
    scripted.deposit("a", "usdm", "USDT", "100000")
    scripted.usdm.set_leverage("a", "BTCUSDT", 125)
    book(scripted, "50000", "50000.1")
    with pytest.raises(VenueError) as refusal:
        place(scripted, "BUY", quantity="1.001")
    assert refusal.value.code == -2027
    place(scripted, "BUY", quantity="0.9")
    scripted.usdm.set_leverage("a", "BTCUSDT", 20)
    with pytest.raises(VenueError, match="Leverage 126 is not valid"):
        scripted.usdm.set_leverage("a", "BTCUSDT", 126)


def test_an_amended_order_keeps_its_id_and_may_fill_at_once(scripted: ScriptedVenue) -> None:
    scripted.deposit("a", "usdm", "USDT", "10000")
    order = place(scripted, "BUY", "LIMIT", quantity="0.1", price="49000")
    scripted.usdm.amend("a", "BTCUSDT", (order.order_id, None), Decimal(50010), Decimal("0.2"))
    assert (order.status, order.filled, order.price) == (
        Status.FILLED, Decimal("0.2"), Decimal(50010))  # fmt: skip
    assert [f["o"]["x"] for f in scripted.told("ORDER_TRADE_UPDATE")] == [
        "NEW", "AMENDMENT", "TRADE"]  # fmt: skip


def test_a_symbol_that_leaves_the_market_is_settled_at_its_mark(scripted: ScriptedVenue) -> None:
    scripted.deposit("a", "usdm", "USDT", "10000")
    place(scripted, "BUY", quantity="0.1")  # at 50,010, fee 2.5005
    scripted.market.set_mark("BTCUSDT", "51010")
    scripted.liquidator.settle("BTCUSDT")  # realizes 100, fee 2.5505
    assert held(scripted).amount == 0
    assert scripted.wallet("a") == Decimal("10094.949")
    last = scripted.told("ORDER_TRADE_UPDATE")[-1]["o"]
    assert (last["x"], last["c"][:21]) == ("TRADE", "settlement_autoclose-")

"""ccxt places, asks and cancels over real sockets; what it hears is what the oracle knows."""

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import ccxt
import pytest

from cryptovolt_venue.embedded import EmbeddedVenue
from cryptovolt_venue.faults import parse_rule
from cryptovolt_venue.tape import Trade

SPOT, USDM = "BTC/USDT", "BTC/USDT:USDT"
Make = Callable[..., Any]


@pytest.fixture
def spot(client: Make) -> Any:
    return client(ccxt.binance)


@pytest.fixture
def usdm(client: Make) -> Any:
    return client(ccxt.binanceusdm)


def away(exchange: Any, symbol: str, factor: float) -> str:
    ticker = exchange.fetch_ticker(symbol)
    return exchange.price_to_precision(symbol, ticker["last"] * factor)


def oracle(venue: EmbeddedVenue) -> dict[str, Any]:
    return venue.oracle()["accounts"]["main"]


def trade(venue: EmbeddedVenue, market: Any, symbol: str, price: str, quantity: str) -> None:
    """Let the tape trade at a price that the replay has not reached."""
    engine = venue.accounts.spot if market == "spot" else venue.accounts.usdm
    event = Trade(market, symbol, 0, venue.exchange.now_ms, Decimal(price), Decimal(quantity), True)
    venue.call(lambda: engine.on_trade(event))


def test_a_market_order_moves_balances_to_the_last_digit(venue: EmbeddedVenue, spot: Any) -> None:
    order = spot.create_order(SPOT, "market", "buy", 0.01)
    assert (order["status"], order["filled"]) == ("closed", 0.01)
    known = oracle(venue)
    fills = known["orders"][0]["fills"]
    quote = sum(Decimal(fill["quote"]) for fill in fills)
    fees = sum(Decimal(fill["fee"]) for fill in fills)
    told = {row["asset"]: row["free"] for row in spot.fetch_balance()["info"]["balances"]}
    assert Decimal(told["USDT"]) == 10_000 - quote
    assert Decimal(told["BTC"]) == Decimal("0.01") - fees
    assert fees == sum(
        (Decimal(f["quantity"]) * Decimal("0.001")).quantize(Decimal("1e-8")) for f in fills
    )
    trades = spot.fetch_my_trades(SPOT)
    assert [t["info"]["qty"] for t in trades] == [f"{Decimal(f['quantity']):.8f}" for f in fills]


def test_a_duplicate_client_id_is_refused_while_open_and_accepted_after(spot: Any) -> None:
    price = away(spot, SPOT, 0.9)
    arguments = (SPOT, "limit", "buy", 0.001, price, {"clientOrderId": "cv-1"})
    first = spot.create_order(*arguments)
    assert first["clientOrderId"] == "cv-1"
    with pytest.raises(ccxt.InvalidOrder, match=r"-2010.*Duplicate order sent\."):
        spot.create_order(*arguments)
    spot.cancel_order(first["id"], SPOT)
    second = spot.create_order(*arguments)
    found = spot.fetch_order(None, SPOT, {"clientOrderId": "cv-1"})
    assert found["id"] == second["id"] != first["id"]
    assert spot.fetch_order(first["id"], SPOT)["status"] == "canceled"


def test_a_resting_order_fills_in_parts_and_the_rest_is_cancelled(
    venue: EmbeddedVenue, spot: Any
) -> None:
    price = away(spot, SPOT, 0.5)
    order = spot.create_order(SPOT, "limit", "buy", 0.01, price)
    assert [each["id"] for each in spot.fetch_open_orders(SPOT)] == [order["id"]]
    below = str(Decimal(price) - 1)
    trade(venue, "spot", "BTCUSDT", below, "0.003")
    trade(venue, "spot", "BTCUSDT", below, "0.001")
    part = spot.fetch_order(order["id"], SPOT)
    assert (part["status"], part["filled"], part["remaining"]) == ("open", 0.004, 0.006)
    used = next(r for r in spot.fetch_balance()["info"]["balances"] if r["asset"] == "USDT")
    assert Decimal(used["locked"]) == Decimal(price) * Decimal("0.006")
    canceled = spot.cancel_order(order["id"], SPOT)
    assert (canceled["status"], canceled["filled"]) == ("canceled", 0.004)
    assert len(spot.fetch_order_trades(order["id"], SPOT)) == 2
    with pytest.raises(ccxt.OrderNotFound, match="-2011"):
        spot.cancel_order(order["id"], SPOT)
    with pytest.raises(ccxt.OrderNotFound, match="-2013"):
        spot.fetch_order("999", SPOT)


def test_an_order_is_replaced_by_another(spot: Any) -> None:
    first = spot.create_order(SPOT, "limit", "buy", 0.001, away(spot, SPOT, 0.9))
    second = spot.edit_order(first["id"], SPOT, "limit", "buy", 0.002, away(spot, SPOT, 0.91))
    assert spot.fetch_order(first["id"], SPOT)["status"] == "canceled"
    assert (second["status"], second["amount"]) == ("open", 0.002)
    with pytest.raises(ccxt.ExchangeError, match="-2022"):
        spot.edit_order(first["id"], SPOT, "limit", "buy", 0.002, away(spot, SPOT, 0.9))


def test_all_orders_of_a_symbol_are_cancelled_and_an_order_list_with_them(spot: Any) -> None:
    spot.create_order(SPOT, "market", "buy", 0.01)
    spot.create_order(SPOT, "limit", "buy", 0.001, away(spot, SPOT, 0.9))
    sent = {
        "symbol": "BTCUSDT", "side": "SELL", "quantity": "0.005",
        "aboveType": "LIMIT_MAKER", "abovePrice": away(spot, SPOT, 1.1),
        "belowType": "STOP_LOSS_LIMIT", "belowPrice": away(spot, SPOT, 0.89),
        "belowStopPrice": away(spot, SPOT, 0.9), "belowTimeInForce": "GTC",
    }  # fmt: skip
    made = spot.private_post_orderlist_oco(sent)
    assert [report["status"] for report in made["orderReports"]] == ["NEW", "NEW"]
    assert len(spot.fetch_open_orders(SPOT)) == 3
    spot.cancel_all_orders(SPOT)
    assert spot.fetch_open_orders(SPOT) == []
    assert spot.fetch_balance()["used"] == {"BTC": 0.0, "USDT": 0.0}


def test_a_stop_order_of_the_spot_market_is_told_with_its_trigger(spot: Any) -> None:
    spot.create_order(SPOT, "market", "buy", 0.01)
    stop = away(spot, SPOT, 0.9)
    order = spot.create_order(SPOT, "market", "sell", 0.005, None, {"stopLossPrice": stop})
    found = spot.fetch_order(order["id"], SPOT)
    assert (found["status"], found["triggerPrice"]) == ("open", float(stop))


REFUSALS = [
    # type, side, amount, price factor, error, message
    ("limit", "buy", 0.00001, 0.9, ccxt.BadRequest, "-1013.*NOTIONAL"),
    ("limit", "buy", 5.0, 0.9, ccxt.InsufficientFunds, "insufficient balance"),
    ("limit", "sell", 0.01, 1.1, ccxt.InsufficientFunds, "insufficient balance"),
    ("LIMIT_MAKER", "buy", 0.01, 1.1, ccxt.OrderImmediatelyFillable, "match and take"),
]


@pytest.mark.parametrize(("type_", "side", "amount", "factor", "error", "message"), REFUSALS)
def test_refusals_are_what_ccxt_knows_them_as(
    spot: Any, type_: str, side: str, amount: float, factor: float, error: Any, message: str
) -> None:
    with pytest.raises(error, match=message):
        spot.create_order(SPOT, type_, side, amount, away(spot, SPOT, factor))


def test_a_position_is_told_to_the_last_digit(venue: EmbeddedVenue, usdm: Any) -> None:
    usdm.set_leverage(10, USDM)
    order = usdm.create_order(USDM, "market", "buy", 0.05)
    assert order["status"] == "closed"
    (position,) = usdm.fetch_positions([USDM])
    (known,) = oracle(venue)["positions"]
    fills = oracle(venue)["orders"][0]["fills"]
    cost = sum(Decimal(f["price"]) * Decimal(f["quantity"]) for f in fills)
    assert (Decimal(known["amount"]), Decimal(known["cost"])) == (Decimal("0.05"), cost)
    assert position["info"]["positionAmt"] == "0.05"
    assert Decimal(position["info"]["entryPrice"]) == (cost / Decimal("0.05")).quantize(
        Decimal("1e-8")
    )
    assert (position["side"], position["leverage"]) == ("long", 10)
    fees = sum(Decimal(f["fee"]) for f in fills)
    wallet = usdm.fetch_balance()["info"]["assets"][0]["walletBalance"]
    assert Decimal(wallet) == 10_000 - fees
    closing = usdm.create_order(USDM, "market", "sell", 0.05, None, {"reduceOnly": True})
    assert closing["filled"] == 0.05
    assert usdm.fetch_positions([USDM]) == []
    wallet = usdm.fetch_balance()["info"]["assets"][0]["walletBalance"]
    income = usdm.fapiprivate_get_income()
    assert Decimal(wallet) == sum(Decimal(row["income"]) for row in income)
    trades = usdm.fetch_my_trades(USDM)
    assert sum(t["amount"] for t in trades if t["side"] == "sell") == pytest.approx(0.05)


def test_conditional_orders_live_beside_the_others(venue: EmbeddedVenue, usdm: Any) -> None:
    usdm.create_order(USDM, "market", "buy", 0.05)
    stop = away(usdm, USDM, 0.5)
    order = usdm.create_order(
        USDM, "market", "sell", 0.05, None, {"stopLossPrice": stop, "reduceOnly": True}
    )
    assert usdm.fetch_open_orders(USDM) == []
    (waiting,) = usdm.fetch_open_orders(USDM, params={"trigger": True})
    assert (waiting["id"], waiting["triggerPrice"]) == (order["id"], float(stop))
    below = str(Decimal(stop) - 1)
    event = Trade("usdm", "BTCUSDT", 0, venue.exchange.now_ms, Decimal(below), Decimal(1), True)
    venue.call(lambda: venue.accounts.algos.on_trade(event))
    found = usdm.fetch_order(order["id"], USDM, {"trigger": True})
    assert found["status"] == "closed"
    assert usdm.fetch_positions([USDM]) == []
    again = usdm.create_order(
        USDM, "market", "buy", 0.05, None, {"triggerPrice": away(usdm, USDM, 1.5)}
    )
    assert usdm.cancel_order(again["id"], USDM, {"trigger": True})["id"] == again["id"]


def test_usdm_orders_are_amended_batched_and_cancelled(usdm: Any) -> None:
    made = usdm.create_orders(
        [
            {"symbol": USDM, "type": "limit", "side": "buy", "amount": 0.01,
             "price": away(usdm, USDM, factor)}
            for factor in (0.8, 0.9)
        ]
    )  # fmt: skip
    assert [order["status"] for order in made] == ["open", "open"]
    changed = usdm.edit_order(made[0]["id"], USDM, "limit", "buy", 0.02, away(usdm, USDM, 0.7))
    assert (changed["id"], changed["amount"]) == (made[0]["id"], 0.02)
    usdm.cancel_orders([order["id"] for order in made], USDM)
    assert usdm.fetch_open_orders(USDM) == []
    assert [order["status"] for order in usdm.fetch_orders(USDM)] == ["canceled", "canceled"]


USDM_REFUSALS: list[tuple[str, float, float, dict[str, Any], int]] = [
    # type, amount, price factor, parameters, code
    ("limit", 0.01, 0.9, {"clientOrderId": "cv-1"}, -4116),
    ("limit", 0.01, 1.1, {"postOnly": True}, -5022),
    ("limit", 0.01, 0.9, {"reduceOnly": True}, -2022),
    ("limit", 10.0, 0.9, {}, -2019),
    ("limit", 0.01, 0.9, {"positionSide": "LONG"}, -4061),
]


@pytest.mark.parametrize(("type_", "amount", "factor", "sent", "code"), USDM_REFUSALS)
def test_usdm_refusals_carry_the_venues_codes(
    usdm: Any, type_: str, amount: float, factor: float, sent: dict[str, Any], code: int
) -> None:
    usdm.create_order(USDM, "limit", "buy", 0.01, away(usdm, USDM, 0.9), {"clientOrderId": "cv-1"})
    with pytest.raises(ccxt.ExchangeError, match=str(code)):
        usdm.create_order(USDM, type_, "buy", amount, away(usdm, USDM, factor), sent)


def test_hedge_mode_and_isolated_margin_are_refused(usdm: Any) -> None:
    with pytest.raises(ccxt.ExchangeError, match="-1020"):
        usdm.set_position_mode(True)
    with pytest.raises(ccxt.ExchangeError, match="-1020"):
        usdm.set_margin_mode("isolated", USDM)
    with pytest.raises(ccxt.MarginModeAlreadySet, match="-4046"):
        usdm.set_margin_mode("cross", USDM)


def test_requests_must_be_signed_known_and_in_time(
    venue: EmbeddedVenue, client: Make, spot: Any
) -> None:
    with pytest.raises(ccxt.AuthenticationError, match="-2015"):
        client(ccxt.binance, key="nobody").fetch_balance()
    with pytest.raises(ccxt.AuthenticationError, match="-1022"):
        client(ccxt.binance, secret="wrong").fetch_balance()
    spot.load_markets()
    for offset_ms in (-20_000, 20_000):
        venue.call(lambda ms=offset_ms: setattr(venue.exchange.clock, "offset_ms", ms))
        with pytest.raises(ccxt.InvalidNonce, match="-1021"):
            spot.fetch_balance()


def rule(venue: EmbeddedVenue, **values: Any) -> None:
    venue.call(lambda: venue.exchange.faults.add(parse_rule(values)))


LOST_ANSWERS: list[tuple[str, str, dict[str, Any], bool]] = [
    # point, action, values, whether the order was executed
    ("rest.response", "hang", {"ms": 50}, True),
    ("rest.response", "rst", {}, True),
    ("rest.response", "status", {"status": 503, "code": -1007}, True),
    ("rest.response", "truncate", {}, True),
    ("rest.request", "rst", {}, False),
    ("rest.request", "status", {"status": 503, "code": -1007}, False),
]


@pytest.mark.parametrize(("point", "action", "values", "executed"), LOST_ANSWERS)
def test_f1_f3_f4_an_answer_is_lost_and_the_order_is_there_or_not(
    venue: EmbeddedVenue, spot: Any, point: str, action: str, values: dict[str, Any], executed: bool
) -> None:
    price = away(spot, SPOT, 0.9)
    rule(venue, point=point, action=action, match={"endpoint": "create_order"}, times=1, **values)
    with pytest.raises(ccxt.BaseError):
        spot.create_order(SPOT, "limit", "buy", 0.001, price, {"clientOrderId": "lost"})
    accepted = [order["client_id"] for order in oracle(venue)["orders"]]
    assert accepted == (["lost"] if executed else [])
    if executed:
        assert spot.fetch_order(None, SPOT, {"clientOrderId": "lost"})["status"] == "open"


def test_f1_garbage_reads_as_an_order_without_an_id(venue: EmbeddedVenue, spot: Any) -> None:
    price = away(spot, SPOT, 0.9)
    rule(venue, point="rest.response", action="garbage", match={"endpoint": "create_order"})
    assert spot.create_order(SPOT, "limit", "buy", 0.001, price)["id"] is None
    assert len(oracle(venue)["orders"]) == 1


def test_f5_a_replica_lags_behind(venue: EmbeddedVenue, spot: Any) -> None:
    spot.load_markets()
    rule(venue, point="order.read", action="lag", ms=300)
    order = spot.create_order(SPOT, "limit", "buy", 0.001, away(spot, SPOT, 0.9))
    with pytest.raises(ccxt.OrderNotFound, match="-2013"):
        spot.fetch_order(order["id"], SPOT)
    time.sleep(0.35)
    assert spot.fetch_order(order["id"], SPOT)["id"] == order["id"]


def test_the_oracle_knows_when_an_order_was_accepted(venue: EmbeddedVenue, spot: Any) -> None:
    spot.load_markets()
    price = away(spot, SPOT, 0.9)
    before = time.monotonic_ns()
    order = spot.create_order(SPOT, "limit", "buy", 0.001, price)
    after = time.monotonic_ns()
    (known,) = oracle(venue)["orders"]
    assert before < known["accepted_monotonic_ns"] < after
    assert known["accepted_market_ms"] == order["timestamp"]
    assert set(venue.oracle()["totals"].values()) == {"0"}


def test_orders_are_counted(spot: Any) -> None:
    price = away(spot, SPOT, 0.9)
    for _ in range(3):
        spot.create_order(SPOT, "limit", "buy", 0.001, price)
    headers = {name.lower(): value for name, value in spot.last_response_headers.items()}
    assert headers["x-mbx-order-count-1d"] == "3"
    assert [row["count"] for row in spot.private_get_ratelimit_order()] == [3, 3]

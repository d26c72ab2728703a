"""Laws of both markets, whatever is ordered and however the tape goes."""

from decimal import Decimal
from typing import TypeAlias

from hypothesis import given, settings
from hypothesis import strategies as st

from cryptovolt_venue.orders import Order, Side
from cryptovolt_venue.requests import new_order
from cryptovolt_venue.scripted import ScriptedVenue
from cryptovolt_venue.series import make_instrument
from cryptovolt_venue.spot_fees import FeeTerms
from cryptovolt_venue.web.errors import VenueError

Step: TypeAlias = tuple[str, dict[str, str]]

prices = st.integers(9_000, 11_000).map(lambda ticks: f"{ticks / 100:.2f}")
quantities = st.integers(50, 2_000).map(lambda steps: f"{steps / 1000:.3f}")
sides = st.sampled_from(["BUY", "SELL"])
accounts = st.sampled_from(["a", "b"])
lives = st.sampled_from(["GTC", "IOC", "FOK"])


def order(types: list[str], **extra: st.SearchStrategy[str]) -> st.SearchStrategy[Step]:
    fields = {
        "side": sides, "type": st.sampled_from(types), "quantity": quantities, "price": prices,
        "stopPrice": prices, "timeInForce": lives, "account": accounts, **extra,
    }  # fmt: skip
    return st.tuples(st.just("order"), st.fixed_dictionaries(fields))


trade = st.tuples(
    st.just("trade"), st.fixed_dictionaries({"price": prices, "quantity": quantities})
)
cancel = st.tuples(
    st.just("cancel"),
    st.fixed_dictionaries({"account": accounts, "id": st.integers(1, 30).map(str)}),
)
fault = st.tuples(
    st.just("fault"),
    st.fixed_dictionaries(
        {"action": st.sampled_from(["partials", "late_fill", "fill_first", "expire_in_match"])}
    ),
)
SPOT_TYPES = ["LIMIT", "MARKET", "LIMIT_MAKER", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT"]


def opened(market: str) -> ScriptedVenue:
    venue = ScriptedVenue(
        make_instrument("ABCUSDT", "spot", 2, 3, 0),
        make_instrument("ABCUSDT", "usdm", 2, 3, 0),
        make_instrument("BNBUSDT", "spot", 2, 3, 0),
    )
    venue.trade("spot", "BNBUSDT", "7.77")
    play(venue, market, ("trade", {"price": "100.00", "quantity": "1"}))
    for name in ("a", "b"):
        venue.deposit(name, "spot" if market == "spot" else "usdm", "USDT", "500")
    if market == "spot":
        venue.deposit("a", "spot", "ABC", "3.333")
        venue.deposit("a", "spot", "BNB", "0.01")
        venue.spot.terms["a"] = FeeTerms(pay_with="BNB")
    return venue


def play(venue: ScriptedVenue, market: str, step: Step) -> None:
    kind, values = step
    values = dict(values)
    if kind == "trade":
        price = Decimal(values["price"])
        bid, ask = str(price - Decimal("0.03")), str(price + Decimal("0.04"))
        book = "spot" if market == "spot" else "usdm"
        venue.market.set_book(book, "ABCUSDT", [(bid, "0.7")], [(ask, "0.9"), ("300.00", "50")])
        venue.trade(book, "ABCUSDT", values["price"], values["quantity"])
    elif kind == "fault":
        for operation in ("new", "cancel"):
            venue.fault(point="order.accept", action=values["action"], times=1, delay_ms=2,
                        match={"operation": operation})  # fmt: skip
    else:
        engine = venue.spot if market == "spot" else venue.usdm
        try:
            if kind == "cancel":
                engine.cancel(values["account"], "ABCUSDT", int(values["id"]), None)
            else:
                place(venue, market, values)
        except VenueError:
            return


def place(venue: ScriptedVenue, market: str, values: dict[str, str]) -> None:
    account, type_ = values.pop("account"), values["type"]
    if type_ in ("MARKET", "STOP_LOSS", "TAKE_PROFIT"):
        values.pop("price")
    if not type_.startswith(("STOP", "TAKE")):
        values.pop("stopPrice")
    if type_ not in ("LIMIT", "STOP_LOSS_LIMIT"):
        values.pop("timeInForce")
    request = new_order({"symbol": "ABCUSDT", **values})
    if market == "spot":
        venue.spot.place(account, request)
    else:
        venue.usdm.place(account, request)


def orders_of(venue: ScriptedVenue, market: str, account: str) -> list[Order]:
    engine = venue.spot if market == "spot" else venue.usdm
    return list(engine.store.all_of(account))


def check_orders(orders: list[Order]) -> None:
    for each in orders:
        assert 0 <= each.filled <= each.quantity
        assert each.filled == sum(fill.quantity for fill in each.fills)
        assert each.quote_filled == sum(fill.quote for fill in each.fills)


@settings(max_examples=150, deadline=None)
@given(st.lists(trade | order(SPOT_TYPES) | cancel | fault, min_size=12, max_size=40))
def test_spot_conserves_everything_and_sells_nothing_that_is_not_owned(steps: list[Step]) -> None:
    venue = opened("spot")
    for step in steps:
        play(venue, "spot", step)
        for asset in ("USDT", "ABC", "BNB"):
            assert venue.ledger.total(asset) == 0
        for name in ("a", "b"):
            orders = orders_of(venue, "spot", name)
            check_orders(orders)
            for asset, side in (("USDT", Side.BUY), ("ABC", Side.SELL)):
                held = sum(each.locked for each in orders if each.side is side)
                assert venue.locked(name, asset) == held
                assert venue.free(name, asset) >= 0
    venue.pass_time(100_000)
    for name in ("a", "b"):
        orders = orders_of(venue, "spot", name)
        assert all(each.locked == 0 for each in orders if not each.is_open)
        check_cash(venue, name, orders)


def check_cash(venue: ScriptedVenue, name: str, orders: list[Order]) -> None:
    fills = [fill for each in orders for fill in each.fills]
    bought = [fill for fill in fills if fill.side is Side.BUY]
    sold = [fill for fill in fills if fill.side is Side.SELL]
    start = {"USDT": Decimal(500), "ABC": Decimal("3.333"), "BNB": Decimal("0.01")}
    for asset, deposit in start.items():
        fees = sum(fill.fee for fill in fills if fill.fee_asset == asset)
        total = (deposit if asset == "USDT" or name == "a" else Decimal(0)) - fees
        if asset == "USDT":
            total += sum(fill.quote for fill in sold) - sum(fill.quote for fill in bought)
        elif asset == "ABC":
            total += sum(fill.quantity for fill in bought) - sum(fill.quantity for fill in sold)
        assert venue.free(name, asset) + venue.locked(name, asset) == total


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        trade
        | order(["LIMIT", "MARKET"], reduceOnly=st.sampled_from(["true", "false", "false"]))
        | cancel
        | fault,
        min_size=12,
        max_size=40,
    )
)
def test_usdm_wallets_are_deposits_profits_and_fees_and_nothing_else(steps: list[Step]) -> None:
    venue = opened("usdm")
    for step in steps:
        play(venue, "usdm", step)
        assert venue.ledger.total("USDT") == 0
        for name in ("a", "b"):
            check_margin_account(venue, name)


def check_margin_account(venue: ScriptedVenue, name: str) -> None:
    orders = orders_of(venue, "usdm", name)
    check_orders(orders)
    fills = [fill for each in orders for fill in each.fills]
    position = venue.usdm.position(name, "ABCUSDT")
    signed = [(1 if f.side is Side.BUY else -1, f) for f in fills]
    assert position.amount == sum(sign * f.quantity for sign, f in signed)
    rows = [row.move for row in venue.ledger.rows if row.move.reason in
            ("DEPOSIT", "LIQUIDATION_FEE", "INSURANCE_CLEAR")]  # fmt: skip
    wallet = sum(move.amount for move in rows if move.target.owner == name)
    wallet -= sum(move.amount for move in rows if move.source.owner == name)
    wallet += sum(f.realized - f.fee for f in fills)
    assert venue.wallet(name) == wallet
    cash = -sum(sign * f.quote for sign, f in signed)
    assert sum(f.realized for f in fills) == cash + position.cost


@settings(max_examples=50, deadline=None)
@given(st.lists(trade | order(SPOT_TYPES) | cancel | fault, min_size=12, max_size=40))
def test_the_same_tape_and_requests_give_the_same_rows(steps: list[Step]) -> None:
    def rows() -> list[object]:
        venue = opened("spot")
        for step in steps:
            play(venue, "spot", step)
        return [*venue.ledger.rows]

    assert rows() == rows()

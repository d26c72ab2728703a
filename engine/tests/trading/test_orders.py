"""Laws of a strategy's orders, over random orders, markets and settings."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_accounts import Case, Ledger, Told, build_case, differences, exact, live

from cryptovolt.domain.costs import Costs, SymbolRules
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.orders import Fill, FillReason, Order, OrderKind, Side, TimeInForce
from cryptovolt.execution.grid import Grid
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.trading.account import Account

RULES = {"COIN": SymbolRules(tick_size=0.01, step_size=0.001)}
FREE = TradingSettings(cash=1000.0, costs=Costs(fee=0.0, slippage=0.0))
HOUR = 3_600_000
CASES = st.builds(
    build_case,
    seed=st.integers(0, 2**32 - 1),
    n_bars=st.integers(2, 80),
    n_symbols=st.integers(1, 3),
    with_orders=st.just(True),
)


@dataclass(frozen=True)
class Filled:
    """A fill of an order, with what was held before and after it."""

    t: int
    fill: Fill
    order: Order
    before: Fraction
    after: Fraction

    @property
    def buys(self) -> bool:
        return self.fill.side is Side.BUY


def lived(case: Case) -> Told:
    return live(Account(case.rules, case.trading), case, range(len(case.target)))


def fills_of_orders(case: Case, told: Told) -> Iterator[Filled]:
    ledger = Ledger(case)
    for t, fills in enumerate(told.fills):
        for fill in fills:
            before = ledger.held[fill.symbol]
            ledger.enter(fill)
            if fill.order_id:
                order = told.orders[fill.order_id]
                yield Filled(t, fill, order, before, ledger.held[fill.symbol])


@given(case=CASES)
@settings(max_examples=300)
def test_cash_flows_add_up_to_the_change_of_equity_at_every_bar(case: Case) -> None:
    unit = Grid.of(case.rules, case.trading).quote_unit
    assert list(differences(case, lived(case), unit)) == []


@given(case=CASES, share=st.floats(0, 1))
@settings(max_examples=200)
def test_a_restart_with_working_orders_changes_nothing(case: Case, share: float) -> None:
    n_bars = len(case.target)
    cut = int(share * n_bars)
    first = Account(case.rules, case.trading)
    told = live(first, case, range(cut))
    second = Account(case.rules, case.trading)
    second.restore(json.loads(json.dumps(first.state())))
    assert second.state() == first.state()
    live(second, case, range(cut, n_bars), told)
    whole = lived(case)
    assert told.fills == whole.fills
    assert told.equity == whole.equity
    assert told.payments == whole.payments


@given(case=CASES)
@settings(max_examples=200)
def test_a_limit_is_never_filled_at_a_worse_price_than_its_own(case: Case) -> None:
    for filled in fills_of_orders(case, lived(case)):
        limit, price = filled.order.limit_price, Fraction(filled.fill.price)
        if limit is not None:
            assert price <= exact(limit) if filled.buys else price >= exact(limit)


@given(case=CASES)
@settings(max_examples=200)
def test_no_order_is_filled_at_a_better_price_than_its_bar_had(case: Case) -> None:
    for filled in fills_of_orders(case, lived(case)):
        low, high = (case.price(name, filled.fill.symbol, filled.t) for name in ("low", "high"))
        price = Fraction(filled.fill.price)
        assert price >= low if filled.buys else price <= high


@given(case=CASES)
@settings(max_examples=200)
def test_a_stop_is_filled_at_its_price_or_worse(case: Case) -> None:
    for filled in fills_of_orders(case, lived(case)):
        stop = filled.order.stop_price
        if filled.order.kind is OrderKind.STOP and stop is not None:
            tick = exact(case.rules[filled.fill.symbol].tick_size)
            opened = case.price("open", filled.fill.symbol, filled.t)
            # What the volume left of it goes on at the opens, whatever they are.
            bound = min(opened, exact(stop)) if filled.buys else max(opened, exact(stop))
            price = Fraction(filled.fill.price)
            assert price >= bound - tick if filled.buys else price <= bound + tick


@given(case=CASES)
@settings(max_examples=200)
def test_a_limit_that_rests_is_filled_only_where_the_bar_trades_through_it(case: Case) -> None:
    for filled in fills_of_orders(case, lived(case)):
        if filled.order.kind not in (OrderKind.LIMIT, OrderKind.TAKE_PROFIT):
            continue
        opened, low, high = (
            case.price(name, filled.fill.symbol, filled.t) for name in ("open", "low", "high")
        )
        price = Fraction(filled.fill.price)
        if filled.buys:
            assert low < price or opened <= price
            assert low < price or opened == low
        else:
            assert high > price or opened >= price
            assert high > price or opened == high


@given(case=CASES)
@settings(max_examples=200)
def test_all_fills_of_a_bar_take_at_most_a_tenth_of_its_volume(case: Case) -> None:
    beyond = (FillReason.LIQUIDATION, FillReason.FEE)
    for t, fills in enumerate(lived(case).fills):
        for name, bars in case.markets.items():
            taken = [f for f in fills if f.symbol == name and f.reason not in beyond]
            total = float(sum((fill.quantity for fill in taken), Decimal(0)))
            assert total <= bars.volume[t] / 10 + case.rules[name].step_size
            assert not taken or bars.volume[t] > 0


@given(case=CASES)
@settings(max_examples=200)
def test_a_reduce_only_order_never_opens(case: Case) -> None:
    for filled in fills_of_orders(case, lived(case)):
        if filled.order.reduce_only or filled.order.kind is OrderKind.TAKE_PROFIT:
            assert abs(filled.after) < abs(filled.before)
            assert filled.after * filled.before >= 0


@given(case=CASES)
@settings(max_examples=200)
def test_at_most_one_order_of_a_group_trades(case: Case) -> None:
    traded: dict[str, set[int]] = {}
    for filled in fills_of_orders(case, lived(case)):
        if filled.order.group is not None:
            traded.setdefault(filled.order.group, set()).add(filled.fill.order_id)
    assert all(len(orders) == 1 for orders in traded.values())


@given(case=CASES)
@settings(max_examples=200)
def test_no_order_fills_more_than_it_asked_for_or_after_its_time(case: Case) -> None:
    told = lived(case)
    given_at = _bars_of_orders(case)
    total: dict[int, Decimal] = {}
    for filled in fills_of_orders(case, told):
        key, order = filled.fill.order_id, filled.order
        total[key] = total.get(key, Decimal(0)) + filled.fill.quantity
        late = filled.t - given_at[key]
        assert late >= 1
        assert order.good_for is None or late <= order.good_for
        assert order.time_in_force is TimeInForce.GTC or late == 1
    for key, quantity in total.items():
        assert float(quantity) <= told.orders[key].quantity * (1 + 1e-12)
        if told.orders[key].time_in_force is TimeInForce.FOK:
            whole = Fraction(exact(told.orders[key].quantity) - Fraction(quantity))
            step = exact(case.rules[told.orders[key].symbol].step_size)
            assert whole < step or told.orders[key].reduce_only


def _bars_of_orders(case: Case) -> dict[int, int]:
    # Orders are counted from 1 in the order in which they are given.
    bars = [t for t, orders in case.orders.items() for _ in orders]
    return dict(enumerate(bars, start=1))


@given(case=CASES)
@settings(max_examples=300)
def test_leverage_holds_after_every_order_that_opens(case: Case) -> None:
    told = lived(case)
    ledger = Ledger(case)
    unit = Grid.of(case.rules, case.trading).quote_unit
    for t, fills in enumerate(told.fills):
        # Whether a payment came before or after a fill of its bar is not told.
        known = not told.payments[t]
        for fill in fills:
            before = ledger.held[fill.symbol]
            ledger.enter(fill)
            after = ledger.held[fill.symbol]
            opens = abs(after) > abs(before) or after * before < 0
            if known and opens and fill.reason in (FillReason.MARKET, FillReason.LIMIT):
                _assert_within_leverage(case, ledger, fill, t)
        for payment in told.payments[t]:
            ledger.pay(payment, unit)


def _assert_within_leverage(case: Case, ledger: Ledger, fill: Fill, t: int) -> None:
    # Its own symbol at the open, or, inside the bar, at its limit; the others at the open.
    held, opened = ledger.held[fill.symbol], case.price("open", fill.symbol, t)
    marks = [opened, Fraction(fill.price)] if fill.reason is FillReason.LIMIT else [opened]
    within: list[bool] = []
    for mark in marks:
        equity = ledger.equity(t, "open") + held * (mark - opened)
        exposure = ledger.exposure(t, "open") + abs(held) * (mark - opened)
        within.append(equity > 0 and exposure <= exact(case.trading.leverage) * equity)
    assert any(within)


@given(case=CASES, share=st.floats(0, 1))
@settings(max_examples=100)
def test_the_future_never_changes_the_past(case: Case, share: float) -> None:
    cut = max(1, int(share * len(case.target)))
    part = live(Account(case.rules, case.trading), case, range(cut))
    whole = lived(case)
    assert part.fills == whole.fills[:cut]
    assert part.equity == whole.equity[:cut]


def account_after(*prices: float, trading: TradingSettings = FREE) -> Account:
    account = Account(RULES, trading)
    for t, price in enumerate(prices):
        account.step(t * HOUR, price, price, price, price, 1e6)
    return account


def order(quantity: float, **others: Any) -> Order:
    return Order(symbol="COIN", side=Side.BUY, quantity=quantity, **others)


def test_an_order_that_asks_for_more_than_can_be_counted_is_refused() -> None:
    account = account_after(100.0)
    with pytest.raises(ConfigurationError, match=r"expected a quantity of COIN below .* found 1e"):
        account.submit([order(1e30)])
    assert account.open_orders == []


def test_an_order_for_far_too_much_is_cut_and_not_mistaken_for_a_small_one() -> None:
    rules = {"COIN": SymbolRules(tick_size=0.01, step_size=0.001, min_notional=10.0)}
    account = Account(rules, FREE)
    account.step(0, 100.0, 100.0, 100.0, 100.0, 1e6)
    for quantity in (1e9, 9.3e9, 1e12, 3e13):
        account.submit([order(quantity)])
        account.step(HOUR, 100.0, 100.0, 100.0, 100.0, 1e3)
        assert [str(state.status) for state in account.ended_orders] == ["no_margin"]
    assert account.positions["COIN"].quantity == 10


def test_an_order_in_another_symbol_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="expected orders in COIN, found OTHER"):
        account_after(100.0).submit([Order(symbol="OTHER", side=Side.BUY, quantity=1.0)])


def test_an_order_that_does_not_work_cannot_be_taken_back() -> None:
    account = account_after(100.0)
    with pytest.raises(
        ConfigurationError, match="expected an open order to cancel, found none of 7"
    ):
        account.cancel(7)


def test_a_group_holds_across_a_restart() -> None:
    first = account_after(100.0)
    first.submit([order(1.0, kind=OrderKind.STOP, stop_price=110.0, group="entry")])
    second = Account(RULES, FREE)
    second.restore(json.loads(json.dumps(first.state())))
    for account in (first, second):
        account.submit([order(1.0, kind=OrderKind.LIMIT, limit_price=90.0, group="entry")])
        account.step(HOUR, 111.0, 111.0, 111.0, 111.0, 1e6)
        assert [str(state.status) for state in account.ended_orders] == ["filled", "cancelled"]
        assert account.open_orders == []


def test_an_order_is_told_as_it_was_given() -> None:
    given = order(1.5, kind=OrderKind.LIMIT, limit_price=90.0, good_for=3)
    account = account_after(100.0)
    account.submit([given])
    (state,) = account.open_orders
    assert (state.order, state.filled, str(state.status)) == (given, 0, "new")

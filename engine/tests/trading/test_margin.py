"""Liquidation and funding, over random prices and leverages, against the rule in fractions."""

from decimal import Decimal
from fractions import Fraction
from math import ceil

from hypothesis import assume, given
from hypothesis import strategies as st

from cryptovolt.domain.costs import Costs, SymbolRules
from cryptovolt.domain.orders import FillReason
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.trading.account import Account

RULES = {"COIN": SymbolRules(tick_size=0.01, step_size=0.001)}
FREE = Costs(fee=0.0, slippage=0.0)
HOUR = 3_600_000


def held(target: float, leverage: float, maintenance: float | None) -> Account:
    trading = TradingSettings(
        cash=1000.0, costs=FREE, leverage=leverage, maintenance_margin=maintenance
    )
    account = Account(RULES, trading)
    account.step(0, 100.0, 100.0, 100.0, 100.0, 1e6)
    account.decide(target)
    account.step(HOUR, 100.0, 100.0, 100.0, 100.0, 1e6)
    return account


@given(
    leverage=st.integers(2, 50),
    side=st.sampled_from([-1, 1]),
    maintenance=st.integers(0, 100),
    extreme=st.integers(1, 20_000),
)
def test_a_position_is_liquidated_where_the_margin_runs_out(
    leverage: int, side: int, maintenance: int, extreme: int
) -> None:
    # 10 × leverage coins at 100, margin in tenths of a percent, prices in cents.
    rate = Fraction(maintenance, 1000)
    assume(rate < Fraction(1, leverage))
    quantity, cash = side * 10 * leverage, 1000 - side * 1000 * leverage
    account = held(float(side * leverage), float(leverage), maintenance / 1000)
    worst = min(extreme, 10_000) if side > 0 else max(extreme, 10_000)
    low, high = min(worst, 10_000) / 100, max(worst, 10_000) / 100
    fills = account.step(2 * HOUR, 100.0, high, low, 100.0, 1e6)
    edge = Fraction(-cash) / (quantity - rate * abs(quantity)) * 100
    reached = worst < edge if side > 0 else worst > edge
    assert bool(fills) == reached
    if reached:
        (fill,) = fills
        assert fill.reason is FillReason.LIQUIDATION
        assert abs(Fraction(fill.price) * 100 - edge) <= Fraction(1, 2) + Fraction(1, 10**6)
        assert fill.fee == fill.notional / 100
        assert account.positions["COIN"].quantity == 0


@given(share=st.floats(0.01, 1.0), low=st.integers(1, 9_999))
def test_who_owes_nothing_is_never_liquidated(share: float, low: int) -> None:
    account = held(share, 1.0, 0.9)
    fills = account.step(2 * HOUR, 100.0, 100.0, low / 100, low / 100, 1e6)
    assert fills == []


@given(rate=st.integers(-100_000, 100_000), side=st.sampled_from([-1, 1]), inside=st.booleans())
def test_funding_is_the_value_times_the_rate_rounded_against_the_trader(
    rate: int, side: int, inside: bool
) -> None:
    account = held(0.333 * side, 1.0, 0.005)
    before = account.cash
    due = [("COIN", rate / 10**8, inside)]
    account.step(2 * HOUR, 123.45, 123.45, 123.45, 123.45, 1e6, funding=due)
    value = account.positions["COIN"].quantity * Decimal("123.45")
    exact = Fraction(value) * Fraction(rate, 10**8) * 10**8
    assert before - account.cash == Decimal(ceil(exact)) / 10**8


def test_a_purchase_at_the_open_pays_what_is_due_inside_the_bar_only() -> None:
    for inside, paid in ((False, 0), (True, 1)):
        account = Account(RULES, TradingSettings(cash=1000.0, costs=FREE))
        account.step(0, 100.0, 100.0, 100.0, 100.0, 1e6)
        account.decide(1.0)
        account.step(HOUR, 100.0, 100.0, 100.0, 100.0, 1e6, funding=[("COIN", 0.001, inside)])
        assert account.equity == 1000 - paid
        assert [payment.paid for payment in account.payments] == [1] * paid

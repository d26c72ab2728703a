"""The grid of exact integers and the rules inferred for it."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import SymbolRules
from cryptovolt.domain.errors import DataError
from cryptovolt.execution.grid import BOUND, Grid
from cryptovolt.execution.inference import infer_rules
from cryptovolt.execution.quantise import price_ticks, tick_bars, volume_lots
from cryptovolt.execution.settings import TradingSettings

#  market, tick, step, cash; expected quote unit and units of one tick on one lot
GRIDS = [
    ("BTC", 0.01, 0.00001, 1e4, "1E-8", 10),
    ("BTC in satoshi", 0.01, 0.00000001, 1e4, "1E-10", 1),
    ("SHIB", 0.00000001, 1.0, 1e4, "1E-8", 1),
    ("quarter ticks", 0.25, 0.1, 1e4, "1E-8", 2_500_000),
    ("KRW", 1000.0, 0.0001, 5e9, "0.000001", 100_000),
]


@pytest.mark.parametrize(("market", "tick", "step", "cash", "unit", "worth"), GRIDS)
def test_one_tick_on_one_lot_is_a_whole_number_of_quote_units(
    market: str, tick: float, step: float, cash: float, unit: str, worth: int
) -> None:
    rules = {market: SymbolRules(tick_size=tick, step_size=step)}
    grid = Grid.of(rules, TradingSettings(cash=cash))
    assert (grid.quote_unit, grid.units) == (Decimal(unit), (worth,))
    assert grid.units[0] * grid.quote_unit == grid.ticks[0] * grid.steps[0]


def test_the_largest_position_at_the_highest_price_stays_within_the_bound() -> None:
    rules = {name: SymbolRules(tick_size=0.01, step_size=0.001) for name in ("A", "B")}
    grid = Grid.of(rules, TradingSettings())
    lots = grid.largest_lots(np.array([10_000_000, 5]))
    values = [
        int(n) * price * unit for n, price, unit in zip(lots, (10**7, 5), grid.units, strict=True)
    ]
    assert sum(values) <= BOUND
    assert min(values) > BOUND // 2 - 10**13


def market(prices: list[float]) -> Bars:
    values = np.array(prices)
    return Bars(
        symbol="COIN",
        timeframe="1h",
        timestamp=np.arange(values.size) * 3_600_000,
        open=values,
        high=values,
        low=values,
        close=values,
        volume=np.ones(values.size),
    )


#  prices, cash; expected tick and step
INFERRED = [
    ([3000.12, 69_000.5], 1e4, 0.01, 0.000001),
    ([100.0, 101.0], 1e4, 0.001, 0.00001),
    ([0.00001234, 0.00008], 1e4, 1e-10, 100.0),
    ([0.0011, 0.7], 1e4, 1e-8, 0.1),
    ([100.123456789, 101.0], 1e4, 1e-5, 0.0001),
]


@pytest.mark.parametrize(("prices", "cash", "tick", "step"), INFERRED)
def test_inferred_rules(prices: list[float], cash: float, tick: float, step: float) -> None:
    rules = infer_rules(market(prices), cash)
    assert (rules.tick_size, rules.step_size) == (tick, step)
    assert rules.min_notional == cash / 10_000


@example([461169.0, 6.103515625e-05, 1.0000000000000002e-06], 1.0)
@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=20), st.floats(1.0, 1e8))
def test_inferred_rules_hardly_move_a_price_or_a_size(prices: list[float], cash: float) -> None:
    bars = market(prices)
    rules = infer_rules(bars, cash)
    ticks = tick_bars(bars, rules.tick_size, rules.step_size)
    np.testing.assert_allclose(ticks.cells[:, 3] * rules.tick_size, bars.close, rtol=1.001e-5)
    assert rules.step_size * max(prices) <= cash * 1e-5 * (1 + 1e-9)


def test_volumes_count_in_steps_and_nothing_traded_is_not_zero() -> None:
    found = volume_lots(np.array([10.0, 0.99, 0.0, 1e300]), 0.01)
    assert found.tolist() == [1000, 99, -1, 2**62]


def test_a_volume_that_is_not_a_number_is_refused() -> None:
    with pytest.raises(DataError, match="found nan in row 1"):
        volume_lots(np.array([1.0, np.nan]), 0.01)


def test_a_price_below_half_a_tick_is_refused() -> None:
    with pytest.raises(DataError, match=r"found 0\.004 in row 1"):
        price_ticks(np.array([1.0, 0.004]), 0.01)

"""How large an account may be, worked out by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptovolt.backtest.capacity import FillShares, capacity_of
from cryptovolt.backtest.simulate import simulate
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import Costs, SymbolRules

NAN = float("nan")
#  two fills: 1 % and 4 % of a bar's volume, all of the equity and half of it, 2 % a bar
FILLS = FillShares(np.array([0.01, 0.04]), np.array([1.0, 0.5]), np.array([0.02, 0.02]))
# Lost to impact: 1 · 0.02 · 0.1 + 0.5 · 0.02 · 0.2.
LOST = 0.004


def test_the_largest_fill_sets_the_bound_by_volume() -> None:
    assert capacity_of(FILLS, 1000.0, 1.5, volume_share=0.1).volume == pytest.approx(2500.0)


def test_impact_takes_half_of_the_growth_at_the_bound() -> None:
    found = capacity_of(FILLS, 1000.0, 1.5, return_share=0.5)
    assert found.impact == pytest.approx(1000.0 * (0.5 * math.log(1.5) / LOST) ** 2)


@given(st.floats(0.01, 100.0))
def test_at_the_bound_the_impact_is_what_was_allowed(coefficient: float) -> None:
    growth, share = 1.2, 0.25
    bound = capacity_of(FILLS, 1.0, growth, return_share=share, coefficient=coefficient).impact
    volume = FILLS.volume * bound
    lost = (coefficient * FILLS.equity * FILLS.deviation * np.sqrt(volume)).sum()
    assert lost == pytest.approx(share * math.log(growth))


def test_what_is_undefined_is_nan() -> None:
    none = FillShares(np.empty(0), np.empty(0), np.empty(0))
    assert np.isnan(capacity_of(none, 1000.0, 1.0)[:2]).all()
    assert math.isnan(capacity_of(FILLS, 1000.0, 0.9).impact)


@pytest.mark.parametrize("wrong", [{"volume_share": 0.0}, {"return_share": 2.0}])
def test_a_share_outside_its_range_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="return_share in"):
        capacity_of(FILLS, 1000.0, 1.5, **wrong)


def run_with(cash: float, volume: float = 1000.0) -> tuple[float, float]:
    price = np.array([100.0, 100.0, 110.0, 121.0, 121.0])
    bars = Bars(
        symbol="COIN", timeframe="1h", timestamp=np.arange(5) * 3_600_000, open=price, high=price,
        low=price, close=price, volume=np.full(5, volume),
    )  # fmt: skip
    rules = SymbolRules(tick_size=0.01, step_size=0.001)
    run = simulate(bars, [1, NAN, 0, NAN, NAN], Costs(fee=0.0, slippage=0.0), cash, rules=rules)
    return run.capacity().volume, run.capacity().impact


def test_a_run_is_measured_against_its_bars() -> None:
    # Ten coins are 1 % of the volume in and out; a tenth of it is ten times the account. They
    # are worth the account when bought, and 1210 when it is 1100 at the close before the sale.
    volume, impact = run_with(1000.0)
    deviation = np.std([0.0, 0.1, 0.1, 0.0], ddof=1)
    lost = (1.0 + 1.1) * deviation * math.sqrt(0.01)
    assert volume == pytest.approx(10_000.0)
    assert impact == pytest.approx(1000.0 * (0.5 * math.log(1.21) / lost) ** 2)


def test_the_bound_does_not_depend_on_the_account_it_was_measured_with() -> None:
    assert run_with(2000.0) == pytest.approx(run_with(1000.0))
    assert run_with(1000.0, 3000.0) == pytest.approx([3 * bound for bound in run_with(1000.0)])

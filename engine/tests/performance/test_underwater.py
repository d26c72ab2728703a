"""Drawdowns, one by one."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cryptovolt.performance import (
    find_drawdowns,
    max_drawdown,
    recovery_factor,
    time_under_water,
)

EQUITIES = st.lists(st.floats(1.0, 1e6), min_size=1, max_size=60)

#  row:              0     1     2     3     4     5     6     7
EQUITY = np.array([90.0, 80.0, 100.0, 120.0, 60.0, 90.0, 60.0, 119.0])


def test_drawdowns_worked_out_by_hand() -> None:
    found = find_drawdowns(EQUITY, 100.0)
    assert found.start.tolist() == [0, 4]
    assert found.trough.tolist() == [1, 4]
    assert found.end.tolist() == [2, 8]
    assert found.length.tolist() == [2, 4]
    assert found.recovered.tolist() == [True, False]
    np.testing.assert_allclose(found.depth, [0.2, 0.5])
    assert time_under_water(EQUITY, 100.0) == 6 / 8
    assert math.isclose(recovery_factor(EQUITY, 100.0), 0.19 / 0.5)


def test_an_account_that_only_rises_has_no_drawdown() -> None:
    rising = np.array([100.0, 100.0, 101.0])
    assert len(find_drawdowns(rising, 100.0)) == 0
    assert time_under_water(rising, 100.0) == 0.0
    assert math.isnan(recovery_factor(rising, 100.0))
    assert math.isnan(time_under_water(np.empty(0), 100.0))


@given(EQUITIES, st.floats(1.0, 1e6))
def test_the_deepest_drawdown_is_the_maximum_drawdown(values: list[float], start: float) -> None:
    equity = np.array(values)
    found = find_drawdowns(equity, start)
    deepest = max_drawdown(np.concatenate([[start], equity]))
    assert 0.0 <= deepest < 1.0
    assert found.depth.max(initial=0.0) == deepest
    assert found.length.sum() == round(time_under_water(equity, start) * equity.size)


@given(EQUITIES, st.floats(1.0, 1e6))
def test_drawdowns_do_not_overlap_and_have_their_trough_inside(
    values: list[float], start: float
) -> None:
    equity = np.array(values)
    found = find_drawdowns(equity, start)
    assert ((found.start <= found.trough) & (found.trough < found.end)).all()
    assert (found.end[:-1] < found.start[1:]).all()
    for first, trough, end in zip(found.start, found.trough, found.end, strict=True):
        assert equity[trough] == equity[first:end].min()


@given(EQUITIES, st.integers(-8, 8))
def test_the_currency_changes_nothing(values: list[float], power: int) -> None:
    equity, scale = np.array(values), 2.0**power
    here, there = find_drawdowns(equity, 10.0), find_drawdowns(scale * equity, 10.0 * scale)
    for name in ("start", "trough", "end", "depth"):
        np.testing.assert_array_equal(getattr(here, name), getattr(there, name))

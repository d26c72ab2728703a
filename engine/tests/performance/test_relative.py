"""Laws of measures against a benchmark."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.errors import DataError
from cryptovolt.performance import (
    alpha,
    beta,
    correlation,
    hold_returns,
    information_ratio,
    relative_to,
    tracking_error,
)

SEEDS = st.integers(0, 2**32 - 1)


def two(seed: int) -> tuple[FloatArray, FloatArray]:
    rng = np.random.default_rng(seed)
    return rng.normal(0.001, 0.02, 50), rng.normal(0.0, 0.03, 50)


@given(SEEDS)
def test_against_itself_a_run_has_beta_one_and_nothing_of_its_own(seed: int) -> None:
    own, _ = two(seed)
    found = relative_to(own, own, 365.0)
    assert found.beta == pytest.approx(1.0)
    assert found.correlation == pytest.approx(1.0)
    assert found.alpha == pytest.approx(0.0, abs=1e-12)
    assert found.tracking_error == 0.0
    assert math.isnan(found.information_ratio)


@given(SEEDS, st.floats(0.1, 3.0), st.floats(-0.01, 0.01))
def test_leverage_is_beta_and_a_steady_gain_is_alpha(
    seed: int, leverage: float, gain: float
) -> None:
    _, market = two(seed)
    own = leverage * market + gain
    assert beta(own, market) == pytest.approx(leverage)
    assert alpha(own, market, 365.0) == pytest.approx(365.0 * gain, abs=1e-9)


@given(SEEDS, st.floats(0.01, 100.0))
def test_the_scale_of_both_changes_no_ratio(seed: int, scale: float) -> None:
    own, market = two(seed)
    for measure in (beta, correlation, information_ratio):
        assert measure(scale * own, scale * market) == pytest.approx(measure(own, market))
    larger = tracking_error(scale * own, scale * market, 12.0)
    assert larger == pytest.approx(scale * tracking_error(own, market, 12.0))


def test_a_benchmark_that_does_not_move_explains_nothing() -> None:
    own, still = np.array([0.1, -0.1, 0.2]), np.zeros(3)
    assert math.isnan(beta(own, still))
    assert math.isnan(alpha(own, still, 365.0))
    assert math.isnan(correlation(own, still))
    assert math.isnan(tracking_error(own[:1], still[:1], 365.0))


def test_arrays_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(DataError, match=r"found shapes \(3,\) and \(2,\)"):
        beta(np.zeros(3), np.zeros(2))
    with pytest.raises(DataError, match="finite benchmark"):
        information_ratio(np.zeros(2), np.array([0.0, np.nan]))


def test_holding_two_coins_is_holding_half_of_each() -> None:
    # Bought at 10 and 40; worth 11/10 and 38/40 of it at the second close, 12/10 and 50/40 later.
    found = hold_returns(
        [np.array([9.0, 10.0, 11.0]), np.array([41.0, 40.0, 38.0])],
        [np.array([10.0, 11.0, 12.0]), np.array([40.0, 38.0, 50.0])],
    )
    worth = [1.0, (1.1 + 0.95) / 2, (1.2 + 1.25) / 2]
    assert found == pytest.approx([0.0, worth[1] - 1.0, worth[2] / worth[1] - 1.0])


def test_one_bar_holds_nothing() -> None:
    assert hold_returns([np.array([1.0])], [np.array([2.0])]).tolist() == [0.0]

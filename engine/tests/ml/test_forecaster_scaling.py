"""Scales of inputs and target, and how far forecasts are shrunk."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptovolt.domain.errors import ModelError
from cryptovolt.ml.forecaster_scaling import CUT, fit_scaling, fit_shrinkage


def test_normal_inputs_and_targets_get_mean_0_and_spread_1() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal([3.0, -50.0], [0.2, 40.0], (20_000, 2))
    target = rng.normal(0.001, 0.02, 20_000)
    scaling = fit_scaling(values, target)
    scaled = scaling.inputs(values)
    np.testing.assert_allclose(scaled.mean(axis=0), 0.0, atol=0.03)
    np.testing.assert_allclose(scaled.std(axis=0), 1.0, atol=0.03)
    scaled_target = scaling.target(target)
    assert (scaled_target.mean(), scaled_target.std()) == pytest.approx((0.0, 1.0), abs=1e-9)
    np.testing.assert_allclose(scaling.log_return(scaled_target), target, rtol=0, atol=1e-15)
    np.testing.assert_allclose(scaling.shrunk(0.5).log_return(scaled_target), target / 2)


def test_an_outlier_moves_no_scale_and_is_cut() -> None:
    values = np.linspace(-1.0, 1.0, 1_001)[:, None]
    spoilt = values.copy()
    spoilt[-1] = 1e9
    target = values[:, 0]
    clean, found = fit_scaling(values, target), fit_scaling(spoilt, target)
    np.testing.assert_allclose(found.scale, clean.scale)
    assert found.inputs(spoilt)[-1, 0] == CUT


@pytest.mark.parametrize(
    ("column", "scale"),
    [
        pytest.param([0.0] * 9 + [3.0], 0.9, id="mostly one number: standard deviation"),
        pytest.param([2.0] * 10, 1.0, id="never changes: as it is"),
    ],
)
def test_columns_without_a_middle_half(column: list[float], scale: float) -> None:
    found = fit_scaling(np.array(column)[:, None], np.arange(10.0))
    assert found.scale[0] == pytest.approx(scale)


@pytest.mark.parametrize("n_rows", [0, 5])
def test_targets_that_never_change_are_refused(n_rows: int) -> None:
    with pytest.raises(ModelError, match=f"expected targets that vary.*found {n_rows} of one"):
        fit_scaling(np.zeros((n_rows, 1)), np.full(n_rows, 0.01))


def test_shrinkage_of_many_rows_is_the_regression_through_the_origin() -> None:
    rng = np.random.default_rng(2)
    said = rng.normal(size=200_000)
    realised = 0.003 * said + rng.normal(0.0, 0.02, said.size)
    slope = float((said @ realised) / (said @ said))
    assert fit_shrinkage(said, realised, np.ones(said.size)) == pytest.approx(slope, rel=1e-3)


def test_few_rows_shrink_more() -> None:
    said = np.array([1.0, -1.0])
    assert fit_shrinkage(said, 0.01 * said, np.ones(2)) == pytest.approx(0.01 * 2.0 / 102.0)


@given(seed=st.integers(0, 1_000))
def test_a_forecaster_is_never_turned_round(seed: int) -> None:
    said = np.random.default_rng(seed).normal(size=50)
    assert fit_shrinkage(said, -said, np.ones(50)) == 0.0

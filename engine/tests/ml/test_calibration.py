"""Platt's calibration: true probabilities come back, and a wrong model is not turned round."""

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from cryptovolt.domain.errors import ModelError
from cryptovolt.ml.calibration import fit_platt


def test_the_true_slope_and_base_rate_are_found() -> None:
    rng = np.random.default_rng(1)
    margin = rng.normal(0.0, 1.5, 40_000)
    up = rng.random(40_000) < 1.0 / (1.0 + np.exp(-(0.7 * margin - 0.4)))
    found = fit_platt(margin, up, np.ones(40_000))
    assert found.slope == pytest.approx(0.7, abs=0.03)
    assert found.intercept == pytest.approx(-0.4, abs=0.03)


def test_it_agrees_with_scikit_learns_logistic_regression() -> None:
    rng = np.random.default_rng(2)
    margin, weight = rng.normal(0.0, 0.02, 50_000), rng.uniform(0.1, 1.0, 50_000)
    up = rng.random(50_000) < 1.0 / (1.0 + np.exp(-30.0 * margin))
    # Platt's targets are a hair inside 0 and 1, the slope has a prior: 50,000 rows hardly notice.
    regression: Any = LogisticRegression(C=np.inf, tol=1e-10)
    expected = regression.fit(margin[:, None] * 50, up, weight)
    found = fit_platt(margin, up, weight)
    assert found.slope == pytest.approx(float(expected.coef_[0, 0]) * 50, rel=0.01)
    assert found.intercept == pytest.approx(float(expected.intercept_[0]), abs=0.005)


def test_a_model_that_was_wrong_says_only_the_base_rate() -> None:
    rng = np.random.default_rng(3)
    margin = rng.normal(size=2_000)
    up = rng.random(2_000) < 1.0 / (1.0 + np.exp(margin))
    found = fit_platt(margin, up, np.ones(2_000))
    assert found.slope == 0.0
    assert 1.0 / (1.0 + np.exp(-found.intercept)) == pytest.approx(up.mean(), abs=0.001)


def test_a_model_that_says_one_thing_only_says_the_base_rate() -> None:
    up = np.arange(100) < 30
    assert fit_platt(np.full(100, 0.4), up, np.ones(100)).slope == 0.0


def test_separated_classes_end_with_finite_numbers() -> None:
    margin = np.linspace(-1.0, 1.0, 100)
    found = fit_platt(margin, margin > 0, np.ones(100))
    assert np.isfinite([found.slope, found.intercept]).all()
    assert found.slope > 1.0


def test_one_class_is_refused() -> None:
    with pytest.raises(ModelError, match="rises and falls to calibrate on"):
        fit_platt(np.zeros(10), np.ones(10, dtype=np.bool_), np.ones(10))

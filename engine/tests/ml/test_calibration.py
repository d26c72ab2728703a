"""Calibration: true probabilities come back, and a wrong model is not turned round."""

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from cryptovolt.domain.errors import ModelError
from cryptovolt.ml.calibration import (
    ROWS_PER_STEP,
    Calibration,
    Isotonic,
    Platt,
    calibrate,
    fit_isotonic,
    fit_platt,
    pool_adjacent,
    read_calibration,
)


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


def test_pooling_equals_scikit_learn() -> None:
    isotonic = pytest.importorskip("sklearn.isotonic")
    rng = np.random.default_rng(6)
    for n in (1, 2, 50, 500):
        value, weight = rng.normal(size=n) + np.linspace(0, 1, n), rng.uniform(0.1, 2.0, n)
        place = np.arange(n)
        expected = isotonic.IsotonicRegression().fit(place, value, weight).predict(place)
        np.testing.assert_allclose(pool_adjacent(value, weight), expected, atol=1e-12)


def test_isotonic_finds_a_curve_that_no_line_describes() -> None:
    rng = np.random.default_rng(7)
    margin = rng.uniform(-1.0, 1.0, 40_000)
    truth = np.where(margin > 0.0, 0.8, 0.3)
    found = fit_isotonic(margin, rng.random(40_000) < truth, np.ones(40_000))
    assert found.probability(np.array([-0.6, 0.6])) == pytest.approx([0.3, 0.8], abs=0.05)


def test_isotonic_has_no_more_points_than_rows_justify() -> None:
    rng = np.random.default_rng(8)
    margin = rng.normal(size=5_000)
    up = rng.random(5_000) < 1.0 / (1.0 + np.exp(-margin))
    # A weight of 0.1 each: ten overlapping labels are one independent row.
    found = fit_isotonic(margin, up, np.full(5_000, 0.1))
    assert 2 <= len(found.margin) <= 500 / ROWS_PER_STEP
    said = found.probability(np.sort(margin))
    assert (np.diff(said) >= 0.0).all()
    assert 0.0 < said.min() < said.max() < 1.0


def test_isotonic_does_not_turn_a_wrong_model_round() -> None:
    rng = np.random.default_rng(9)
    margin = rng.normal(size=5_000)
    found = fit_isotonic(margin, rng.random(5_000) < 1.0 / (1.0 + np.exp(margin)), np.ones(5_000))
    assert found.probability(np.array([-3.0, 3.0])) == pytest.approx([0.5, 0.5], abs=0.03)


@pytest.mark.parametrize("shape", ["line", "step"])
def test_the_better_calibration_is_taken(shape: str) -> None:
    rng = np.random.default_rng(10)
    margin, weight = rng.uniform(-2.0, 2.0, 20_000), np.ones(20_000)
    truth = 1.0 / (1.0 + np.exp(-margin)) if shape == "line" else np.where(margin > 1.0, 0.9, 0.4)
    up = rng.random(20_000) < truth
    found = calibrate(margin, up, weight, method="best", overlap=12)
    assert isinstance(found, Platt if shape == "line" else Isotonic)


def test_the_choice_falls_back_where_the_older_half_only_rises() -> None:
    up = np.arange(1_000) < 600
    margin = np.random.default_rng(1).normal(size=1_000)
    assert isinstance(calibrate(margin, up, np.ones(1_000), method="best", overlap=0), Platt)


@pytest.mark.parametrize("found", [Platt(0.7, -0.1), Isotonic((-1.0, 2.0), (0.4, 0.6))])
def test_a_calibration_comes_back_from_its_record(found: Calibration) -> None:
    assert read_calibration(found.to_record()) == found


def test_scaled_odds_have_the_same_probability() -> None:
    margin = np.linspace(-3, 3, 50)
    for found in (Platt(0.7, -0.1), Isotonic((-1.0, 0.5, 2.0), (0.4, 0.5, 0.6))):
        np.testing.assert_allclose(
            found.per(4.0).probability(4.0 * margin), found.probability(margin), atol=1e-15
        )


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"kind": "spline"},
        {"kind": "platt", "slope": float("nan"), "intercept": 0.0},
        {"kind": "isotonic", "margin": [0.0, 1.0], "level": [0.6, 0.5]},
        {"kind": "isotonic", "margin": [1.0, 0.0], "level": [0.5, 0.6]},
        {"kind": "isotonic", "margin": [], "level": []},
        {"kind": "isotonic", "margin": [0.0], "level": [1.5]},
    ],
)
def test_a_record_that_is_no_calibration_is_refused(record: dict[str, object]) -> None:
    with pytest.raises(ModelError, match=r"expected (a|numbers in a) calibration"):
        read_calibration(record)


def test_an_unknown_method_and_one_class_are_refused() -> None:
    ones = np.ones(10)
    with pytest.raises(ModelError, match="expected calibration platt, isotonic, best, found 'x'"):
        calibrate(ones, ones > 0, ones, method="x", overlap=0)
    with pytest.raises(ModelError, match="expected rises and falls"):
        fit_isotonic(ones, ones > 0, ones)

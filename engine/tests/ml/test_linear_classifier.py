"""The line is the one scikit-learn finds, and its contributions are its terms."""

import numpy as np
import pytest

from cryptovolt.domain.errors import ConfigurationError, ModelError
from cryptovolt.ml.linear_classifier import LinearSettings, LinearTrainer, read_line
from cryptovolt.ml.logistic import fit_ridge


@pytest.mark.parametrize("ridge", [1e-4, 1e-2, 1.0])
def test_coefficients_equal_those_of_scikit_learn(ridge: float) -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(2_000, 6))
    up = rows @ np.array([1.0, -0.5, 0.2, 0.0, 0.0, 2.0]) + rng.logistic(size=2_000) > 0.5
    weight = rng.uniform(0.1, 1.0, 2_000)
    coefficient, intercept = fit_ridge(rows, up, weight, ridge)
    oracle = linear_model.LogisticRegression(
        C=1.0 / (ridge * weight.sum()), tol=1e-10, max_iter=10_000
    ).fit(rows, up, sample_weight=weight)
    np.testing.assert_allclose(coefficient, oracle.coef_[0], atol=1e-6)
    assert intercept == pytest.approx(oracle.intercept_[0], abs=1e-6)


def test_separable_rows_do_not_run_away() -> None:
    rows = np.linspace(-1.0, 1.0, 200)[:, None]
    coefficient, _ = fit_ridge(rows, rows[:, 0] > 0.0, np.ones(200), 1e-4)
    assert 5.0 < coefficient[0] < 1_000.0


def test_the_scaler_is_fitted_to_training_rows_only() -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(5.0, 3.0, size=(1_000, 2))
    up = values[:, 0] + rng.normal(size=1_000) > 5.0
    weight = np.ones(1_000)
    older, newer = slice(0, 800), slice(800, None)
    values[newer] *= 100.0
    line = LinearTrainer().fit(
        values[older], up[older], weight[older], values[newer], up[newer], weight[newer]
    )
    np.testing.assert_array_equal(line.centre, values[older].mean(axis=0))
    np.testing.assert_array_equal(line.scale, values[older].std(axis=0))
    terms = line.coefficient * (values[:3] - line.centre) / line.scale
    np.testing.assert_allclose(line.contributions(values[:3]), terms, rtol=1e-12)
    again = read_line(line.content)
    np.testing.assert_array_equal(again.coefficient, line.coefficient)


@pytest.mark.parametrize("content", [b"", b"[]", b'{"centre": [1]}', b"\x80\x04K\x01."])
def test_something_else_than_a_line_is_refused(content: bytes) -> None:
    with pytest.raises(ModelError, match="expected the coefficients of a line"):
        read_line(content)


def test_a_line_without_numbers_is_refused() -> None:
    content = b'{"centre": [0], "scale": [1], "coefficient": [NaN], "intercept": 0}'
    with pytest.raises(ModelError, match="expected a finite coefficient"):
        read_line(content)


@pytest.mark.parametrize(
    "given", [{"ridge": 0.0}, {"ridge": 2.0}, {"validation": 0.9}, {"n_ridges": 0}]
)
def test_settings_that_make_no_sense_are_refused(given: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError, match="expected"):
        LinearSettings(**given)  # pyright: ignore[reportArgumentType]

"""Flat trees say what LightGBM says."""

from typing import Any

import numpy as np
import pytest

from cryptovolt.domain.errors import ConfigurationError, ModelError
from cryptovolt.ml.contributions import tree_contributions
from cryptovolt.ml.lightgbm_classifier import LightGBMSettings, LightGBMTrainer, read_text

lightgbm: Any = pytest.importorskip("lightgbm")


@pytest.mark.parametrize("depth", [1, 3, 6])
def test_flat_trees_and_contributions_equal_those_of_lightgbm(depth: int) -> None:
    rng = np.random.default_rng(depth)
    values = rng.normal(size=(4_000, 6)).round(1)  # many values lie on a threshold
    up = values[:, 0] * values[:, 1] + values[:, 2] + rng.normal(size=4_000) > 0.2
    weight = rng.uniform(0.2, 1.0, 4_000)
    settings = LightGBMSettings(max_depth=depth, n_rounds=80, min_child_weight=2.0)
    older, newer = slice(0, 3_000), slice(3_000, None)
    fitted = LightGBMTrainer(settings).fit(
        values[older], up[older], weight[older], values[newer], up[newer], weight[newer]
    )
    booster = lightgbm.Booster(model_str=fitted.content.decode())
    rounded = values.astype(np.float32).astype(np.float64)
    margin, said = fitted.calibrated(values, None)
    np.testing.assert_allclose(margin, booster.predict(rounded, raw_score=True), atol=1e-12)
    np.testing.assert_allclose(said, booster.predict(rounded), atol=1e-12)
    expected = booster.predict(rounded, pred_contrib=True)
    bias, matrix = tree_contributions(fitted.trees, values)
    np.testing.assert_allclose(matrix, expected[:, :-1], atol=1e-9)
    np.testing.assert_allclose(bias, expected[:, -1], atol=1e-9)
    assert 1 <= fitted.n_trees <= 80


@pytest.mark.parametrize("text", [b"", b"\x80\x04K\x01.", b"tree\nversion=v4\n", b"{}"])
def test_something_else_than_trees_is_refused(text: bytes) -> None:
    with pytest.raises(ModelError, match="expected a model that LightGBM saved as text"):
        read_text(text)


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="expected counts of at least 1"):
        LightGBMSettings(max_depth=0)
    with pytest.raises(ConfigurationError, match="found 'sigmoid'"):
        LightGBMSettings(calibration="sigmoid")

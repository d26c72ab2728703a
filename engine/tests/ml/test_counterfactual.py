"""The smallest change flips the decision, and nothing smaller of one column does."""

import numpy as np
import pytest

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.errors import ModelError
from cryptovolt.domain.ports import Model
from cryptovolt.ml import BoosterSettings
from cryptovolt.ml.calibration import Platt
from cryptovolt.ml.counterfactual import smallest_flip
from cryptovolt.ml.linear_classifier import LinearTrainer
from cryptovolt.ml.model import training_range
from cryptovolt.ml.xgboost_classifier import XGBoostTrainer, make_classifier

NAMES = ("a", "b", "c")


def rows(seed: int) -> FloatArray:
    return np.random.default_rng(seed).normal(size=(1_500, 3)) * np.array([1.0, 10.0, 0.1])


def trained(kind: str) -> Model:
    trainer = (
        LinearTrainer()
        if kind == "linear"
        else XGBoostTrainer(BoosterSettings(n_rounds=40, min_child_weight=1.0))
    )
    values = rows(1)
    noise = np.random.default_rng(2).normal(size=1_500)
    up, weight = values[:, 0] + 0.1 * values[:, 1] + 0.5 * noise > 0.0, np.ones(1_500)
    fitted = trainer.fit(
        values[:1_000], up[:1_000], weight[:1_000], values[1_000:], up[1_000:], weight[1_000:]
    )
    return trainer.model(fitted, NAMES, Platt(1.0, 0.0), {}, training_range(values))


@pytest.fixture(scope="module", params=["xgboost", "linear"])
def model(request: pytest.FixtureRequest) -> Model:
    return trained(request.param)


def test_the_change_flips_the_decision(model: Model) -> None:
    n_pairs = 0
    for row in rows(5)[:60]:
        found = smallest_flip(model, row)
        if found.reason is not None:
            continue
        moved = row.copy()
        for change in found.changes:
            moved[NAMES.index(change.feature)] = change.after
        after = float(model.probability_up(moved[None, :])[0])
        assert (after >= 0.5) != (found.before >= 0.5)
        assert found.after == after
        n_pairs += len(found.changes) == 2
    assert n_pairs < 60


def test_no_smaller_change_of_one_column_flips_it(model: Model) -> None:
    known = {key: np.array(column) for key, column in model.manifest["training"].items()}
    for row in rows(6)[:20]:
        found = smallest_flip(model, row)
        least = np.inf
        for column in range(3):
            tried = np.repeat(row[None, :], 4_001, axis=0)
            tried[:, column] = np.linspace(known["low"][column], known["high"][column], 4_001)
            flips = (model.probability_up(tried) >= 0.5) != (found.before >= 0.5)
            away = np.abs(tried[flips, column] - row[column]) / known["spread"][column]
            least = min(least, float(away.min(initial=np.inf)))
        if len(found.changes) == 1:
            assert found.distance is not None
            assert found.distance <= least + 1e-6
        else:
            assert least == np.inf


def test_two_columns_move_where_one_is_not_enough() -> None:
    found = smallest_flip(trained("linear"), np.array([-3.0, -30.0, 0.0]), threshold=0.9)
    assert {change.feature for change in found.changes} == {"a", "b"}
    assert found.after is not None
    assert found.after >= 0.9


def test_without_a_flip_there_is_a_reason(model: Model) -> None:
    found = smallest_flip(model, np.array([-2.0, -20.0, 0.0]), threshold=1.0 - 1e-12)
    assert found.changes == ()
    assert found.after is None
    assert found.distance is None
    assert found.reason is not None
    assert found.reason.startswith("no change of one column, nor of the pairs tried")


def test_a_row_that_cannot_be_asked_is_refused(model: Model) -> None:
    with pytest.raises(ModelError, match="with 1 holes"):
        smallest_flip(model, np.array([0.0, np.nan, 0.0]))
    with pytest.raises(ModelError, match=r"expected a threshold in \(0, 1\), found 1.0"):
        smallest_flip(model, np.zeros(3), threshold=1.0)


def test_a_model_without_its_training_range_is_refused() -> None:
    settings = BoosterSettings(n_rounds=5, min_child_weight=1.0)
    values, weight = rows(1), np.ones(1_500)
    up = values[:, 0] > 0.0
    grown = XGBoostTrainer(settings).fit(values, up, weight, values, up, weight)
    bare = make_classifier(grown.content, NAMES, Platt(1.0, 0.0), settings, {})
    with pytest.raises(ModelError, match="expected the training range in model"):
        smallest_flip(bare, np.zeros(3))

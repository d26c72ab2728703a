"""Training, storing and serving: what is served is what was trained, or it is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
import xgboost
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptovolt.domain.arrays import BoolArray, FloatArray
from cryptovolt.domain.errors import ConfigurationError, ModelError
from cryptovolt.domain.ports import Classifier
from cryptovolt.features import Features
from cryptovolt.ml import BoosterSettings, XGBoostClassifier, load_classifier, vote_scores
from cryptovolt.ml.calibration import Platt
from cryptovolt.ml.trees import read_trees
from cryptovolt.ml.xgboost_classifier import make_classifier, train_trees

NAMES = ("a", "b", "c")
SETTINGS = BoosterSettings(n_rounds=60, min_child_weight=1.0)


def rows(seed: int, n_rows: int = 1_500) -> tuple[FloatArray, BoolArray]:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n_rows, 3))
    return values, values[:, 0] - 0.5 * values[:, 1] + rng.normal(size=n_rows) > 0.3


def trained_trees(seed: int = 1) -> bytes:
    values, up = rows(seed)
    weight = np.ones(1_000)
    return train_trees(
        values[:1_000], up[:1_000], weight, values[1_000:], up[1_000:], weight[:500], SETTINGS
    )


@pytest.fixture(scope="module")
def classifier() -> XGBoostClassifier:
    return make_classifier(trained_trees(), NAMES, Platt(0.9, 0.1), SETTINGS, {"symbol": "X"})


def test_it_is_a_classifier(classifier: XGBoostClassifier) -> None:
    port: Classifier = classifier
    assert port.feature_names == NAMES
    assert len(port.artefact_hash) == 64


def test_it_prints_its_size_and_hash_and_not_the_model(classifier: XGBoostClassifier) -> None:
    n_trees = len(json.loads(classifier.model)["learner"]["gradient_booster"]["model"]["trees"])
    first = classifier.artefact_hash[:16]
    assert repr(classifier) == f"XGBoostClassifier({n_trees} trees, 3 features, {first})"


def test_flat_trees_equal_xgboost(classifier: XGBoostClassifier) -> None:
    values, _ = rows(2, 20_000)
    booster = xgboost.Booster()
    booster.load_model(bytearray(classifier.model))
    expected = booster.inplace_predict(values.astype(np.float32))
    served = classifier.trees.calibrated(values, 1.0, 0.0)[1]
    np.testing.assert_allclose(served, expected, rtol=0, atol=1e-6)
    assert np.ptp(served) > 0.5


def test_a_value_on_a_threshold_goes_where_xgboost_sends_it(
    classifier: XGBoostClassifier,
) -> None:
    trees = classifier.trees
    inner = np.isfinite(trees.threshold)
    values = np.zeros((int(inner.sum()), 3))
    values[np.arange(len(values)), trees.feature[inner]] = trees.threshold[inner]
    booster = xgboost.Booster()
    booster.load_model(bytearray(classifier.model))
    expected = booster.inplace_predict(values.astype(np.float32))
    np.testing.assert_allclose(trees.calibrated(values, 1.0, 0.0)[1], expected, atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_a_row_alone_has_the_bits_it_has_in_a_batch(
    classifier: XGBoostClassifier, seed: int
) -> None:
    values, _ = rows(seed, 300)
    batch = classifier.probability_up(values)
    alone = [classifier.probability_up(values[t : t + 1])[0] for t in range(300)]
    np.testing.assert_array_equal(batch, alone)


def test_probabilities_are_calibrated_odds(classifier: XGBoostClassifier) -> None:
    values, _ = rows(3)
    odds = classifier.trees.margins(values)
    expected = 1.0 / (1.0 + np.exp(-(0.9 * odds + 0.1)))
    np.testing.assert_allclose(classifier.probability_up(values), expected, rtol=1e-12)


@pytest.mark.parametrize("hole", [np.nan, np.inf])
def test_a_row_with_a_hole_has_no_probability(classifier: XGBoostClassifier, hole: float) -> None:
    values, _ = rows(4, 3)
    values[1, 2] = hole
    assert np.isnan(classifier.probability_up(values)).tolist() == [False, True, False]


def test_another_number_of_columns_is_refused(classifier: XGBoostClassifier) -> None:
    with pytest.raises(ModelError, match=r"expected rows of 3 features, found shape \(2, 4\)"):
        classifier.probability_up(np.zeros((2, 4)))


def test_the_same_data_give_the_same_bytes() -> None:
    assert trained_trees() == trained_trees()
    assert trained_trees(1) != trained_trees(2)


def test_a_stored_model_comes_back_whole(classifier: XGBoostClassifier, tmp_path: Path) -> None:
    values, _ = rows(5)
    loaded = load_classifier(classifier.save(tmp_path))
    assert loaded.artefact_hash == classifier.artefact_hash
    assert loaded.feature_names == classifier.feature_names
    np.testing.assert_array_equal(loaded.probability_up(values), classifier.probability_up(values))


@pytest.mark.parametrize("name", ["model.json", "manifest.json"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_one_changed_byte_is_refused(
    classifier: XGBoostClassifier, tmp_path: Path, name: str, share: float
) -> None:
    folder = classifier.save(tmp_path)
    content = bytearray((folder / name).read_bytes())
    content[int(len(content) * share)] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(ModelError, match=r"found it changed|found a damaged one|of format"):
        load_classifier(folder)


def test_a_calibration_changed_by_hand_is_refused(
    classifier: XGBoostClassifier, tmp_path: Path
) -> None:
    folder = classifier.save(tmp_path)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["calibration"]["slope"] = 9.0
    (folder / "manifest.json").write_text(
        json.dumps(manifest, sort_keys=True, indent=1, ensure_ascii=False)
    )
    with pytest.raises(ModelError, match="found it changed; train it again"):
        load_classifier(folder)


def test_a_missing_model_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"expected a stored model in .*nowhere, found No such"):
        load_classifier(tmp_path / "nowhere")


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"learner": 3}', b"{L\x80" * 100_000])
def test_something_else_than_trees_is_refused_in_one_sentence(text: bytes) -> None:
    with pytest.raises(ModelError, match="expected a model that XGBoost saved as JSON") as caught:
        read_trees(text)
    assert len(str(caught.value)) < 200


def test_one_class_is_refused() -> None:
    values, up = rows(1)
    ones = np.ones(1_500, dtype=np.bool_)
    weight = np.ones(1_500)
    for fit, stop in ((ones, up), (up, ones)):
        with pytest.raises(ModelError, match="expected rises and falls to learn from"):
            train_trees(values, fit, weight, values, stop, weight, SETTINGS)


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="expected counts of at least 1"):
        BoosterSettings(n_rounds=0)
    with pytest.raises(ConfigurationError, match="shares in"):
        BoosterSettings(validation=0.6)


def features_of(values: FloatArray, names: tuple[str, ...]) -> Features:
    return Features(
        names=names,
        values=values,
        timestamp=np.arange(len(values)),
        warmup=0,
        timeframe="1h",
        symbol="X",
    )


def test_the_vote_is_up_minus_down_whatever_the_order_of_columns(
    classifier: XGBoostClassifier,
) -> None:
    values, _ = rows(6)
    values[7] = np.nan
    p_up = classifier.probability_up(values)
    turned = features_of(np.column_stack([values[:, ::-1], values[:, 0]]), ("c", "b", "a", "more"))
    votes = vote_scores([classifier, classifier], turned)
    np.testing.assert_allclose(votes, p_up - (1.0 - p_up))
    assert np.isnan(votes[7])


def test_another_feature_list_casts_no_vote(classifier: XGBoostClassifier) -> None:
    values, _ = rows(6)
    with pytest.raises(ModelError, match="casts no vote: expected features c, found none"):
        vote_scores([classifier], features_of(values, ("a", "b", "d")))
    with pytest.raises(ModelError, match="at least one promoted model"):
        vote_scores([], features_of(values, NAMES))

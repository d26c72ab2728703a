"""The card says what each measure is, how sure, beside what, in each fold and regime."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr  # pyright: ignore[reportUnknownVariableType]
from sklearn.metrics import (
    balanced_accuracy_score,  # pyright: ignore[reportUnknownVariableType]
)

from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import DataError
from cryptovolt.features import Features, build_features, triple_barrier
from cryptovolt.ml import BoosterSettings
from cryptovolt.performance.classification import auc_within
from cryptovolt.report.model_card import write_model_card
from cryptovolt.research import Evaluation, Gate, evaluate_classifier
from cryptovolt.research.edge_gates import planted_column
from cryptovolt.research.model_card import ModelCard, model_card
from cryptovolt.research.regimes import regimes
from cryptovolt.research.synthetic import synthetic_bars

HORIZON = 6
MEASURES = {
    "accuracy", "balanced_accuracy", "precision", "recall", "auc", "brier", "log_loss",
    "calibration_error", "information_coefficient", "total_return",
}  # fmt: skip


@pytest.fixture(scope="module")
def bars() -> Bars:
    return synthetic_bars(3_000, end=1_700_000_000_000, rng=np.random.default_rng(4))


@pytest.fixture(scope="module")
def features(bars: Bars) -> Features:
    made = build_features(bars)
    column = planted_column(bars, HORIZON, np.random.default_rng(2), 0.6)
    kept = made.select(made.names[:6])
    values = np.column_stack([kept.values, column])
    return replace(kept, names=(*kept.names, "planted"), values=values)


@pytest.fixture(scope="module")
def evaluation(bars: Bars, features: Features) -> Evaluation:
    return evaluate_classifier(
        features,
        triple_barrier(bars, HORIZON),
        rng=np.random.default_rng(1),
        settings=BoosterSettings(n_rounds=40),
        n_resamples=50,
    )


GATES = (Gate("warm_up", passed=False, measured=1.0, threshold=0.0, text="it <depends> on it"),)


@pytest.fixture(scope="module")
def card(bars: Bars, features: Features, evaluation: Evaluation) -> ModelCard:
    return model_card(
        bars, features, evaluation, rng=np.random.default_rng(1), gates=GATES, n_resamples=50
    )


def test_each_measure_has_interval_baselines_folds_and_regimes(card: ModelCard) -> None:
    assert {entry.name for entry in card.entries} == MEASURES
    for entry in card.entries:
        assert entry.interval.low <= entry.interval.high
        assert {"majority", "last_direction", "logistic"} <= set(entry.baselines)
        assert len(entry.folds) == 5
        assert set(entry.regimes) == set(card.n_regime_rows)
    assert "holding" in card["total_return"].baselines


def test_values_are_those_of_independent_libraries(card: ModelCard, evaluation: Evaluation) -> None:
    labels, tested = evaluation.labels, evaluation.tested
    said, up = evaluation.probability[labels.row[tested]], labels.up[tested]
    expected = float(balanced_accuracy_score(up, said > 0.5))
    assert card["balanced_accuracy"].value == pytest.approx(expected, abs=1e-12)
    assert card["auc"].value == auc_within(up, said, evaluation.fold_of)
    fold = evaluation.folds[3].fold.test
    own = evaluation.probability[labels.row[fold]]
    coefficient: Any = spearmanr(own, labels.outcome[fold])
    assert card["information_coefficient"].folds[3] == pytest.approx(
        float(coefficient.statistic), abs=1e-9
    )


def test_a_planted_column_is_seen_by_the_model_and_by_the_logistic_regression(
    card: ModelCard,
) -> None:
    area = card["auc"]
    assert area.interval.low > 0.5
    assert area.baselines["logistic"] > 0.6 > area.baselines["last_direction"]
    assert card["information_coefficient"].value > 0.1


def test_money_of_the_folds_adds_up_to_that_of_the_whole(card: ModelCard) -> None:
    entry = card["total_return"]
    whole = np.prod([1.0 + value for value in entry.folds]) - 1.0
    assert entry.value == pytest.approx(float(whole), rel=1e-9)
    trends = [entry.regimes["up trend"], entry.regimes["down trend"]]
    assert np.prod(1.0 + np.array(trends)) - 1.0 == pytest.approx(entry.value, rel=1e-9)


def test_regimes_are_named_from_the_past_alone(bars: Bars) -> None:
    whole, part = regimes(bars), regimes(bars[:2_500])
    for name, inside in part.items():
        np.testing.assert_array_equal(inside, whole[name][:2_500])
        assert 0.1 < whole[name][600:].mean() < 0.9
    assert (whole["up trend"] ^ whole["down trend"])[200:].all()
    assert (whole["high volatility"] ^ whole["low volatility"])[400:].all()


def test_the_record_is_json_and_says_what_the_model_was_made_from(
    card: ModelCard, evaluation: Evaluation
) -> None:
    record = json.loads(json.dumps(card.to_record(), allow_nan=False))
    assert record["artefact_hash"] == evaluation.model.artefact_hash
    assert record["n_trials"] is None
    assert set(record["measures"]) == MEASURES
    assert record["gates"][0]["name"] == "warm_up"
    assert record["provenance"]["features_sha256"]


def test_the_page_loads_nothing_and_shows_reasons_intervals_and_hardships(
    card: ModelCard, tmp_path: Path
) -> None:
    page = write_model_card(card, tmp_path / "card.html", synthetic=True).read_text("utf-8")
    assert "it &lt;depends&gt; on it" in page
    for wanted in ("SYNTHETIC", "A candidate only", "By regime", "Under hardship", "logistic"):
        assert wanted in page
    for loaded in ("<script", "http://", "https://", "src="):
        assert loaded not in page


def test_other_bars_are_refused(bars: Bars, features: Features, evaluation: Evaluation) -> None:
    with pytest.raises(DataError, match="the bars that the features were built from"):
        model_card(bars[1:], features, evaluation, rng=np.random.default_rng(1))

"""Every gate lets an honest model through and stops the one leak it is there for."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import DataError
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.features import Features, Labels, build_features, triple_barrier
from cryptovolt.ml import BoosterSettings
from cryptovolt.ml.lightgbm_classifier import LightGBMTrainer
from cryptovolt.ml.linear_classifier import LinearTrainer
from cryptovolt.ml.model import Trainer
from cryptovolt.ml.split import Fold, WalkForward
from cryptovolt.ml.xgboost_classifier import XGBoostClassifier, XGBoostTrainer
from cryptovolt.research import Evaluation, Gate, evaluate_classifier, promotable, run_gates
from cryptovolt.research.edge_gates import Pipeline
from cryptovolt.research.gates import checks_of
from cryptovolt.research.ledger import FileLedger
from cryptovolt.research.shown_gates import trials_counted

HOUR_MS = 3_600_000
HORIZON = 6

Build = Callable[[Bars, SentimentSeries | None], Features]


@dataclass(frozen=True)
class Made:
    bars: Bars
    news: SentimentSeries
    features: Features
    evaluation: Evaluation


def random_walk(n_bars: int, seed: int) -> Bars:
    rng = np.random.default_rng(seed)
    close = 100.0 * np.exp((0.006 * rng.standard_t(5, n_bars)).cumsum())
    open_ = np.concatenate([[100.0], close[:-1]])
    return Bars(
        symbol="BTCUSDT",
        timeframe="1h",
        timestamp=np.arange(450_000, 450_000 + n_bars) * HOUR_MS,
        open=open_,
        high=np.maximum(open_, close) * 1.002,
        low=np.minimum(open_, close) * 0.998,
        close=close,
        volume=rng.lognormal(3.0, 0.7, n_bars),
    )


def news_of(bars: Bars) -> SentimentSeries:
    rng = np.random.default_rng(5)
    seen = np.sort(rng.integers(int(bars.timestamp[0]), int(bars.timestamp[-1]), 1_500))
    return SentimentSeries(event_time=seen, observed_at=seen, score=rng.uniform(-1, 1, 1_500))


def train(features: Features, labels: Labels) -> Evaluation:
    return evaluate_classifier(features, labels, rng=np.random.default_rng(1), n_resamples=100)


@pytest.fixture(scope="module")
def honest() -> Made:
    bars = random_walk(4_000, seed=2)
    news = news_of(bars)
    features = build_features(bars, news)
    return Made(bars, news, features, train(features, triple_barrier(bars, HORIZON)))


def gate_of(pipeline: Made, name: str, build: Build = build_features) -> Gate:
    whole = Pipeline(
        bars=pipeline.bars,
        sentiment=pipeline.news,
        build=build,
        label=partial(triple_barrier, horizon=HORIZON),
        train=train,
    )
    rng = np.random.default_rng(3)
    return checks_of(whole, pipeline.features, pipeline.evaluation, rng)[name]()


def with_column(features: Features, name: str, column: FloatArray) -> Features:
    return Features(
        names=(*features.names, name),
        values=np.column_stack([features.values, column]),
        timestamp=features.timestamp,
        warmup=features.warmup,
        timeframe=features.timeframe,
        symbol=features.symbol,
    )


def retrained(honest: Made, build: Build) -> Made:
    features = build(honest.bars, honest.news)
    labels = triple_barrier(honest.bars, HORIZON)
    return replace(honest, features=features, evaluation=train(features, labels))


def test_an_honest_model_passes_every_gate(honest: Made, tmp_path: Path) -> None:
    ledger = FileLedger(tmp_path / "trials.jsonl")
    evaluation = evaluate_classifier(
        honest.features,
        triple_barrier(honest.bars, HORIZON),
        rng=np.random.default_rng(1),
        n_resamples=100,
        ledger=ledger,
        bars=honest.bars,
    )
    gates = run_gates(
        honest.bars,
        honest.features,
        evaluation,
        rng=np.random.default_rng(3),
        sentiment=honest.news,
        ledger=ledger,
    )
    assert len(gates) == len({gate.name for gate in gates}) == 21
    assert promotable(gates), [gate.text for gate in gates if not gate.passed]
    assert set(gates[0].to_record()) == {"name", "passed", "measured", "threshold", "text"}


def test_a_model_without_gates_is_not_promotable() -> None:
    assert not promotable(())


def test_the_next_bar_as_a_column_is_refused(honest: Made) -> None:
    def build(bars: Bars, sentiment: SentimentSeries | None) -> Features:
        peek = np.append(np.log(bars.close[1:] / bars.close[:-1]), 0.0)
        return with_column(build_features(bars, sentiment), "peek", peek)

    made = retrained(honest, build)
    assert not gate_of(made, "future_alteration", build).passed
    assert "peek" in gate_of(made, "future_alteration", build).text
    assert not gate_of(made, "live_equals_batch", build).passed


def test_the_future_return_as_a_column_is_refused(honest: Made) -> None:
    def build(bars: Bars, sentiment: SentimentSeries | None) -> Features:
        future = np.zeros(len(bars))
        future[:-HORIZON] = np.log(bars.close[HORIZON:] / bars.close[:-HORIZON])
        return with_column(build_features(bars, sentiment), "future", future)

    made = retrained(honest, build)
    assert not gate_of(made, "single_feature", build).passed
    assert "future" in gate_of(made, "single_feature", build).text
    assert not gate_of(made, "plausible_auc", build).passed


def test_a_scaler_fitted_on_all_rows_is_refused(honest: Made) -> None:
    def build(bars: Bars, sentiment: SentimentSeries | None) -> Features:
        features = build_features(bars, sentiment)
        level = features.values[:, 0]
        scaled = (level - np.nanmean(level)) / np.nanstd(level)
        return with_column(features, "scaled", scaled)

    made = retrained(honest, build)
    assert not gate_of(made, "future_alteration", build).passed
    assert not gate_of(made, "live_equals_batch", build).passed


def test_sentiment_of_the_next_hour_is_refused(honest: Made) -> None:
    def build(bars: Bars, sentiment: SentimentSeries | None) -> Features:
        assert sentiment is not None
        early = SentimentSeries(
            event_time=sentiment.event_time - HOUR_MS,
            observed_at=sentiment.observed_at - HOUR_MS,
            score=sentiment.score,
        )
        return build_features(bars, early)

    made = retrained(honest, build)
    assert not gate_of(made, "future_alteration", build).passed
    assert "sentiment" in gate_of(made, "future_alteration", build).text


@pytest.mark.parametrize("shift", [-HORIZON, -3, 3])
def test_shifted_labels_are_refused(honest: Made, shift: int) -> None:
    labels = triple_barrier(honest.bars, HORIZON)
    keep = (labels.row - shift >= 200) & (labels.row - shift < len(honest.bars) - HORIZON - 1)
    shifted = replace(labels.select(keep), value=np.roll(labels.value, shift)[keep])
    made = replace(honest, evaluation=train(honest.features, shifted))
    assert not gate_of(made, "label_alignment").passed


def test_overlapping_sets_are_refused(honest: Made) -> None:
    last = honest.evaluation.folds[-1]
    fold = Fold(last.fold.number, np.arange(int(last.fold.test[0])), last.fold.test)
    folds = (*honest.evaluation.folds[:-1], replace(last, fold=fold))
    made = replace(honest, evaluation=replace(honest.evaluation, folds=folds))
    assert not gate_of(made, "split_audit").passed
    assert gate_of(made, "split_audit").measured < gate_of(made, "split_audit").threshold


def test_a_step_fitted_on_test_rows_is_refused(honest: Made) -> None:
    first = honest.evaluation.folds[0]
    seen = {**first.fitted_until, "scaler": len(honest.bars) - 1}
    folds = (replace(first, fitted_until=seen), *honest.evaluation.folds[1:])
    made = replace(honest, evaluation=replace(honest.evaluation, folds=folds))
    assert not gate_of(made, "fitted_on_training_rows").passed
    assert "scaler of fold 1" in gate_of(made, "fitted_on_training_rows").text


def test_testing_on_the_training_rows_is_refused(honest: Made) -> None:
    last = honest.evaluation.folds[-1]
    fold = Fold(last.fold.number, last.fold.train, last.fold.train[:1_500])
    evaluation = replace(
        honest.evaluation,
        folds=(*honest.evaluation.folds[:-1], replace(last, fold=fold)),
        trainer=XGBoostTrainer(
            BoosterSettings(max_depth=8, min_child_weight=1.0, learning_rate=0.3)
        ),
    )
    made = replace(honest, evaluation=evaluation)
    assert not gate_of(made, "label_permutation").passed


def test_too_few_outcomes_or_one_class_are_refused(honest: Made) -> None:
    labels = honest.evaluation.labels
    thin = replace(labels, weight=labels.weight / 100.0)
    last = honest.evaluation.folds[-1].fold.test
    nearly = labels.value.copy()
    nearly[last[5:]] = 1
    few_falls = replace(labels, value=nearly)
    made = replace(honest, evaluation=replace(honest.evaluation, labels=few_falls))
    assert not gate_of(made, "both_classes").passed
    made = replace(honest, evaluation=replace(honest.evaluation, labels=thin))
    assert not gate_of(made, "enough_rows").passed


def test_another_served_model_is_refused(honest: Made) -> None:
    model = honest.evaluation.model
    assert isinstance(model, XGBoostClassifier)
    trees = replace(model.trees, base=model.trees.base + 0.001)
    evaluation = replace(honest.evaluation, model=replace(model, trees=trees))
    made = replace(honest, evaluation=evaluation)
    assert not gate_of(made, "serving_equals_training").passed


def test_other_bars_are_refused(honest: Made) -> None:
    with pytest.raises(DataError, match="the bars that the features were built from"):
        run_gates(honest.bars[1:], honest.features, honest.evaluation, rng=np.random.default_rng(1))


@pytest.mark.parametrize("trainer", [LinearTrainer(), LightGBMTrainer()], ids=lambda one: one.kind)
def test_models_of_other_kinds_serve_what_was_trained(honest: Made, trainer: Trainer) -> None:
    evaluation = evaluate_classifier(
        honest.features,
        triple_barrier(honest.bars, HORIZON),
        rng=np.random.default_rng(1),
        walk=WalkForward(n_folds=2),
        trainer=trainer,
        n_resamples=20,
    )
    gate = gate_of(replace(honest, evaluation=evaluation), "serving_equals_training")
    assert gate.passed, gate.text
    assert gate.measured <= 1e-6


def test_trials_are_counted_by_a_whole_ledger_that_holds_the_model(
    honest: Made, tmp_path: Path
) -> None:
    path = tmp_path / "trials.jsonl"
    ledger = FileLedger(path)
    evaluation = evaluate_classifier(
        honest.features,
        triple_barrier(honest.bars, HORIZON),
        rng=np.random.default_rng(1),
        walk=WalkForward(n_folds=2),
        settings=BoosterSettings(n_rounds=5),
        n_resamples=20,
        ledger=ledger,
        bars=honest.bars,
    )
    assert trials_counted(evaluation, ledger).passed
    other = FileLedger(tmp_path / "empty.jsonl")
    assert "but not this one" in trials_counted(evaluation, other).text
    # A row taken out of the file: the chain is broken, and the gate says so.
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:1] + lines[2:]), "utf-8")
    broken = trials_counted(evaluation, FileLedger(path))
    assert not broken.passed
    assert "BROKEN" in broken.text

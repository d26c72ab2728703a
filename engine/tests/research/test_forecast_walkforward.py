"""The whole evaluation of a forecaster on small data: an edge is found, chance is not."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import DataError, ModelError
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.features import Features
from cryptovolt.features.targets import Targets, forward_return
from cryptovolt.ml.forecaster_vote import forecast_votes
from cryptovolt.ml.lstm_forecaster import load_forecaster
from cryptovolt.ml.lstm_settings import LSTMSettings
from cryptovolt.ml.split import WalkForward
from cryptovolt.research.forecast_evaluation import ForecastEvaluation
from cryptovolt.research.forecast_gates import (
    run_forecast_gates,
    serving_equals_training,
    target_alignment,
)
from cryptovolt.research.forecast_verify import VERIFY_TOLERANCE, difference_trained_again
from cryptovolt.research.forecast_walkforward import evaluate_forecaster

HOUR = 3_600_000
N_BARS, WARMUP, HORIZON = 1_400, 20, 2
EDGE = 0.35
SETTINGS = LSTMSettings(
    n_steps=6, hidden=4, n_epochs=5, batch=32, stride=1, learning_rate=1e-2, early_stopping=5
)
WALK = WalkForward(n_folds=2)


def bars_with(edge: float) -> Bars:
    """Return bars whose next return follows the newest one by `edge`."""
    rng = np.random.default_rng(4)
    change = rng.normal(0.0, 0.01, N_BARS)
    for t in range(1, N_BARS):
        change[t] += edge * change[t - 1]
    close = 100.0 * np.exp(np.cumsum(change))
    open_ = np.concatenate([[100.0], close[:-1]])
    return Bars(
        symbol="X", timeframe="1h", timestamp=HOUR * (450_000 + np.arange(N_BARS)),
        open=open_, high=np.maximum(open_, close), low=np.minimum(open_, close), close=close,
        volume=1.0 + rng.random(N_BARS),
    )  # fmt: skip


def small_features(bars: Bars, sentiment: SentimentSeries | None = None) -> Features:
    """Return two columns: the newest return and the volume."""
    del sentiment
    values = np.column_stack([np.log(bars.close / bars.open), bars.volume])
    values[:WARMUP] = np.nan
    return Features(
        names=("return", "volume"), values=values, timestamp=bars.timestamp, warmup=WARMUP,
        timeframe="1h", symbol="X",
    )  # fmt: skip


def evaluated(bars: Bars, targets: Targets | None = None) -> ForecastEvaluation:
    pytest.importorskip("torch")
    targets = forward_return(bars, HORIZON) if targets is None else targets
    return evaluate_forecaster(
        small_features(bars), targets, rng=np.random.default_rng(1), walk=WALK,
        settings=SETTINGS, n_resamples=200,
    )  # fmt: skip


@pytest.fixture(scope="module")
def edge() -> ForecastEvaluation:
    return evaluated(bars_with(EDGE))


@pytest.fixture(scope="module")
def chance() -> ForecastEvaluation:
    return evaluated(bars_with(0.0))


def test_an_edge_beats_the_last_price_and_may_vote(edge: ForecastEvaluation) -> None:
    assert edge.beats_last_price
    assert edge.model.silence is None
    assert edge.scores["information_coefficient"].interval.low > 0.15
    votes = forecast_votes(edge.model, small_features(bars_with(EDGE)))
    assert np.isfinite(votes[WARMUP + SETTINGS.n_steps - 1 :]).all()
    assert 0.3 < np.nanstd(votes) < 1.0
    assert edge.model.spread == np.nanstd(edge.forecast)


def test_chance_does_not_and_is_silent_with_the_reason(chance: ForecastEvaluation) -> None:
    assert not chance.beats_last_price
    assert chance.model.silence == chance.text
    assert "the last price" in chance.text
    assert np.isnan(forecast_votes(chance.model, small_features(bars_with(0.0)))).all()


def test_every_target_after_the_first_training_set_is_forecast_once(
    edge: ForecastEvaluation,
) -> None:
    tested = np.concatenate([result.fold.test for result in edge.folds])
    assert np.unique(tested).size == tested.size
    rows = np.flatnonzero(np.isfinite(edge.forecast))
    np.testing.assert_array_equal(rows, edge.targets.row[np.sort(tested)])


def test_evaluating_again_gives_the_same_bits(edge: ForecastEvaluation) -> None:
    again = evaluated(bars_with(EDGE))
    np.testing.assert_array_equal(again.forecast, edge.forecast)
    assert again.model.artefact_hash == edge.model.artefact_hash
    assert again.to_record() == edge.to_record()


def test_a_stored_forecaster_trained_again_says_the_same(
    edge: ForecastEvaluation, tmp_path: Path
) -> None:
    stored = load_forecaster(edge.model.save(tmp_path))
    bars = bars_with(EDGE)
    features, targets = small_features(bars), forward_return(bars, HORIZON)
    assert difference_trained_again(stored, features, targets) <= VERIFY_TOLERANCE
    other = small_features(bars_with(0.0))
    assert difference_trained_again(stored, other, targets) > VERIFY_TOLERANCE


def test_the_future_of_a_fold_does_not_change_its_forecasts(edge: ForecastEvaluation) -> None:
    targets = forward_return(bars_with(EDGE), HORIZON)
    last = int(edge.targets.row[edge.folds[0].fold.test[-1]])
    later = targets.row > last - HORIZON
    changed = replace(targets, value=np.where(later, -targets.value, targets.value))
    found = evaluated(bars_with(EDGE), changed)
    # Up to the end of the first test set all is as it was; a flipped edge changes the second.
    np.testing.assert_array_equal(found.forecast[: last + 1], edge.forecast[: last + 1])
    assert found.gain.estimate < edge.gain.estimate


def test_all_gates_of_a_clean_pipeline_pass(edge: ForecastEvaluation) -> None:
    bars = bars_with(EDGE)
    gates = run_forecast_gates(
        bars, small_features(bars), edge, rng=np.random.default_rng(2), build=small_features
    )
    assert [gate.text for gate in gates if not gate.passed] == []
    assert [gate.name for gate in gates] == [
        "split_audit", "fitted_on_training_rows", "enough_rows", "future_alteration",
        "live_equals_batch", "label_alignment", "single_feature", "leak_canary",
        "label_permutation", "plausible_correlation", "serving_equals_training",
    ]  # fmt: skip
    permuted = next(gate for gate in gates if gate.name == "label_permutation")
    assert "on the last 1373 windows, 5 passes" in permuted.text


def test_a_column_from_the_future_is_refused_by_three_gates() -> None:
    pytest.importorskip("torch")
    bars = bars_with(0.0)

    def peeking(bars: Bars, sentiment: SentimentSeries | None = None) -> Features:
        features = small_features(bars, sentiment)
        values = features.values.copy()
        ahead = np.full(len(bars), 0.0)
        ahead[:-HORIZON] = np.log(bars.close[HORIZON:] / bars.open[1 : 1 - HORIZON])
        values[WARMUP:, 1] = ahead[WARMUP:]
        return replace(features, values=values)

    features = peeking(bars)
    leaky = evaluate_forecaster(
        features, forward_return(bars, HORIZON), rng=np.random.default_rng(1), walk=WALK,
        settings=SETTINGS, n_resamples=50,
    )  # fmt: skip
    gates = run_forecast_gates(bars, features, leaky, rng=np.random.default_rng(2), build=peeking)
    failed = {gate.name for gate in gates if not gate.passed}
    assert {"future_alteration", "single_feature", "plausible_correlation"} <= failed


def test_shifted_targets_are_refused(edge: ForecastEvaluation) -> None:
    bars = bars_with(EDGE)
    shifted = replace(edge, targets=replace(edge.targets, value=np.roll(edge.targets.value, 1)))
    assert target_alignment(bars, edge).passed
    assert not target_alignment(bars, shifted).passed


def test_a_graph_that_is_not_what_the_weights_give_is_refused(
    edge: ForecastEvaluation, chance: ForecastEvaluation
) -> None:
    bars = bars_with(EDGE)
    files = {**edge.model.files, "weights.safetensors": chance.model.files["weights.safetensors"]}
    mixed = replace(edge, model=replace(edge.model, files=files))
    gate = serving_equals_training(small_features(bars), mixed)
    assert not gate.passed
    assert "the graph is not what the weights give" in gate.text


def test_the_record_is_json(edge: ForecastEvaluation) -> None:
    record = json.loads(json.dumps(edge.to_record(), allow_nan=False))
    assert record["beats_last_price"] is True
    assert record["scores"]["directional_accuracy"]["baselines"]["last_price"] is None
    assert [fold["n_epochs"] >= 1 for fold in record["folds"]] == [True, True]


def _with(features: Features, column: FloatArray | float) -> Features:
    values = features.values.copy()
    values[WARMUP:, 1] = column
    return replace(features, values=values)


def test_what_cannot_be_learned_is_refused_in_one_sentence() -> None:
    bars = bars_with(0.0)
    features, targets = small_features(bars), forward_return(bars, HORIZON)
    few = targets.select(np.arange(300))
    flat = replace(targets, value=np.full(len(targets), 0.01))
    other = replace(targets, timestamp=targets.timestamp + 1)
    cases = [
        (features, few, ModelError, "expected at least 500 windows of 6 rows without a gap"),
        (features, flat, ModelError, "expected targets that vary"),
        (_with(features, 1.0), targets, ModelError, "expected columns that vary, found volume"),
        (_with(features, np.nan), targets, ModelError, "expected numbers in every column.*volume"),
        (features, other, DataError, "expected features and targets of the same bars"),
    ]
    for given, wanted, error, message in cases:
        with pytest.raises(error, match=message):
            evaluate_forecaster(
                given, wanted, rng=np.random.default_rng(1), settings=SETTINGS, walk=WALK
            )


def test_other_bars_than_those_of_the_features_are_refused(edge: ForecastEvaluation) -> None:
    bars = bars_with(EDGE)
    with pytest.raises(DataError, match="expected the bars that the features were built from"):
        run_forecast_gates(bars[1:], small_features(bars), edge, rng=np.random.default_rng(1))

"""Integrity gates of a forecaster: checks it must pass before it may be promoted.

Gates that train run on the last `GATE_WINDOWS` windows and for at most `GATE_EPOCHS` passes, and
say so: an LSTM costs too much to be trained on everything several times more. The others look at
everything.
"""

from collections.abc import Callable
from dataclasses import replace
from math import isfinite, sqrt

import numpy as np
from numpy.random import Generator

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import DataError
from cryptovolt.domain.ports import Progress
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.features.build import Features, build_features
from cryptovolt.features.targets import Targets
from cryptovolt.ml.lstm_forecaster import GRAPH_FILE, LSTMForecaster, weights_of
from cryptovolt.ml.lstm_settings import LSTMSettings
from cryptovolt.ml.lstm_training import torch_outputs
from cryptovolt.ml.onnx_lstm import lstm_graph
from cryptovolt.ml.sequences import windows_of
from cryptovolt.ml.split import purge
from cryptovolt.research.feature_gates import Build, future_alteration, live_equals_batch
from cryptovolt.research.forecast_evaluation import ForecastEvaluation
from cryptovolt.research.forecast_fit import fit_lstm
from cryptovolt.research.forecast_scores import rank_correlation
from cryptovolt.research.gate import Gate
from cryptovolt.research.model_gates import enough_rows, fitted_on_training_rows, split_audit

GATE_WINDOWS = 8_000
GATE_EPOCHS = 5
N_PERMUTATIONS = 3
MOST_OF_ONE_COLUMN = 0.8
MOST_PLAUSIBLE_CORRELATION = 0.3
SERVING_TOLERANCE = 1e-6
_TEST_SHARE = 0.25
_ROWS_SERVED = 500


def run_forecast_gates(
    bars: Bars,
    features: Features,
    evaluation: ForecastEvaluation,
    *,
    rng: Generator,
    sentiment: SentimentSeries | None = None,
    build: Build = build_features,
    progress: Progress | None = None,
) -> tuple[Gate, ...]:
    """Run every gate on an evaluated forecaster.

    Parameters
    ----------
    bars : Bars
        That features and targets were made from.
    features : Features
        That the model was trained on.
    evaluation : ForecastEvaluation
        From :func:`cryptovolt.research.forecast_walkforward.evaluate_forecaster`.
    rng : numpy.random.Generator
        Chooses times, alterations and permutations.
    sentiment : SentimentSeries, optional
        That the features were made from.
    build : callable
        Takes bars and sentiment, returns the features; the usual ones if not given.
    progress : Progress, optional
        Told before each gate.

    Returns
    -------
    tuple of Gate
        In a fixed order, passed or not.

    Raises
    ------
    DataError
        If bars and features are not of the same times.
    ModelError
        If PyTorch is not installed.
    """
    if not np.array_equal(bars.timestamp, features.timestamp):
        raise DataError("expected the bars that the features were built from, found others")
    gates: tuple[Callable[[], Gate], ...] = (
        lambda: split_audit(evaluation),
        lambda: fitted_on_training_rows(evaluation),
        lambda: enough_rows(evaluation),
        lambda: future_alteration(bars, sentiment, features, build, rng),
        lambda: live_equals_batch(bars, sentiment, features, build, rng),
        lambda: target_alignment(bars, evaluation),
        lambda: single_feature(features, evaluation),
        lambda: leak_canary(features, evaluation),
        lambda: label_permutation(features, evaluation, rng),
        lambda: plausible_correlation(evaluation),
        lambda: serving_equals_training(features, evaluation),
    )
    found: list[Gate] = []
    for gate in gates:
        if progress is not None:
            progress(len(found), len(gates), "gates")
        found.append(gate())
    return tuple(found)


def target_alignment(bars: Bars, evaluation: ForecastEvaluation) -> Gate:
    """Count each target again from the bars of its interval: a shifted one is another number."""
    targets = evaluation.targets
    again = np.log(bars.close[targets.end] / bars.open[targets.row + 1])
    off = float(np.abs(again - targets.value).max())
    return Gate(
        "label_alignment",
        off <= 1e-12,
        off,
        1e-12,
        f"targets differ from the returns of their intervals by at most {off:.1e}; they must be "
        "the same",
    )


def single_feature(features: Features, evaluation: ForecastEvaluation) -> Gate:
    """Refuse a column that alone knows the outcome."""
    targets = evaluation.targets
    name, found = _best_column(features.values[targets.row], features.names, targets.value)
    return Gate(
        "single_feature",
        found <= MOST_OF_ONE_COLUMN,
        found,
        MOST_OF_ONE_COLUMN,
        f"the column that ranks the targets best, {name}, correlates by {found:.3f} alone; above "
        f"{MOST_OF_ONE_COLUMN} it knows the future",
    )


def leak_canary(features: Features, evaluation: ForecastEvaluation) -> Gate:
    """Plant the future return as a column and see that the check above refuses it."""
    targets = evaluation.targets
    planted = np.column_stack([features.values[targets.row], targets.value])
    name, found = _best_column(planted, (*features.names, "future return"), targets.value)
    refused = name == "future return" and found > MOST_OF_ONE_COLUMN
    return Gate(
        "leak_canary",
        refused,
        found,
        MOST_OF_ONE_COLUMN,
        f"a planted column with the future return was {'found' if refused else 'not found'}: the "
        f"best column is {name} with a correlation of {found:.3f}",
    )


def label_permutation(features: Features, evaluation: ForecastEvaluation, rng: Generator) -> Gate:
    """Train on targets permuted in blocks: what is left must be chance.

    The standard error of a rank correlation without skill is ``1 / sqrt(rows)``, widened by the
    square root of the horizon because that many targets overlap.
    """
    targets = _last(evaluation.targets)
    settings = _short(evaluation.settings)
    first = round(len(targets) * (1.0 - _TEST_SHARE))
    test = np.arange(first, len(targets))
    embargo = evaluation.walk.embargo_bars(targets.directions)
    train = purge(targets.directions, np.arange(first), int(targets.row[first]) - embargo)
    values = np.ascontiguousarray(features.values)
    found: list[float] = []
    for _ in range(N_PERMUTATIONS):
        order = _permuted_blocks(len(targets), targets.horizon, rng)
        permuted = replace(targets, value=targets.value[order])
        said = fit_lstm(values, permuted, train, settings).forecast(values, targets.row[test])
        skill = rank_correlation(said, permuted.value[test])
        found.append(skill if isfinite(skill) else 0.0)
    sigma = sqrt(targets.horizon / test.size)
    # One number for both conditions: each within 3 σ, and the mean within 3 σ / √repeats.
    largest = max(abs(skill) for skill in found)
    measured = max(largest, abs(float(np.mean(found))) * sqrt(N_PERMUTATIONS)) / sigma
    return Gate(
        "label_permutation",
        measured <= 3.0,
        measured,
        3.0,
        f"{N_PERMUTATIONS} trainings on permuted targets gave information coefficients from "
        f"{min(found):+.3f} to {max(found):+.3f}, {measured:.1f} standard errors from chance; 3 "
        f"are allowed (on the last {len(targets)} windows, {settings.n_epochs} passes)",
    )


def plausible_correlation(evaluation: ForecastEvaluation) -> Gate:
    """Take a skill that market bars do not give for a leak until it is explained."""
    skill = evaluation.scores["information_coefficient"].value
    # No correlation at all, of forecasts that never vary, is no leak.
    measured = skill if isfinite(skill) else 0.0
    return Gate(
        "plausible_correlation",
        measured <= MOST_PLAUSIBLE_CORRELATION,
        measured,
        MOST_PLAUSIBLE_CORRELATION,
        f"the out-of-sample information coefficient is {measured:.3f}; above "
        f"{MOST_PLAUSIBLE_CORRELATION} it is taken for a leak",
    )


def serving_equals_training(features: Features, evaluation: ForecastEvaluation) -> Gate:
    """Compare served with PyTorch's own forecasts, single windows with many, graph with weights."""
    model, settings = evaluation.model, evaluation.settings
    rows = evaluation.targets.row[-_ROWS_SERVED:]
    values = np.ascontiguousarray(features.select(model.feature_names).values)
    windows = windows_of(values, rows, settings.n_steps)
    served = model.forecast(windows)
    alone = np.array([model.forecast(window[None])[0] for window in windows[::20]])
    n_differing = int(np.count_nonzero(alone != served[::20]))
    off = float(np.abs(served - torch_forecasts(model, values, rows, settings)).max())
    # Of a model that is shrunk to nothing this would be 0; its graph is compared in any case.
    graph = lstm_graph(weights_of(model), model.scaling.shrunk(model.shrinkage), settings.n_steps)
    same = graph == model.files[GRAPH_FILE]
    return Gate(
        "serving_equals_training",
        off <= SERVING_TOLERANCE and n_differing == 0 and same,
        off,
        SERVING_TOLERANCE,
        f"served forecasts differ from PyTorch's by at most {off:.1e} in log return, "
        f"{n_differing} windows differ between alone and among others, and the graph "
        f"{'is' if same else 'is not'} what the weights give; none may differ",
    )


def torch_forecasts(
    model: LSTMForecaster, values: FloatArray, rows: IntArray, settings: LSTMSettings
) -> FloatArray:
    """Return the log returns PyTorch itself gives for windows of features that end at `rows`."""
    scaling = model.scaling
    said = torch_outputs(weights_of(model), scaling.inputs(values), rows, settings)
    return scaling.log_return(said) * model.shrinkage


def _last(targets: Targets) -> Targets:
    return targets.select(np.arange(max(0, len(targets) - GATE_WINDOWS), len(targets)))


def _short(settings: LSTMSettings) -> LSTMSettings:
    return replace(settings, n_epochs=min(settings.n_epochs, GATE_EPOCHS))


def _best_column(
    values: FloatArray, names: tuple[str, ...], realised: FloatArray
) -> tuple[str, float]:
    found = [abs(rank_correlation(values[:, column], realised)) for column in range(len(names))]
    best = int(np.argmax(found))
    return names[best], found[best]


def _permuted_blocks(n_rows: int, block: int, rng: Generator) -> IntArray:
    starts = rng.permutation(np.arange(0, n_rows, block))
    positions = (starts[:, None] + np.arange(block)).ravel()
    return positions[positions < n_rows]

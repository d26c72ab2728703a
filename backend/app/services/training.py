"""Training a model on a market and judging it: on the oldest bars, tested where it had not seen."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import structlog

from app.services.markets import Market
from app.services.model_recipe import LSTM, Recipe
from app.services.model_store import champion, keep_model, model_name
from app.services.model_trained import (
    CANDIDATE,
    CHAMPION,
    AnyTrained,
    Trained,
    TrainedForecaster,
)
from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.ports import Forecaster, Model, Progress, TrialLedger
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.features.build import Features, build_features
from cryptovolt.features.targets import forward_return
from cryptovolt.ml.split import WalkForward
from cryptovolt.research.forecast_gates import run_forecast_gates
from cryptovolt.research.forecast_walkforward import evaluate_forecaster
from cryptovolt.research.gates import run_gates
from cryptovolt.research.model_search import rows_before_test, search_trainer
from cryptovolt.research.walkforward import evaluate_classifier
from cryptovolt.trading.hybrid import Beside

__all__ = [
    "CANDIDATE",
    "CHAMPION",
    "AnyTrained",
    "Trained",
    "TrainedForecaster",
    "champion",
    "fit_again",
    "keep_model",
    "model_name",
    "train",
    "train_recipe",
    "training_bars",
]

log = structlog.get_logger(__name__)

HOLDOUT = 0.1
MAX_HOLDOUT_BARS = 5_000
_FEW_RESAMPLES = 20
"""Where only the model counts, and not the intervals of its measures."""


def training_bars(n_bars: int) -> int:
    """Return how many of the oldest bars may be trained on; the rest is held out."""
    return n_bars - min(int(n_bars * HOLDOUT), MAX_HOLDOUT_BARS)


def train(
    market: Market,
    seed: int,
    progress: Progress | None = None,
    ledger: TrialLedger | None = None,
) -> Trained:
    """Train and judge an XGBoost classifier on the oldest bars of a market.

    With a ledger every fit is a row there, also where something fails after it.

    Raises
    ------
    ModelError
        If there are too few bars, or nothing to learn from.
    """
    return _train_classifier(market, Recipe(seed=seed), Beside(), progress, ledger, thorough=False)


def train_recipe(
    market: Market,
    recipe: Recipe,
    beside: Beside,
    progress: Progress | None = None,
    ledger: TrialLedger | None = None,
    *,
    thorough: bool = True,
) -> AnyTrained:
    """Train and judge a model of any kind, with what there is beside the bars.

    Gates that train themselves may train much where `thorough`, else as a demonstration can wait.

    Raises
    ------
    ModelError
        If there are too few bars, nothing to learn from, or a library is not installed.
    """
    if recipe.kind == LSTM:
        return _train_forecaster(market, recipe, beside, progress)
    return _train_classifier(market, recipe, beside, progress, ledger, thorough=thorough)


def fit_again(
    market: Market, recipe: Recipe, beside: Beside, progress: Progress | None = None
) -> Model | Forecaster:
    """Train the same model again, without judging it; nothing is searched for.

    Raises
    ------
    ModelError
        If it cannot be trained.
    """
    fixed = replace(recipe, search_s=0.0)
    rng = np.random.default_rng(recipe.seed)
    given = _prepared(market, fixed, beside)
    if recipe.kind == LSTM:
        targets = forward_return(given.bars, recipe.horizon)
        return evaluate_forecaster(
            given.features, targets, rng=rng, settings=fixed.lstm_settings(),
            n_resamples=_FEW_RESAMPLES, progress=progress,
        ).model  # fmt: skip
    return evaluate_classifier(
        given.features, recipe.labels(given.bars), rng=rng, trainer=fixed.trainer(),
        provenance=_provenance(fixed), n_resamples=_FEW_RESAMPLES, progress=progress,
    ).model  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Prepared:
    n_train: int
    bars: Bars
    features: Features
    build: Callable[[Bars, SentimentSeries | None], Features]


def _prepared(market: Market, recipe: Recipe, beside: Beside) -> _Prepared:
    n_train = training_bars(len(market.bars))
    bars = market.bars[:n_train]
    others = beside.of(market.bars)
    rows = (
        forward_return(bars, recipe.horizon).row if recipe.kind == LSTM else recipe.labels(bars).row
    )
    features = _varying(build_features(bars, market.news, **others), rows)

    build = partial(_built, features.names, **others)
    return _Prepared(n_train=n_train, bars=bars, features=features, build=build)


def _built(
    names: tuple[str, ...], bars: Bars, news: SentimentSeries | None, **others: Any
) -> Features:
    return build_features(bars, news, **others).select(names)


def _varying(features: Features, rows: IntArray) -> Features:
    # A week without a weekend, or news that has just begun, is no reason not to learn: such columns
    # are left out, and the model's record names those it has.
    usable = rows[features.usable[rows]]
    varying = features.varying(usable) if usable.size else features
    return varying if varying.names else features


def _train_classifier(
    market: Market,
    recipe: Recipe,
    beside: Beside,
    progress: Progress | None,
    ledger: TrialLedger | None,
    *,
    thorough: bool,
) -> Trained:
    given = _prepared(market, recipe, beside)
    bars, features = given.bars, given.features
    if recipe.search_s:
        recipe = _searched(given, recipe, progress, ledger)
    rng = np.random.default_rng(recipe.seed)
    evaluation = evaluate_classifier(
        features, recipe.labels(bars), rng=rng, trainer=recipe.trainer(),
        provenance=_provenance(recipe), progress=progress, ledger=ledger, bars=bars,
    )  # fmt: skip
    gates = run_gates(
        bars, features, evaluation, rng=rng, sentiment=market.news, build=given.build,
        label=recipe.labels, thorough=thorough, progress=progress, ledger=ledger,
    )  # fmt: skip
    held_out = _held_out(market, beside, evaluation.model, given.n_train)
    log.info("model.trained", artefact_hash=evaluation.model.artefact_hash, n_train=given.n_train)
    return Trained(
        n_train=given.n_train,
        features=features,
        evaluation=evaluation,
        gates=gates,
        probability_up=np.concatenate((evaluation.probability, held_out)),
        recipe=recipe,
    )


def _train_forecaster(
    market: Market, recipe: Recipe, beside: Beside, progress: Progress | None
) -> TrainedForecaster:
    given = _prepared(market, recipe, beside)
    rng = np.random.default_rng(recipe.seed)
    evaluation = evaluate_forecaster(
        given.features, forward_return(given.bars, recipe.horizon), rng=rng,
        settings=recipe.lstm_settings(), progress=progress,
    )  # fmt: skip
    gates = run_forecast_gates(
        given.bars, given.features, evaluation, rng=rng, sentiment=market.news, build=given.build,
        progress=progress,
    )  # fmt: skip
    log.info("model.trained", artefact_hash=evaluation.model.artefact_hash, n_train=given.n_train)
    return TrainedForecaster(
        n_train=given.n_train,
        features=given.features,
        evaluation=evaluation,
        gates=gates,
        recipe=recipe,
    )


def _searched(
    given: _Prepared, recipe: Recipe, progress: Progress | None, ledger: TrialLedger | None
) -> Recipe:
    labels = rows_before_test(given.features, recipe.labels(given.bars), WalkForward())
    found = search_trainer(
        given.features,
        labels,
        recipe.trainer(),
        seconds=recipe.search_s,
        seed=recipe.seed,
        ledger=ledger,
        bars=None if ledger is None else given.bars,
        progress=progress,
    )
    return recipe.found(found.trainer)


def _held_out(market: Market, beside: Beside, model: Model, n_train: int) -> FloatArray:
    every = build_features(market.bars, market.news, **beside.of(market.bars))
    return model.probability_up(every.select(model.feature_names).values[n_train:])


def _provenance(recipe: Recipe) -> dict[str, str]:
    return {"label": recipe.label_name}

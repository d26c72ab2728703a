"""Integrity gates: checks a trained model must pass before it may be promoted.

Each gate measures one way in which research deceives itself and says what it measured. All gates
passed makes a model eligible as champion; one failed keeps it a candidate, with the reason. Gates
say nothing about an edge: that is the verdict of the evaluation.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.random import Generator

from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import DataError
from cryptovolt.domain.ports import Progress, TrialLedger
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.features.build import Features, build_features
from cryptovolt.features.labels import Labels, triple_barrier
from cryptovolt.research.edge_gates import (
    Label,
    Pipeline,
    Train,
    planted_edge,
    random_walk,
    unseen_rows,
)
from cryptovolt.research.evaluation import Evaluation
from cryptovolt.research.feature_gates import Build, future_alteration, live_equals_batch, warm_up
from cryptovolt.research.gate import Gate
from cryptovolt.research.label_gates import (
    complete_labels,
    label_alignment,
    label_permutation,
    leak_canary,
    single_feature,
)
from cryptovolt.research.model_gates import (
    both_classes,
    enough_rows,
    fitted_on_training_rows,
    plausible_auc,
    serving_equals_training,
    split_audit,
)
from cryptovolt.research.shown_gates import (
    baselines_shown,
    cost_stress,
    feature_drift,
    trials_counted,
)
from cryptovolt.research.walkforward import evaluate_classifier

_RESAMPLES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much the gates that train may train.

    Parameters
    ----------
    n_permutations : int
        Trainings of the last fold on permuted labels.
    n_random, n_planted : int
        Generated markets without and with an edge, each a whole walk forward.
    """

    n_permutations: int
    n_random: int
    n_planted: int


QUICK = Budget(n_permutations=5, n_random=3, n_planted=5)
"""What a demonstration can wait for."""

THOROUGH = Budget(n_permutations=20, n_random=10, n_planted=10)
"""What a model that is kept is asked."""


def run_gates(
    bars: Bars,
    features: Features,
    evaluation: Evaluation,
    *,
    rng: Generator,
    sentiment: SentimentSeries | None = None,
    build: Build = build_features,
    label: Label | None = None,
    train: Train | None = None,
    thorough: bool = False,
    progress: Progress | None = None,
    ledger: TrialLedger | None = None,
) -> tuple[Gate, ...]:
    """Run every gate on an evaluated model.

    Parameters
    ----------
    bars : Bars
        That features and labels were made from.
    features : Features
        That the model was trained on.
    evaluation : Evaluation
        From :func:`cryptovolt.research.walkforward.evaluate_classifier`.
    rng : numpy.random.Generator
        Chooses times, alterations, permutations and markets.
    sentiment : SentimentSeries, optional
        That the features were made from.
    build : callable
        Takes bars and sentiment, returns the features; the usual ones if not given. What stands
        beside the bars is given by :func:`functools.partial`, so that it can be altered too.
    label : callable, optional
        Takes bars, returns labels; triple barriers of the same horizon if not given.
    train : callable, optional
        Takes features and labels, returns an evaluation; the same split and trainer if not given.
    thorough : bool, default=False
        Spend :data:`THOROUGH` on gates that train, instead of :data:`QUICK`; each says how much.
    progress : Progress, optional
        Told before each gate.
    ledger : TrialLedger, optional
        In which the model was evaluated. The gates' own fits, on permuted labels, become rows
        there. They are checks: nothing can be chosen by them, and they do not count as trials.

    Returns
    -------
    tuple of Gate
        In a fixed order, passed or not.

    Raises
    ------
    DataError
        If bars and features are not of the same times.
    """
    if not np.array_equal(bars.timestamp, features.timestamp):
        raise DataError("expected the bars that the features were built from, found others")
    pipeline = Pipeline(
        bars=bars,
        sentiment=sentiment,
        build=build,
        label=label or partial(_same_horizon, evaluation.labels.horizon),
        train=train or partial(_trained_alike, evaluation),
    )
    gates = checks_of(pipeline, features, evaluation, rng, THOROUGH if thorough else QUICK, ledger)
    found: list[Gate] = []
    for name, gate in gates.items():
        if progress is not None:
            progress(len(found), len(gates), f"gates: {name.replace('_', ' ')}")
        found.append(gate())
    return tuple(found)


def checks_of(
    pipeline: Pipeline,
    features: Features,
    evaluation: Evaluation,
    rng: Generator,
    budget: Budget = QUICK,
    ledger: TrialLedger | None = None,
) -> Mapping[str, Callable[[], Gate]]:
    """Return what runs each gate, by its name, in the order in which they are run."""
    made = (pipeline.bars, pipeline.sentiment, features, pipeline.build, rng)
    bars = pipeline.bars
    return {
        "split_audit": lambda: split_audit(evaluation),
        "fitted_on_training_rows": lambda: fitted_on_training_rows(evaluation),
        "enough_rows": lambda: enough_rows(evaluation),
        "both_classes": lambda: both_classes(evaluation),
        "future_alteration": lambda: future_alteration(*made),
        "live_equals_batch": lambda: live_equals_batch(*made),
        "warm_up": lambda: warm_up(*made),
        "complete_labels": lambda: complete_labels(bars, evaluation),
        "label_alignment": lambda: label_alignment(bars, evaluation),
        "single_feature": lambda: single_feature(features, evaluation),
        "leak_canary": lambda: leak_canary(features, evaluation),
        "label_permutation": lambda: label_permutation(
            features, evaluation, rng, ledger, budget.n_permutations
        ),
        "unseen_rows": lambda: unseen_rows(pipeline, features, evaluation),
        "plausible_auc": lambda: plausible_auc(evaluation),
        "serving_equals_training": lambda: serving_equals_training(features, evaluation),
        "trials_counted": lambda: trials_counted(evaluation, ledger),
        "baselines": lambda: baselines_shown(evaluation),
        "cost_stress": lambda: cost_stress(bars, evaluation, rng),
        "feature_drift": lambda: feature_drift(features, evaluation),
        "random_walk": lambda: random_walk(pipeline, budget.n_random, rng),
        "planted_edge": lambda: planted_edge(pipeline, budget.n_planted, rng),
    }


def promotable(gates: Sequence[Gate]) -> bool:
    """Return whether a model may become champion: it has gates, and passed every one."""
    return bool(gates) and all(gate.passed for gate in gates)


def _same_horizon(horizon: int, bars: Bars) -> Labels:
    return triple_barrier(bars, horizon)


def _trained_alike(evaluation: Evaluation, features: Features, labels: Labels) -> Evaluation:
    return evaluate_classifier(
        features,
        labels,
        # Training has its own seed; this one draws the intervals that a verdict needs.
        rng=np.random.default_rng(0),
        walk=evaluation.walk,
        trainer=evaluation.trainer,
        n_resamples=_RESAMPLES,
    )

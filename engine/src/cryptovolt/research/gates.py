"""Integrity gates: checks a trained model must pass before it may be promoted.

Each gate measures one way in which research deceives itself and says what it measured. All gates
passed makes a model eligible as champion; one failed keeps it a candidate, with the reason. Gates
say nothing about an edge: that is the verdict of the evaluation.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.random import Generator

from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import DataError
from cryptovolt.domain.ports import Progress, TrialLedger
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.features.build import Features, build_features
from cryptovolt.research.evaluation import Evaluation
from cryptovolt.research.feature_gates import Build, future_alteration, live_equals_batch
from cryptovolt.research.gate import Gate
from cryptovolt.research.label_gates import (
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


def run_gates(
    bars: Bars,
    features: Features,
    evaluation: Evaluation,
    *,
    rng: Generator,
    sentiment: SentimentSeries | None = None,
    build: Build = build_features,
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
        Chooses times, alterations and permutations.
    sentiment : SentimentSeries, optional
        That the features were made from.
    build : callable
        Takes bars and sentiment, returns the features; the usual ones if not given.
    progress : Progress, optional
        Told before each gate.
    ledger : TrialLedger, optional
        The gates' own fits, on permuted labels, become rows there. They are checks: nothing can be
        chosen by them, and they do not count as trials.

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
    gates: tuple[Callable[[], Gate], ...] = (
        lambda: split_audit(evaluation),
        lambda: fitted_on_training_rows(evaluation),
        lambda: enough_rows(evaluation),
        lambda: both_classes(evaluation),
        lambda: future_alteration(bars, sentiment, features, build, rng),
        lambda: live_equals_batch(bars, sentiment, features, build, rng),
        lambda: label_alignment(bars, evaluation),
        lambda: single_feature(features, evaluation),
        lambda: leak_canary(features, evaluation),
        lambda: label_permutation(features, evaluation, rng, ledger),
        lambda: plausible_auc(evaluation),
        lambda: serving_equals_training(features, evaluation),
    )
    found: list[Gate] = []
    for gate in gates:
        if progress is not None:
            progress(len(found), len(gates), "gates")
        found.append(gate())
    return tuple(found)


def promotable(gates: Sequence[Gate]) -> bool:
    """Return whether a model may become champion: it has gates, and passed every one."""
    return bool(gates) and all(gate.passed for gate in gates)

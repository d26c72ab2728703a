"""From probabilities to the vote of machine learning.

A model whose manifest holds a conformal state says nothing where it is unsure: a rise and a fall
both are to be expected there, or neither is. The bound is stored with the model and never moves,
so that a row has the same vote in a batch, live and in a replay.

A forecaster that did not beat the last price is no voter: the mean is over the others.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeGuard, cast

import numpy as np

from cryptovolt.domain.arrays import BoolArray, FloatArray
from cryptovolt.domain.errors import DataError, ModelError
from cryptovolt.domain.ports import Classifier, Forecaster
from cryptovolt.features.build import Features
from cryptovolt.ml.conformal import Conformal
from cryptovolt.ml.forecaster_vote import forecast_votes

UNSURE = "unsure"
"""The reason where a model could say something and abstains."""


class ModelVotes(NamedTuple):
    """What the promoted models say together, arrays of shape ``(n_bars,)``.

    `score` is the mean of P(up) − P(down), NaN where there is no vote; `unsure` tells where that
    is because a model abstains, and not because it lacks a feature.
    """

    score: FloatArray
    unsure: BoolArray


def is_forecaster(model: Classifier | Forecaster) -> TypeGuard[Forecaster]:
    """Return whether a model says how far the price goes, and not how likely a rise is."""
    return hasattr(model, "forecast")


def vote_scores(
    models: Sequence[Classifier | Forecaster], features: Features, first: int = 0
) -> FloatArray:
    """Return the mean vote of the models: P(up) − P(down), or a forecaster's vote.

    Parameters
    ----------
    models : sequence of Classifier or Forecaster
        Promoted models, at least one.
    features : Features
        Must have every column the models were trained on; others are left aside.
    first : int, default=0
        Rows before it are not asked about; a forecaster's windows reach back before it.

    Returns
    -------
    ndarray of shape (n_bars − first,)
        In [−1, 1]; NaN where a model cannot say or is unsure, and then there is no vote. A
        forecaster that may not vote does not count.

    Raises
    ------
    ModelError
        If there is no model, one was trained on a column that is missing, or one holds a conformal
        state that cannot be read.
    """
    return cast_votes(models, features, first).score


def cast_votes(
    models: Sequence[Classifier | Forecaster], features: Features, first: int = 0
) -> ModelVotes:
    """Return the votes of :func:`vote_scores`, and where they are missing because of doubt.

    One unsure model is enough: the others must not speak louder because it is silent.

    Raises
    ------
    ModelError
        As :func:`vote_scores`.
    """
    if not models:
        raise ModelError("expected at least one promoted model, found none; there is no vote")
    asked = features.since(first)
    total = np.zeros(len(asked))
    unsure = np.zeros(len(asked), np.bool_)
    n_voters = 0
    for model in models:
        if is_forecaster(model):
            if model.silence is None:
                total += forecast_votes(model, features, first)
                n_voters += 1
            continue
        n_voters += 1
        classifier = cast("Classifier", model)
        probability = _probability_up(classifier, asked)
        total += 2.0 * probability - 1.0
        conformal = conformal_of(classifier)
        if conformal is not None:
            unsure |= conformal.sets(probability).unsure
    unsure &= np.isfinite(total)
    total[unsure] = np.nan
    return ModelVotes(total / n_voters if n_voters else np.full(len(asked), np.nan), unsure)


def _probability_up(model: Classifier, features: Features) -> FloatArray:
    try:
        values = features.select(model.feature_names).values
    except DataError as error:
        raise ModelError(f"model {model.artefact_hash[:16]} casts no vote: {error}") from error
    return model.probability_up(values)


def conformal_of(model: Classifier) -> Conformal | None:
    """Return the conformal state a model carries in its manifest, or None without one.

    Raises
    ------
    ModelError
        If the manifest holds something else under ``conformal``.
    """
    manifest = cast("Mapping[str, Any]", getattr(model, "manifest", {}))
    record = manifest.get("conformal")
    return None if record is None else Conformal.from_record(record)

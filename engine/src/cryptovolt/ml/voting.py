"""From probabilities to the vote of machine learning.

A model whose manifest holds a conformal state says nothing where it is unsure: a rise and a fall
both are to be expected there, or neither is. The bound is stored with the model and never moves,
so that a row has the same vote in a batch, live and in a replay.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

import numpy as np

from cryptovolt.domain.arrays import BoolArray, FloatArray
from cryptovolt.domain.errors import DataError, ModelError
from cryptovolt.domain.ports import Classifier
from cryptovolt.features.build import Features
from cryptovolt.ml.conformal import Conformal

UNSURE = "unsure"
"""The reason where a model could say something and abstains."""


class ModelVotes(NamedTuple):
    """What the promoted models say together, arrays of shape ``(n_bars,)``.

    `score` is the mean of P(up) − P(down), NaN where there is no vote; `unsure` tells where that
    is because a model abstains, and not because it lacks a feature.
    """

    score: FloatArray
    unsure: BoolArray


def vote_scores(models: Sequence[Classifier], features: Features) -> FloatArray:
    """Return the mean of P(up) − P(down) over the models.

    Parameters
    ----------
    models : sequence of Classifier
        Promoted models, at least one.
    features : Features
        Must have every column the models were trained on; others are left aside.

    Returns
    -------
    ndarray of shape (n_bars,)
        In [−1, 1]; NaN where a model cannot say or is unsure, and then there is no vote.

    Raises
    ------
    ModelError
        If there is no model, one was trained on a column that is missing, or one holds a conformal
        state that cannot be read.
    """
    return cast_votes(models, features).score


def cast_votes(models: Sequence[Classifier], features: Features) -> ModelVotes:
    """Return the votes of :func:`vote_scores`, and where they are missing because of doubt.

    One unsure model is enough: the others must not speak louder because it is silent.

    Raises
    ------
    ModelError
        As :func:`vote_scores`.
    """
    if not models:
        raise ModelError("expected at least one promoted model, found none; there is no vote")
    total = np.zeros(len(features))
    unsure = np.zeros(len(features), np.bool_)
    for model in models:
        try:
            values = features.select(model.feature_names).values
        except DataError as error:
            raise ModelError(f"model {model.artefact_hash[:16]} casts no vote: {error}") from error
        probability = model.probability_up(values)
        total += 2.0 * probability - 1.0
        conformal = conformal_of(model)
        if conformal is not None:
            unsure |= conformal.sets(probability).unsure
    unsure &= np.isfinite(total)
    total[unsure] = np.nan
    return ModelVotes(total / len(models), unsure)


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

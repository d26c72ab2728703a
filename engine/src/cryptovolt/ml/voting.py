"""From probabilities to the vote of machine learning."""

from collections.abc import Sequence

import numpy as np

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.errors import DataError, ModelError
from cryptovolt.domain.ports import Classifier
from cryptovolt.features.build import Features


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
        In [−1, 1]; NaN where a model cannot say, and then there is no vote.

    Raises
    ------
    ModelError
        If there is no model, or one was trained on a column that is missing.
    """
    if not models:
        raise ModelError("expected at least one promoted model, found none; there is no vote")
    total = np.zeros(len(features))
    for model in models:
        try:
            values = features.select(model.feature_names).values
        except DataError as error:
            raise ModelError(f"model {model.artefact_hash[:16]} casts no vote: {error}") from error
        total += 2.0 * model.probability_up(values) - 1.0
    return total / len(models)

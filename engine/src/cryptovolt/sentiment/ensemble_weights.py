"""Non-negative weights of a logistic model without a constant."""

import numpy as np

from cryptovolt.domain.arrays import FloatArray

RIDGE = 1e-3
"""Penalty on squared weights: keeps them finite where a member makes no mistake."""

_MAX_ROUNDS = 500
_MAX_HALVINGS = 40
_TOLERANCE = 1e-10


def fit_weights(scores: FloatArray, targets: FloatArray) -> FloatArray:
    """Return the weights of least logistic loss, none below 0.

    Parameters
    ----------
    scores : ndarray of shape (n_texts, n_members)
        Out-of-fold scores in [−1, 1].
    targets : ndarray of shape (n_texts,)
        Probability of positive: 1, 0, or 0.5 for a neutral text.

    Returns
    -------
    ndarray of shape (n_members,)
    """
    # Newton's steps one weight at a time: the loss is convex, so any order ends in one place.
    weights = np.zeros(scores.shape[1])
    for _ in range(_MAX_ROUNDS):
        before = weights.copy()
        for column in range(weights.size):
            _step(weights, column, scores, targets)
        if np.abs(weights - before).max() < _TOLERANCE:
            break
    return weights


def _step(weights: FloatArray, column: int, scores: FloatArray, targets: FloatArray) -> None:
    probability = 0.5 * (1.0 + np.tanh(0.5 * (scores @ weights)))
    x = scores[:, column]
    slope = float(x @ (probability - targets)) / x.size + 2.0 * RIDGE * weights[column]
    bend = float((x * x) @ (probability * (1.0 - probability))) / x.size + 2.0 * RIDGE
    start, loss = weights[column], _loss(weights, scores, targets)
    size = slope / bend
    for _ in range(_MAX_HALVINGS):
        weights[column] = max(0.0, start - size)
        if _loss(weights, scores, targets) <= loss:
            return
        size *= 0.5
    weights[column] = start


def _loss(weights: FloatArray, scores: FloatArray, targets: FloatArray) -> float:
    margin = scores @ weights
    surprise = np.logaddexp(0.0, margin) - targets * margin
    return float(surprise.mean() + RIDGE * (weights @ weights))

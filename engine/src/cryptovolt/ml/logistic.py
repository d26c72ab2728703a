"""Logistic regression with a ridge, by Newton's steps."""

import numpy as np

from cryptovolt.domain.arrays import BoolArray, FloatArray

_MAX_STEPS = 50


def fit_ridge(
    rows: FloatArray, up: BoolArray, weight: FloatArray, ridge: float
) -> tuple[FloatArray, float]:
    """Return coefficients and intercept of a logistic regression with a ridge.

    Least is ``Σ weight × log loss + ridge × Σ weight × |coefficient|² / 2``; the intercept is free.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
        Standardised.
    up, weight : ndarray of shape (n_rows,)
        What happened, and how much it counts, above 0.
    ridge : float
        Above 0.

    Returns
    -------
    ndarray of shape (n_features,), float

    References
    ----------
    Newton's steps (iteratively reweighted least squares), halved while the loss grows: Hastie,
    Tibshirani and Friedman, *The Elements of Statistical Learning*, 2nd ed., section 4.4.
    """
    n_rows, n_features = rows.shape
    design = np.column_stack([rows, np.ones(n_rows)])
    penalty = np.full(n_features + 1, ridge * float(weight.sum()))
    penalty[-1] = 1e-12
    found = np.zeros(n_features + 1)
    loss = _penalised(design, found, up, weight, penalty)
    for _ in range(_MAX_STEPS):
        said = 1.0 / (1.0 + np.exp(-(design @ found)))
        slope = design.T @ (weight * (said - up)) + penalty * found
        spread = weight * said * (1.0 - said)
        curve = design.T @ (design * spread[:, None]) + np.diag(penalty)
        step = np.linalg.solve(curve, slope).astype(np.float64)
        share = 1.0
        after = _penalised(design, found - step, up, weight, penalty)
        while after > loss and share > 1e-6:
            share /= 2.0
            after = _penalised(design, found - share * step, up, weight, penalty)
        if after > loss:
            break
        found, loss = found - share * step, after
        if float(np.abs(step).max()) < 1e-10:
            break
    return found[:-1], float(found[-1])


def _penalised(
    design: FloatArray, found: FloatArray, up: BoolArray, weight: FloatArray, penalty: FloatArray
) -> float:
    loss = mean_loss(design @ found, up, weight) * float(weight.sum())
    return loss + 0.5 * float((penalty * found * found).sum())


def mean_loss(margin: FloatArray, up: BoolArray, weight: FloatArray) -> float:
    """Return the weighted mean log loss of log odds."""
    return float(np.average(np.logaddexp(0.0, np.where(up, -margin, margin)), weights=weight))

"""How good a probability of rising is.

Every measure takes `up` (what happened, bool) and `probability` (what was said, in [0, 1]), both of
shape ``(n_rows,)``, and an optional `weight` per row. NaN and values outside [0, 1] are refused. A
measure that is not defined for the rows given (an AUC of one class, the precision of no predicted
rise) is NaN.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from cryptovolt.domain.arrays import BoolArray, FloatArray, IntArray
from cryptovolt.domain.errors import DataError

Measure: TypeAlias = Callable[[BoolArray, FloatArray, FloatArray | None], float]
"""What `of_rows` makes a statistic of."""

_SMALLEST = 1e-15


@dataclass(frozen=True, slots=True)
class Confusion:
    """Rows (or their weight) by what was predicted and what happened; up is positive."""

    true_up: float
    false_up: float
    true_down: float
    false_down: float


def confusion(
    up: BoolArray, probability: FloatArray, weight: FloatArray | None = None
) -> Confusion:
    """Return the four counts; a probability above 0.5 predicts a rise."""
    weight = _checked(up, probability, weight)
    predicted = probability > 0.5
    return Confusion(
        true_up=float(weight[predicted & up].sum()),
        false_up=float(weight[predicted & ~up].sum()),
        true_down=float(weight[~predicted & ~up].sum()),
        false_down=float(weight[~predicted & up].sum()),
    )


def accuracy(up: BoolArray, probability: FloatArray, weight: FloatArray | None = None) -> float:
    """Return the share of rows predicted right, in [0, 1]."""
    counts = confusion(up, probability, weight)
    right = counts.true_up + counts.true_down
    return _ratio(right, right + counts.false_up + counts.false_down)


def precision(up: BoolArray, probability: FloatArray, weight: FloatArray | None = None) -> float:
    """Return the share of predicted rises that rose, in [0, 1]; NaN if none was predicted."""
    counts = confusion(up, probability, weight)
    return _ratio(counts.true_up, counts.true_up + counts.false_up)


def recall(up: BoolArray, probability: FloatArray, weight: FloatArray | None = None) -> float:
    """Return the share of rises that were predicted, in [0, 1]; NaN if there was none."""
    counts = confusion(up, probability, weight)
    return _ratio(counts.true_up, counts.true_up + counts.false_down)


def auc(up: BoolArray, probability: FloatArray, weight: FloatArray | None = None) -> float:
    """Return the area under the ROC curve, from ranks; ties count half.

    Parameters
    ----------
    up : ndarray of shape (n_rows,)
        What happened.
    probability : ndarray of shape (n_rows,)
        In [0, 1]; only its order matters.
    weight : ndarray of shape (n_rows,), optional
        1 for every row if not given.

    Returns
    -------
    float
        Probability that a rise was given more than a fall, in [0, 1]; NaN for one class only.

    Raises
    ------
    DataError
        If shapes differ, a row is NaN, or a probability is outside its range.

    References
    ----------
    J. A. Hanley and B. J. McNeil, "The Meaning and Use of the Area under a Receiver Operating
    Characteristic (ROC) Curve", *Radiology* 143, 1982.
    """
    weight = _checked(up, probability, weight)
    # Stable: on sorted input, as the bootstrap gives it, this is linear.
    order = np.argsort(probability, kind="stable")
    ranked = probability[order]
    firsts = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))
    rises = np.add.reduceat(np.where(up, weight, 0.0)[order], firsts)
    falls = np.add.reduceat(np.where(up, 0.0, weight)[order], firsts)
    below = np.cumsum(falls) - falls
    return _ratio(float((rises * (below + falls / 2.0)).sum()), float(rises.sum() * falls.sum()))


def auc_within(
    up: BoolArray,
    probability: FloatArray,
    group: IntArray,
    weight: FloatArray | None = None,
) -> float:
    """Return the area under the ROC curve over pairs of rows of the same group.

    Rows that different models spoke about cannot be compared by rank: where a model says the base
    rate of what came before, a high one is followed by fewer rises than it says. Pairs across folds
    therefore lie below one half where nothing can be predicted, and hide an edge where there is
    one.

    Parameters
    ----------
    up, probability : ndarray of shape (n_rows,)
        As for :func:`auc`.
    group : ndarray of shape (n_rows,)
        E.g. the fold whose model spoke, int64 of at least 0.
    weight : ndarray of shape (n_rows,), optional
        1 for every row if not given.

    Returns
    -------
    float
        In [0, 1]; NaN where no group has both classes.

    Raises
    ------
    DataError
        As for :func:`auc`, or if there is not one group a row.

    References
    ----------
    G. Forman and M. Scholz, "Apples-to-Apples in Cross-Validation Studies", *SIGKDD Explorations*
    12 (1), 2010, p. 49-57 (the bias of pairs across folds).
    """
    weight = _checked(up, probability, weight)
    if group.shape != up.shape or not (group >= 0).all():
        raise DataError(f"expected a group of at least 0 for each row, found shape {group.shape}")
    later = group[1:] > group[:-1]
    # The bootstrap gives rows in order already, many times over.
    if not (later | ((group[1:] == group[:-1]) & (probability[1:] >= probability[:-1]))).all():
        order = np.lexsort((probability, group))
        up, probability, group, weight = up[order], probability[order], group[order], weight[order]
    rises, falls = np.where(up, weight, 0.0), np.where(up, 0.0, weight)
    changed = (group[1:] != group[:-1]) | (probability[1:] != probability[:-1])
    firsts = np.flatnonzero(np.concatenate([[True], changed]))
    rises, falls = np.add.reduceat(rises, firsts), np.add.reduceat(falls, firsts)
    starts = np.flatnonzero(np.concatenate([[True], np.diff(group[firsts]) != 0]))
    lengths = np.diff(np.append(starts, firsts.size))
    below = np.cumsum(falls) - falls
    below -= np.repeat(below[starts], lengths)
    pairs = np.add.reduceat(rises, starts) * np.add.reduceat(falls, starts)
    return _ratio(float((rises * (below + falls / 2.0)).sum()), float(pairs.sum()))


def mean_recall(up: BoolArray, probability: FloatArray, weight: FloatArray | None = None) -> float:
    """Return the balanced accuracy, the mean of the recalls of rises and falls, in [0, 1]."""
    counts = confusion(up, probability, weight)
    of_rises = _ratio(counts.true_up, counts.true_up + counts.false_down)
    of_falls = _ratio(counts.true_down, counts.true_down + counts.false_up)
    return (of_rises + of_falls) / 2.0


def brier_score(up: BoolArray, probability: FloatArray, weight: FloatArray | None = None) -> float:
    """Return the mean squared error of the probability, in [0, 1]; 0 is best.

    References
    ----------
    Glenn W. Brier, "Verification of Forecasts Expressed in Terms of Probability", *Monthly Weather
    Review* 78, 1950.
    """
    weight = _checked(up, probability, weight)
    return _ratio(float((weight * (probability - up) ** 2).sum()), float(weight.sum()))


def log_loss(up: BoolArray, probability: FloatArray, weight: FloatArray | None = None) -> float:
    """Return the mean surprise in nats; 0 is best, ln 2 is a coin.

    Probabilities are kept 1e-15 away from 0 and 1, so that one certain error is not infinite.
    """
    weight = _checked(up, probability, weight)
    said = np.clip(np.where(up, probability, 1.0 - probability), _SMALLEST, 1.0 - _SMALLEST)
    return _ratio(float(-(weight * np.log(said)).sum()), float(weight.sum()))


MEASURES: dict[str, Measure] = {
    "accuracy": accuracy,
    "precision": precision,
    "recall": recall,
    "auc": auc,
    "brier": brier_score,
    "log_loss": log_loss,
}
"""Every measure by its name; of the last two less is better."""


def class_counts(
    happened: IntArray, predicted: IntArray, n_classes: int, weight: FloatArray | None = None
) -> FloatArray:
    """Return the confusion matrix of any number of classes.

    Parameters
    ----------
    happened, predicted : ndarray of shape (n_rows,)
        Classes from 0 to ``n_classes - 1``.
    n_classes : int
        At least 2.
    weight : ndarray of shape (n_rows,), optional
        1 for every row if not given.

    Returns
    -------
    ndarray of shape (n_classes, n_classes)
        Rows (or their weight) by what happened (first axis) and what was predicted (second).

    Raises
    ------
    DataError
        If shapes differ, there is no row, or a class is outside its range.
    """
    if happened.shape != predicted.shape or happened.ndim != 1 or not happened.size:
        raise DataError(
            "expected a prediction for each of at least one row, found shapes "
            f"{happened.shape} and {predicted.shape}"
        )
    both = np.concatenate([happened, predicted])
    if not (both.min() >= 0 and both.max() < n_classes):
        raise DataError(f"expected classes from 0 to {n_classes - 1}, found {both.max()}")
    cells = happened * n_classes + predicted
    return np.bincount(cells, weight, n_classes**2).reshape(n_classes, n_classes).astype(np.float64)


def share_right(counts: FloatArray) -> float:
    """Return the accuracy of a confusion matrix, in [0, 1]."""
    return _ratio(float(np.trace(counts)), float(counts.sum()))


def balanced_accuracy(counts: FloatArray) -> float:
    """Return the mean recall of the classes that happened, in [0, 1]."""
    happened = counts.sum(axis=1)
    there = happened > 0.0
    return float((np.diag(counts)[there] / happened[there]).mean()) if there.any() else float("nan")


def macro_f1(counts: FloatArray) -> float:
    """Return the mean F1 of the classes that happened or were predicted, in [0, 1].

    F1 is twice the rows predicted right over those that happened plus those predicted.
    """
    either = counts.sum(axis=0) + counts.sum(axis=1)
    there = either > 0.0
    right = 2.0 * np.diag(counts)[there]
    return float((right / either[there]).mean()) if there.any() else float("nan")


def expected_calibration_error(
    up: BoolArray,
    probability: FloatArray,
    weight: FloatArray | None = None,
    n_bins: int = 10,
) -> float:
    """Return how far probabilities lie from what happened, on average over bins of equal width.

    Parameters
    ----------
    up, probability, weight
        As for :func:`auc`.
    n_bins : int, default=10
        Bins ``(i / n_bins, (i + 1) / n_bins]``; 0 is in the first.

    Returns
    -------
    float
        In [0, 1]; 0 is best. It grows with chance: a calibrated forecast of few rows is above 0.

    References
    ----------
    M. P. Naeini, G. F. Cooper and M. Hauskrecht, "Obtaining Well Calibrated Probabilities Using
    Bayesian Binning", AAAI 2015, p. 2903.
    """
    weight = _checked(up, probability, weight)
    bins = np.clip(np.ceil(probability * n_bins).astype(np.int64) - 1, 0, n_bins - 1)
    gaps = np.bincount(bins, weight * (probability - up), n_bins)
    return _ratio(float(np.abs(gaps).sum()), float(weight.sum()))


def of_rows(
    measure: Measure, up: BoolArray, probability: FloatArray
) -> Callable[[IntArray], float]:
    """Return a measure as a statistic of row numbers.

    For :func:`cryptovolt.performance.bootstrap_interval`: a row that is drawn twice weighs twice,
    which keeps the rows sorted and is faster than measuring drawn rows.

    Parameters
    ----------
    measure : callable
        E.g. :func:`auc`.
    up, probability : ndarray of shape (n_rows,)
        In time order.

    Returns
    -------
    callable
        Takes row numbers, int64, in any order; returns the measure of these rows.

    Raises
    ------
    DataError
        If the arrays cannot be measured.
    """
    _checked(up, probability, None)
    order = np.argsort(probability, kind="stable")
    happened, said = up[order], probability[order]

    def statistic(rows: IntArray) -> float:
        counts = np.bincount(rows, minlength=up.size)
        return measure(happened, said, counts[order].astype(np.float64))

    return statistic


def _checked(up: BoolArray, probability: FloatArray, weight: FloatArray | None) -> FloatArray:
    weight = np.ones(up.size) if weight is None else weight
    if not up.shape == probability.shape == weight.shape or up.ndim != 1 or not up.size:
        raise DataError(
            "expected one probability and one weight for each of at least one row, found shapes "
            f"{up.shape}, {probability.shape}, {weight.shape}"
        )
    # Written so that NaN is refused.
    if not ((probability >= 0.0) & (probability <= 1.0)).all() or not (weight >= 0.0).all():
        raise DataError("expected probabilities in [0, 1] and weights of at least 0")
    return weight


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0.0 else float("nan")

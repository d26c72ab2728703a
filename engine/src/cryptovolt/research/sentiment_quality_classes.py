"""A score in [−1, 1] becomes a class: two thresholds, chosen where they are not judged.

A text is negative at or below the lower threshold, positive above the upper one, neutral between.
Where a file has two classes, both thresholds are one.
"""

from typing import NamedTuple

import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.performance.classification import macro_f1

_N_CANDIDATES = 60


class Thresholds(NamedTuple):
    """Negative at or below `low`, positive above `high`."""

    low: float
    high: float


def parse_thresholds(text: str) -> Thresholds:
    """Return thresholds given as ``LOW,HIGH``.

    Raises
    ------
    ConfigurationError
        If they are not two numbers in [−1, 1], the lower one first.
    """
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        low, high = float("nan"), float("nan")
    if not -1.0 <= low <= high <= 1.0:
        raise ConfigurationError(
            f"expected two thresholds in [-1, 1] as in -0.05,0.05, found {text[:40]!r}"
        )
    return Thresholds(low, high)


def classify(score: FloatArray, thresholds: Thresholds, n_classes: int) -> IntArray:
    """Return the class of each score: 0 is negative, ``n_classes - 1`` positive."""
    positive = score > thresholds.high
    if n_classes == 2:
        return positive.astype(np.int64)
    return 2 * positive + ((score > thresholds.low) & ~positive)


def choose_thresholds(score: FloatArray, y: IntArray, n_classes: int) -> Thresholds:
    """Return the thresholds with the largest macro-F1 on these texts.

    Candidates are quantiles of the scores. Among equals the narrowest pair wins, then the lowest.

    Parameters
    ----------
    score : ndarray of shape (n_texts,)
    y : ndarray of shape (n_texts,)
        Classes from 0.
    n_classes : int
        2 or 3.
    """
    at = np.unique(np.quantile(score, np.linspace(0.0, 1.0, _N_CANDIDATES), method="lower"))
    # up_to[c, i]: texts of class c with a score of at most at[i].
    place = np.searchsorted(at, score)
    binned = np.bincount(y * (at.size + 1) + place, minlength=n_classes * (at.size + 1))
    up_to = binned.reshape(n_classes, -1).cumsum(axis=1)
    whole = up_to[:, -1]
    best, chosen = -1.0, Thresholds(0.0, 0.0)
    for width in range(at.size if n_classes == 3 else 1):
        for i in range(at.size - width):
            low, high = up_to[:, i], up_to[:, i + width]
            parts = [low, high - low, whole - high] if n_classes == 3 else [low, whole - low]
            found = macro_f1(np.array(parts, np.float64).T)
            if found > best + 1e-12:
                best, chosen = found, Thresholds(float(at[i]), float(at[i + width]))
    return chosen

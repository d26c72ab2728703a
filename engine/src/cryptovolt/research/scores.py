"""A model's measures, each with its interval and with what no model at all would have reached.

Two baselines stand beside every measure. *Majority* says the training set's share of rises on every
row. *Last direction* says how often a rise followed the sign of the newest change there. The AUC
compares rows of the same fold only (see :func:`cryptovolt.performance.classification.auc_within`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from cryptovolt.domain.arrays import BoolArray, FloatArray, IntArray
from cryptovolt.features.labels import Labels
from cryptovolt.performance.bootstrap import Interval, bootstrap_interval
from cryptovolt.performance.classification import MEASURES, auc_within, of_rows

LESS_IS_BETTER = frozenset({"brier", "log_loss"})


@dataclass(frozen=True, slots=True)
class Score:
    """One measure of a model, with its interval and the same measure of each baseline."""

    value: float
    interval: Interval
    baselines: Mapping[str, float]


def baseline_probabilities(
    labels: Labels, train: IntArray, test: IntArray
) -> dict[str, FloatArray]:
    """Return what each baseline says about the test rows, knowing the training rows only."""
    up, rose = labels.up[train], labels.last_direction[train] > 0
    base_rate = float(up.mean())
    after_rise = _smoothed_share(up[rose], base_rate)
    after_fall = _smoothed_share(up[~rose], base_rate)
    return {
        "majority": np.full(test.size, base_rate),
        "last_direction": np.where(labels.last_direction[test] > 0, after_rise, after_fall),
    }


def _smoothed_share(up: BoolArray, base_rate: float) -> float:
    return (float(up.sum()) + base_rate) / (up.size + 1.0)


def score(
    up: BoolArray,
    probability: FloatArray,
    baselines: Mapping[str, FloatArray],
    block: int,
    rng: Generator,
    n_resamples: int,
    fold: IntArray | None = None,
) -> dict[str, Score]:
    """Return every measure of out-of-sample probabilities.

    Parameters
    ----------
    up, probability : ndarray of shape (n_rows,)
        What happened and what was said, in order of time.
    baselines : mapping of str to ndarray of shape (n_rows,)
        What each baseline said.
    block : int
        Mean rows per block of the bootstrap.
    rng : numpy.random.Generator
        Draws the blocks.
    n_resamples : int
        Of the bootstrap.
    fold : ndarray of shape (n_rows,), optional
        Number of the fold whose model spoke; one for all if not given.
    """
    rows = np.arange(up.size)
    fold = np.zeros(up.size, np.int64) if fold is None else fold
    found: dict[str, Score] = {}
    for name in MEASURES:
        interval = bootstrap_interval(
            rows, statistic_of(name, up, probability, fold), rng, n_resamples, block
        )
        found[name] = Score(
            value=interval.estimate,
            interval=interval,
            baselines={
                key: statistic_of(name, up, said, fold)(rows) for key, said in baselines.items()
            },
        )
    return found


def statistic_of(
    name: str, up: BoolArray, probability: FloatArray, fold: IntArray
) -> Callable[[IntArray], float]:
    """Return a measure as a statistic of row numbers; the AUC over pairs of the same fold.

    Parameters
    ----------
    name : str
        One of :data:`cryptovolt.performance.classification.MEASURES`.
    up, probability, fold : ndarray of shape (n_rows,)
        As for :func:`score`.
    """
    if name != "auc":
        return of_rows(MEASURES[name], up, probability)
    # Sorted once: a resample only changes how often a row counts.
    order = np.lexsort((probability, fold))
    happened, said, of = up[order], probability[order], fold[order]

    def statistic(rows: IntArray) -> float:
        counts = np.bincount(rows, minlength=up.size)
        return auc_within(happened, said, of, counts[order].astype(np.float64))

    return statistic

"""A model's measures, each with its interval and with what no model at all would have reached.

Two baselines stand beside every measure. *Majority* says the training set's share of rises on every
row. *Last direction* says how often a rise followed the sign of the newest change there.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from cryptovolt.domain.arrays import BoolArray, FloatArray, IntArray
from cryptovolt.features.labels import Labels
from cryptovolt.performance.bootstrap import Interval, bootstrap_interval
from cryptovolt.performance.classification import MEASURES, of_rows

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
) -> dict[str, Score]:
    """Return every measure of out-of-sample probabilities."""
    rows = np.arange(up.size)
    return {
        name: Score(
            value=measure(up, probability, None),
            interval=bootstrap_interval(
                rows, of_rows(measure, up, probability), rng, n_resamples, block
            ),
            baselines={key: measure(up, said, None) for key, said in baselines.items()},
        )
        for name, measure in MEASURES.items()
    }

"""Combinatorial purged cross-validation: many histories of a model instead of one.

Labels are cut into N groups in order of time; every choice of k of them is tested once by a model
trained on the others. Labels that share bars with a test group are purged, and those that begin
within an embargo after it are left out. Each group is tested by several models, so that the tested
groups can be put together to several whole paths through time.

A training set may lie after its test set here, which a walk forward never allows: the paths say how
much a result depends on the stretch it was tested on, and how far a choice among settings is
overfitted. They are no record of what could have been earned.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from math import ceil, comb

import numpy as np

from cryptovolt.backtest.simulate import simulate_account
from cryptovolt.domain.arrays import BoolArray, FloatArray, IntArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import ConfigurationError, ModelError
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.features.labels import Labels
from cryptovolt.performance.classification import auc_within
from cryptovolt.performance.selection import probability_of_backtest_overfitting

Predict = Callable[[IntArray, IntArray], FloatArray]
"""Takes training and test positions, returns P(up) of the test rows, shape ``(n_test,)``."""


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """One choice of test groups: training and test positions in order of time."""

    number: int
    groups: tuple[int, ...]
    train: IntArray
    test: IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class CombinatorialPurged:
    """How groups are cut and chosen.

    Parameters
    ----------
    n_groups : int, default=6
        Groups of equal size, from 3 to 16.
    n_test : int, default=2
        Groups tested at once, from 1 to ``n_groups - 2``.
    embargo : float, default=0.01
        Share of the labelled bars after a test group in which no training label begins, in
        [0, 0.5).

    References
    ----------
    Marcos López de Prado, *Advances in Financial Machine Learning*, 2018, chapter 12.
    """

    n_groups: int = 6
    n_test: int = 2
    embargo: float = 0.01

    def __post_init__(self) -> None:
        if not 3 <= self.n_groups <= 16 or not 1 <= self.n_test <= self.n_groups - 2:
            raise ConfigurationError(
                "expected 3 to 16 groups and at least 2 fewer to test, found "
                f"{self.n_groups} and {self.n_test}"
            )
        if not 0.0 <= self.embargo < 0.5:
            raise ConfigurationError(f"expected an embargo in [0, 0.5), found {self.embargo}")

    @property
    def n_splits(self) -> int:
        """Choices of test groups."""
        return comb(self.n_groups, self.n_test)

    @property
    def n_paths(self) -> int:
        """Whole paths that the tested groups make: each group is tested so often."""
        return comb(self.n_groups - 1, self.n_test - 1)

    def embargo_bars(self, labels: Labels) -> int:
        """Return the embargo in bars."""
        return ceil(self.embargo * int(labels.row[-1] - labels.row[0] + 1)) if len(labels) else 0

    def groups(self, labels: Labels) -> tuple[IntArray, ...]:
        """Return the positions of each group.

        Raises
        ------
        ModelError
            If there are fewer labels than groups.
        """
        if len(labels) < self.n_groups:
            raise ModelError(f"expected labels for {self.n_groups} groups, found {len(labels)}")
        return tuple(np.array_split(np.arange(len(labels)), self.n_groups))

    def split(self, labels: Labels) -> tuple[Split, ...]:
        """Return every split, purged and embargoed.

        Raises
        ------
        ModelError
            If a training set would be empty.
        """
        groups, embargo = self.groups(labels), self.embargo_bars(labels)
        splits: list[Split] = []
        for number, chosen in enumerate(combinations(range(self.n_groups), self.n_test)):
            kept = np.ones(len(labels), np.bool_)
            for group in chosen:
                kept &= apart_from(labels, groups[group], embargo)
            if not kept.any():
                raise ModelError(
                    f"expected training labels beside groups {chosen}, found all purged; give more "
                    "bars or a shorter embargo"
                )
            test = np.concatenate([groups[group] for group in chosen])
            splits.append(Split(number, chosen, np.flatnonzero(kept), test))
        return tuple(splits)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Paths:
    """What models said along every path.

    Parameters
    ----------
    probability : ndarray of shape (n_paths, n_labels)
        P(up) of every label on every path.
    split : ndarray of shape (n_paths, n_labels)
        Number of the split whose model spoke.
    auc : ndarray of shape (n_paths,)
        Over pairs of rows that the same model spoke about.
    """

    probability: FloatArray
    split: IntArray
    auc: FloatArray


def apart_from(labels: Labels, test: IntArray, embargo: int) -> BoolArray:
    """Return which labels share no bar with a test group and begin after its embargo.

    Parameters
    ----------
    labels : Labels
        All of them.
    test : ndarray of shape (n_test,)
        Positions of one group, next to each other.
    embargo : int
        Bars after the last bar of a test label.

    Returns
    -------
    ndarray of shape (n_labels,)
    """
    first, last = int(labels.row[test[0]]), int(labels.end[test].max())
    # A label is read from the bars after its row up to its end; its features from bars up to row.
    return (labels.end < first) | (labels.row > last + embargo)


def predicted_paths(labels: Labels, cut: CombinatorialPurged, predict: Predict) -> Paths:
    """Return the paths of a model that is trained once for every split.

    Parameters
    ----------
    labels : Labels
        The rows that have features.
    cut : CombinatorialPurged
        How they are split.
    predict : callable
        Trains on the one positions and speaks about the other.

    Raises
    ------
    ModelError
        If a training set would be empty, or the model says too little.
    """
    groups = cut.groups(labels)
    probability = np.full((cut.n_paths, len(labels)), np.nan)
    spoke = np.zeros((cut.n_paths, len(labels)), np.int64)
    path = [0] * cut.n_groups
    for split in cut.split(labels):
        said = predict(split.train, split.test)
        if said.shape != split.test.shape or not np.isfinite(said).all():
            raise ModelError(
                f"expected a probability for each of {split.test.size} test rows, found "
                f"{np.isfinite(said).sum()}"
            )
        start = 0
        for group in split.groups:
            rows, stop = groups[group], start + groups[group].size
            probability[path[group], rows] = said[start:stop]
            spoke[path[group], rows] = split.number
            path[group] += 1
            start = stop
    areas = [auc_within(labels.up, p, s) for p, s in zip(probability, spoke, strict=True)]
    return Paths(probability=probability, split=spoke, auc=np.array(areas))


def overfitting_of_choice(
    bars: Bars, labels: Labels, found: Mapping[str, Paths], n_blocks: int = 16
) -> float:
    """Return the probability that the best of several settings was chosen by luck.

    Each setting is followed over all labelled bars at the usual costs, long while the mean of its
    paths says that a rise is the likelier; the choice among them is then judged by combinatorially
    symmetric cross-validation of their returns.

    Parameters
    ----------
    bars : Bars
        That were labelled.
    labels : Labels
        As given to :func:`predicted_paths`.
    found : mapping of str to Paths
        Setting to its paths, at least two.
    n_blocks : int, default=16
        Of time; see :func:`cryptovolt.performance.probability_of_backtest_overfitting`.

    Returns
    -------
    float
        In [0, 1]; around 0.5 the choice is a coin toss.
    """
    part = slice(int(labels.row[0]), int(labels.row[-1]) + 1)
    returns: list[FloatArray] = []
    for paths in found.values():
        target = np.full(len(bars), np.nan)
        target[labels.row] = (paths.probability.mean(axis=0) > 0.5).astype(np.float64)
        run = simulate_account(bars[part], target[part], TradingSettings())
        returns.append(np.nan_to_num(run.returns))
    return probability_of_backtest_overfitting(np.column_stack(returns), n_blocks)

"""Splits of labelled rows into training and test sets that respect time.

A training set always lies before its test set, and no label of it is still open when the test set
begins (it is *purged*), nor within the *embargo* before that. A shuffled split cannot be expressed:
there is no argument for it, and labels out of order are refused by their own type.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import ceil

import numpy as np

from cryptovolt.domain.arrays import IntArray
from cryptovolt.domain.errors import ConfigurationError, ModelError
from cryptovolt.features.labels import Labels


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """One training and one test set, as positions in the labels, in order of time."""

    number: int
    train: IntArray
    test: IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkForward:
    """How a walk forward through time is cut.

    Parameters
    ----------
    n_folds : int, default=5
        Test sets, one after another, of equal size, at least 1.
    first_train : float, default=0.3
        Share of the labels before the first test set, in (0, 1).
    embargo : float, default=0.01
        Share of the labelled bars between the last bar of a training label and the first test row,
        in [0, 0.5).
    anchored : bool, default=True
        Train on everything before a test set; otherwise on as many labels as the first one has.
    """

    n_folds: int = 5
    first_train: float = 0.3
    embargo: float = 0.01
    anchored: bool = True

    def __post_init__(self) -> None:
        if self.n_folds < 1:
            raise ConfigurationError(f"expected at least 1 fold, found {self.n_folds}")
        if not 0.0 < self.first_train < 1.0 or not 0.0 <= self.embargo < 0.5:
            raise ConfigurationError(
                "expected first_train in (0, 1) and embargo in [0, 0.5), found "
                f"{self.first_train} and {self.embargo}"
            )

    def embargo_bars(self, labels: Labels) -> int:
        """Return the embargo in bars."""
        return ceil(self.embargo * int(labels.row[-1] - labels.row[0] + 1)) if len(labels) else 0

    def split(self, labels: Labels) -> tuple[Fold, ...]:
        """Return the folds in order of time; every label from the first test set on is tested once.

        Raises
        ------
        ModelError
            If a training or test set would be empty.
        """
        first = round(len(labels) * self.first_train)
        edges = [
            first + round((len(labels) - first) * fold / self.n_folds)
            for fold in range(self.n_folds + 1)
        ]
        embargo = self.embargo_bars(labels)
        folds: list[Fold] = []
        for number, (start, stop) in enumerate(pairwise(edges)):
            before = np.arange(0 if self.anchored else max(0, start - first), start)
            test = np.arange(start, stop)
            if not before.size or not test.size:
                raise ModelError(
                    f"expected labels for {self.n_folds} folds, found only {len(labels)}"
                )
            train = purge(labels, before, int(labels.row[start]) - embargo)
            fold = Fold(number, train, test)
            require_disjoint(labels, fold, embargo)
            folds.append(fold)
        return tuple(folds)


def purge(labels: Labels, positions: IntArray, first_bar: int) -> IntArray:
    """Return the positions whose label was complete before a bar."""
    return positions[labels.end[positions] < first_bar]


def validation_tail(labels: Labels, train: IntArray, share: float) -> tuple[IntArray, IntArray]:
    """Return a training set cut into rows to fit on and later rows to stop by.

    Fitted labels that are still open when the tail begins are left out.

    Raises
    ------
    ModelError
        If either part would be empty.
    """
    cut = train.size - round(train.size * share)
    tail = train[cut:]
    fit = purge(labels, train[:cut], int(labels.row[tail[0]])) if tail.size else tail
    if not fit.size:
        raise ModelError(
            f"expected labels to train and to validate on, found {train.size} in the training set"
        )
    return fit, tail


def require_disjoint(labels: Labels, fold: Fold, embargo: int) -> None:
    """Refuse a fold whose sets share a bar, or lie closer than the embargo.

    Raises
    ------
    ModelError
        If the training set is empty, or the sets share what they may not.
    """
    if not fold.train.size:
        raise ModelError(
            f"expected training labels before fold {fold.number}, found none that ended "
            f"{embargo} bars before it; give more bars or a shorter embargo"
        )
    gap = int(labels.row[fold.test].min() - labels.end[fold.train].max())
    if np.intersect1d(fold.train, fold.test).size or gap <= embargo:
        raise ModelError(
            f"expected training labels of fold {fold.number} to end more than {embargo} bars "
            f"before its test set, found {gap}"
        )

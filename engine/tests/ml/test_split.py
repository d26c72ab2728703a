"""Walk-forward splits: no training label may touch its test set."""

import inspect
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptovolt.domain.errors import ConfigurationError, DataError, ModelError
from cryptovolt.features import Labels
from cryptovolt.ml.split import Fold, WalkForward, require_disjoint, validation_tail


def labels_of(n_labels: int, horizon: int, seed: int = 0) -> Labels:
    rng = np.random.default_rng(seed)
    row = np.sort(rng.choice(3 * n_labels, n_labels, replace=False))
    return Labels(
        row=row,
        timestamp=row * 3_600_000,
        value=rng.choice(np.array([-1, 1], dtype=np.int8), n_labels),
        end=row + rng.integers(1, horizon + 1, n_labels),
        weight=np.ones(n_labels),
        outcome=np.zeros(n_labels),
        last_direction=np.ones(n_labels, dtype=np.int8),
        horizon=horizon,
    )


@given(
    horizon=st.integers(1, 40),
    n_folds=st.integers(1, 8),
    embargo=st.floats(0.0, 0.05),
    anchored=st.booleans(),
    seed=st.integers(0, 1_000),
)
def test_training_labels_end_before_the_embargo_begins(
    horizon: int, n_folds: int, embargo: float, anchored: bool, seed: int
) -> None:
    labels = labels_of(600, horizon, seed)
    walk = WalkForward(n_folds=n_folds, embargo=embargo, anchored=anchored)
    folds = walk.split(labels)
    for fold in folds:
        assert labels.end[fold.train].max() + walk.embargo_bars(labels) < labels.row[fold.test[0]]
        assert (np.diff(fold.train) > 0).all()
    tested = np.concatenate([fold.test for fold in folds])
    assert tested.tolist() == list(range(180, 600))


def test_a_rolling_window_forgets_the_oldest_labels() -> None:
    labels = labels_of(600, 5)
    folds = WalkForward(n_folds=4, anchored=False).split(labels)
    assert [int(fold.train[0]) for fold in folds] == [0, 105, 210, 315]
    assert [int(f.train[0]) for f in WalkForward(n_folds=4).split(labels)] == [0, 0, 0, 0]


def test_a_shuffled_split_cannot_be_expressed() -> None:
    assert "shuffle" not in str(inspect.signature(WalkForward))
    labels = labels_of(600, 5)
    with pytest.raises(DataError, match="in the order of their bars"):
        labels.select(np.random.default_rng(1).permutation(600))


def test_the_validation_tail_is_later_and_purged() -> None:
    labels = labels_of(600, 30)
    fit, tail = validation_tail(labels, np.arange(400), 0.2)
    assert tail.tolist() == list(range(320, 400))
    assert labels.end[fit].max() < labels.row[tail[0]]


def test_sets_that_touch_are_refused() -> None:
    labels = labels_of(600, 30)
    with pytest.raises(ModelError, match="more than 6 bars before its test set"):
        require_disjoint(labels, Fold(0, np.arange(100), np.arange(100, 200)), 6)
    with pytest.raises(ModelError, match="expected training labels before fold 0, found none"):
        require_disjoint(labels, Fold(0, np.arange(0), np.arange(100, 200)), 6)


def test_too_few_labels_are_refused() -> None:
    with pytest.raises(ModelError, match="expected labels for 5 folds, found only 1"):
        WalkForward().split(labels_of(1, 2))
    with pytest.raises(ModelError, match="to train and to validate on"):
        validation_tail(labels_of(10, 2), np.arange(1), 0.2)


@pytest.mark.parametrize("wrong", [{"n_folds": 0}, {"first_train": 1.0}, {"embargo": -0.1}])
def test_settings_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        replace(WalkForward(), **wrong)

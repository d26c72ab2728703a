"""Every combination is tested once, nothing of a test group is learned from, paths are whole."""

from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.errors import ConfigurationError, ModelError
from cryptovolt.features.labels import Labels, triple_barrier
from cryptovolt.research.combinatorial import (
    CombinatorialPurged,
    Paths,
    overfitting_of_choice,
    predicted_paths,
)
from cryptovolt.research.synthetic import synthetic_bars

BARS = synthetic_bars(1_500, end=1_700_000_000_000, rng=np.random.default_rng(1))
LABELS = triple_barrier(BARS, 6)


@given(n_groups=st.integers(4, 8), n_test=st.integers(1, 2), embargo=st.floats(0.0, 0.02))
@settings(max_examples=20, deadline=None)
def test_no_training_label_shares_a_bar_with_a_test_group_or_its_embargo(
    n_groups: int, n_test: int, embargo: float
) -> None:
    cut = CombinatorialPurged(n_groups=n_groups, n_test=n_test, embargo=embargo)
    splits, groups = cut.split(LABELS), cut.groups(LABELS)
    assert len(splits) == cut.n_splits == comb(n_groups, n_test)
    for split in splits:
        for group in split.groups:
            test = groups[group]
            first, last = int(LABELS.row[test[0]]), int(LABELS.end[test].max())
            before, after = LABELS.end[split.train] < first, LABELS.row[split.train] > last
            assert (before | after).all()
            nearest = LABELS.row[split.train][after]
            assert not nearest.size or nearest.min() > last + cut.embargo_bars(LABELS)
        assert not np.intersect1d(split.train, split.test).size


def test_as_many_labels_as_can_be_are_kept() -> None:
    # One label in ten bars, no embargo: only those that reach into the test group are purged.
    cut = CombinatorialPurged(n_groups=5, n_test=1, embargo=0.0)
    split = cut.split(LABELS)[2]
    outside = len(LABELS) - split.test.size
    assert outside - 2 * LABELS.horizon <= split.train.size < outside


def perfect(labels: Labels, number: list[int]) -> Paths:
    def predict(train: IntArray, test: IntArray) -> FloatArray:  # noqa: ARG001
        number.append(test.size)
        return np.where(labels.up[test], 0.9, 0.1)

    return predicted_paths(labels, CombinatorialPurged(n_groups=6, n_test=2), predict)


def test_tested_groups_make_whole_paths_and_each_split_is_trained_once() -> None:
    asked: list[int] = []
    paths = perfect(LABELS, asked)
    assert len(asked) == 15
    assert paths.probability.shape == (5, len(LABELS))
    assert np.isfinite(paths.probability).all()
    assert (paths.auc == 1.0).all()
    # On each path every label is judged by one of the splits that tested it, on each another one.
    splits = CombinatorialPurged(n_groups=6, n_test=2).split(LABELS)
    for position in (0, 700, len(LABELS) - 1):
        spoke = paths.split[:, position].tolist()
        assert len(set(spoke)) == 5
        assert all(position in splits[number].test for number in spoke)


def test_a_choice_between_noise_is_overfitted_and_one_for_the_truth_is_not() -> None:
    rng = np.random.default_rng(3)

    def noise(train: IntArray, test: IntArray) -> FloatArray:  # noqa: ARG001
        return rng.uniform(0.0, 1.0, test.size)

    cut = CombinatorialPurged(n_groups=6, n_test=2)
    drawn = {f"noise {n}": predicted_paths(LABELS, cut, noise) for n in range(6)}
    assert overfitting_of_choice(BARS, LABELS, drawn, 8) > 0.1
    assert overfitting_of_choice(BARS, LABELS, {**drawn, "true": perfect(LABELS, [])}, 8) == 0.0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_groups": 2}, "expected 3 to 16 groups"),
        ({"n_groups": 4, "n_test": 3}, "at least 2 fewer to test"),
        ({"embargo": 0.5}, "expected an embargo"),
    ],
)
def test_impossible_cuts_are_refused(settings: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        CombinatorialPurged(**settings)  # pyright: ignore[reportArgumentType]


def test_a_model_that_says_nothing_is_refused() -> None:
    with pytest.raises(ModelError, match="expected a probability for each"):
        predicted_paths(LABELS, CombinatorialPurged(), lambda _, test: np.full(test.size, np.nan))

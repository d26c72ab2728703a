"""The AUC over pairs of the same group is what it says, and is not bent by base rates."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score  # pyright: ignore[reportUnknownVariableType]

from cryptovolt.domain.errors import DataError
from cryptovolt.performance.classification import auc, auc_within, mean_recall


def test_it_is_the_mean_of_the_groups_weighted_by_their_pairs() -> None:
    rng = np.random.default_rng(1)
    up, said = rng.random(600) < 0.4, np.round(rng.random(600), 2)
    group = np.repeat([0, 1, 2], [100, 200, 300])
    areas, pairs = np.zeros(3), np.zeros(3)
    for g in range(3):
        inside = group == g
        areas[g] = roc_auc_score(up[inside], said[inside])
        pairs[g] = up[inside].sum() * (~up[inside]).sum()
    expected = float((areas * pairs).sum() / pairs.sum())
    assert auc_within(up, said, group) == pytest.approx(expected, abs=1e-12)
    order = rng.permutation(600)
    assert auc_within(up[order], said[order], group[order]) == pytest.approx(expected, abs=1e-12)
    assert auc_within(up, said, np.zeros(600, np.int64)) == pytest.approx(auc(up, said), abs=1e-12)


def test_a_row_of_weight_two_counts_as_two_rows() -> None:
    rng = np.random.default_rng(2)
    up, said, group = rng.random(80) < 0.5, rng.random(80), rng.integers(0, 4, 80)
    weight = rng.integers(0, 3, 80)
    rows = np.repeat(np.arange(80), weight)
    expected = auc_within(up[rows], said[rows], group[rows])
    found = auc_within(up, said, group, weight.astype(np.float64))
    assert found == pytest.approx(expected, abs=1e-12)


def test_base_rates_of_the_past_bend_pairs_across_groups_and_not_those_within() -> None:
    # Each group is told the share of rises of the one before it, and nothing can be predicted.
    rng = np.random.default_rng(3)
    across: list[float] = []
    within: list[float] = []
    for _ in range(200):
        group = np.repeat(np.arange(5), 60)
        up = rng.random(300) < 0.5
        shares = np.array([1.0 - up[group == g].mean() for g in range(5)])
        said = np.clip(shares[group] + 0.01 * rng.normal(size=300), 0.0, 1.0)
        across.append(auc(up, said))
        within.append(auc_within(up, said, group))
    assert np.mean(across) < 0.49
    assert np.mean(within) == pytest.approx(0.5, abs=0.01)


def test_no_pair_is_undefined_and_groups_of_another_length_are_refused() -> None:
    up = np.array([True, True, False, False])
    assert np.isnan(auc_within(up, np.full(4, 0.5), np.array([0, 0, 1, 1])))
    with pytest.raises(DataError, match="expected a group"):
        auc_within(up, np.full(4, 0.5), np.array([0, 1]))


def test_mean_recall_is_one_half_of_a_model_that_always_says_the_same() -> None:
    up = np.arange(100) < 80
    assert mean_recall(up, np.full(100, 0.9)) == 0.5
    assert mean_recall(up, up.astype(np.float64)) == 1.0

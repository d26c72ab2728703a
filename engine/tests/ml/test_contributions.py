"""Contributions are exact Shapley values: as XGBoost computes them, and by their definition."""

from itertools import combinations
from math import factorial

import numpy as np
import pytest
import xgboost

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.errors import ModelError
from cryptovolt.ml.contributions import tree_contributions
from cryptovolt.ml.trees import FlatTrees, read_trees


def grown(depth: int, n_trees: int, n_features: int = 8) -> tuple[xgboost.Booster, FlatTrees]:
    rng = np.random.default_rng(depth)
    values = rng.normal(size=(3_000, n_features)).astype(np.float32)
    up = values[:, 0] * values[:, 1] + 0.5 * values[:, 2] + rng.normal(size=3_000) > 0.0
    settings = {"objective": "binary:logistic", "max_depth": depth, "nthread": 1}
    booster = xgboost.train(settings, xgboost.DMatrix(values, label=up), n_trees)
    return booster, read_trees(bytes(booster.save_raw("json")))


@pytest.mark.parametrize(("depth", "n_trees"), [(1, 5), (2, 20), (4, 100), (7, 30), (10, 5)])
def test_contributions_equal_those_of_xgboost(depth: int, n_trees: int) -> None:
    booster, trees = grown(depth, n_trees)
    values = np.random.default_rng(9).normal(size=(500, 8)).astype(np.float32)
    expected = booster.predict(xgboost.DMatrix(values), pred_contribs=True)
    bias, matrix = tree_contributions(trees, values.astype(np.float64))
    # XGBoost adds up in float32.
    np.testing.assert_allclose(matrix, expected[:, :-1], atol=1e-5)
    np.testing.assert_allclose(bias, expected[:, -1], atol=1e-5)
    margin = trees.margins(values.astype(np.float64))
    np.testing.assert_allclose(bias + matrix.sum(axis=1), margin, atol=1e-10)


def expected_margin(trees: FlatTrees, row: FloatArray, known: frozenset[int]) -> float:
    """Return the margin when only some columns are known: others split by cover."""

    def below(node: int) -> float:
        left = int(trees.left[node])
        if left == node:
            return float(trees.value[node])
        column = int(trees.feature[node])
        if column in known:
            return below(left + int(np.float32(row[column]) >= trees.threshold[node]))
        covers = trees.cover[left : left + 2]
        return float((covers[0] * below(left) + covers[1] * below(left + 1)) / covers.sum())

    return trees.base + sum(below(int(root)) for root in trees.root)


def test_contributions_follow_the_definition_of_shapley() -> None:
    _, trees = grown(4, 6, n_features=5)
    rows = np.random.default_rng(4).normal(size=(5, 5))
    bias, matrix = tree_contributions(trees, rows)
    assert bias == pytest.approx(expected_margin(trees, rows[0], frozenset()))
    for row, found in zip(rows, matrix, strict=True):
        for column in range(5):
            others = [other for other in range(5) if other != column]
            value = 0.0
            for size in range(5):
                share = factorial(size) * factorial(4 - size) / factorial(5)
                for some in combinations(others, size):
                    with_it = expected_margin(trees, row, frozenset({*some, column}))
                    value += share * (with_it - expected_margin(trees, row, frozenset(some)))
            assert found[column] == pytest.approx(value, abs=1e-12)


def test_another_number_of_columns_is_refused() -> None:
    _, trees = grown(2, 3)
    with pytest.raises(ModelError, match=r"expected rows of 8 features, found shape \(2, 3\)"):
        tree_contributions(trees, np.zeros((2, 3)))

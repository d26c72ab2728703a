"""Boosted trees as flat arrays: one compiled evaluator for one row and for many.

A row's margin is summed tree by tree, on its own, so its bits are the same in a batch of one and of
a million. Features are compared as float32, as they were in training.
"""

import json
from dataclasses import dataclass
from math import exp, isfinite, log
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.errors import ModelError

Int32Array = npt.NDArray[np.int32]
Float32Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class FlatTrees:
    """Every node of every tree in one row of arrays.

    Parameters
    ----------
    feature : ndarray of shape (n_nodes,)
        Column to compare; −1 in a leaf.
    threshold : ndarray of shape (n_nodes,)
        Smaller values go left; in a leaf the value that is summed.
    left, right : ndarray of shape (n_nodes,)
        Where to go on, as an index into these arrays.
    root : ndarray of shape (n_trees,)
        First node of each tree.
    base : float
        Margin before the first tree.
    n_features : int
        Columns a row must have.
    """

    feature: Int32Array
    threshold: Float32Array
    left: Int32Array
    right: Int32Array
    root: Int32Array
    base: float
    n_features: int

    def margins(self, values: FloatArray) -> FloatArray:
        """Return the log odds of rows of shape ``(n_rows, n_features)``; NaN for unusable rows."""
        return self.calibrated(values, 1.0, 0.0)[0]

    def calibrated(
        self, values: FloatArray, slope: float, intercept: float
    ) -> tuple[FloatArray, FloatArray]:
        """Return the log odds and the probability ``1 / (1 + exp(−(slope × odds + intercept)))``.

        Raises
        ------
        ModelError
            If the rows have another number of columns.
        """
        if values.ndim != 2 or values.shape[1] != self.n_features:
            raise ModelError(
                f"expected rows of {self.n_features} features, found shape {values.shape}"
            )
        return _evaluate(
            np.ascontiguousarray(values, dtype=np.float64),
            self.feature,
            self.threshold,
            self.left,
            self.right,
            self.root,
            self.base,
            slope,
            intercept,
        )


def read_trees(model: bytes) -> FlatTrees:
    """Return the trees of a model that XGBoost saved as JSON; XGBoost itself is not needed.

    Raises
    ------
    ModelError
        If the text is no binary classifier of XGBoost.
    """
    try:
        learner: dict[str, Any] = json.loads(model)["learner"]
        objective = learner["objective"]["name"]
        trees: list[dict[str, Any]] = learner["gradient_booster"]["model"]["trees"]
        parameters: dict[str, str] = learner["learner_model_param"]
        base_score = float(parameters["base_score"].strip("[]"))
        n_features = int(parameters["num_feature"])
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"expected a model that XGBoost saved as JSON, found {error!r}") from error
    if objective != "binary:logistic" or not 0.0 < base_score < 1.0 or not trees:
        raise ModelError(f"expected trees of a binary classifier, found {objective!r}")
    return _flatten(trees, log(base_score / (1.0 - base_score)), n_features)


def _flatten(trees: list[dict[str, Any]], base: float, n_features: int) -> FlatTrees:
    sizes = [len(tree["left_children"]) for tree in trees]
    root = np.cumsum([0, *sizes[:-1]]).astype(np.int32)
    feature: list[Int32Array] = []
    left: list[Int32Array] = []
    right: list[Int32Array] = []
    for tree, offset in zip(trees, root.tolist(), strict=True):
        children = np.array(tree["left_children"], np.int32)
        is_leaf = children < 0
        feature.append(np.where(is_leaf, -1, np.array(tree["split_indices"])).astype(np.int32))
        left.append(np.where(is_leaf, -1, children + offset).astype(np.int32))
        others = np.array(tree["right_children"], np.int32)
        right.append(np.where(is_leaf, -1, others + offset).astype(np.int32))
    conditions = [np.array(tree["split_conditions"], np.float32) for tree in trees]
    return FlatTrees(
        feature=np.concatenate(feature),
        threshold=np.concatenate(conditions),
        left=np.concatenate(left),
        right=np.concatenate(right),
        root=root,
        base=base,
        n_features=n_features,
    )


@njit(cache=True, nogil=True)
def _evaluate(
    values: FloatArray,
    feature: Int32Array,
    threshold: Float32Array,
    left: Int32Array,
    right: Int32Array,
    root: Int32Array,
    base: float,
    slope: float,
    intercept: float,
) -> tuple[FloatArray, FloatArray]:
    n_rows, n_features = values.shape
    margin = np.full(n_rows, np.nan)
    probability = np.full(n_rows, np.nan)
    row = np.empty(n_features, np.float32)
    for t in range(n_rows):
        usable = True
        for column in range(n_features):
            row[column] = np.float32(values[t, column])
            usable &= isfinite(values[t, column])
        if not usable:
            continue
        total = base
        for tree in range(root.size):
            node = root[tree]
            while feature[node] >= 0:
                node = left[node] if row[feature[node]] < threshold[node] else right[node]
            total += threshold[node]
        margin[t] = total
        probability[t] = 1.0 / (1.0 + exp(-(slope * total + intercept)))
    return margin, probability

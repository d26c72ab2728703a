"""Boosted trees as flat arrays: one compiled evaluator for one row and for many.

A row's margin is summed tree by tree, on its own, so its bits are the same in a batch of one and of
a million. Features are compared as float32, as they were in training.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, isfinite, log, nan
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from cryptovolt.domain.arrays import BoolArray, FloatArray
from cryptovolt.domain.errors import ModelError
from cryptovolt.ml.calibration import Calibration, Platt

Int32Array = npt.NDArray[np.int32]
Float32Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class FlatTrees:
    """Every node of every tree in one row of arrays.

    The right child follows the left one, and a leaf leads back to itself, so that every tree is
    walked in the same number of steps without asking where it ends.

    Parameters
    ----------
    feature : ndarray of shape (n_nodes,)
        Column to compare; 0 in a leaf.
    threshold : ndarray of shape (n_nodes,)
        Smaller values go left; NaN in a leaf, which no value reaches.
    left : ndarray of shape (n_nodes,)
        Left child, as an index into these arrays; a leaf itself.
    value : ndarray of shape (n_nodes,)
        What a leaf adds to the margin.
    cover : ndarray of shape (n_nodes,)
        How much of the training rows came by: the sum of hessians, or their number.
    root : ndarray of shape (n_trees,)
        First node of each tree.
    depth : int
        Steps from any root to its deepest leaf.
    base : float
        Margin before the first tree.
    n_features : int
        Columns a row must have.
    """

    feature: Int32Array
    threshold: Float32Array
    left: Int32Array
    value: FloatArray
    cover: FloatArray
    root: Int32Array
    depth: int
    base: float
    n_features: int

    def margins(self, values: FloatArray) -> FloatArray:
        """Return the log odds of rows of shape ``(n_rows, n_features)``; NaN for unusable rows."""
        return self.calibrated(values, 1.0, 0.0)[0]

    def said(
        self, values: FloatArray, calibration: Calibration | None
    ) -> tuple[FloatArray, FloatArray]:
        """Return the log odds and P(up); without a calibration the odds are believed."""
        if calibration is None:
            return self.calibrated(values, 1.0, 0.0)
        if isinstance(calibration, Platt):
            return self.calibrated(values, calibration.slope, calibration.intercept)
        margin = self.margins(values)
        return margin, calibration.probability(margin)

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
            self.value,
            self.root,
            self.depth,
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
        # A text of the error may hold the whole file.
        raise ModelError(
            "expected a model that XGBoost saved as JSON, found something else, which begins with "
            f"{model[:20]!r}"
        ) from error
    if objective != "binary:logistic" or not 0.0 < base_score < 1.0 or not trees:
        raise ModelError(f"expected trees of a binary classifier, found {objective!r}")
    try:
        grown = [_nodes_of(tree) for tree in trees]
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError("expected whole trees in XGBoost's JSON, found a damaged one") from error
    return flatten(grown, log(base_score / (1.0 - base_score)), n_features)


@dataclass(frozen=True, slots=True, eq=False)
class Nodes:
    """One tree as a library keeps it: root first, `left` below 0 in a leaf.

    Parameters
    ----------
    left, right : sequence of int
        Children.
    feature : sequence of int
        Column to compare.
    threshold : sequence of float
        Smaller values go left, as float32.
    value : sequence of float
        What a leaf adds to the margin.
    cover : sequence of float
        How much of the training rows came by.
    """

    left: Sequence[int]
    right: Sequence[int]
    feature: Sequence[int]
    threshold: Sequence[float]
    value: Sequence[float]
    cover: Sequence[float]


def _nodes_of(tree: dict[str, Any]) -> Nodes:
    conditions = tree["split_conditions"]
    # XGBoost computes with float32: a leaf's value is the nearest one to what is written.
    leaves = np.array(conditions, np.float32).astype(np.float64).tolist()
    return Nodes(
        tree["left_children"],
        tree["right_children"],
        tree["split_indices"],
        conditions,
        leaves,
        tree["sum_hessian"],
    )


def flatten(trees: Sequence[Nodes], base: float, n_features: int) -> FlatTrees:
    """Return trees as flat arrays, level by level, the right child beside the left one."""
    feature, threshold, left = list[int](), list[float](), list[int]()
    value, cover, root = list[float](), list[float](), list[int]()
    depth = 0
    for tree in trees:
        first = len(left)
        root.append(first)
        # Level by level; children are placed as they are met, in pairs.
        level, n_placed, n_steps = [0], first + 1, -1
        while level:
            n_steps += 1
            below: list[int] = []
            for node in level:
                is_leaf = tree.left[node] < 0
                feature.append(0 if is_leaf else tree.feature[node])
                threshold.append(nan if is_leaf else tree.threshold[node])
                value.append(tree.value[node] if is_leaf else 0.0)
                cover.append(tree.cover[node])
                left.append(len(left) if is_leaf else n_placed)
                if not is_leaf:
                    n_placed += 2
                    below += [tree.left[node], tree.right[node]]
            level = below
        depth = max(depth, n_steps)
    return FlatTrees(
        feature=np.array(feature, np.int32),
        threshold=np.array(threshold, np.float32),
        left=np.array(left, np.int32),
        value=np.array(value, np.float64),
        cover=np.array(cover, np.float64),
        root=np.array(root, np.int32),
        depth=depth,
        base=base,
        n_features=n_features,
    )


# Rows walk a tree side by side: one waits for its next node while the others go on.
_LANES = 64


@njit(cache=True, nogil=True)
def _take(rows: FloatArray, block: Float32Array, usable: BoolArray) -> None:
    for lane in range(rows.shape[0]):
        usable[lane] = True
        for column in range(rows.shape[1]):
            block[lane, column] = np.float32(rows[lane, column])
            usable[lane] &= isfinite(rows[lane, column])


@njit(cache=True, nogil=True)
def _walk(
    first: int,
    n_lanes: int,
    block: Float32Array,
    node: Int32Array,
    feature: Int32Array,
    threshold: Float32Array,
    left: Int32Array,
    depth: int,
) -> None:
    node[:n_lanes] = first
    for _ in range(depth):
        for lane in range(n_lanes):
            at = node[lane]
            # Comparing with a leaf's NaN is never true: the walk stays where it is.
            node[lane] = left[at] + (block[lane, feature[at]] >= threshold[at])


@njit(cache=True, nogil=True)
def _evaluate(
    values: FloatArray,
    feature: Int32Array,
    threshold: Float32Array,
    left: Int32Array,
    value: FloatArray,
    root: Int32Array,
    depth: int,
    base: float,
    slope: float,
    intercept: float,
) -> tuple[FloatArray, FloatArray]:
    n_rows, n_features = values.shape
    margin = np.full(n_rows, np.nan)
    probability = np.full(n_rows, np.nan)
    block = np.empty((_LANES, n_features), np.float32)
    node = np.empty(_LANES, np.int32)
    total = np.empty(_LANES)
    usable = np.empty(_LANES, np.bool_)
    for start in range(0, n_rows, _LANES):
        n_lanes = min(_LANES, n_rows - start)
        _take(values[start : start + n_lanes], block, usable)
        total[:] = base
        for tree in range(root.size):
            _walk(root[tree], n_lanes, block, node, feature, threshold, left, depth)
            for lane in range(n_lanes):
                total[lane] += value[node[lane]]
        for lane in range(n_lanes):
            if usable[lane]:
                margin[start + lane] = total[lane]
                odds = slope * total[lane] + intercept
                probability[start + lane] = 1.0 / (1.0 + exp(-odds))
    return margin, probability

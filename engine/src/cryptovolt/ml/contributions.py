"""Why a model says what it says: what each column adds to the log odds of a row.

For trees these are exact Shapley values of the path-dependent kind: where a column is not known,
the rows of training decide how much of them goes left and right. Bias and contributions sum to the
margin.

Every leaf is a box: the path to it asks of each of its columns to lie in an interval, and a share
of the training rows that came so far did. For a row let `on` be the columns of the path that lie in
their intervals. With shares ``z`` and ``P(t) = Π (z_i + t)`` over `on`, the Shapley value of a
column that is off is ``−value × Π z(off) × Σ_k P_k w_k``, of one that is on
``value × Π z(off) × (1 − z_i) × Σ_k Q_k w_k`` with ``Q = P / (z_i + t)`` and
``w_k = k! (d − k − 1)! / d!`` on a path of ``d`` columns. No column is asked twice and nothing is
divided by a share.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import factorial, inf, isfinite

import numpy as np
from numba import njit

from cryptovolt.domain.arrays import BoolArray, FloatArray
from cryptovolt.domain.errors import ModelError
from cryptovolt.domain.ports import Contributions
from cryptovolt.ml.trees import FlatTrees, Float32Array, Int32Array


@dataclass(frozen=True, slots=True, eq=False)
class Boxes:
    """Every leaf of every tree as intervals of the columns on its path.

    Parameters
    ----------
    start : ndarray of shape (n_leaves + 1,)
        Where the intervals of each leaf begin.
    feature, low, high, share : ndarray of shape (n_intervals,)
        Column, ``low ≤ value < high`` as float32, and the share of training rows inside.
    value : ndarray of shape (n_leaves,)
        What the leaf adds to the margin.
    bias : float
        Margin of a row of which nothing is known.
    weight : ndarray of shape (deepest + 1, deepest + 1)
        ``k! (d − k − 1)! / d!`` at ``[d, k]``.
    """

    start: Int32Array
    feature: Int32Array
    low: Float32Array
    high: Float32Array
    share: FloatArray
    value: FloatArray
    bias: float
    weight: FloatArray


def boxes_of(trees: FlatTrees) -> Boxes:
    """Return the leaves of trees as boxes; a share of a node nobody came by is one half."""
    start, value = [0], list[float]()
    feature, low, high, share = list[int](), list[float](), list[float](), list[float]()
    bias = trees.base
    for root in trees.root.tolist():
        pending: list[tuple[int, dict[int, tuple[float, float, float]]]] = [(root, {})]
        while pending:
            node, path = pending.pop()
            if int(trees.left[node]) != node:
                pending += _children(trees, node, path)
                continue
            leaf, inside = float(trees.value[node]), 1.0
            for column, (least, most, part) in path.items():
                feature.append(column)
                low.append(least)
                high.append(most)
                share.append(part)
                inside *= part
            bias += leaf * inside
            if path and leaf != 0.0:
                value.append(leaf)
                start.append(len(feature))
            else:
                del feature[start[-1] :], low[start[-1] :], high[start[-1] :], share[start[-1] :]
    return Boxes(
        start=np.array(start, np.int32),
        feature=np.array(feature, np.int32),
        low=np.array(low, np.float32),
        high=np.array(high, np.float32),
        share=np.array(share, np.float64),
        value=np.array(value, np.float64),
        bias=bias,
        weight=_weights(int(np.diff(start).max(initial=0))),
    )


_known_boxes = lru_cache(maxsize=16)(boxes_of)


def _children(
    trees: FlatTrees, node: int, path: dict[int, tuple[float, float, float]]
) -> list[tuple[int, dict[int, tuple[float, float, float]]]]:
    column, threshold = int(trees.feature[node]), float(trees.threshold[node])
    least, most, part = path.get(column, (-inf, inf, 1.0))
    left = int(trees.left[node])
    total = float(trees.cover[left] + trees.cover[left + 1])
    to_left = float(trees.cover[left]) / total if total > 0.0 else 0.5
    return [
        (left, {**path, column: (least, min(most, threshold), part * to_left)}),
        (left + 1, {**path, column: (max(least, threshold), most, part * (1.0 - to_left))}),
    ]


def _weights(deepest: int) -> FloatArray:
    weight = np.zeros((deepest + 1, deepest + 1))
    for d in range(1, deepest + 1):
        for k in range(d):
            weight[d, k] = factorial(k) * factorial(d - k - 1) / factorial(d)
    return weight


def tree_contributions(trees: FlatTrees, values: FloatArray) -> Contributions:
    """Return exact Shapley values of rows of shape ``(n_rows, n_features)``.

    Parameters
    ----------
    trees : FlatTrees
        Of the model.
    values : ndarray of shape (n_rows, n_features)
        Rows; one with a feature that is not finite has NaN everywhere.

    Returns
    -------
    Contributions
        ``bias + matrix.sum(axis=1)`` is the margin, to within rounding.

    Raises
    ------
    ModelError
        If the rows have another number of columns.

    References
    ----------
    Lundberg et al., *Nature Machine Intelligence* 2, 2020, algorithm 2 (TreeSHAP).
    """
    if values.ndim != 2 or values.shape[1] != trees.n_features:
        raise ModelError(
            f"expected rows of {trees.n_features} features, found shape {values.shape}"
        )
    found = _known_boxes(trees)
    matrix = _shapley(
        np.ascontiguousarray(values, dtype=np.float64),
        found.start,
        found.feature,
        found.low,
        found.high,
        found.share,
        found.value,
        found.weight,
    )
    return Contributions(found.bias, matrix)


@njit(cache=True, nogil=True)
def _shapley(
    values: FloatArray,
    start: Int32Array,
    feature: Int32Array,
    low: Float32Array,
    high: Float32Array,
    share: FloatArray,
    value: FloatArray,
    weight: FloatArray,
) -> FloatArray:
    n_rows, n_features = values.shape
    matrix = np.full((n_rows, n_features), np.nan)
    row = np.empty(n_features, np.float32)
    width = weight.shape[0]
    power, on = np.empty(width + 1), np.empty(width, np.bool_)
    for r in range(n_rows):
        usable = True
        for column in range(n_features):
            row[column] = np.float32(values[r, column])
            usable &= isfinite(values[r, column])
        if not usable:
            continue
        matrix[r] = 0.0
        for leaf in range(value.size):
            first, stop = start[leaf], start[leaf + 1]
            _add_leaf(
                matrix[r], row, feature[first:stop], low[first:stop], high[first:stop],
                share[first:stop], value[leaf], weight[stop - first], power, on,
            )  # fmt: skip
    return matrix


@njit(cache=True, nogil=True)
def _polynomial(
    row: Float32Array,
    feature: Int32Array,
    low: Float32Array,
    high: Float32Array,
    share: FloatArray,
    power: FloatArray,
    on: BoolArray,
) -> tuple[int, float]:
    # `power` becomes the coefficients of P, whose highest one is 1; `rest` the product of the
    # shares of all that is off.
    n_on, rest = 0, 1.0
    power[0] = 1.0
    for i in range(feature.size):
        on[i] = low[i] <= row[feature[i]] < high[i]
        if not on[i]:
            rest *= share[i]
            continue
        power[n_on + 1] = power[n_on]
        for k in range(n_on, 0, -1):
            power[k] = power[k] * share[i] + power[k - 1]
        power[0] *= share[i]
        n_on += 1
    return n_on, rest


@njit(cache=True, nogil=True)
def _add_leaf(
    total: FloatArray,
    row: Float32Array,
    feature: Int32Array,
    low: Float32Array,
    high: Float32Array,
    share: FloatArray,
    value: float,
    weight: FloatArray,
    power: FloatArray,
    on: BoolArray,
) -> None:
    n_on, rest = _polynomial(row, feature, low, high, share, power, on)
    rest *= value
    if rest == 0.0:
        return
    absent = 0.0
    if n_on < feature.size:
        for k in range(n_on + 1):
            absent += power[k] * weight[k]
        absent *= rest
    for i in range(feature.size):
        if not on[i]:
            total[feature[i]] -= absent
            continue
        # Divide P by (share + t), from its highest coefficient down.
        quotient = power[n_on]
        present = quotient * weight[n_on - 1]
        for k in range(n_on - 1, 0, -1):
            quotient = power[k] - share[i] * quotient
            present += quotient * weight[k - 1]
        total[feature[i]] += rest * (1.0 - share[i]) * present

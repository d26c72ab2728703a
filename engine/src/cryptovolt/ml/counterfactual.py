"""What would have had to be different: the smallest change of a row that flips the decision.

Changes are counted in spreads (standard deviations) of each column's training rows and stay within
the range those rows had; outside of it a model has seen nothing. First every single column is
tried, then pairs: the columns that come nearest to a flip on their own, each with every other one.
What is found was scored again by the model itself. For pairs it is the best of the pairs tried, not
of all there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.errors import ModelError
from cryptovolt.domain.ports import Model
from cryptovolt.ml.trees import FlatTrees

_N_STARTS = 6
_N_HALVINGS = 50
_N_LEVELS = 17


@dataclass(frozen=True, slots=True)
class Change:
    """One column that would have had another value; `spreads` is how far that is, above 0."""

    feature: str
    before: float
    after: float
    spreads: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterfactual:
    """The smallest change that flips a decision, or why there is none.

    Parameters
    ----------
    changes : tuple of Change
        One or two; empty where nothing was found.
    before : float
        P(up) of the row as it is.
    after : float or None
        P(up) of the row as it would have been.
    reason : str or None
        Why there is no change.
    """

    changes: tuple[Change, ...]
    before: float
    after: float | None
    reason: str | None

    @property
    def distance(self) -> float | None:
        """Sum of the changes in spreads."""
        return sum(change.spreads for change in self.changes) if self.changes else None


@runtime_checkable
class _HasTrees(Protocol):
    @property
    def trees(self) -> FlatTrees: ...


@dataclass(frozen=True, slots=True, eq=False)
class _Range:
    spread: FloatArray
    low: FloatArray
    high: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class _Tried:
    column: IntArray
    value: FloatArray
    distance: FloatArray
    gain: FloatArray


def smallest_flip(model: Model, row: FloatArray, *, threshold: float = 0.5) -> Counterfactual:
    """Return the smallest change of a row that carries P(up) across a threshold.

    Parameters
    ----------
    model : Model
        Stored with the range of its training rows.
    row : ndarray of shape (n_features,)
        Columns as in the model's `feature_names`, all finite.
    threshold : float, default=0.5
        In (0, 1). At or above it the decision is "up".

    Returns
    -------
    Counterfactual

    Raises
    ------
    ModelError
        If the row has another number of columns or a hole, the threshold is outside (0, 1), or the
        model does not know its training range.

    References
    ----------
    Wachter, Mittelstadt and Russell, *Harvard Journal of Law & Technology* 31, 2018.
    """
    if row.shape != (len(model.feature_names),) or not np.isfinite(row).all():
        raise ModelError(
            f"expected {len(model.feature_names)} finite features, found shape {row.shape} with "
            f"{int(np.count_nonzero(~np.isfinite(row)))} holes"
        )
    if not 0.0 < threshold < 1.0:
        raise ModelError(f"expected a threshold in (0, 1), found {threshold}")
    known = _range_of(model)
    before = float(model.probability_up(row[None, :])[0])
    toward = -1.0 if before >= threshold else 1.0
    single = _alone(model, row, known, threshold, toward)
    found = _nearest(single)
    if found is None:
        pair = _pairs(model, row, known, threshold, toward, single)
        if pair is None:
            return Counterfactual(
                changes=(),
                before=before,
                after=None,
                reason=(
                    f"no change of one column, nor of the pairs tried, within the range of the "
                    f"training rows carries P(up) from {before:.3f} across {threshold}"
                ),
            )
        return _result(model, row, known, before, pair)
    return _result(model, row, known, before, [found])


def _range_of(model: Model) -> _Range:
    try:
        said = model.manifest["training"]
        found = _Range(*(np.array(said[key], np.float64) for key in ("spread", "low", "high")))
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"expected the training range in model {model.artefact_hash[:16]}, found none; train "
            "it again"
        ) from error
    if not found.spread.shape == found.low.shape == found.high.shape == (len(model.feature_names),):
        raise ModelError(
            f"expected a training range of {len(model.feature_names)} columns, found another"
        )
    return found


def _alone(model: Model, row: FloatArray, known: _Range, threshold: float, toward: float) -> _Tried:
    if isinstance(model, _HasTrees):
        column, value = _tree_candidates(model.trees, row, known)
    else:
        column, value = _level_candidates(row, known)
    tried = _score(model, row, known, threshold, toward, column, value)
    if isinstance(model, _HasTrees):
        return tried
    return _refined(model, row, known, threshold, toward, tried)


def _tree_candidates(
    trees: FlatTrees, row: FloatArray, known: _Range
) -> tuple[IntArray, FloatArray]:
    # Between two thresholds of a column nothing changes: only the nearest value on the other side
    # of each threshold needs to be tried.
    split = np.isfinite(trees.threshold)
    pairs = np.unique(
        np.column_stack([trees.feature[split], trees.threshold[split].astype(np.float64)]), axis=0
    )
    column = pairs[:, 0].astype(np.int64)
    edge = pairs[:, 1].astype(np.float32)
    below = np.nextafter(edge, np.float32(-np.inf))
    here = row[column].astype(np.float32)
    value = np.where(here >= edge, below, edge).astype(np.float64)
    return _inside(column, value, known)


def _level_candidates(row: FloatArray, known: _Range) -> tuple[IntArray, FloatArray]:
    levels = np.linspace(known.low, known.high, _N_LEVELS, axis=1)
    return _inside(np.repeat(np.arange(row.size), _N_LEVELS), levels.ravel(), known)


def _inside(column: IntArray, value: FloatArray, known: _Range) -> tuple[IntArray, FloatArray]:
    kept = (value >= known.low[column]) & (value <= known.high[column])
    kept &= known.spread[column] > 0.0
    return column[kept], value[kept]


def _score(
    model: Model,
    row: FloatArray,
    known: _Range,
    threshold: float,
    toward: float,
    column: IntArray,
    value: FloatArray,
) -> _Tried:
    rows = np.repeat(row[None, :], column.size, axis=0)
    rows[np.arange(column.size), column] = value
    said = model.probability_up(rows)
    # The decision is "up" at the threshold itself.
    gain = np.where(said == threshold, max(toward, 0.0) - 0.5, toward * (said - threshold))
    return _Tried(column, value, np.abs(value - row[column]) / known.spread[column], gain)


def _flips(tried: _Tried) -> IntArray:
    return np.flatnonzero(tried.gain > 0.0)


def _nearest(tried: _Tried) -> tuple[int, float] | None:
    flips = _flips(tried)
    if not flips.size:
        return None
    best = flips[np.argmin(tried.distance[flips])]
    return int(tried.column[best]), float(tried.value[best])


def _refined(
    model: Model, row: FloatArray, known: _Range, threshold: float, toward: float, tried: _Tried
) -> _Tried:
    # Models without thresholds change evenly: halve the way to the nearest level that flips.
    flips = _flips(tried)
    if not flips.size:
        return tried
    column, far = tried.column[flips], tried.value[flips]
    near = row[column]
    for _ in range(_N_HALVINGS):
        middle = (near + far) / 2.0
        over = _score(model, row, known, threshold, toward, column, middle).gain > 0.0
        near, far = np.where(over, near, middle), np.where(over, middle, far)
    return _score(model, row, known, threshold, toward, column, far)


def _pairs(
    model: Model,
    row: FloatArray,
    known: _Range,
    threshold: float,
    toward: float,
    single: _Tried,
) -> list[tuple[int, float]] | None:
    best: list[tuple[int, float]] | None = None
    least = np.inf
    for column, value in _starts(single):
        moved = row.copy()
        moved[column] = value
        again = _alone(model, moved, known, threshold, toward)
        other = again.column != column
        rest = _Tried(
            again.column[other], again.value[other], again.distance[other], again.gain[other]
        )
        found = _nearest(rest)
        if found is None:
            continue
        changes = [(column, value), found]
        length = sum(abs(to - row[at]) / known.spread[at] for at, to in changes)
        if length < least:
            best, least = changes, length
    return best


def _starts(single: _Tried) -> Sequence[tuple[int, float]]:
    # The move of each column that comes nearest to a flip; of equal ones the shortest.
    order = np.lexsort([single.distance, -single.gain])
    starts: dict[int, float] = {}
    for at in order.tolist():
        starts.setdefault(int(single.column[at]), float(single.value[at]))
        if len(starts) == _N_STARTS:
            break
    return list(starts.items())


def _result(
    model: Model,
    row: FloatArray,
    known: _Range,
    before: float,
    found: Sequence[tuple[int, float]],
) -> Counterfactual:
    moved = row.copy()
    for column, value in found:
        moved[column] = value
    changes = tuple(
        Change(
            model.feature_names[column],
            float(row[column]),
            value,
            float(abs(value - row[column]) / known.spread[column]),
        )
        for column, value in found
    )
    after = float(model.probability_up(moved[None, :])[0])
    return Counterfactual(changes=changes, before=before, after=after, reason=None)

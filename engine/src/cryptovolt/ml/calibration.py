"""Calibration: log odds of a model become probabilities that come true as often as they say.

Two ways: Platt's, a line through the log odds, and isotonic, a rising line through a few points.
Both are fitted to rows the model was not fitted to, neither ever turns a model round, and neither
says 0 or 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite, log, sqrt
from typing import Any, TypeAlias

import numpy as np

from cryptovolt.domain.arrays import BoolArray, FloatArray, IntArray
from cryptovolt.domain.errors import ModelError

_MAX_STEPS = 100

# Few rows must not make a model sure of itself: a change of the log odds by one standard deviation
# is expected to move the calibrated ones by about this much (an AUC near 0.57).
_SLOPE_PRIOR = 0.25


@dataclass(frozen=True, slots=True)
class Platt:
    """``P(up) = 1 / (1 + exp(−(slope × log odds + intercept)))``, with a slope of at least 0."""

    slope: float
    intercept: float

    def probability(self, margin: FloatArray) -> FloatArray:
        """Return P(up) of log odds."""
        return 1.0 / (1.0 + np.exp(-(self.slope * margin + self.intercept)))

    def per(self, scale: float) -> "Platt":
        """Return the calibration of log odds that are `scale` times as large."""
        return Platt(self.slope / scale, self.intercept)

    def to_record(self) -> dict[str, Any]:
        """Return what :func:`read_calibration` reads."""
        return {"kind": "platt", "slope": self.slope, "intercept": self.intercept}


@dataclass(frozen=True, slots=True)
class Isotonic:
    """Straight lines between points; flat before the first and after the last.

    Parameters
    ----------
    margin : tuple of float
        Log odds of the points, rising.
    level : tuple of float
        P(up) there, in (0, 1), not falling.
    """

    margin: tuple[float, ...]
    level: tuple[float, ...]

    def probability(self, margin: FloatArray) -> FloatArray:
        """Return P(up) of log odds."""
        return np.interp(margin, np.array(self.margin), np.array(self.level))

    def per(self, scale: float) -> "Isotonic":
        """Return the calibration of log odds that are `scale` times as large."""
        return Isotonic(tuple(point * scale for point in self.margin), self.level)

    def to_record(self) -> dict[str, Any]:
        """Return what :func:`read_calibration` reads."""
        return {"kind": "isotonic", "margin": list(self.margin), "level": list(self.level)}


Calibration: TypeAlias = Platt | Isotonic


def read_calibration(record: Mapping[str, Any]) -> Calibration:
    """Return a calibration as a manifest keeps it.

    Raises
    ------
    ModelError
        If it is of no known kind, or an isotonic one falls.
    """
    try:
        if record.get("kind", "platt") == "platt":
            return _checked_platt(Platt(float(record["slope"]), float(record["intercept"])))
        margin, level = tuple(map(float, record["margin"])), tuple(map(float, record["level"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"expected a calibration, found {dict(record)}") from error
    rising = bool((np.diff(margin) > 0.0).all() and (np.diff(level) >= 0.0).all())
    inside = bool(margin) and min(level) >= 0.0 and max(level) <= 1.0
    if record["kind"] != "isotonic" or len(margin) != len(level) or not (rising and inside):
        raise ModelError(f"expected a calibration that rises, found {dict(record)}")
    return Isotonic(margin, level)


def _checked_platt(found: Platt) -> Platt:
    if not (isfinite(found.slope) and isfinite(found.intercept)):
        raise ModelError(f"expected numbers in a calibration, found {found}")
    return found


def fit_platt(margin: FloatArray, up: BoolArray, weight: FloatArray) -> Platt:
    """Return the calibration of rows the model was not fitted to.

    The slope has a normal prior around 0, as strong as a few independent rows. One below 0 would
    turn a model round that was wrong on these rows; it becomes 0 instead, and the model then says
    nothing but the base rate.

    Parameters
    ----------
    margin : ndarray of shape (n_rows,)
        Log odds of the model.
    up : ndarray of shape (n_rows,)
        What happened.
    weight : ndarray of shape (n_rows,)
        Above 0; its sum is how many independent rows there are.

    Returns
    -------
    Platt

    Raises
    ------
    ModelError
        If only one class is present.

    References
    ----------
    John Platt, "Probabilistic Outputs for Support Vector Machines", 1999; targets and Newton steps
    after Lin, Lin and Weng, *Machine Learning* 68, 2007.
    """
    n_up, n_down = float(weight[up].sum()), float(weight[~up].sum())
    if not (n_up > 0.0 and n_down > 0.0):
        raise ModelError("expected rises and falls to calibrate on, found one of them only")
    target = np.where(up, (n_up + 1.0) / (n_up + 2.0), 1.0 / (n_down + 2.0))
    base_rate = Platt(0.0, log((n_up + 1.0) / (n_down + 1.0)))
    # Centred and scaled, the two unknowns hardly depend on each other and Newton's steps are safe.
    centre, scale = float(np.mean(margin)), float(np.std(margin))
    if not scale > 1e-9:
        return base_rate
    slope, intercept = _newton((margin - centre) / scale, target, weight, base_rate.intercept)
    if not slope > 0.0:
        return base_rate
    return Platt(slope / scale, intercept - slope * centre / scale)


def _newton(
    x: FloatArray, target: FloatArray, weight: FloatArray, intercept: float
) -> tuple[float, float]:
    slope = 0.0
    for _ in range(_MAX_STEPS):
        said = 1.0 / (1.0 + np.exp(-(slope * x + intercept)))
        error, spread = weight * (target - said), weight * said * (1.0 - said)
        a = float((spread * x * x).sum()) + _SLOPE_PRIOR**-2
        b = float((spread * x).sum())
        # A trace of ridge keeps the system solvable whatever the rows.
        c = float(spread.sum()) + 1e-9
        first = float((error * x).sum()) - slope * _SLOPE_PRIOR**-2
        second = float(error.sum())
        step_slope = (first * c - second * b) / (a * c - b * b)
        step_intercept = (second * a - first * b) / (a * c - b * b)
        largest = max(abs(step_slope), abs(step_intercept))
        damping = min(1.0, 5.0 / largest) if largest > 0.0 else 1.0
        slope += damping * step_slope
        intercept += damping * step_intercept
        if largest < 1e-10:
            break
    return slope, intercept


ROWS_PER_STEP = 50
"""Independent rows that one point of an isotonic calibration stands on, at least."""


def fit_isotonic(margin: FloatArray, up: BoolArray, weight: FloatArray) -> Isotonic:
    """Return a rising calibration of rows the model was not fitted to.

    Rows in order of their log odds are gathered into groups of at least :data:`ROWS_PER_STEP`
    independent ones (equal log odds stay together). Two rows at the base rate are added to each
    group, and neighbours that would fall are pooled.

    Parameters
    ----------
    margin : ndarray of shape (n_rows,)
        Log odds of the model.
    up : ndarray of shape (n_rows,)
        What happened.
    weight : ndarray of shape (n_rows,)
        Above 0; its sum is how many independent rows there are.

    Returns
    -------
    Isotonic

    Raises
    ------
    ModelError
        If only one class is present.

    References
    ----------
    Ayer et al., *Annals of Mathematical Statistics* 26, 1955: pooling adjacent violators; Zadrozny
    and Elkan, *KDD*, 2002: as a calibration.
    """
    n_up, n_down = float(weight[up].sum()), float(weight[~up].sum())
    if not (n_up > 0.0 and n_down > 0.0):
        raise ModelError("expected rises and falls to calibrate on, found one of them only")
    order = np.argsort(margin, kind="stable")
    group = _groups(margin[order], weight[order])
    mass = np.bincount(group, weight[order]).astype(np.float64)
    centre = np.bincount(group, weight[order] * margin[order]) / mass
    rises = np.bincount(group, weight[order] * up[order])
    base_rate = n_up / (n_up + n_down)
    held = mass + 2.0
    level = pool_adjacent((rises + 2.0 * base_rate) / held, held)
    # One point for each pooled level says the same with fewer numbers.
    block = np.concatenate([[0], np.cumsum(np.diff(level) > 0.0)])
    middle = np.bincount(block, mass * centre) / np.bincount(block, mass)
    first = np.concatenate([[0], np.flatnonzero(np.diff(block)) + 1])
    return Isotonic(tuple(middle.tolist()), tuple(level[first].tolist()))


def _groups(margin: FloatArray, weight: FloatArray) -> IntArray:
    n_groups = max(1, int(weight.sum() / ROWS_PER_STEP))
    before = np.cumsum(weight) - weight
    wanted = np.minimum((before / weight.sum() * n_groups).astype(np.int64), n_groups - 1)
    # A run of equal log odds belongs to the group of its first row.
    begins = np.concatenate([[0], np.flatnonzero(np.diff(margin) > 0.0) + 1])
    lengths = np.diff(np.concatenate([begins, [margin.size]]))
    return np.unique(np.repeat(wanted[begins], lengths), return_inverse=True)[1]


def pool_adjacent(value: FloatArray, weight: FloatArray) -> FloatArray:
    """Return the values that do not fall and lie nearest to those given, by weighted squares.

    Parameters
    ----------
    value, weight : ndarray of shape (n,)
        Weights above 0.

    Returns
    -------
    ndarray of shape (n,)
    """
    levels, masses, counts = list[float](), list[float](), list[int]()
    for one, mass in zip(value.tolist(), weight.tolist(), strict=True):
        levels.append(one)
        masses.append(mass)
        counts.append(1)
        while len(levels) > 1 and not levels[-2] < levels[-1]:
            level, last = levels.pop(), masses.pop()
            levels[-1] = (levels[-1] * masses[-1] + level * last) / (masses[-1] + last)
            masses[-1] += last
            joined = counts.pop()
            counts[-1] += joined
    return np.repeat(np.array(levels), counts)


def calibrate(
    margin: FloatArray, up: BoolArray, weight: FloatArray, *, method: str, overlap: int
) -> Calibration:
    """Return the calibration of out-of-fold rows by one method, or by the better one.

    ``"best"`` fits both to the older half and compares their log loss on the newer half: isotonic
    is taken where it is lower by more than one standard error, else Platt, which needs fewer rows.
    What is taken is fitted again to all rows.

    Parameters
    ----------
    margin, up, weight : ndarray of shape (n_rows,)
        Out-of-fold rows in order of time, as in :func:`fit_platt`.
    method : {"platt", "isotonic", "best"}
        How.
    overlap : int
        Rows left out between the halves because labels overlap.

    Raises
    ------
    ModelError
        If only one class is present, or nobody knows the method.
    """
    if method not in METHODS:
        raise ModelError(f"expected calibration {', '.join(METHODS)}, found {method!r}")
    if method == "isotonic" or (
        method == "best" and _isotonic_is_better(margin, up, weight, overlap)
    ):
        return fit_isotonic(margin, up, weight)
    return fit_platt(margin, up, weight)


METHODS = ("platt", "isotonic", "best")
"""What a trainer may ask for."""


def _isotonic_is_better(
    margin: FloatArray, up: BoolArray, weight: FloatArray, overlap: int
) -> bool:
    half = margin.size // 2
    older, newer = slice(0, max(0, half - overlap)), slice(half, None)
    if not up[older].any() or up[older].all():
        return False
    platt = fit_platt(margin[older], up[older], weight[older])
    isotonic = fit_isotonic(margin[older], up[older], weight[older])
    gain = _loss(platt, margin[newer], up[newer]) - _loss(isotonic, margin[newer], up[newer])
    mass = weight[newer]
    mean = float(np.average(gain, weights=mass))
    error = sqrt(float(np.average((gain - mean) ** 2, weights=mass)) / float(mass.sum()))
    return mean > error


def _loss(calibration: Calibration, margin: FloatArray, up: BoolArray) -> FloatArray:
    said = np.clip(calibration.probability(margin), 1e-12, 1.0 - 1e-12)
    return -np.log(np.where(up, said, 1.0 - said))

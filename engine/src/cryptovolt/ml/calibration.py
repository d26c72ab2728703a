"""Calibration: log odds of a model become probabilities that come true as often as they say."""

from dataclasses import dataclass
from math import log

import numpy as np

from cryptovolt.domain.arrays import BoolArray, FloatArray
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

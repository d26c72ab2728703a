"""The scales of a forecaster: inputs and target become numbers of ordinary size.

They are fitted to training rows only and stored with the model. An input is centred on its median
and divided by the spread of its middle half (as a standard deviation, for a normal one), then cut
at ±5. The target has its own scale: mean and standard deviation of the training targets.

What the network says is then shrunk towards "no change", by as much as forecasts of rows that it
was not fitted to were too large.
"""

from dataclasses import dataclass, replace

import numpy as np

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.errors import ModelError

CUT = 5.0
"""Scaled inputs are kept within ± this."""

# Few rows must not make a forecaster sure of itself: a correlation near 0.1 is expected of it.
_PRIOR_CORRELATION = 0.1
_QUARTILES_OF_NORMAL = 1.3489795003921634


@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """How inputs and target are scaled.

    Parameters
    ----------
    centre, scale : ndarray of shape (n_features,)
        An input becomes ``(input − centre) / scale``; the scale is above 0.
    target_centre, target_scale : float
        A target becomes ``(target − target_centre) / target_scale``, in log return.
    """

    centre: FloatArray
    scale: FloatArray
    target_centre: float
    target_scale: float

    def inputs(self, values: FloatArray) -> FloatArray:
        """Return scaled inputs, as float64; the last axis is the features."""
        return np.clip((values - self.centre) * (1.0 / self.scale), -CUT, CUT)

    def target(self, value: FloatArray) -> FloatArray:
        """Return scaled targets."""
        return (value - self.target_centre) / self.target_scale

    def log_return(self, output: FloatArray) -> FloatArray:
        """Return what outputs of the network mean."""
        return output * self.target_scale + self.target_centre

    def shrunk(self, factor: float) -> "Scaling":
        """Return the scaling whose log returns are `factor` times as large."""
        return replace(
            self,
            target_centre=self.target_centre * factor,
            target_scale=self.target_scale * factor,
        )


def fit_scaling(values: FloatArray, target: FloatArray) -> Scaling:
    """Return the scales of some training rows.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_features)
        Finite.
    target : ndarray of shape (n_rows,)
        Log returns.

    Returns
    -------
    Scaling
        A column of which more than half is one number is scaled by its standard deviation; one
        that never changes here is left as it is.

    Raises
    ------
    ModelError
        If there is no row, or the target never changes.
    """
    spread = float(np.std(target)) if target.size else 0.0
    if not spread > 1e-12:
        raise ModelError(
            f"expected targets that vary to learn from, found {target.size} of one value"
        )
    quartiles: FloatArray = np.quantile(values, [0.25, 0.5, 0.75], axis=0)
    scale: FloatArray = (quartiles[2] - quartiles[0]) / _QUARTILES_OF_NORMAL
    deviation: FloatArray = np.std(values, axis=0)
    scale = np.where(scale > 1e-12, scale, deviation)
    return Scaling(
        centre=quartiles[1],
        scale=np.where(scale > 1e-12, scale, 1.0),
        target_centre=float(np.mean(target)),
        target_scale=spread,
    )


def fit_shrinkage(said: FloatArray, realised: FloatArray, weight: FloatArray) -> float:
    """Return the factor that makes forecasts of unseen rows as large as they should be.

    The slope of a straight line through the origin, realised on said, with a normal prior around 0.
    One below 0 would turn a model round that was wrong on these rows; it becomes 0 instead, and the
    model then says nothing but "no change".

    Parameters
    ----------
    said : ndarray of shape (n_rows,)
        Forecasts, in units of their own spread.
    realised : ndarray of shape (n_rows,)
        Log returns.
    weight : ndarray of shape (n_rows,)
        Above 0; its sum is how many independent rows there are.

    Returns
    -------
    float
        At least 0; log return per unit of spread.
    """
    slope = float((weight * said * realised).sum()) / (
        float((weight * said * said).sum()) + _PRIOR_CORRELATION**-2
    )
    return max(0.0, slope)

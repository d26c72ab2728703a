"""Volume by price.

Shapes, causality, NaN and errors: see :mod:`cryptovolt.indicators`.
"""

from typing import NamedTuple

import numpy as np

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.indicators.inputs import checked, require_range, require_volume, whole_number
from cryptovolt.indicators.kernels.rolling_profile import rolling_profile


class VolumeProfile(NamedTuple):
    """Where most was traded, and the ends of the prices around it that hold most of the volume."""

    point_of_control: FloatArray
    value_area_high: FloatArray
    value_area_low: FloatArray


def volume_profile(
    high: FloatArray,
    low: FloatArray,
    volume: FloatArray,
    timeperiod: int = 100,
    bins: int = 24,
    value_area: float = 0.7,
) -> VolumeProfile:
    """Return the volume profile of a moving window.

    The range from the window's lowest low to its highest high is cut into `bins` of equal height;
    each bar's volume is spread evenly over its own range. The point of control is the middle of
    the fullest bin, of equal ones the lowest. The value area grows from it to the fuller
    neighbour, of equal ones the lower, until it holds the wanted share.

    Parameters
    ----------
    high, low : ndarray of shape (n_bars,)
        Quote currency, oldest first.
    volume : ndarray of shape (n_bars,)
        Base currency.
    timeperiod : int, default=100
        Bars it looks at; the cost grows with it.
    bins : int, default=24
        Price steps, at least 2.
    value_area : float, default=0.7
        Share of the volume the value area holds, in (0, 1].

    Returns
    -------
    VolumeProfile of ndarrays of shape (n_bars,)
        In quote currency; the first ``timeperiod - 1`` values are NaN, and those whose window
        traded nothing.

    Raises
    ------
    DataError
        If the arrays differ in length, hold NaN or infinity after the first number, volume is below
        0, or a high below its low.
    ConfigurationError
        If `timeperiod` is no whole number of at least 1, `bins` of at least 2, or `value_area`
        not in (0, 1].

    References
    ----------
    J. Peter Steidlmayer and Steven Hawkins, *Steidlmayer on Markets*, 2003.
    """
    whole_number("volume_profile", "timeperiod", timeperiod)
    whole_number("volume_profile", "bins", bins, least=2)
    if not 0.0 < value_area <= 1.0:
        raise ConfigurationError(
            f"expected value_area in (0, 1] for volume_profile, found {value_area}"
        )
    (high, low, volume), first = checked("volume_profile", (high, low, volume))
    require_volume("volume_profile", volume)
    require_range("volume_profile", high, low)
    found: tuple[FloatArray, ...] = rolling_profile(
        high[first:], low[first:], volume[first:], timeperiod, bins, float(value_area)
    )
    undefined = np.full(first, np.nan)
    return VolumeProfile(*(np.concatenate([undefined, line]) for line in found))

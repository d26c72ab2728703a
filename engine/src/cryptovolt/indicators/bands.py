"""Bands and channels: limits drawn around the price, in its unit.

Shapes, causality, NaN and errors: see :mod:`cryptovolt.indicators`.
"""

from typing import NamedTuple

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.indicators.library import several, single


class Bands(NamedTuple):
    """A band around an average; TA-Lib's names."""

    upperband: FloatArray
    middleband: FloatArray
    lowerband: FloatArray


def midpoint(real: FloatArray, timeperiod: int = 14) -> FloatArray:
    """Return the middle of the highest and lowest value.

    Parameters
    ----------
    real : ndarray of shape (n_bars,)
        Any series, oldest first.
    timeperiod : int, default=14
        Bars it looks at.

    Returns
    -------
    ndarray of shape (n_bars,)
        In the input's unit; the first ``timeperiod - 1`` values are NaN.

    Raises
    ------
    DataError
        If `real` holds NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    TA-Lib, function MIDPOINT.
    """
    return single("MIDPOINT", (real,), timeperiod)


def midprice(high: FloatArray, low: FloatArray, timeperiod: int = 14) -> FloatArray:
    """Return the middle of the highest high and the lowest low.

    Parameters
    ----------
    high, low : ndarray of shape (n_bars,)
        Quote currency, oldest first.
    timeperiod : int, default=14
        Bars it looks at.

    Returns
    -------
    ndarray of shape (n_bars,)
        In quote currency; the first ``timeperiod - 1`` values are NaN.

    Raises
    ------
    DataError
        If the arrays differ in length, or hold NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    TA-Lib, function MIDPRICE.
    """
    return single("MIDPRICE", (high, low), timeperiod)


def sar(
    high: FloatArray, low: FloatArray, acceleration: float = 0.02, maximum: float = 0.2
) -> FloatArray:
    """Return Wilder's parabolic stop and reverse.

    Parameters
    ----------
    high, low : ndarray of shape (n_bars,)
        Quote currency, oldest first.
    acceleration : float, default=0.02
        Step of the acceleration factor.
    maximum : float, default=0.2
        Largest acceleration factor.

    Returns
    -------
    ndarray of shape (n_bars,)
        In quote currency; the first value is NaN.

    Raises
    ------
    DataError
        If the arrays differ in length, or hold NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    J. Welles Wilder, *New Concepts in Technical Trading Systems*, 1978.
    """
    return single("SAR", (high, low), acceleration, maximum)


def bbands(
    real: FloatArray,
    timeperiod: int = 20,
    nbdevup: float = 2.0,
    nbdevdn: float = 2.0,
    matype: int = 0,
) -> Bands:
    """Return Bollinger bands: an average and a multiple of the deviation around it.

    Parameters
    ----------
    real : ndarray of shape (n_bars,)
        Any series, oldest first.
    timeperiod : int, default=20
        Bars it looks at.
    nbdevup : float, default=2.0
        Standard deviations from the middle to the upper band.
    nbdevdn : float, default=2.0
        Standard deviations from the middle to the lower band.
    matype : int, default=0
        Kind of moving average, TA-Lib's number: 0 simple, 1 exponential …

    Returns
    -------
    Bands of ndarrays of shape (n_bars,)
        In the input's unit, with the population deviation; the first ``timeperiod - 1``
        values are NaN.

    Raises
    ------
    DataError
        If `real` holds NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    John Bollinger, *Bollinger on Bollinger Bands*, 2001.
    """
    return Bands(*several("BBANDS", (real,), timeperiod, nbdevup, nbdevdn, matype))

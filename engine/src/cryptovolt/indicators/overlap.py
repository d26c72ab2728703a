"""Averages and bands: indicators drawn over the price, in its unit.

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


def sma(real: FloatArray, timeperiod: int = 30) -> FloatArray:
    """Return the simple moving average.

    Parameters
    ----------
    real : ndarray of shape (n_bars,)
        Any series, oldest first.
    timeperiod : int, default=30
        Bars it looks at.

    Returns
    -------
    ndarray of shape (n_bars,)
        In the input's unit; the first ``timeperiod - 1`` values are NaN.
    """
    return single("SMA", (real,), timeperiod)


def ema(real: FloatArray, timeperiod: int = 30) -> FloatArray:
    """Return the exponential moving average.

    Parameters
    ----------
    real : ndarray of shape (n_bars,)
        Any series, oldest first.
    timeperiod : int, default=30
        Bars it looks at.

    Returns
    -------
    ndarray of shape (n_bars,)
        In the input's unit; the first ``timeperiod - 1`` values are NaN. Starts from the
        simple average of the first ``timeperiod`` values; the weight of the newest is ``2
        / (timeperiod + 1)``.
    """
    return single("EMA", (real,), timeperiod)


def wma(real: FloatArray, timeperiod: int = 30) -> FloatArray:
    """Return the linearly weighted moving average.

    Parameters
    ----------
    real : ndarray of shape (n_bars,)
        Any series, oldest first.
    timeperiod : int, default=30
        Bars it looks at.

    Returns
    -------
    ndarray of shape (n_bars,)
        In the input's unit; the first ``timeperiod - 1`` values are NaN.
    """
    return single("WMA", (real,), timeperiod)


def dema(real: FloatArray, timeperiod: int = 30) -> FloatArray:
    """Return the double exponential moving average.

    Parameters
    ----------
    real : ndarray of shape (n_bars,)
        Any series, oldest first.
    timeperiod : int, default=30
        Bars it looks at.

    Returns
    -------
    ndarray of shape (n_bars,)
        In the input's unit; the first ``2 * (timeperiod - 1)`` values are NaN.

    References
    ----------
    Patrick Mulloy, "Smoothing Data with Faster Moving Averages", *Stocks & Commodities*
    12:1, 1994.
    """
    return single("DEMA", (real,), timeperiod)


def tema(real: FloatArray, timeperiod: int = 30) -> FloatArray:
    """Return the triple exponential moving average.

    Parameters
    ----------
    real : ndarray of shape (n_bars,)
        Any series, oldest first.
    timeperiod : int, default=30
        Bars it looks at.

    Returns
    -------
    ndarray of shape (n_bars,)
        In the input's unit; the first ``3 * (timeperiod - 1)`` values are NaN.

    References
    ----------
    Patrick Mulloy, "Smoothing Data with Less Lag", *Stocks & Commodities* 12:2, 1994.
    """
    return single("TEMA", (real,), timeperiod)


def trima(real: FloatArray, timeperiod: int = 30) -> FloatArray:
    """Return the triangular moving average.

    Parameters
    ----------
    real : ndarray of shape (n_bars,)
        Any series, oldest first.
    timeperiod : int, default=30
        Bars it looks at.

    Returns
    -------
    ndarray of shape (n_bars,)
        In the input's unit; the first ``timeperiod - 1`` values are NaN.
    """
    return single("TRIMA", (real,), timeperiod)


def kama(real: FloatArray, timeperiod: int = 30) -> FloatArray:
    """Return Kaufman's adaptive moving average.

    Parameters
    ----------
    real : ndarray of shape (n_bars,)
        Any series, oldest first.
    timeperiod : int, default=30
        Bars it looks at.

    Returns
    -------
    ndarray of shape (n_bars,)
        In the input's unit; the first ``timeperiod`` values are NaN.

    References
    ----------
    Perry Kaufman, *Trading Systems and Methods*, 2013, ch. 17.
    """
    return single("KAMA", (real,), timeperiod)


def t3(real: FloatArray, timeperiod: int = 5, vfactor: float = 0.7) -> FloatArray:
    """Return Tillson's T3 average.

    Parameters
    ----------
    real : ndarray of shape (n_bars,)
        Any series, oldest first.
    timeperiod : int, default=5
        Bars it looks at.
    vfactor : float, default=0.7
        Weight of the correction, in [0, 1].

    Returns
    -------
    ndarray of shape (n_bars,)
        In the input's unit; the first ``6 * (timeperiod - 1)`` values are NaN.
    """
    return single("T3", (real,), timeperiod, vfactor)


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

    References
    ----------
    J. Welles Wilder, *New Concepts in Technical Trading Systems*, 1978.
    """
    return single("SAR", (high, low), acceleration, maximum)


def bbands(
    real: FloatArray,
    timeperiod: int = 5,
    nbdevup: float = 2.0,
    nbdevdn: float = 2.0,
    matype: int = 0,
) -> Bands:
    """Return Bollinger bands: an average and a multiple of the deviation around it.

    Parameters
    ----------
    real : ndarray of shape (n_bars,)
        Any series, oldest first.
    timeperiod : int, default=5
        Bars it looks at.
    nbdevup : float, default=2.0
        Standard deviations from the middle to the upper band.
    nbdevdn : float, default=2.0
        Standard deviations from the middle to the lower band.
    matype : int, default=0
        Kind of moving average, a :class:`MaType`.

    Returns
    -------
    Bands of ndarrays of shape (n_bars,)
        In the input's unit, with the population deviation; the first ``timeperiod - 1``
        values are NaN.

    References
    ----------
    John Bollinger, *Bollinger on Bollinger Bands*, 2001.
    """
    return Bands(*several("BBANDS", (real,), timeperiod, nbdevup, nbdevdn, matype))

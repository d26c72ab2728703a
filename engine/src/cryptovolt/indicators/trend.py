"""Trend: how directed the price moves.

Shapes, causality, NaN and errors: see :mod:`cryptovolt.indicators`.
"""

from typing import NamedTuple

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.indicators.library import several, single


class Aroon(NamedTuple):
    """How recent the lowest low and the highest high are."""

    aroondown: FloatArray
    aroonup: FloatArray


class Vortex(NamedTuple):
    """How strong the upward and the downward movement is."""

    plusvi: FloatArray
    minusvi: FloatArray


def plus_di(
    high: FloatArray, low: FloatArray, close: FloatArray, timeperiod: int = 14
) -> FloatArray:
    """Return Wilder's positive directional indicator.

    Parameters
    ----------
    high, low, close : ndarray of shape (n_bars,)
        Quote currency, oldest first.
    timeperiod : int, default=14
        Bars it looks at.

    Returns
    -------
    ndarray of shape (n_bars,)
        In [0, 100]; the first ``timeperiod`` values are NaN.

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
    return single("PLUS_DI", (high, low, close), timeperiod)


def minus_di(
    high: FloatArray, low: FloatArray, close: FloatArray, timeperiod: int = 14
) -> FloatArray:
    """Return Wilder's negative directional indicator.

    Parameters
    ----------
    high, low, close : ndarray of shape (n_bars,)
        Quote currency, oldest first.
    timeperiod : int, default=14
        Bars it looks at.

    Returns
    -------
    ndarray of shape (n_bars,)
        In [0, 100]; the first ``timeperiod`` values are NaN.

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
    return single("MINUS_DI", (high, low, close), timeperiod)


def dx(high: FloatArray, low: FloatArray, close: FloatArray, timeperiod: int = 14) -> FloatArray:
    """Return Wilder's directional movement index.

    Parameters
    ----------
    high, low, close : ndarray of shape (n_bars,)
        Quote currency, oldest first.
    timeperiod : int, default=14
        Bars it looks at.

    Returns
    -------
    ndarray of shape (n_bars,)
        In [0, 100]; the first ``timeperiod`` values are NaN.

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
    return single("DX", (high, low, close), timeperiod)


def adx(high: FloatArray, low: FloatArray, close: FloatArray, timeperiod: int = 14) -> FloatArray:
    """Return Wilder's average directional movement index.

    Parameters
    ----------
    high, low, close : ndarray of shape (n_bars,)
        Quote currency, oldest first.
    timeperiod : int, default=14
        Bars it looks at.

    Returns
    -------
    ndarray of shape (n_bars,)
        In [0, 100]; the first ``2 * timeperiod - 1`` values are NaN.

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
    return single("ADX", (high, low, close), timeperiod)


def adxr(high: FloatArray, low: FloatArray, close: FloatArray, timeperiod: int = 14) -> FloatArray:
    """Return the mean of the newest average directional index and an older one.

    Parameters
    ----------
    high, low, close : ndarray of shape (n_bars,)
        Quote currency, oldest first.
    timeperiod : int, default=14
        Bars it looks at.

    Returns
    -------
    ndarray of shape (n_bars,)
        In [0, 100]; the first ``3 * timeperiod - 2`` values are NaN.

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
    return single("ADXR", (high, low, close), timeperiod)


def aroon(high: FloatArray, low: FloatArray, timeperiod: int = 14) -> Aroon:
    """Return Chande's Aroon lines.

    Parameters
    ----------
    high, low : ndarray of shape (n_bars,)
        Quote currency, oldest first.
    timeperiod : int, default=14
        Bars it looks at.

    Returns
    -------
    Aroon of ndarrays of shape (n_bars,)
        In [0, 100]; the first ``timeperiod`` values are NaN.

    Raises
    ------
    DataError
        If the arrays differ in length, or hold NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    Tushar Chande, "A Time Price Oscillator", *Stocks & Commodities* 13:9, 1995.
    """
    return Aroon(*several("AROON", (high, low), timeperiod))


def aroonosc(high: FloatArray, low: FloatArray, timeperiod: int = 14) -> FloatArray:
    """Return Aroon up minus Aroon down.

    Parameters
    ----------
    high, low : ndarray of shape (n_bars,)
        Quote currency, oldest first.
    timeperiod : int, default=14
        Bars it looks at.

    Returns
    -------
    ndarray of shape (n_bars,)
        In [-100, 100]; the first ``timeperiod`` values are NaN.

    Raises
    ------
    DataError
        If the arrays differ in length, or hold NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    Tushar Chande, "A Time Price Oscillator", *Stocks & Commodities* 13:9, 1995.
    """
    return single("AROONOSC", (high, low), timeperiod)


def vortex(high: FloatArray, low: FloatArray, close: FloatArray, timeperiod: int = 14) -> Vortex:
    """Return the vortex indicator: moves from low to high and from high to low, in true ranges.

    Parameters
    ----------
    high, low, close : ndarray of shape (n_bars,)
        Quote currency, oldest first.
    timeperiod : int, default=14
        Bars it looks at.

    Returns
    -------
    Vortex of ndarrays of shape (n_bars,)
        Ratios, at least 0 and around 1; the first ``timeperiod`` values are NaN.

    Raises
    ------
    DataError
        If the arrays differ in length, or hold NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    Etienne Botes and Douglas Siepman, "The Vortex Indicator", *Stocks & Commodities* 28:1, 2010.
    """
    return Vortex(*several("VORTEX", (high, low, close), timeperiod))

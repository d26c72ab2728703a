"""Volume: running sums and flows. The sums depend on where the input begins.

Shapes, causality, NaN and errors: see :mod:`cryptovolt.indicators`.
"""

import numpy as np

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.indicators.inputs import checked, positive_number, require_volume, whole_number
from cryptovolt.indicators.kernels.window_sums import window_sums
from cryptovolt.indicators.library import single


def obv(real: FloatArray, volume: FloatArray) -> FloatArray:
    """Return Granville's on-balance volume.

    Parameters
    ----------
    real : ndarray of shape (n_bars,)
        Price, quote currency, oldest first.
    volume : ndarray of shape (n_bars,)
        Base currency.

    Returns
    -------
    ndarray of shape (n_bars,)
        In base currency, summed from the first bar; no warm-up.

    Raises
    ------
    DataError
        If the arrays differ in length, or hold NaN or infinity after the first number.

    References
    ----------
    Joseph Granville, *New Key to Stock Market Profits*, 1963.
    """
    return single("OBV", (real, volume))


def ad(high: FloatArray, low: FloatArray, close: FloatArray, volume: FloatArray) -> FloatArray:
    """Return Chaikin's accumulation and distribution line.

    Parameters
    ----------
    high, low, close : ndarray of shape (n_bars,)
        Quote currency, oldest first.
    volume : ndarray of shape (n_bars,)
        Base currency.

    Returns
    -------
    ndarray of shape (n_bars,)
        In base currency, summed from the first bar; no warm-up.

    Raises
    ------
    DataError
        If the arrays differ in length, or hold NaN or infinity after the first number.

    References
    ----------
    Steven Achelis, *Technical Analysis from A to Z*, 2001.
    """
    return single("AD", (high, low, close, volume))


def adosc(
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    volume: FloatArray,
    fastperiod: int = 3,
    slowperiod: int = 10,
) -> FloatArray:
    """Return Chaikin's oscillator: two averages of the accumulation line compared.

    Parameters
    ----------
    high, low, close : ndarray of shape (n_bars,)
        Quote currency, oldest first.
    volume : ndarray of shape (n_bars,)
        Base currency.
    fastperiod : int, default=3
        Bars of the fast average.
    slowperiod : int, default=10
        Bars of the slow average.

    Returns
    -------
    ndarray of shape (n_bars,)
        In base currency; the first ``slowperiod - 1`` values are NaN.

    Raises
    ------
    DataError
        If the arrays differ in length, or hold NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    Steven Achelis, *Technical Analysis from A to Z*, 2001.
    """
    return single("ADOSC", (high, low, close, volume), fastperiod, slowperiod)


def chaikin_money_flow(
    high: FloatArray, low: FloatArray, close: FloatArray, volume: FloatArray, timeperiod: int = 20
) -> FloatArray:
    """Return Chaikin's money flow: volume weighted by where the bar closed, in shares of volume.

    Parameters
    ----------
    high, low, close : ndarray of shape (n_bars,)
        Quote currency, oldest first.
    volume : ndarray of shape (n_bars,)
        Base currency.
    timeperiod : int, default=20
        Bars it looks at.

    Returns
    -------
    ndarray of shape (n_bars,)
        In [-1, 1], 0 where nothing was traded; the first ``timeperiod - 1`` values are NaN.

    Raises
    ------
    DataError
        If the arrays differ in length, or hold NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    Steven Achelis, *Technical Analysis from A to Z*, 2001.
    """
    return single("CMF", (high, low, close, volume), timeperiod)


def force_index(close: FloatArray, volume: FloatArray, timeperiod: int = 13) -> FloatArray:
    """Return Elder's force index: an exponential average of change times volume.

    Parameters
    ----------
    close : ndarray of shape (n_bars,)
        Quote currency, oldest first.
    volume : ndarray of shape (n_bars,)
        Base currency.
    timeperiod : int, default=13
        Bars of the average; 1 for none.

    Returns
    -------
    ndarray of shape (n_bars,)
        In quote currency; the first ``timeperiod`` values are NaN.

    Raises
    ------
    DataError
        If the arrays differ in length, or hold NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    Alexander Elder, *Trading for a Living*, 1993, ch. 42.
    """
    return single("EFI", (close, volume), timeperiod)


def ease_of_movement(
    high: FloatArray,
    low: FloatArray,
    volume: FloatArray,
    timeperiod: int = 14,
    divisor: float = 100_000_000.0,
) -> FloatArray:
    """Return Arms' ease of movement: how far the price moves for little volume.

    The simple average of ``(middle - middle before) * (high - low) / (volume / divisor)``, where
    the middle is that of high and low. A bar without volume moved nothing and counts 0.

    Parameters
    ----------
    high, low : ndarray of shape (n_bars,)
        Quote currency, oldest first.
    volume : ndarray of shape (n_bars,)
        Base currency.
    timeperiod : int, default=14
        Bars of the average; 1 for none.
    divisor : float, default=100_000_000.0
        Unit of volume. The default suits shares; a coin's typical volume of a bar brings the
        result to the size of a squared bar range.

    Returns
    -------
    ndarray of shape (n_bars,)
        In quote currency squared per unit of volume; the first ``timeperiod`` values are NaN.

    Raises
    ------
    DataError
        If the arrays differ in length, hold NaN or infinity after the first number, or volume is
        below 0.
    ConfigurationError
        If `timeperiod` is no whole number of at least 1, or `divisor` is not above 0.

    References
    ----------
    Richard Arms, *Volume Cycles in the Stock Market*, 1994; StockCharts, ChartSchool.
    """
    whole_number("ease_of_movement", "timeperiod", timeperiod)
    positive_number("ease_of_movement", "divisor", divisor)
    (high, low, volume), first = checked("ease_of_movement", (high, low, volume))
    require_volume("ease_of_movement", volume)
    result = np.full(high.size, np.nan)
    if high.size <= first + 1:
        return result
    high, low, volume = high[first:], low[first:], volume[first:]
    moved = np.diff((high + low) / 2.0) * (high - low)[1:]
    ease = np.zeros(moved.size)
    np.divide(moved, volume[1:] / divisor, out=ease, where=volume[1:] > 0.0)
    result[first + 1 :] = window_sums(ease, timeperiod) / timeperiod
    return result

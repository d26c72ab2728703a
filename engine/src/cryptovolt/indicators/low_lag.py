"""Averages that lag less: they correct an average by what another says about its delay.

Shapes, causality, NaN and errors: see :mod:`cryptovolt.indicators`.
"""

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.indicators.library import single


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

    Raises
    ------
    DataError
        If `real` holds NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

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

    Raises
    ------
    DataError
        If `real` holds NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    Patrick Mulloy, "Smoothing Data with Less Lag", *Stocks & Commodities* 12:2, 1994.
    """
    return single("TEMA", (real,), timeperiod)


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

    Raises
    ------
    DataError
        If `real` holds NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    Tim Tillson, "Smoothing Techniques for More Accurate Signals", *Stocks & Commodities*
    16:1, 1998.
    """
    return single("T3", (real,), timeperiod, vfactor)


def hma(real: FloatArray, timeperiod: int = 20) -> FloatArray:
    """Return Hull's moving average.

    Twice the weighted average of half the period minus that of the whole, averaged with weights
    over the period's square root. Half and root are rounded down.

    Parameters
    ----------
    real : ndarray of shape (n_bars,)
        Any series, oldest first.
    timeperiod : int, default=20
        Bars of the long average.

    Returns
    -------
    ndarray of shape (n_bars,)
        In the input's unit; the first ``timeperiod + isqrt(timeperiod) - 2`` values are NaN. May
        leave the range of the input.

    Raises
    ------
    DataError
        If `real` holds NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    Alan Hull, "Hull Moving Average", 2005, https://alanhull.com/hull-moving-average.
    """
    return single("HMA", (real,), timeperiod)


def zlema(real: FloatArray, timeperiod: int = 30) -> FloatArray:
    """Return the zero-lag exponential moving average.

    The exponential average of ``2 real[t] - real[t - lag]`` with ``lag = (timeperiod - 1) // 2``.

    Parameters
    ----------
    real : ndarray of shape (n_bars,)
        Any series, oldest first.
    timeperiod : int, default=30
        Bars of the average.

    Returns
    -------
    ndarray of shape (n_bars,)
        In the input's unit; the first ``timeperiod - 1 + (timeperiod - 1) // 2`` values are NaN.

    Raises
    ------
    DataError
        If `real` holds NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    John Ehlers and Ric Way, "Zero Lag (Well, Almost)", *Stocks & Commodities* 28:12, 2010.
    """
    return single("ZLEMA", (real,), timeperiod)

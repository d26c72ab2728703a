"""Volatility: how far the price moves within a bar.

Shapes, causality, NaN and errors: see :mod:`cryptovolt.indicators`.
"""

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.indicators.library import single


def trange(high: FloatArray, low: FloatArray, close: FloatArray) -> FloatArray:
    """Return the true range.

    Parameters
    ----------
    high, low, close : ndarray of shape (n_bars,)
        Quote currency, oldest first.

    Returns
    -------
    ndarray of shape (n_bars,)
        In quote currency; the first value is NaN.

    Raises
    ------
    DataError
        If the arrays differ in length, or hold NaN or infinity after the first number.

    References
    ----------
    J. Welles Wilder, *New Concepts in Technical Trading Systems*, 1978.
    """
    return single("TRANGE", (high, low, close))


def atr(high: FloatArray, low: FloatArray, close: FloatArray, timeperiod: int = 14) -> FloatArray:
    """Return Wilder's average true range.

    Parameters
    ----------
    high, low, close : ndarray of shape (n_bars,)
        Quote currency, oldest first.
    timeperiod : int, default=14
        Bars it looks at.

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
    J. Welles Wilder, *New Concepts in Technical Trading Systems*, 1978.
    """
    return single("ATR", (high, low, close), timeperiod)


def natr(high: FloatArray, low: FloatArray, close: FloatArray, timeperiod: int = 14) -> FloatArray:
    """Return the average true range in percent of the close.

    Parameters
    ----------
    high, low, close : ndarray of shape (n_bars,)
        Quote currency, oldest first.
    timeperiod : int, default=14
        Bars it looks at.

    Returns
    -------
    ndarray of shape (n_bars,)
        In percent; the first ``timeperiod`` values are NaN.

    Raises
    ------
    DataError
        If the arrays differ in length, or hold NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    John Forman, "Cross-Market Evaluations with Normalized Average True Range", *Stocks &
    Commodities* 24:5, 2006.
    """
    return single("NATR", (high, low, close), timeperiod)

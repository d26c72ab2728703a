"""Momentum: how far the price went, and averages compared.

Shapes, causality, NaN and errors: see :mod:`cryptovolt.indicators`.
"""

from typing import NamedTuple

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.indicators.library import several, single


class Macd(NamedTuple):
    """Difference of two averages, its signal line, and what is between them."""

    macd: FloatArray
    macdsignal: FloatArray
    macdhist: FloatArray


def mom(real: FloatArray, timeperiod: int = 10) -> FloatArray:
    """Return the change over ``timeperiod`` bars.

    Parameters
    ----------
    real : ndarray of shape (n_bars,)
        Any series, oldest first.
    timeperiod : int, default=10
        Bars it looks at.

    Returns
    -------
    ndarray of shape (n_bars,)
        In the input's unit; the first ``timeperiod`` values are NaN.

    Raises
    ------
    DataError
        If `real` holds NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    John Murphy, *Technical Analysis of the Financial Markets*, 1999, ch. 10.
    """
    return single("MOM", (real,), timeperiod)


def roc(real: FloatArray, timeperiod: int = 10) -> FloatArray:
    """Return the change over ``timeperiod`` bars in percent.

    Parameters
    ----------
    real : ndarray of shape (n_bars,)
        Any series, oldest first.
    timeperiod : int, default=10
        Bars it looks at.

    Returns
    -------
    ndarray of shape (n_bars,)
        In percent; the first ``timeperiod`` values are NaN.

    Raises
    ------
    DataError
        If `real` holds NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    John Murphy, *Technical Analysis of the Financial Markets*, 1999, ch. 10.
    """
    return single("ROC", (real,), timeperiod)


def rocp(real: FloatArray, timeperiod: int = 10) -> FloatArray:
    """Return the change over ``timeperiod`` bars as a fraction.

    Parameters
    ----------
    real : ndarray of shape (n_bars,)
        Any series, oldest first.
    timeperiod : int, default=10
        Bars it looks at.

    Returns
    -------
    ndarray of shape (n_bars,)
        As a fraction; the first ``timeperiod`` values are NaN.

    Raises
    ------
    DataError
        If `real` holds NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    John Murphy, *Technical Analysis of the Financial Markets*, 1999, ch. 10.
    """
    return single("ROCP", (real,), timeperiod)


def macd(
    real: FloatArray, fastperiod: int = 12, slowperiod: int = 26, signalperiod: int = 9
) -> Macd:
    """Return the moving average convergence and divergence.

    Parameters
    ----------
    real : ndarray of shape (n_bars,)
        Any series, oldest first.
    fastperiod : int, default=12
        Bars of the fast average.
    slowperiod : int, default=26
        Bars of the slow average.
    signalperiod : int, default=9
        Bars of the signal's average.

    Returns
    -------
    Macd of ndarrays of shape (n_bars,)
        In the input's unit; the first ``slowperiod + signalperiod - 2`` values are NaN.

    Raises
    ------
    DataError
        If `real` holds NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    Gerald Appel, *Technical Analysis: Power Tools for Active Investors*, 2005.
    """
    return Macd(*several("MACD", (real,), fastperiod, slowperiod, signalperiod))


def apo(
    real: FloatArray, fastperiod: int = 12, slowperiod: int = 26, matype: int = 1
) -> FloatArray:
    """Return the difference of two averages.

    Parameters
    ----------
    real : ndarray of shape (n_bars,)
        Any series, oldest first.
    fastperiod : int, default=12
        Bars of the fast average.
    slowperiod : int, default=26
        Bars of the slow average.
    matype : int, default=1
        Kind of moving average, TA-Lib's number: 0 simple, 1 exponential …

    Returns
    -------
    ndarray of shape (n_bars,)
        In the input's unit; the first ``slowperiod - 1`` values are NaN.

    Raises
    ------
    DataError
        If `real` holds NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    Gerald Appel, *Technical Analysis: Power Tools for Active Investors*, 2005.
    """
    return single("APO", (real,), fastperiod, slowperiod, matype)


def ppo(
    real: FloatArray, fastperiod: int = 12, slowperiod: int = 26, matype: int = 1
) -> FloatArray:
    """Return the difference of two averages in percent of the slow one.

    Parameters
    ----------
    real : ndarray of shape (n_bars,)
        Any series, oldest first.
    fastperiod : int, default=12
        Bars of the fast average.
    slowperiod : int, default=26
        Bars of the slow average.
    matype : int, default=1
        Kind of moving average, TA-Lib's number: 0 simple, 1 exponential …

    Returns
    -------
    ndarray of shape (n_bars,)
        In percent; the first ``slowperiod - 1`` values are NaN.

    Raises
    ------
    DataError
        If `real` holds NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    Gerald Appel, *Technical Analysis: Power Tools for Active Investors*, 2005.
    """
    return single("PPO", (real,), fastperiod, slowperiod, matype)


def trix(real: FloatArray, timeperiod: int = 30) -> FloatArray:
    """Return the one-bar change of a triple exponential average.

    Parameters
    ----------
    real : ndarray of shape (n_bars,)
        Any series, oldest first.
    timeperiod : int, default=30
        Bars it looks at.

    Returns
    -------
    ndarray of shape (n_bars,)
        In percent; the first ``3 * (timeperiod - 1) + 1`` values are NaN.

    Raises
    ------
    DataError
        If `real` holds NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    Jack Hutson, "Good TRIX", *Stocks & Commodities* 1:5, 1983.
    """
    return single("TRIX", (real,), timeperiod)


def tsi(real: FloatArray, firstperiod: int = 25, secondperiod: int = 13) -> FloatArray:
    """Return Blau's true strength index.

    One-bar changes smoothed by two exponential averages, in percent of absolute changes smoothed
    the same way.

    Parameters
    ----------
    real : ndarray of shape (n_bars,)
        Any series, oldest first.
    firstperiod : int, default=25
        Bars of the average of changes.
    secondperiod : int, default=13
        Bars of the average of that average.

    Returns
    -------
    ndarray of shape (n_bars,)
        In [-100, 100]; the first ``firstperiod + secondperiod - 1`` values are NaN, and those
        before the first change.

    Raises
    ------
    DataError
        If `real` holds NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    William Blau, *Momentum, Direction, and Divergence*, 1995, ch. 1.
    """
    return single("TSI", (real,), firstperiod, secondperiod)

"""Averages: indicators drawn over the price, in its unit.

Shapes, causality, NaN and errors: see :mod:`cryptovolt.indicators`.
"""

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.indicators.library import single


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

    Raises
    ------
    DataError
        If `real` holds NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    John Murphy, *Technical Analysis of the Financial Markets*, 1999, ch. 9.
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

    Raises
    ------
    DataError
        If `real` holds NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    John Murphy, *Technical Analysis of the Financial Markets*, 1999, ch. 9.
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

    Raises
    ------
    DataError
        If `real` holds NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    John Murphy, *Technical Analysis of the Financial Markets*, 1999, ch. 9.
    """
    return single("WMA", (real,), timeperiod)


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

    Raises
    ------
    DataError
        If `real` holds NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    Perry Kaufman, *Trading Systems and Methods*, 2013, ch. 7.
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

    Raises
    ------
    DataError
        If `real` holds NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    Perry Kaufman, *Trading Systems and Methods*, 2013, ch. 17.
    """
    return single("KAMA", (real,), timeperiod)

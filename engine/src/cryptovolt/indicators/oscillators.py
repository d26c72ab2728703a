"""Oscillators: where the price is within its recent range or changes.

Shapes, causality, NaN and errors: see :mod:`cryptovolt.indicators`.
"""

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.indicators.library import single


def rsi(real: FloatArray, timeperiod: int = 14) -> FloatArray:
    """Return Wilder's relative strength index.

    Parameters
    ----------
    real : ndarray of shape (n_bars,)
        Any series, oldest first.
    timeperiod : int, default=14
        Bars it looks at.

    Returns
    -------
    ndarray of shape (n_bars,)
        In [0, 100]; the first ``timeperiod`` values are NaN.

    Raises
    ------
    DataError
        If `real` holds NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    J. Welles Wilder, *New Concepts in Technical Trading Systems*, 1978.
    """
    return single("RSI", (real,), timeperiod)


def cmo(real: FloatArray, timeperiod: int = 14) -> FloatArray:
    """Return Chande's momentum oscillator, with Wilder's smoothing.

    Parameters
    ----------
    real : ndarray of shape (n_bars,)
        Any series, oldest first.
    timeperiod : int, default=14
        Bars it looks at.

    Returns
    -------
    ndarray of shape (n_bars,)
        In [-100, 100]; the first ``timeperiod`` values are NaN.

    Raises
    ------
    DataError
        If `real` holds NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    Tushar Chande and Stanley Kroll, *The New Technical Trader*, 1994, ch. 5.
    """
    return single("CMO", (real,), timeperiod)


def cci(high: FloatArray, low: FloatArray, close: FloatArray, timeperiod: int = 14) -> FloatArray:
    """Return Lambert's commodity channel index.

    Parameters
    ----------
    high, low, close : ndarray of shape (n_bars,)
        Quote currency, oldest first.
    timeperiod : int, default=14
        Bars it looks at.

    Returns
    -------
    ndarray of shape (n_bars,)
        Unbounded, mostly in [-100, 100]; the first ``timeperiod - 1`` values are NaN.

    Raises
    ------
    DataError
        If the arrays differ in length, or hold NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    Donald Lambert, "Commodity Channel Index", *Commodities* 10, 1980.
    """
    return single("CCI", (high, low, close), timeperiod)


def mfi(
    high: FloatArray, low: FloatArray, close: FloatArray, volume: FloatArray, timeperiod: int = 14
) -> FloatArray:
    """Return the money flow index.

    Parameters
    ----------
    high, low, close : ndarray of shape (n_bars,)
        Quote currency, oldest first.
    volume : ndarray of shape (n_bars,)
        Base currency.
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
    Gene Quong and Avrum Soudack, "Volume-Weighted RSI: Money Flow", *Stocks & Commodities*
    7:3, 1989.
    """
    return single("MFI", (high, low, close, volume), timeperiod)


def willr(high: FloatArray, low: FloatArray, close: FloatArray, timeperiod: int = 14) -> FloatArray:
    """Return Williams' %R.

    Parameters
    ----------
    high, low, close : ndarray of shape (n_bars,)
        Quote currency, oldest first.
    timeperiod : int, default=14
        Bars it looks at.

    Returns
    -------
    ndarray of shape (n_bars,)
        In [-100, 0]; the first ``timeperiod - 1`` values are NaN.

    Raises
    ------
    DataError
        If the arrays differ in length, or hold NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    Larry Williams, *How I Made One Million Dollars Last Year Trading Commodities*, 1973.
    """
    return single("WILLR", (high, low, close), timeperiod)


def ultosc(
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    timeperiod1: int = 7,
    timeperiod2: int = 14,
    timeperiod3: int = 28,
) -> FloatArray:
    """Return Williams' ultimate oscillator.

    Parameters
    ----------
    high, low, close : ndarray of shape (n_bars,)
        Quote currency, oldest first.
    timeperiod1 : int, default=7
        Bars of the short average.
    timeperiod2 : int, default=14
        Bars of the middle average.
    timeperiod3 : int, default=28
        Bars of the long average.

    Returns
    -------
    ndarray of shape (n_bars,)
        In [0, 100]; the first bars, as many as the longest period, are NaN.

    Raises
    ------
    DataError
        If the arrays differ in length, or hold NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    Larry Williams, "The Ultimate Oscillator", *Stocks & Commodities* 3:4, 1985.
    """
    return single("ULTOSC", (high, low, close), timeperiod1, timeperiod2, timeperiod3)


def awesome_oscillator(
    high: FloatArray, low: FloatArray, fastperiod: int = 5, slowperiod: int = 34
) -> FloatArray:
    """Return Williams' awesome oscillator: two simple averages of the middle of bars compared.

    Parameters
    ----------
    high, low : ndarray of shape (n_bars,)
        Quote currency, oldest first.
    fastperiod : int, default=5
        Bars of the fast average.
    slowperiod : int, default=34
        Bars of the slow average.

    Returns
    -------
    ndarray of shape (n_bars,)
        In quote currency; the first ``slowperiod - 1`` values are NaN.

    Raises
    ------
    DataError
        If the arrays differ in length, or hold NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    Bill Williams, *New Trading Dimensions*, 1998.
    """
    return single("AO", (high, low), fastperiod, slowperiod)

"""Oscillators: where the price is within its recent range or changes.

Shapes, causality, NaN and errors: see :mod:`cryptovolt.indicators`.
"""

from typing import NamedTuple

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.indicators.library import several, single


class Stochastic(NamedTuple):
    """Slow %K and its average, %D."""

    slowk: FloatArray
    slowd: FloatArray


class FastStochastic(NamedTuple):
    """Fast %K and its average, %D."""

    fastk: FloatArray
    fastd: FloatArray


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
    """
    return single("ULTOSC", (high, low, close), timeperiod1, timeperiod2, timeperiod3)


def stoch(
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    fastk_period: int = 5,
    slowk_period: int = 3,
    slowk_matype: int = 0,
    slowd_period: int = 3,
    slowd_matype: int = 0,
) -> Stochastic:
    """Return the slow stochastic.

    Parameters
    ----------
    high, low, close : ndarray of shape (n_bars,)
        Quote currency, oldest first.
    fastk_period : int, default=5
        Bars of the range.
    slowk_period : int, default=3
        Bars %K is smoothed over.
    slowk_matype : int, default=0
        Kind of moving average of %K.
    slowd_period : int, default=3
        Bars %D is smoothed over.
    slowd_matype : int, default=0
        Kind of moving average of %D.

    Returns
    -------
    Stochastic of ndarrays of shape (n_bars,)
        In [0, 100]; with simple averages the first ``fastk_period + slowk_period +
        slowd_period - 3`` values are NaN.
    """
    return Stochastic(
        *several(
            "STOCH",
            (high, low, close),
            fastk_period,
            slowk_period,
            slowk_matype,
            slowd_period,
            slowd_matype,
        )
    )


def stochf(
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    fastk_period: int = 5,
    fastd_period: int = 3,
    fastd_matype: int = 0,
) -> FastStochastic:
    """Return the fast stochastic.

    Parameters
    ----------
    high, low, close : ndarray of shape (n_bars,)
        Quote currency, oldest first.
    fastk_period : int, default=5
        Bars of the range.
    fastd_period : int, default=3
        Bars %D is smoothed over.
    fastd_matype : int, default=0
        Kind of moving average of %D.

    Returns
    -------
    FastStochastic of ndarrays of shape (n_bars,)
        In [0, 100]; with simple averages the first ``fastk_period + fastd_period - 2``
        values are NaN.
    """
    return FastStochastic(
        *several("STOCHF", (high, low, close), fastk_period, fastd_period, fastd_matype)
    )


def stochrsi(
    real: FloatArray,
    timeperiod: int = 14,
    fastk_period: int = 5,
    fastd_period: int = 3,
    fastd_matype: int = 0,
) -> FastStochastic:
    """Return the fast stochastic of the relative strength index.

    Parameters
    ----------
    real : ndarray of shape (n_bars,)
        Any series, oldest first.
    timeperiod : int, default=14
        Bars it looks at.
    fastk_period : int, default=5
        Bars of the range.
    fastd_period : int, default=3
        Bars %D is smoothed over.
    fastd_matype : int, default=0
        Kind of moving average of %D.

    Returns
    -------
    FastStochastic of ndarrays of shape (n_bars,)
        In [0, 100]; with simple averages the first ``timeperiod + fastk_period +
        fastd_period - 2`` values are NaN.
    """
    return FastStochastic(
        *several("STOCHRSI", (real,), timeperiod, fastk_period, fastd_period, fastd_matype)
    )

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

    References
    ----------
    Gerald Appel, *Technical Analysis: Power Tools for Active Investors*, 2005.
    """
    return Macd(*several("MACD", (real,), fastperiod, slowperiod, signalperiod))


def apo(
    real: FloatArray, fastperiod: int = 12, slowperiod: int = 26, matype: int = 0
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
    matype : int, default=0
        Kind of moving average, a :class:`MaType`.

    Returns
    -------
    ndarray of shape (n_bars,)
        In the input's unit; the first ``slowperiod - 1`` values are NaN.
    """
    return single("APO", (real,), fastperiod, slowperiod, matype)


def ppo(
    real: FloatArray, fastperiod: int = 12, slowperiod: int = 26, matype: int = 0
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
    matype : int, default=0
        Kind of moving average, a :class:`MaType`.

    Returns
    -------
    ndarray of shape (n_bars,)
        In percent; the first ``slowperiod - 1`` values are NaN.
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
    """
    return single("TRIX", (real,), timeperiod)

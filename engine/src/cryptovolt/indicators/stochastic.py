"""Stochastics: where the price is within its recent range.

Shapes, causality, NaN and errors: see :mod:`cryptovolt.indicators`.
"""

from typing import NamedTuple

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.indicators.library import several


class Stochastic(NamedTuple):
    """Slow %K and its average, %D."""

    slowk: FloatArray
    slowd: FloatArray


class FastStochastic(NamedTuple):
    """Fast %K and its average, %D."""

    fastk: FloatArray
    fastd: FloatArray


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

    Raises
    ------
    DataError
        If the arrays differ in length, or hold NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    George Lane, "Lane's Stochastics", *Stocks & Commodities* 2:3, 1984.
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

    Raises
    ------
    DataError
        If the arrays differ in length, or hold NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    George Lane, "Lane's Stochastics", *Stocks & Commodities* 2:3, 1984.
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

    Raises
    ------
    DataError
        If `real` holds NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    Tushar Chande and Stanley Kroll, *The New Technical Trader*, 1994, ch. 7.
    """
    return FastStochastic(
        *several("STOCHRSI", (real,), timeperiod, fastk_period, fastd_period, fastd_matype)
    )

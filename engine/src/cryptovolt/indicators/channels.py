"""Channels: limits drawn around the price from its range and volatility, in its unit.

Shapes, causality, NaN and errors: see :mod:`cryptovolt.indicators`.
"""

from typing import NamedTuple

import numpy as np

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.indicators.bands import Bands
from cryptovolt.indicators.inputs import checked, whole_number
from cryptovolt.indicators.library import several, single


class Supertrend(NamedTuple):
    """The stop line, and the direction it stands for: 1 up, -1 down."""

    supertrend: FloatArray
    trend: FloatArray


class Ichimoku(NamedTuple):
    """The lines of the Ichimoku chart; the spans as they are drawn at the bar itself."""

    tenkan: FloatArray
    kijun: FloatArray
    senkou_a: FloatArray
    senkou_b: FloatArray


def keltner(
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    timeperiod: int = 20,
    atrperiod: int = 10,
    nbdev: float = 2.0,
) -> Bands:
    """Return Keltner channels: an exponential average and a multiple of the true range around it.

    TA-Lib's own, ``indicators.kc``, averages the typical price instead of the close.

    Parameters
    ----------
    high, low, close : ndarray of shape (n_bars,)
        Quote currency, oldest first.
    timeperiod : int, default=20
        Bars of the exponential average of the close.
    atrperiod : int, default=10
        Bars of Wilder's average true range.
    nbdev : float, default=2.0
        Average true ranges from the middle to each band.

    Returns
    -------
    Bands of ndarrays of shape (n_bars,)
        In quote currency; the first ``max(timeperiod - 1, atrperiod)`` values are NaN.

    Raises
    ------
    DataError
        If the arrays differ in length, or hold NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a period, or `nbdev` is no number.

    References
    ----------
    Chester Keltner, *How to Make Money in Commodities*, 1960, in Linda Bradford Raschke's version;
    StockCharts, ChartSchool.
    """
    (high, low, close), _ = checked("keltner", (high, low, close))
    if not np.isfinite(nbdev):
        raise ConfigurationError(f"expected nbdev as a number for keltner, found {nbdev}")
    middle = single("EMA", (close,), timeperiod)
    half = nbdev * single("ATR", (high, low, close), atrperiod)
    middle[np.isnan(half)] = np.nan
    return Bands(middle + half, middle, middle - half)


def donchian(high: FloatArray, low: FloatArray, timeperiod: int = 20) -> Bands:
    """Return Donchian channels: the highest high, the lowest low and their middle.

    The newest bar is part of the window. A rule such as "the close breaks the channel" therefore
    compares with the channel of the bar before.

    Parameters
    ----------
    high, low : ndarray of shape (n_bars,)
        Quote currency, oldest first.
    timeperiod : int, default=20
        Bars it looks at.

    Returns
    -------
    Bands of ndarrays of shape (n_bars,)
        In quote currency; the first ``timeperiod - 1`` values are NaN.

    Raises
    ------
    DataError
        If the arrays differ in length, or hold NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    Curtis Faith, *Way of the Turtle*, 2007, ch. 5.
    """
    return Bands(*several("DONCHIAN", (high, low), timeperiod))


def supertrend(
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    timeperiod: int = 10,
    multiplier: float = 3.0,
) -> Supertrend:
    """Return the supertrend: a stop that follows the trend at a multiple of the true range.

    Parameters
    ----------
    high, low, close : ndarray of shape (n_bars,)
        Quote currency, oldest first.
    timeperiod : int, default=10
        Bars of Wilder's average true range.
    multiplier : float, default=3.0
        Average true ranges from the middle of the bar to the stop.

    Returns
    -------
    Supertrend of ndarrays of shape (n_bars,)
        Quote currency, and 1 or -1; the first ``timeperiod`` values are NaN.

    Raises
    ------
    DataError
        If the arrays differ in length, or hold NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    Olivier Seban, *Tout le monde mérite d'être riche*, 2008.
    """
    return Supertrend(*several("SUPERTREND", (high, low, close), timeperiod, multiplier))


def ichimoku(
    high: FloatArray,
    low: FloatArray,
    tenkan: int = 9,
    kijun: int = 26,
    senkou: int = 52,
    displacement: int = 26,
) -> Ichimoku:
    """Return the Ichimoku lines that are known at each bar.

    Charts draw the spans `displacement` bars to the right of the bar that made them. Here they are
    what such a chart shows *at* the bar: values made `displacement` bars ago. The lagging line
    (chikou), the close drawn to the left, is not offered: on its own row it is a look ahead, and
    read when it is known it is the close.

    Parameters
    ----------
    high, low : ndarray of shape (n_bars,)
        Quote currency, oldest first.
    tenkan : int, default=9
        Bars of the conversion line.
    kijun : int, default=26
        Bars of the base line.
    senkou : int, default=52
        Bars of the second span.
    displacement : int, default=26
        Bars from the one that made the spans to the one that shows them; 0 for the newest.

    Returns
    -------
    Ichimoku of ndarrays of shape (n_bars,)
        In quote currency. Each line begins as soon as its own bars are there: after
        ``tenkan - 1``, ``kijun - 1``, ``max(tenkan, kijun) - 1 + displacement`` and
        ``senkou - 1 + displacement`` values that are NaN.

    Raises
    ------
    DataError
        If the arrays differ in length, or hold NaN or infinity after the first number.
    ConfigurationError
        If a period is no whole number of at least 2, or `displacement` of at least 0.

    References
    ----------
    Goichi Hosoda, *Ichimoku Kinkō Hyō*, 1969; Manesh Patel, *Trading with Ichimoku Clouds*, 2010.
    """
    for name, value in (("tenkan", tenkan), ("kijun", kijun), ("senkou", senkou)):
        whole_number("ichimoku", name, value, least=2)
    whole_number("ichimoku", "displacement", displacement, least=0)
    (high, low), _ = checked("ichimoku", (high, low))
    conversion, base, wide = (
        single("MIDPRICE", (high, low), period) for period in (tenkan, kijun, senkou)
    )
    return Ichimoku(
        conversion,
        base,
        _later((conversion + base) / 2.0, displacement),
        _later(wide, displacement),
    )


def _later(values: FloatArray, n_bars: int) -> FloatArray:
    shown = np.full(values.size, np.nan)
    shown[n_bars:] = values[: max(0, values.size - n_bars)]
    return shown

"""Volume-weighted average prices: of a session, of a moving window, and since an event.

Shapes, causality, NaN and errors: see :mod:`cryptovolt.indicators`. The price of a bar is its
typical price, ``(high + low + close) / 3``. Where nothing was traded the average is undefined.
"""

import numpy as np

from cryptovolt.domain.arrays import BoolArray, FloatArray, IntArray
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.domain.timeframe import alignment_ms, timeframe_ms
from cryptovolt.indicators.inputs import checked, ordered_times, require_volume, whole_number
from cryptovolt.indicators.kernels.average_since import average_since
from cryptovolt.indicators.kernels.window_sums import window_sums


def vwap(
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    volume: FloatArray,
    timestamp: IntArray | None = None,
    timeperiod: int | None = None,
    session: str = "1d",
) -> FloatArray:
    """Return the volume-weighted average price of a session or of a moving window.

    * With `timestamp`: of the session so far. Sessions of one day begin at midnight UTC, of weeks
      on Monday.
    * With `timeperiod`: of the newest bars.
    * With neither: since the first bar, as TA-Lib's VWAP.

    Parameters
    ----------
    high, low, close : ndarray of shape (n_bars,)
        Quote currency, oldest first.
    volume : ndarray of shape (n_bars,)
        Base currency.
    timestamp : ndarray of shape (n_bars,), optional
        Bar open, integer milliseconds UTC.
    timeperiod : int, optional
        Bars of the moving window, at least 1.
    session : str, default="1d"
        Length of a session as a time frame, counted from the epoch.

    Returns
    -------
    ndarray of shape (n_bars,)
        In quote currency, NaN where nothing was traded; of a window the first ``timeperiod - 1``
        values are NaN. A session in which the input begins counts from the first bar there is.

    Raises
    ------
    DataError
        If the arrays differ in length, hold NaN or infinity after the first number, volume is below
        0, or the times do not rise.
    ConfigurationError
        If both `timestamp` and `timeperiod` are given, the period is no whole number of at least
        1, or the session is no time frame.

    References
    ----------
    Stephen Berkowitz, Dennis Logue and Eugene Noser, "The Total Cost of Transactions on the NYSE",
    *Journal of Finance* 43:1, 1988.
    """
    if timestamp is not None and timeperiod is not None:
        raise ConfigurationError(
            "expected either timestamp (sessions) or timeperiod (a window) for vwap, found both"
        )
    price, volume, first = _traded("vwap", high, low, close, volume)
    result = np.full(price.size, np.nan)
    if timeperiod is not None:
        whole_number("vwap", "timeperiod", timeperiod)
        traded = window_sums(volume[first:], timeperiod)
        turnover = window_sums(price[first:] * volume[first:], timeperiod)
        np.divide(turnover, traded, out=result[first:], where=traded > 0.0)
        return result
    starts = np.zeros(price.size - first, dtype=np.bool_)
    if timestamp is not None:
        starts = _session_starts(ordered_times("vwap", timestamp, price.size), session)[first:]
    starts[:1] = True
    result[first:] = average_since(price[first:], volume[first:], starts)
    return result


def anchored_vwap(
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    volume: FloatArray,
    anchor: int | BoolArray,
) -> FloatArray:
    """Return the volume-weighted average price since an event.

    Parameters
    ----------
    high, low, close : ndarray of shape (n_bars,)
        Quote currency, oldest first.
    volume : ndarray of shape (n_bars,)
        Base currency.
    anchor : int or ndarray of bool of shape (n_bars,)
        The row of the first bar that counts, or True at every bar where the average begins anew.
        An anchor that is chosen with what happened later, such as the lowest low of all history,
        is a look ahead.

    Returns
    -------
    ndarray of shape (n_bars,)
        In quote currency; NaN before the first anchor, and until something is traded.

    Raises
    ------
    DataError
        If the arrays differ in length, hold NaN or infinity after the first number, volume is below
        0, or there is no bar of that row.

    References
    ----------
    Brian Shannon, *Maximum Trading Gains with Anchored VWAP*, 2023.
    """
    price, volume, first = _traded("anchored_vwap", high, low, close, volume)
    starts = _anchors(anchor, price.size)
    result = np.full(price.size, np.nan)
    if first < price.size:
        starts[first] |= starts[:first].any()
    result[first:] = average_since(price[first:], volume[first:], starts[first:])
    return result


def _traded(
    name: str, high: FloatArray, low: FloatArray, close: FloatArray, volume: FloatArray
) -> tuple[FloatArray, FloatArray, int]:
    (high, low, close, volume), first = checked(name, (high, low, close, volume))
    require_volume(name, volume)
    return (high + low + close) / 3.0, volume, first


def _session_starts(times: IntArray, session: str) -> BoolArray:
    number = (times - alignment_ms(session)) // timeframe_ms(session)
    return np.diff(number, prepend=number[:1]) > 0


def _anchors(anchor: int | BoolArray, n_bars: int) -> BoolArray:
    given = np.asarray(anchor)
    if given.dtype == np.bool_ and given.shape == (n_bars,):
        return given.copy()
    if given.dtype.kind not in "iu" or given.ndim != 0 or not 0 <= int(given) < n_bars:
        raise DataError(
            f"expected anchor as a row of 0 to {n_bars - 1} or {n_bars} bools for anchored_vwap, "
            f"found {anchor if given.ndim == 0 else f'{given.dtype} of shape {given.shape}'}"
        )
    starts = np.zeros(n_bars, dtype=np.bool_)
    starts[int(given)] = True
    return starts

"""Statistics over a moving window.

Shapes, causality, NaN and errors: see :mod:`cryptovolt.indicators`.
"""

import numpy as np

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.indicators.inputs import checked, whole_number
from cryptovolt.indicators.kernels.window_sums import window_sums
from cryptovolt.indicators.library import single


def stddev(real: FloatArray, timeperiod: int = 5, nbdev: float = 1.0) -> FloatArray:
    """Return the population standard deviation.

    Parameters
    ----------
    real : ndarray of shape (n_bars,)
        Any series, oldest first.
    timeperiod : int, default=5
        Bars it looks at.
    nbdev : float, default=1.0
        Multiple of the deviation that is returned.

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
    Perry Kaufman, *Trading Systems and Methods*, 2013, ch. 2.
    """
    return single("STDDEV", (real,), timeperiod, nbdev)


def var(real: FloatArray, timeperiod: int = 5, nbdev: float = 1.0) -> FloatArray:
    """Return the population variance.

    Parameters
    ----------
    real : ndarray of shape (n_bars,)
        Any series, oldest first.
    timeperiod : int, default=5
        Bars it looks at.
    nbdev : float, default=1.0
        Accepted as TA-Lib does; without effect.

    Returns
    -------
    ndarray of shape (n_bars,)
        In the input's unit squared; the first ``timeperiod - 1`` values are NaN.

    Raises
    ------
    DataError
        If `real` holds NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    Perry Kaufman, *Trading Systems and Methods*, 2013, ch. 2.
    """
    return single("VAR", (real,), timeperiod, nbdev)


def linearreg(real: FloatArray, timeperiod: int = 14) -> FloatArray:
    """Return the end of the least-squares line through the window.

    Parameters
    ----------
    real : ndarray of shape (n_bars,)
        Any series, oldest first.
    timeperiod : int, default=14
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
    Perry Kaufman, *Trading Systems and Methods*, 2013, ch. 6.
    """
    return single("LINEARREG", (real,), timeperiod)


def linearreg_slope(real: FloatArray, timeperiod: int = 14) -> FloatArray:
    """Return the slope of the least-squares line through the window.

    Parameters
    ----------
    real : ndarray of shape (n_bars,)
        Any series, oldest first.
    timeperiod : int, default=14
        Bars it looks at.

    Returns
    -------
    ndarray of shape (n_bars,)
        In the input's unit per bar; the first ``timeperiod - 1`` values are NaN.

    Raises
    ------
    DataError
        If `real` holds NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    Perry Kaufman, *Trading Systems and Methods*, 2013, ch. 6.
    """
    return single("LINEARREG_SLOPE", (real,), timeperiod)


def tsf(real: FloatArray, timeperiod: int = 14) -> FloatArray:
    """Return the least-squares line one bar ahead of the window.

    Parameters
    ----------
    real : ndarray of shape (n_bars,)
        Any series, oldest first.
    timeperiod : int, default=14
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
    Perry Kaufman, *Trading Systems and Methods*, 2013, ch. 6.
    """
    return single("TSF", (real,), timeperiod)


def correl(real0: FloatArray, real1: FloatArray, timeperiod: int = 30) -> FloatArray:
    """Return Pearson's correlation of two series.

    Parameters
    ----------
    real0, real1 : ndarray of shape (n_bars,)
        Two series, oldest first.
    timeperiod : int, default=30
        Bars it looks at.

    Returns
    -------
    ndarray of shape (n_bars,)
        In [-1, 1]; the first ``timeperiod - 1`` values are NaN.

    Raises
    ------
    DataError
        If the arrays differ in length, or hold NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    Perry Kaufman, *Trading Systems and Methods*, 2013, ch. 6.
    """
    return single("CORREL", (real0, real1), timeperiod)


def beta(real0: FloatArray, real1: FloatArray, timeperiod: int = 5) -> FloatArray:
    """Return the slope of one-bar returns of the second series on those of the first.

    Parameters
    ----------
    real0, real1 : ndarray of shape (n_bars,)
        Two series, oldest first.
    timeperiod : int, default=5
        Bars it looks at.

    Returns
    -------
    ndarray of shape (n_bars,)
        A ratio; the first ``timeperiod`` values are NaN.

    Raises
    ------
    DataError
        If the arrays differ in length, or hold NaN or infinity after the first number.
    ConfigurationError
        If TA-Lib does not accept a parameter.

    References
    ----------
    TA-Lib, function BETA.
    """
    return single("BETA", (real0, real1), timeperiod)


def hurst(real: FloatArray, timeperiod: int = 100, max_lag: int = 16) -> FloatArray:
    """Return the generalised Hurst exponent of a moving window.

    Half the slope of the least-squares line through the logarithms of the mean squared change over
    1, 2, 4 … bars, up to `max_lag`, against the logarithms of these lags. Above 0.5 changes go on,
    below they turn back, at 0.5 they have no memory. A window says little: over 100 values of a
    random walk the exponent has a standard deviation of 0.08.

    Parameters
    ----------
    real : ndarray of shape (n_bars,)
        Any series, oldest first: of prices, their logarithm.
    timeperiod : int, default=100
        Values it looks at.
    max_lag : int, default=16
        The longest lag; at least 2 and below `timeperiod`.

    Returns
    -------
    ndarray of shape (n_bars,)
        Mostly in [0, 1]; the first ``timeperiod - 1`` values are NaN, and those whose window is
        constant or repeats itself exactly after one of the lags.

    Raises
    ------
    DataError
        If `real` holds NaN or infinity after the first number.
    ConfigurationError
        If `max_lag` is no whole number of at least 2, or `timeperiod` not above it.

    References
    ----------
    Tiziana Di Matteo, "Multi-scaling in finance", *Quantitative Finance* 7:1, 2007, eq. 1 (q = 2).
    """
    whole_number("hurst", "max_lag", max_lag, least=2)
    whole_number("hurst", "timeperiod", timeperiod, least=max_lag + 1)
    (real,), first = checked("hurst", (real,))
    lags = 2 ** np.arange(max_lag.bit_length())
    weights = np.log(lags) - np.log(lags).mean()
    weights /= 2.0 * np.square(weights).sum()
    result = np.zeros(real.size)
    for lag, weight in zip(lags.tolist(), weights.tolist(), strict=True):
        result += weight * _log_mean_square(real, first, lag, timeperiod - lag)
    return result


def _log_mean_square(real: FloatArray, first: int, lag: int, n_changes: int) -> FloatArray:
    result = np.full(real.size, np.nan)
    changes = real[first + lag :] - real[first:-lag]
    mean = window_sums(np.square(changes), n_changes) / n_changes
    np.log(mean, out=result[first + lag :], where=mean > 0.0)
    return result

"""Statistics over a moving window.

Shapes, causality, NaN and errors: see :mod:`cryptovolt.indicators`.
"""

from cryptovolt.domain.arrays import FloatArray
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
        Multiple of the deviation that is returned.

    Returns
    -------
    ndarray of shape (n_bars,)
        In the input's unit squared; the first ``timeperiod - 1`` values are NaN.
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
    """
    return single("BETA", (real0, real1), timeperiod)

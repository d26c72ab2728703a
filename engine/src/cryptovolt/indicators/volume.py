"""Volume: running sums and flows. The sums depend on where the input begins.

Shapes, causality, NaN and errors: see :mod:`cryptovolt.indicators`.
"""

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.indicators.library import single


def obv(real: FloatArray, volume: FloatArray) -> FloatArray:
    """Return Granville's on-balance volume.

    Parameters
    ----------
    real : ndarray of shape (n_bars,)
        Price, quote currency, oldest first.
    volume : ndarray of shape (n_bars,)
        Base currency.

    Returns
    -------
    ndarray of shape (n_bars,)
        In base currency, summed from the first bar; no warm-up.
    """
    return single("OBV", (real, volume))


def ad(high: FloatArray, low: FloatArray, close: FloatArray, volume: FloatArray) -> FloatArray:
    """Return Chaikin's accumulation and distribution line.

    Parameters
    ----------
    high, low, close : ndarray of shape (n_bars,)
        Quote currency, oldest first.
    volume : ndarray of shape (n_bars,)
        Base currency.

    Returns
    -------
    ndarray of shape (n_bars,)
        In base currency, summed from the first bar; no warm-up.
    """
    return single("AD", (high, low, close, volume))


def adosc(
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    volume: FloatArray,
    fastperiod: int = 3,
    slowperiod: int = 10,
) -> FloatArray:
    """Return Chaikin's oscillator: two averages of the accumulation line compared.

    Parameters
    ----------
    high, low, close : ndarray of shape (n_bars,)
        Quote currency, oldest first.
    volume : ndarray of shape (n_bars,)
        Base currency.
    fastperiod : int, default=3
        Bars of the fast average.
    slowperiod : int, default=10
        Bars of the slow average.

    Returns
    -------
    ndarray of shape (n_bars,)
        In base currency; the first ``slowperiod - 1`` values are NaN.
    """
    return single("ADOSC", (high, low, close, volume), fastperiod, slowperiod)

"""Bars redrawn.

Shapes, causality, NaN and errors: see :mod:`cryptovolt.indicators`.
"""

from typing import NamedTuple

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.indicators.library import several


class HeikinAshi(NamedTuple):
    """Averaged bars. No order can be filled at these prices: nobody traded there."""

    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray


def heikin_ashi(
    open_: FloatArray, high: FloatArray, low: FloatArray, close: FloatArray
) -> HeikinAshi:
    """Return Heikin-Ashi bars.

    The close is the mean of the bar's four prices; the open is the middle of the averaged bar
    before, at first the middle of open and close.

    Parameters
    ----------
    open_, high, low, close : ndarray of shape (n_bars,)
        Quote currency, oldest first.

    Returns
    -------
    HeikinAshi of ndarrays of shape (n_bars,)
        In quote currency; no warm-up.

    Raises
    ------
    DataError
        If the arrays differ in length, or hold NaN or infinity after the first number.

    References
    ----------
    Dan Valcu, "Using the Heikin-Ashi Technique", *Stocks & Commodities* 22:2, 2004.
    """
    return HeikinAshi(*several("HA", (open_, high, low, close)))

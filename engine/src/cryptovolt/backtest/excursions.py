"""How far the price went against each trade, and how far for it, while it was held.

The bar of the entry counts whole, the bars after it too; of the bar of the exit only its open and
the price of the last fill do, because a bar does not tell which of its extremes came before the
exit. Where the entry was better than the bar's open (a limit order), the bar's favourable extreme
may have come before it: its close counts instead. Where a run has detail bars, those are the bars.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit

from cryptovolt.domain.arrays import BoolArray, FloatArray, IntArray
from cryptovolt.domain.bars import Bars


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Trades of one symbol, arrays of shape ``(n_trades,)``.

    Parameters
    ----------
    side : ndarray of int64
        1 for a long, −1 for a short.
    first_bar, last_bar : ndarray of int64
        Rows of the entry and the exit; the last row where it is still open.
    is_open : ndarray of bool
        Whether something is still held.
    first_price, last_price : ndarray of float64
        Prices of the first and the last fill, quote currency.
    entry_price : ndarray of float64
        Average price of all that was opened, quote currency.
    """

    side: IntArray
    first_bar: IntArray
    last_bar: IntArray
    is_open: BoolArray
    first_price: FloatArray
    last_price: FloatArray
    entry_price: FloatArray


def excursions(held: Holding, bars: Bars) -> tuple[FloatArray, FloatArray]:
    """Return the maximum adverse and the maximum favourable excursion of trades.

    Parameters
    ----------
    held : Holding
        Trades of one symbol.
    bars : Bars
        Of this symbol; detail bars where the run has them, and rows of trades are rows of these.

    Returns
    -------
    tuple of two ndarray of shape (n_trades,)
        Fractions of the average entry price, ≥ 0.

    References
    ----------
    J. Sweeney, *Maximum Adverse Excursion*, 1997.
    """
    low, high = _extremes(
        held.side, held.first_bar, held.last_bar, held.is_open, held.first_price, held.last_price,
        bars.open, bars.high, bars.low, bars.close,
    )  # fmt: skip
    below, above = 1.0 - low / held.entry_price, high / held.entry_price - 1.0
    is_long = held.side > 0
    adverse, favourable = np.where(is_long, below, above), np.where(is_long, above, below)
    return np.maximum(adverse, 0.0), np.maximum(favourable, 0.0)


@njit(cache=True, nogil=True)
def _extremes(
    side: IntArray,
    first_bar: IntArray,
    last_bar: IntArray,
    is_open: BoolArray,
    first_price: FloatArray,
    last_price: FloatArray,
    opens: FloatArray,
    highs: FloatArray,
    lows: FloatArray,
    closes: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    lowest, highest = first_price.copy(), first_price.copy()
    for i in range(side.size):
        low, high = first_price[i], first_price[i]
        first, last = first_bar[i], last_bar[i]
        if is_open[i] or last > first:
            resting = (opens[first] - first_price[i]) * side[i] > 0.0
            low = min(low, closes[first] if resting and side[i] < 0 else lows[first])
            high = max(high, closes[first] if resting and side[i] > 0 else highs[first])
        for t in range(first + 1, last + 1 if is_open[i] else last):
            low, high = min(low, lows[t]), max(high, highs[t])
        if not is_open[i]:
            if last > first:
                low, high = min(low, opens[last]), max(high, opens[last])
            low, high = min(low, last_price[i]), max(high, last_price[i])
        lowest[i], highest[i] = low, high
    return lowest, highest

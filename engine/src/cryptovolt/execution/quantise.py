"""Bars as whole numbers of ticks and lots.

The result is kept as long as its bars live, so that a sweep over one set of bars converts it once.
"""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.bars import PRICE_COLUMNS, Bars
from cryptovolt.domain.errors import DataError

NOT_TRADED = -1
"""What ``volume`` holds for a bar in which nothing was traded."""

LARGEST = float(2**62)
"""Ticks and lots stay below this, so that 64 bits count them."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class TickBars:
    """Prices in ticks, and volumes in lots.

    Parameters
    ----------
    cells : ndarray of shape (n_bars, 5)
        Open, high, low, close in ticks, at least 1; volume in lots, −1 where nothing was traded.
    lowest, highest : int
        Extreme prices of all bars, ticks.
    """

    cells: IntArray
    lowest: int
    highest: int


_CACHE: WeakKeyDictionary[Bars, dict[tuple[float, float], TickBars]] = WeakKeyDictionary()


def tick_bars(bars: Bars, tick_size: float, step_size: float) -> TickBars:
    """Return the bars in ticks and lots, prices rounded to the nearest tick.

    Raises
    ------
    DataError
        If a price is less than half a tick, or too many ticks for an int64.
    """
    known = _CACHE.setdefault(bars, {})
    key = (tick_size, step_size)
    if key not in known:
        cells = np.empty((len(bars), len(PRICE_COLUMNS) + 1), np.int64)
        for column, name in enumerate(PRICE_COLUMNS):
            cells[:, column] = price_ticks(getattr(bars, name), tick_size, name)
        cells[:, -1] = volume_lots(bars.volume, step_size)
        prices = cells[:, :-1]
        known[key] = TickBars(cells, int(prices.min()), int(prices.max()))
    return known[key]


def price_ticks(prices: FloatArray, tick_size: float | FloatArray, name: str = "price") -> IntArray:
    """Return prices in ticks, rounded to the nearest; a price outside int64's range is refused."""
    ticks = prices / tick_size
    fits = (ticks >= 0.5) & (ticks < LARGEST)
    if not fits.all():
        row = int(np.argmin(fits))
        raise DataError(
            f"expected {name} in multiples of the tick size {tick_size}, found {prices[row]} in "
            f"row {row}; give rules with a fitting tick_size"
        )
    return np.rint(ticks).astype(np.int64)


def volume_lots(volume: FloatArray, step_size: float | FloatArray) -> IntArray:
    """Return volumes in lots, rounded to the nearest; −1 where nothing was traded."""
    if not (volume >= 0).all():
        row = int(np.argmin(volume >= 0))
        raise DataError(f"expected volume of at least 0, found {volume[row]} in row {row}")
    lots = np.rint(np.minimum(volume / step_size, LARGEST)).astype(np.int64)
    return np.where(volume > 0, lots, NOT_TRADED)

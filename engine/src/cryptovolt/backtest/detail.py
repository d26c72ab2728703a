"""Bars of a smaller time frame under the ones a strategy decides on.

The account lives through the small bars; targets are heard where a large one ends. So the inside of
a large bar is no longer a matter of assumption, except within each small one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import DataError
from cryptovolt.trading.step import layout as at


@dataclass(frozen=True, slots=True)
class Detail:
    """Where each large bar ends among the small ones.

    Parameters
    ----------
    last : ndarray of shape (n_bars,)
        Row of the last small bar inside each large one.
    """

    last: IntArray

    @classmethod
    def of(cls, bars: Mapping[str, Bars], detail: Mapping[str, Bars]) -> "Detail":
        """Return how the small bars lie inside the large ones.

        Raises
        ------
        DataError
            If symbols differ, the time frame does not divide, a large bar has no small ones, or
            they tell another range of prices.
        """
        if list(bars) != list(detail):
            raise DataError(f"expected detail bars of {', '.join(bars)}, found {', '.join(detail)}")
        large, small = next(iter(bars.values())), next(iter(detail.values()))
        if large.interval_ms % small.interval_ms or large.interval_ms == small.interval_ms:
            raise DataError(
                f"expected detail bars of a time frame that divides {large.timeframe}, found "
                f"{small.timeframe}"
            )
        first = np.searchsorted(small.timestamp, large.timestamp)
        end = np.searchsorted(small.timestamp, large.timestamp + large.interval_ms)
        if (end == first).any():
            row = int(np.argmax(end == first))
            raise DataError(
                f"expected detail bars inside every bar, found none for row {row} "
                f"({large.timestamp[row]}); hand in only bars that have them"
            )
        if first[0] > 0 or end[-1] < len(small) or (first[1:] != end[:-1]).any():
            outside = np.ones(len(small), np.bool_)
            for low, high in zip(first.tolist(), end.tolist(), strict=True):
                outside[low:high] = False
            row = int(np.argmax(outside))
            raise DataError(
                f"expected detail bars inside the bars only, found one at {small.timestamp[row]} "
                "outside of them; cut both to the same range"
            )
        for symbol in bars:
            _require_same_range(bars[symbol], detail[symbol], first)
        return cls(end - 1)

    def fine(self, target: FloatArray, delay: int) -> tuple[FloatArray, int]:
        """Return the target on the small bars; a delay counts in large ones."""
        wanted = np.full((int(self.last[-1]) + 1, target.shape[1]), np.nan)
        heard = max(0, len(target) - delay)
        wanted[self.last[len(target) - heard :]] = target[:heard]
        return wanted, 0

    def coarse(self, fills: IntArray, equity: IntArray) -> tuple[IntArray, IntArray]:
        """Return fills by large bar, and the equity at the close of each."""
        fills = fills.copy()
        fills[:, at.F_BAR] = np.searchsorted(self.last, fills[:, at.F_BAR])
        return fills, equity[self.last]


def _require_same_range(bars: Bars, detail: Bars, first: IntArray) -> None:
    high = np.maximum.reduceat(detail.high, first)
    low = np.minimum.reduceat(detail.low, first)
    for name, found, expected in (("high", high, bars.high), ("low", low, bars.low)):
        differs = ~np.isclose(found, expected, rtol=1e-6, atol=0.0)
        if differs.any():
            row = int(np.argmax(differs))
            raise DataError(
                f"expected detail bars that tell the same {name} as the bars of {bars.symbol}, "
                f"found {found[row]:g} instead of {expected[row]:g} in row {row}"
            )

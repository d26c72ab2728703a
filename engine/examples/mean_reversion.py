"""Mean reversion: buy what has fallen out of its usual range, sell when it is back in the middle.

Idea
    A price far below its own recent mean has often been pushed there by somebody in a hurry, and
    comes back. Bought below the lower Bollinger band, sold at the middle one.
Source
    J. Bollinger, *Bollinger on Bollinger Bands*, 2001: 20 bars, 2 standard deviations. Tested on
    crypto markets with others of its kind by S. Corbet, V. Eraslan, B. Lucey, A. Sensoy, "The
    effectiveness of technical trading rules in cryptocurrency markets", Finance Research Letters
    31, 2019, p. 32-37.
Parameters
    Those of the book; none was chosen by its result.
What it costs
    A round trip every few days, each at 0.3 % with the costs that are on by default, for moves that
    are hardly larger. And it holds through every crash, because a fall is what it buys: a stop
    would sell at the point where the idea says to buy.
Result
    A loss in every market: -93 % in BTC, -99 % in ETH and -42 % in SOL 2017-2022, -18 % to -31 % in
    2024. BTC: Sharpe ratio -0.90 (95 %: -1.64 to -0.18), fees of 69 % of the first cash. No edge
    shown: it is here to be learned from, not to be traded. All numbers: docs/reference/examples.md.

    cryptovolt backtest BARS --strategy mean_reversion.py:MeanReversion
"""

import numpy as np

from cryptovolt import Bars, indicators
from cryptovolt.domain.arrays import FloatArray


class MeanReversion:
    """Long from a close below the lower band until one at or above the middle."""

    length: int = 20
    width: float = 2.0
    size: float = 1.0

    @property
    def warmup(self) -> int:
        """The window of the bands."""
        return self.length

    def target(self, history: Bars) -> FloatArray:
        """Return the size where it buys, 0 where it sells, NaN (keep what is held) between."""
        bands = indicators.bbands(history.close, self.length, self.width, self.width)
        buy, sell = history.close < bands.lowerband, history.close >= bands.middleband
        return np.select([buy, sell], [self.size, 0.0], np.nan)

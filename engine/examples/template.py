"""A strategy to begin with: copy this file, rename the class, change what it computes.

    cryptovolt backtest BARS --strategy template.py:Template --set fast=20
    cryptovolt lookahead BARS --strategy template.py:Template
    cryptovolt recursive BARS --strategy template.py:Template

What each part means is in docs/how-to/write-a-strategy.md.
"""

import numpy as np

from cryptovolt import Bars, indicators
from cryptovolt.domain.arrays import FloatArray


class Template:
    """Long while the fast average is above the slow one, flat otherwise."""

    # Parameters: plain class attributes. `--set fast=20` and sweeps change them.
    fast: int = 24
    slow: int = 96
    size: float = 0.9

    # Optional: what the account does by itself inside a bar.
    settings = {"stop_loss": 0.05, "rebalance_band": 0.1}  # noqa: RUF012 - read, never written

    @property
    def warmup(self) -> int:
        """Bars before the first decision. A plain average needs its window."""
        return max(self.fast, self.slow)

    def target(self, history: Bars) -> FloatArray:
        """Return the share of equity to hold from each bar's close on; NaN keeps what is held.

        Row t may use rows up to t of `history`, never a later one. The history does not begin with
        the first bar there is, so nothing may count from its beginning.
        """
        fast = indicators.sma(history.close, self.fast)
        slow = indicators.sma(history.close, self.slow)
        return np.where(fast > slow, self.size, 0.0)

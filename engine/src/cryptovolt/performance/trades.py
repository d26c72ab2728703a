"""Measures of round trips: arrays of shape ``(n_trades,)`` with profit after fees."""

import math

from cryptovolt.domain.arrays import FloatArray


def win_rate(pnl: FloatArray) -> float:
    """Return the share of trades with a profit; NaN without trades."""
    return float((pnl > 0).mean()) if pnl.size else math.nan


def profit_factor(pnl: FloatArray) -> float:
    """Return the sum of profits over the sum of losses; NaN where nothing was lost."""
    lost = -float(pnl[pnl < 0].sum())
    return float(pnl[pnl > 0].sum()) / lost if lost > 0 else math.nan


def expectancy(pnl: FloatArray) -> float:
    """Return the mean profit per trade, in the unit of `pnl`; NaN without trades."""
    return float(pnl.mean()) if pnl.size else math.nan

"""Realised volatility: how much the price moves now, and how much it usually moves.

Both are root mean squares of log returns from close to close, per year of 365 days::

    current  over the last 48 bars
    typical  over the last 720 bars

Computed in anchored windows, so that live and batch agree bit for bit.
"""

from dataclasses import dataclass

import numpy as np

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.timeframe import periods_per_year
from cryptovolt.market.windows import compute_anchored

CURRENT_BARS = 48
TYPICAL_BARS = 720
VOLATILITY_WARMUP = TYPICAL_BARS
"""Bars before the first value."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Volatility:
    """Volatility per year at every bar, shape ``(n_bars,)``; NaN within the warm-up."""

    current: FloatArray
    typical: FloatArray


def realised_volatility(bars: Bars) -> Volatility:
    """Return current and typical volatility at every bar.

    Parameters
    ----------
    bars : Bars
        Ordered by time; the value at ``t`` reads closes ``0..t``.

    Returns
    -------
    Volatility
        Per year, as fractions (0.6 is 60 %); NaN for the first 720 bars.
    """
    columns = compute_anchored(bars, VOLATILITY_WARMUP, _columns)
    return Volatility(current=columns[:, 0].copy(), typical=columns[:, 1].copy())


def _columns(bars: Bars) -> FloatArray:
    columns = np.full((len(bars), 2), np.nan)
    if len(bars) <= VOLATILITY_WARMUP:
        return columns
    squares = np.square(np.diff(np.log(bars.close)))
    totals = np.concatenate(([0.0], np.cumsum(squares)))
    rows = np.arange(VOLATILITY_WARMUP, len(bars))
    for column, length in enumerate((CURRENT_BARS, TYPICAL_BARS)):
        # Rounding may leave a sum of nothing a hair below zero.
        mean = np.maximum(totals[rows] - totals[rows - length], 0.0) / length
        columns[rows, column] = np.sqrt(mean * periods_per_year(bars.timeframe))
    return columns

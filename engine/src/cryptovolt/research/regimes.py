"""Kinds of market that a model is measured in apart from each other.

Every bar belongs to one trend and one volatility, both said at its close from bars up to it: a
regime that was named with hindsight would itself be a look ahead.
"""

import numpy as np
import polars as pl

from cryptovolt.domain.arrays import BoolArray
from cryptovolt.domain.bars import Bars

TREND_BARS = 200
"""Bars over which the market rose or fell."""

VOLATILITY_BARS = 100
"""Bars of returns whose spread is the volatility of now."""

USUAL_BARS = 2_000
"""Bars over which the middle of that volatility is called usual."""

_LEAST_USUAL = 200


def regimes(bars: Bars) -> dict[str, BoolArray]:
    """Return which bars belong to which regime.

    Parameters
    ----------
    bars : Bars
        Without errors.

    Returns
    -------
    dict of str to ndarray of shape (n_bars,)
        ``"up trend"`` and ``"down trend"``: the close is above, or not above, the one `TREND_BARS`
        ago. ``"high volatility"`` and ``"low volatility"``: the standard deviation of the newest
        `VOLATILITY_BARS` log returns is above, or not above, its median over the newest
        `USUAL_BARS` bars before. Bars that have not seen enough for it are in neither.
    """
    n_bars = len(bars)
    change = np.full(n_bars, np.nan)
    change[TREND_BARS:] = bars.close[TREND_BARS:] - bars.close[: max(0, n_bars - TREND_BARS)]
    returns = pl.Series(np.diff(np.log(bars.close)))
    spread = np.full(n_bars, np.nan)
    spread[1:] = returns.rolling_std(VOLATILITY_BARS).to_numpy()
    usual = np.full(n_bars, np.nan)
    before = pl.Series(spread[VOLATILITY_BARS:])
    middle = before.rolling_median(USUAL_BARS, min_samples=_LEAST_USUAL)
    # The bar itself is not part of what was usual before it.
    usual[VOLATILITY_BARS + 1 :] = middle.to_numpy()[:-1]
    return {
        "up trend": change > 0.0,
        "down trend": change <= 0.0,
        "high volatility": spread > usual,
        "low volatility": spread <= usual,
    }

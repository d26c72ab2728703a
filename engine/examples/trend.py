"""Trend: hold what has risen, less of it when it swings more.

Idea
    Time-series momentum: an asset that rose over the last weeks tends to go on, and the swings of
    the account are kept about even by holding less when prices swing more.
Source
    T. J. Moskowitz, Y. H. Ooi, L. H. Pedersen, "Time Series Momentum", Journal of Financial
    Economics 104 (2), 2012, p. 228-250: sign of the past return × 40 % ÷ volatility, which is taken
    from about sixty days. Four weeks of past return as in Y. Liu, A. Tsyvinski, "Risks and Returns
    of Cryptocurrency", Review of Financial Studies 34 (6), 2021, p. 2689-2727.
Parameters
    All from these papers, in hours; none was chosen by its result.
What it costs
    It decides once a day and adjusts only by a tenth of the equity or more, so fees stay small. Its
    price is what every trend follower pays: it gives back part of each rise and is cut up sideways.
Result
    BTC 2017-2022: +480 %, Sharpe ratio 1.29 (95 %: 0.25 to 2.22), drawdown 45 %; buy and hold made
    +343 % with one of 84 %. 2024: -21 % in BTC, -18 % in ETH, +3 % in SOL; buy and hold made +33 %,
    +4 % and +22 %. Deflated Sharpe ratio 0.73 for BTC, by the four trials of its table alone, and
    the whole world has tried trends on these years. No edge shown. All numbers:
    docs/reference/examples.md.

    cryptovolt backtest BARS --strategy trend.py:Trend
"""

import numpy as np

from cryptovolt import Bars, indicators
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.timeframe import DAY_MS, YEAR_MS


class Trend:
    """Long (or, where `short` is set, short) by the sign of the past return, once a day."""

    lookback: int = 672  # bars of past return: four weeks of hours
    memory: int = 1440  # bars behind the volatility: sixty days of hours
    volatility: float = 0.4  # of the position, a year
    short: bool = False  # only where the market allows it

    settings = {"rebalance_band": 0.1}  # noqa: RUF012 - read, never written

    @property
    def warmup(self) -> int:
        """The longer of the two windows."""
        return max(self.lookback, self.memory)

    def target(self, history: Bars) -> FloatArray:
        """Return the share of equity to hold; NaN (keep) but at the end of a day."""
        change = np.diff(np.log(history.close), prepend=np.nan)
        per_year = np.sqrt(YEAR_MS / history.interval_ms)
        swings = per_year * indicators.stddev(change, self.memory)
        size = np.minimum(self.volatility / np.maximum(swings, 1e-6), 1.0)

        side = np.sign(indicators.mom(history.close, self.lookback))
        if not self.short:
            side = np.maximum(side, 0.0)
        day_ends = (history.timestamp + history.interval_ms) % DAY_MS == 0
        return np.where(day_ends, side * size, np.nan)

"""Measures of round trips.

Arrays of shape ``(n_trades,)``, in the order the trades were closed: `pnl` is profit after fees,
`returns` the same over the entry value. A profit of exactly 0 is neither won nor lost. What is
undefined, mostly because there is no trade of the kind, is NaN.
"""

import math

import numpy as np

from cryptovolt.domain.arrays import BoolArray, FloatArray


def win_rate(pnl: FloatArray) -> float:
    """Return the share of trades with a profit, in [0, 1]; NaN without trades."""
    return float((pnl > 0).mean()) if pnl.size else math.nan


def profit_factor(pnl: FloatArray) -> float:
    """Return the sum of profits over the sum of losses, ≥ 0; NaN where nothing was lost."""
    lost = -float(pnl[pnl < 0].sum())
    return float(pnl[pnl > 0].sum()) / lost if lost > 0 else math.nan


def expectancy(pnl: FloatArray) -> float:
    """Return the mean profit per trade, in the unit of `pnl`; NaN without trades."""
    return float(pnl.mean()) if pnl.size else math.nan


def average_win(pnl: FloatArray) -> float:
    """Return the mean profit of the trades won, in the unit of `pnl`; NaN where none was."""
    return _mean(pnl[pnl > 0])


def average_loss(pnl: FloatArray) -> float:
    """Return the mean loss of the trades lost, positive, in the unit of `pnl`; NaN without one."""
    return -_mean(pnl[pnl < 0])


def payoff_ratio(pnl: FloatArray) -> float:
    """Return the average win over the average loss; NaN unless trades were won and lost."""
    return average_win(pnl) / average_loss(pnl)


def kelly_fraction(pnl: FloatArray) -> float:
    """Return the share of capital that Kelly's rule would bet on such odds.

    Returns
    -------
    float
        ``won − lost / payoff`` with the shares won and lost and the payoff ratio; at most 1,
        negative where betting does not pay, NaN unless trades were won and lost.

    References
    ----------
    J. L. Kelly, "A New Interpretation of Information Rate", Bell System Technical Journal 35 (4),
    1956, p. 917-926.
    """
    lost = float((pnl < 0).mean()) if pnl.size else math.nan
    return win_rate(pnl) - lost / payoff_ratio(pnl)


def system_quality_number(returns: FloatArray) -> float:
    """Return the system quality number: √n × mean over standard deviation (n − 1) of trades.

    Van Tharp divides each profit by the money at risk; a run need not have a stop, so the entry
    value takes its place here. It is the t statistic of the mean trade.

    Returns
    -------
    float
        NaN below two trades, or where they do not vary.

    References
    ----------
    V. K. Tharp, *The Definitive Guide to Position Sizing*, 2008, chapter 2.
    """
    if returns.size < 2 or float(returns.min()) == float(returns.max()):
        return math.nan
    return math.sqrt(returns.size) * float(returns.mean() / returns.std(ddof=1))


def longest_winning_streak(pnl: FloatArray) -> int:
    """Return the largest number of profits one after the other."""
    return _longest_run(pnl > 0)


def longest_losing_streak(pnl: FloatArray) -> int:
    """Return the largest number of losses one after the other."""
    return _longest_run(pnl < 0)


def _longest_run(hit: BoolArray) -> int:
    misses = np.flatnonzero(~hit)
    edges = np.concatenate([[-1], misses, [hit.size]])
    return int(np.diff(edges).max()) - 1


def _mean(values: FloatArray) -> float:
    return float(values.mean()) if values.size else math.nan

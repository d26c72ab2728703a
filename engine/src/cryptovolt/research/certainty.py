"""How sure the measures of a run are: intervals from its daily returns.

Rows are days (bars, where a bar is a day or longer). An interval is given where there are at least
60 of them, they vary, and the account was not ruined.
"""

from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from cryptovolt.backtest.run import Run
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.performance.bootstrap import Interval, bootstrap_interval, return_intervals
from cryptovolt.research.replay import period_returns, periods_per_year_of

MIN_PERIODS = 60
"""Fewer days say too little for an interval."""


class Certainty(NamedTuple):
    """Intervals of a run at 95 %, from its daily returns; `alpha` is per year."""

    n_periods: int
    sharpe: Interval
    cagr: Interval
    max_drawdown: Interval
    alpha: Interval
    beta: float


def certainty_of(run: Run, hold: Run, rng: Generator, n_samples: int = 1000) -> Certainty | None:
    """Return the intervals of a run, or None where there are too few days or no variation.

    Parameters
    ----------
    run, hold : Run
        The run, and buy and hold over the same bars.
    rng : numpy.random.Generator
        For the resamples.
    n_samples : int, default=1000
        Resamples, at least 20.

    References
    ----------
    M. C. Jensen, "The Performance of Mutual Funds in the Period 1945-1964", Journal of Finance 23
    (2), 1968, p. 389-416, for alpha.
    """
    returns, market = period_returns(run), period_returns(hold)
    both = np.column_stack([returns, market])
    if len(both) < MIN_PERIODS or not np.isfinite(both).all() or not _varies(returns):
        return None
    per_year = periods_per_year_of(run)
    own = return_intervals(returns, per_year, rng, n_samples)
    return Certainty(
        n_periods=len(both),
        sharpe=own.sharpe,
        cagr=own.cagr,
        max_drawdown=own.max_drawdown,
        alpha=bootstrap_interval(both, lambda rows: _alpha(rows, per_year), rng, n_samples),
        beta=_beta(both),
    )


def _beta(both: FloatArray) -> float:
    own, market = both[:, 0], both[:, 1]
    centred = market - market.mean()
    spread = float(centred @ centred)
    # A market that does not move explains nothing.
    return float(centred @ own) / spread if spread > 0 else 0.0


def _alpha(both: FloatArray, per_year: float) -> float:
    means = both.mean(axis=0)
    return float(means[0] - _beta(both) * means[1]) * per_year


def _varies(returns: FloatArray) -> bool:
    return float(returns.min()) < float(returns.max())

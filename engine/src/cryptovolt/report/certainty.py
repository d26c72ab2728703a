"""How sure the measures of a run are: intervals from daily returns."""

from typing import NamedTuple

import numpy as np

from cryptovolt.backtest.run import Run
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.performance.bootstrap import Interval, bootstrap_interval
from cryptovolt.performance.calendar import daily_equity
from cryptovolt.performance.returns import (
    cagr,
    kurtosis,
    max_drawdown,
    returns_of,
    sharpe_ratio,
    skewness,
)
from cryptovolt.performance.selection import probabilistic_sharpe_ratio

DAYS_PER_YEAR = 365.0
MIN_DAYS = 60
"""Fewer days say too little for an interval."""


class Certainty(NamedTuple):
    """Intervals of a run, from its daily returns."""

    n_days: int
    sharpe: Interval
    cagr: Interval
    max_drawdown: Interval
    probability_above_zero: float


def certainty_of(run: Run, rng: np.random.Generator) -> Certainty | None:
    """Return 95 % intervals, or None where there are too few days or no variation."""
    returns = returns_of(daily_equity(run.timestamp, run.equity), run.trading.cash)
    if returns.size < MIN_DAYS or not np.isfinite(returns).all() or not returns.any():
        return None

    def intervals(statistic: str) -> Interval:
        return bootstrap_interval(returns, _STATISTICS[statistic], rng, n_samples=500)

    return Certainty(
        n_days=returns.size,
        sharpe=intervals("sharpe"),
        cagr=intervals("cagr"),
        max_drawdown=intervals("max_drawdown"),
        probability_above_zero=probabilistic_sharpe_ratio(
            sharpe_ratio(returns), returns.size, skewness(returns), kurtosis(returns)
        ),
    )


def _sharpe(returns: FloatArray) -> float:
    return sharpe_ratio(returns, DAYS_PER_YEAR)


def _cagr(returns: FloatArray) -> float:
    return cagr(_growth(returns)[1:], 1.0, DAYS_PER_YEAR)


def _max_drawdown(returns: FloatArray) -> float:
    return max_drawdown(_growth(returns))


def _growth(returns: FloatArray) -> FloatArray:
    return np.concatenate([[1.0], (1.0 + returns).cumprod()])


_STATISTICS = {"sharpe": _sharpe, "cagr": _cagr, "max_drawdown": _max_drawdown}

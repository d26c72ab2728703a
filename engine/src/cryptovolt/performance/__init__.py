"""Performance: returns, drawdown, Sharpe ratio and other measures of a result."""

from cryptovolt.performance.bootstrap import (
    Interval,
    ReturnIntervals,
    bootstrap_interval,
    return_intervals,
)
from cryptovolt.performance.returns import (
    cagr,
    calmar_ratio,
    drawdowns,
    expected_shortfall,
    kurtosis,
    max_drawdown,
    omega_ratio,
    returns_of,
    sharpe_ratio,
    skewness,
    sortino_ratio,
    total_return,
    ulcer_index,
    value_at_risk,
    volatility,
)
from cryptovolt.performance.selection import (
    deflated_sharpe_ratio,
    expected_maximum_sharpe,
    minimum_track_record_length,
    probabilistic_sharpe_ratio,
    probability_of_backtest_overfitting,
)
from cryptovolt.performance.trades import expectancy, profit_factor, win_rate

__all__ = [
    "Interval",
    "ReturnIntervals",
    "bootstrap_interval",
    "cagr",
    "calmar_ratio",
    "deflated_sharpe_ratio",
    "drawdowns",
    "expectancy",
    "expected_maximum_sharpe",
    "expected_shortfall",
    "kurtosis",
    "max_drawdown",
    "minimum_track_record_length",
    "omega_ratio",
    "probabilistic_sharpe_ratio",
    "probability_of_backtest_overfitting",
    "profit_factor",
    "return_intervals",
    "returns_of",
    "sharpe_ratio",
    "skewness",
    "sortino_ratio",
    "total_return",
    "ulcer_index",
    "value_at_risk",
    "volatility",
    "win_rate",
]

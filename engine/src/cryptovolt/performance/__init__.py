"""Performance: returns, drawdown, Sharpe ratio and other measures of a result."""

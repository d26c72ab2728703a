"""Backtest: the compiled step in a loop over history."""

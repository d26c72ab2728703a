"""One bar's turn through every room; shared by backtest, paper and live."""

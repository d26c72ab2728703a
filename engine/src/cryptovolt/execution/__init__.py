"""Fill rules, fees and slippage."""

"""Portfolio: positions and profit, told from fills."""

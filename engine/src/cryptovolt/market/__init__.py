"""Market data: read, check, clean, resample and store bars as snapshots."""

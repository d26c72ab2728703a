"""Walk-forward validation, gates and verdicts."""

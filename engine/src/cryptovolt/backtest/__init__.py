"""The loop over history."""

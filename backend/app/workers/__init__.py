"""Long-running loops."""

BAD_INPUT = 2
"""Exit status of a worker whose input another start would not change."""

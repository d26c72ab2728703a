"""Measure import, reading, snapshots and the latest bars: ``python benchmarks/bars.py --help``.

The same as ``cryptovolt bench bars``; it needs a quiet machine and some minutes.
"""

from app.cli.bench import app

if __name__ == "__main__":
    app()

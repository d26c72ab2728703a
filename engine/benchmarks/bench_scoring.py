"""Scoring rows with flat trees beside XGBoost's own batch prediction, on one thread each.

Run with ``./cv python engine/benchmarks/bench_scoring.py [ROWS]``: 300 trees of depth 4 over 53
columns, margins of the same rows, taking turns; the best of several counts.
"""

import os
import sys
import time
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import xgboost

from cryptovolt.ml.trees import read_trees

REPEATS = 9


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> None:
    n_rows = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    rng = np.random.default_rng(0)
    values = rng.normal(size=(20_000, 53))
    up = values[:, 0] + 0.3 * rng.normal(size=20_000) > 0.0
    settings = {"objective": "binary:logistic", "max_depth": 4, "eta": 0.05, "nthread": 1}
    booster = xgboost.train(settings, xgboost.DMatrix(values, label=up), 300)
    trees = read_trees(bytes(booster.save_raw("json")))
    exact = rng.normal(size=(n_rows, 53)).astype(np.float32)
    rows = exact.astype(np.float64)
    trees.margins(rows[:1])
    ours = theirs = np.inf
    for _ in range(REPEATS):
        ours = min(ours, seconds(lambda: trees.margins(rows)))
        theirs = min(theirs, seconds(lambda: booster.inplace_predict(exact, predict_type="margin")))
    one = min(seconds(lambda: [trees.margins(rows[:1]) for _ in range(2_000)]) for _ in range(3))
    margins = booster.inplace_predict(exact, predict_type="margin")
    off = float(np.abs(trees.margins(rows) - margins).max())
    print(f"{n_rows:,} rows, load {os.getloadavg()[0]:.2f}")
    print(f"flat trees {ours * 1e3:8.1f} ms    XGBoost {theirs * 1e3:8.1f} ms    "
          f"{ours / theirs:.2f} × its time")  # fmt: skip
    print(f"one row    {one / 2_000 * 1e6:8.2f} µs    largest difference of margins {off:.1e}")


if __name__ == "__main__":
    main()

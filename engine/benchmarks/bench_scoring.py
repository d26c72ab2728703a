"""Scoring rows with flat trees beside XGBoost's own batch prediction, on one thread each.

Run with ``./cv python engine/benchmarks/bench_scoring.py [ROWS]``: 300 trees of depth 4 over 53
columns, margins of the same rows, taking turns; the best of several counts. Then contributions of
one row and of 2,000 beside XGBoost's, and the smallest change that flips a decision.
"""

import os
import sys
import time
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import xgboost

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.ml.calibration import Platt
from cryptovolt.ml.contributions import tree_contributions
from cryptovolt.ml.counterfactual import smallest_flip
from cryptovolt.ml.model import training_range
from cryptovolt.ml.trees import FlatTrees, read_trees
from cryptovolt.ml.xgboost_classifier import BoosterSettings, make_classifier

REPEATS = 9


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def explain(booster: xgboost.Booster, trees: FlatTrees, rows: FloatArray) -> None:
    tree_contributions(trees, rows[:1])
    one = min(
        seconds(lambda: [tree_contributions(trees, rows[:1]) for _ in range(50)]) for _ in range(5)
    )
    matrix = xgboost.DMatrix(rows[:2_000].astype(np.float32), nthread=1)
    ours = min(seconds(lambda: tree_contributions(trees, rows[:2_000])) for _ in range(3))
    theirs = min(seconds(lambda: booster.predict(matrix, pred_contribs=True)) for _ in range(3))
    model = make_classifier(
        bytes(booster.save_raw("json")),
        [f"column {at}" for at in range(rows.shape[1])],
        Platt(1.0, 0.0),
        BoosterSettings(),
        {},
        training_range(rows),
    )
    flips = [seconds(lambda row=row: smallest_flip(model, row)) for row in rows[:20]]
    print(f"explain    {one / 50 * 1e3:8.3f} ms one row; 2,000 rows {ours * 1e3:.0f} ms, XGBoost "
          f"{theirs * 1e3:.0f} ms")  # fmt: skip
    print(f"flip       {np.median(flips) * 1e3:8.1f} ms median, {max(flips) * 1e3:.1f} ms slowest")


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
    explain(booster, trees, rows)


if __name__ == "__main__":
    main()

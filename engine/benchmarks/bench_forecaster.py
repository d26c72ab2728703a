"""The forecaster: one window, many windows, and one pass of training.

Run with ``./cv python engine/benchmarks/bench_forecaster.py [FEATURES]``: an LSTM with 32 hidden
numbers over 60 rows of 71 features, on one thread; the best of several counts.
"""

import os
import sys
import time
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from cryptovolt.ml.forecaster_scaling import fit_scaling
from cryptovolt.ml.lstm_forecaster import LSTMForecaster, make_forecaster
from cryptovolt.ml.lstm_settings import LSTMSettings
from cryptovolt.ml.lstm_training import torch_outputs, train_lstm
from cryptovolt.ml.sequences import windows_of

REPEATS = 15
N_ROWS = 4_000


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> None:
    n_features = int(sys.argv[1]) if len(sys.argv) > 1 else 71
    rng = np.random.default_rng(0)
    values = rng.normal(size=(N_ROWS, n_features))
    target = 0.01 * values[:, 0] + rng.normal(0.0, 0.02, N_ROWS)
    settings = LSTMSettings(n_epochs=3, stride=1)
    scaling = fit_scaling(values, target)
    scaled, wanted = scaling.inputs(values), scaling.target(target)
    fit, stop = np.arange(60, 3_000), np.arange(3_000, N_ROWS)
    started = time.perf_counter()
    trained = train_lstm(
        scaled, fit, wanted[fit], np.ones(fit.size), stop, wanted[stop], np.ones(stop.size),
        settings,
    )  # fmt: skip
    took = (time.perf_counter() - started) / len(trained.losses)
    names = [f"f{column}" for column in range(n_features)]
    model: LSTMForecaster = make_forecaster(trained, scaling, names, 12, settings, {})
    windows = windows_of(values, stop)
    one = windows[:1]
    model.forecast(one)
    alone = min(
        seconds(lambda: [model.forecast(one) for _ in range(200)]) / 200 for _ in range(REPEATS)
    )
    many = min(seconds(lambda: model.forecast(windows)) for _ in range(REPEATS)) / len(windows)
    said = torch_outputs(trained.weights, scaled, stop, settings)
    off = float(np.abs(scaling.target(model.forecast(windows)) - said).max())
    print(f"{n_features} features, {settings.n_steps} rows, load {os.getloadavg()[0]:.2f}")
    print(
        f"one window {alone * 1e6:7.1f} µs    of {len(windows):,} windows {many * 1e6:7.1f} µs each"
    )
    print(f"training   {took / fit.size * 1e6:7.1f} µs per window and pass")
    print(f"largest difference from PyTorch {off:.1e} standard deviations of the target")


if __name__ == "__main__":
    main()

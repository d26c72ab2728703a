"""Building features: a million bars on one thread and on two, and the row of one new bar.

Run with ``./cv python engine/benchmarks/bench_features.py [BARS]``. The first build is timed by
itself: it loads compiled code, or compiles it where none is cached (an empty ``NUMBA_CACHE_DIR``
shows that). Then the builds take turns; the best of several counts.
"""

import os
import resource
import sys
import time
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from cryptovolt.domain.bars import Bars
from cryptovolt.features.build import FEATURE_WARMUP, build_features
from cryptovolt.market.checking import require_clean
from cryptovolt.market.windows import live_rows

REPEATS = 5
MINUTE_MS = 60_000


def random_bars(n_bars: int) -> Bars:
    rng = np.random.default_rng(0)
    close = 100.0 * np.exp((rng.standard_t(4, n_bars) * 0.0006).cumsum())
    opened = np.concatenate([[100.0], close[:-1]])
    return Bars(
        symbol="BTCUSDT",
        timeframe="1m",
        timestamp=1_600_000_000_000 // MINUTE_MS * MINUTE_MS + np.arange(n_bars) * MINUTE_MS,
        open=opened,
        high=np.maximum(opened, close) * np.exp(np.abs(rng.normal(0.0, 0.0003, n_bars))),
        low=np.minimum(opened, close) * np.exp(-np.abs(rng.normal(0.0, 0.0003, n_bars))),
        close=close,
        volume=rng.lognormal(3.0, 1.0, n_bars),
    )


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def live_row(bars: Bars) -> None:
    build_features(bars[len(bars) - live_rows(FEATURE_WARMUP) :])


def main() -> None:
    n_bars = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    bars = random_bars(n_bars)
    require_clean(bars)
    first = seconds(lambda: build_features(bars[:3_000]))
    before = peak_mb()
    features = build_features(bars)
    grown = peak_mb() - before
    matrix = features.values.nbytes / 2**20
    times: dict[int, float] = {1: np.inf, 2: np.inf}
    for _ in range(REPEATS):
        for n_threads, best in times.items():
            work = seconds(lambda n=n_threads: build_features(bars, n_threads=n))
            times[n_threads] = min(best, work)
    one = min(seconds(lambda: live_row(bars)) for _ in range(50))
    print(f"{n_bars:,} bars, {len(features.names)} features, load {os.getloadavg()[0]:.2f}")
    print(f"first 3,000 bars {first:6.2f} s, with compiling or loading compiled code")
    print(f"one thread       {times[1]:6.2f} s      two threads {times[2]:6.2f} s")
    print(f"one new bar      {one * 1e3:6.2f} ms")
    print(f"memory at most   {grown:6.0f} MB above the bars; the matrix is {matrix:.0f} MB")


if __name__ == "__main__":
    main()

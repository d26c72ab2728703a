"""How fast is a sweep? 100 combinations of an SMA crossover over 100,000 bars.

Run: ./cv python engine/benchmarks/bench_sweep.py [--memory]

The plain loop is one pass over the bars for every combination, in Numba, on one thread and on two:
floating-point money, no tick or step, no volume, nothing kept but the final equity.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numba
import numpy as np

import cryptovolt as cv
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.research.ledger import FileLedger
from cryptovolt.research.sweep import sweep
from cryptovolt.research.synthetic import synthetic_bars

N_BARS = 100_000
GRID = {"fast": list(range(10, 60, 5)), "slow": list(range(70, 270, 20))}
FEE, SLIPPAGE = 0.001, 0.0005


@numba.njit(cache=True, nogil=True)
def crossover(close: FloatArray, fast: int, slow: int) -> FloatArray:
    # Says a target where it changes, and nothing (NaN) elsewhere.
    target = np.full(close.size, np.nan)
    quick = lazy = 0.0
    held = -1.0
    for t in range(close.size):
        quick += close[t] - (close[t - fast] if t >= fast else 0.0)
        lazy += close[t] - (close[t - slow] if t >= slow else 0.0)
        if t >= slow - 1:
            wanted = 1.0 if quick * slow > lazy * fast else 0.0
            if wanted != held:
                target[t] = held = wanted
    return target


@numba.njit(cache=True, nogil=True)
def _plain(opened: FloatArray, close: FloatArray, fast: int, slow: int) -> float:
    cash, lots = 10_000.0, 0.0
    quick = lazy = 0.0
    wanted = held = 0.0
    for t in range(close.size):
        if wanted != held:
            if wanted > 0.0:
                price = opened[t] * (1.0 + SLIPPAGE)
                lots = cash / (price * (1.0 + FEE))
                cash = 0.0
            else:
                cash = lots * opened[t] * (1.0 - SLIPPAGE) * (1.0 - FEE)
                lots = 0.0
            held = wanted
        quick += close[t] - (close[t - fast] if t >= fast else 0.0)
        lazy += close[t] - (close[t - slow] if t >= slow else 0.0)
        if t >= slow - 1:
            wanted = 1.0 if quick * slow > lazy * fast else 0.0
    return cash + lots * close[-1]


@numba.njit(cache=True)
def _plain_all(opened: FloatArray, close: FloatArray, pairs: Any) -> FloatArray:
    final = np.empty(len(pairs))
    for i in range(len(pairs)):
        final[i] = _plain(opened, close, pairs[i, 0], pairs[i, 1])
    return final


@numba.njit(cache=True, parallel=True)
def _plain_parallel(opened: FloatArray, close: FloatArray, pairs: Any) -> FloatArray:
    final = np.empty(len(pairs))
    for i in numba.prange(len(pairs)):
        final[i] = _plain(opened, close, pairs[i, 0], pairs[i, 1])
    return final


def best_of(work: Callable[[], object], n: int = 15) -> tuple[float, float]:
    """Return the least time by the clock and the least of all processors, milliseconds.

    Where other programs run, the second one tells how much of the first was waiting for them.
    """
    work()
    times: list[tuple[float, float]] = []
    for _ in range(n):
        start, used = time.perf_counter(), time.process_time()
        work()
        times.append((time.perf_counter() - start, time.process_time() - used))
    clock, processors = zip(*times, strict=True)
    return min(clock) * 1e3, min(processors) * 1e3


def market() -> cv.Bars:
    return synthetic_bars(N_BARS, end=1_700_000_000_000, rng=np.random.default_rng(1))


def speed() -> None:
    bars = market()
    pairs = np.array([(fast, slow) for fast in GRID["fast"] for slow in GRID["slow"]])
    found = sweep(bars, crossover, GRID)
    fills = int(found.frame["n_fills"].sum())
    print(f"{len(found)} combinations, {N_BARS:,} bars, {fills:,} fills")
    one = told("plain loop, 1 thread", lambda: _plain_all(bars.open, bars.close, pairs))
    two = told("plain loop, all threads", lambda: _plain_parallel(bars.open, bars.close, pairs))
    told("sweep, 1 thread", lambda: sweep(bars, crossover, GRID, backend="serial"), one)
    told("sweep, all threads", lambda: sweep(bars, crossover, GRID), two)
    with TemporaryDirectory() as folder:
        ledgers = iter(FileLedger(Path(folder) / f"{i}.jsonl") for i in range(100))
        told("sweep with a ledger", lambda: sweep(bars, crossover, GRID, ledger=next(ledgers)))


def told(name: str, work: Callable[[], object], plain: float | None = None) -> float:
    clock, processors = best_of(work)
    against = "" if plain is None else f"  {clock / plain:5.1f} x the plain loop"
    print(f"{name:24}{clock:8.1f} ms, processors {processors:8.1f} ms{against}")
    return clock


def memory() -> None:
    import resource  # noqa: PLC0415 - not on Windows

    sweep(market(), crossover, GRID)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"peak memory of the process {peak / (1 if sys.platform == 'darwin' else 1024):.0f} MB")


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--memory", action="store_true", help="only the peak memory")
    memory() if parser.parse_args().memory else speed()

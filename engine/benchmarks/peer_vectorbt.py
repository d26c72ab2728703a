"""vectorbt's part of `bench_simulate.py`, run by an interpreter that has vectorbt.

    python engine/benchmarks/peer_vectorbt.py MARKET.npz

Reads bars and targets, simulates them as far as vectorbt has the rules (fractional size, no volume
limit, no ticks), and prints seconds and final equity, one line a case.
"""

import importlib
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

REPEATS = 3


def best(work: Callable[[], Any]) -> tuple[float, Any]:
    result = work()
    times: list[float] = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        result = work()
        times.append(time.perf_counter() - start)
    return min(times), result


def main() -> None:
    warnings.simplefilter("ignore")
    # Not part of the project's environment.
    vbt: Any = importlib.import_module("vectorbt")
    given = np.load(sys.argv[1])
    opened, high, low, close, target = (
        given[name] for name in ("open", "high", "low", "close", "target")
    )
    # Decided at the close, filled at the next open.
    size = np.roll(target, 1)
    size[0] = np.nan
    entries, exits = size > 0.0, size == 0.0

    def targets() -> Any:
        portfolio = vbt.Portfolio.from_orders(
            close, size=size, size_type="targetpercent", price=opened, fees=0.001, slippage=0.0005,
            init_cash=10_000.0, freq="1min",
        )  # fmt: skip
        return portfolio.value()

    def stops() -> Any:
        portfolio = vbt.Portfolio.from_signals(
            close, entries=entries, exits=exits, price=opened, open=opened, high=high, low=low,
            size=float(np.nanmax(target)), size_type="percent", fees=0.001, slippage=0.0005,
            init_cash=10_000.0, sl_stop=0.02, tp_stop=0.05, freq="1min",
        )  # fmt: skip
        return portfolio.value()

    for name, work in (("targets", targets), ("stops", stops)):
        seconds, value = best(work)
        print(name, seconds, float(np.asarray(value)[-1]), flush=True)


if __name__ == "__main__":
    main()

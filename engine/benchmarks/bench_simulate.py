"""How fast `cryptovolt.simulate` is, against a plain single pass in Numba in the same run.

    python engine/benchmarks/bench_simulate.py [n_bars]

Quote the ratios: absolute figures depend on the machine and on what else it does. The plain pass
uses floats and knows neither ticks, volume, leverage nor fills: it is the limit, not a simulator.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numba
import numpy as np

from cryptovolt.backtest.simulate import simulate
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import SymbolRules
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.trading.account import Account

RULES = SymbolRules(tick_size=0.01, step_size=0.0001)
REPEATS = 7
FIRST_CALL = """
import time; start = time.perf_counter()
import numpy as np
from cryptovolt.backtest.simulate import simulate
from cryptovolt.domain.bars import Bars
x = np.full(1000, 100.0)
bars = Bars(symbol="X", timeframe="1m", timestamp=np.arange(1000) * 60_000, open=x, high=x, low=x,
            close=x, volume=x)
imported = time.perf_counter()
simulate(bars, np.zeros(1000), stop_loss=0.02)
print(imported - start, time.perf_counter() - imported)
"""


def cents(prices: FloatArray) -> FloatArray:
    return np.rint(prices * 100) / 100


def market(n_bars: int, seed: int = 0) -> Bars:
    rng = np.random.default_rng(seed)
    close = cents(30_000 * np.exp(np.cumsum(rng.normal(0, 5e-4, n_bars))))
    opened = np.concatenate([[30_000.0], close[:-1]])
    spread = np.abs(rng.normal(0, 3e-4, (2, n_bars)))
    return Bars(
        symbol=f"COIN{seed}",
        timeframe="1m",
        timestamp=np.arange(n_bars) * 60_000,
        open=opened,
        high=cents(np.maximum(opened, close) * (1 + spread[0])),
        low=cents(np.minimum(opened, close) * (1 - spread[1])),
        close=close,
        volume=rng.exponential(1000.0, n_bars) + 100.0,
    )


def changes_of_side(n_bars: int, seed: int = 0) -> FloatArray:
    """Targets where a trend changes, about 27,600 in a million bars; none between them."""
    target = np.full(n_bars, np.nan)
    rows = np.sort(
        np.random.default_rng(seed).choice(n_bars, n_bars * 276 // 10_000, replace=False)
    )
    target[rows[::2]] = 0.9
    target[rows[1::2]] = 0.0
    return target


@numba.njit(cache=True)
def plain_pass(
    opened: FloatArray,
    high: FloatArray,
    low: FloatArray,
    close: FloatArray,
    target: FloatArray,
    stop: float,
    profit: float,
    equity: FloatArray,
) -> float:
    cash, held, below, above = 10_000.0, 0.0, 0.0, np.inf
    equity[0] = cash
    for t in range(1, opened.size):
        wish = target[t - 1]
        if wish == wish:
            price = opened[t]
            change = wish * (cash + held * price) / price - held
            paid = price * (1.0005 if change > 0 else 0.9995)
            cash -= change * paid + abs(change) * paid * 0.001
            held += change
            below, above = (paid * (1 - stop), paid * (1 + profit)) if held > 0 else (0.0, np.inf)
        if low[t] <= below or high[t] > above:
            price = min(opened[t], below) * 0.9995 if low[t] <= below else above
            cash += held * price * 0.999
            held, below, above = 0.0, 0.0, np.inf
        equity[t] = cash + held * close[t]
    return cash


def best(work: Callable[[], object]) -> float:
    work()
    times: list[float] = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def first_call(cache: Path) -> tuple[float, float]:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache)}
    done = subprocess.run(
        [sys.executable, "-c", FIRST_CALL],
        env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    imported, called = (float(word) for word in done.stdout.split())
    return imported, called


def one_call_per_bar(bars: Bars) -> float:
    account = Account({bars.symbol: RULES}, TradingSettings(stop_loss=0.02))
    rows = list(zip(bars.open, bars.high, bars.low, bars.close, bars.volume, strict=True))[:5000]
    times: list[float] = []
    for t, row in enumerate(rows):
        start = time.perf_counter()
        account.step(t * 60_000, *row)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    n_bars = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    bars, target = market(n_bars), changes_of_side(n_bars)
    columns = (bars.open, bars.high, bars.low, bars.close)
    equity = np.empty(n_bars)
    one, two = os.getloadavg()[:2]
    print(f"{n_bars:,} bars, load {one:.2f} {two:.2f}")

    def plain(stop: float, profit: float) -> float:
        return best(lambda: plain_pass(*columns, target, stop, profit, equity))

    limit = plain(2.0, 1e9)
    limit_stops = plain(0.02, 0.05)
    # Bars are checked and converted to ticks once; that first run is told apart.
    start = time.perf_counter()
    simulate(market(n_bars), target, rules=RULES)
    conversion = time.perf_counter() - start
    many = {f"COIN{s}": market(n_bars // 10, s) for s in range(10)}
    wide = np.column_stack([changes_of_side(n_bars // 10, s) for s in range(10)]) / 10
    cases: list[tuple[str, Callable[[], object], float]] = [
        ("targets and costs", lambda: simulate(bars, target, rules=RULES), limit),
        (
            "with stop and take profit",
            lambda: simulate(bars, target, rules=RULES, stop_loss=0.02, take_profit=0.05),
            limit_stops,
        ),
        (
            "everything on",
            lambda: simulate(
                bars, target, rules=RULES, stop_loss=0.02, take_profit=0.05, trailing_stop=0.03,
                max_daily_loss=0.05,
            ),
            limit_stops,
        ),
        ("rules inferred", lambda: simulate(bars, target), limit),
        ("10 symbols, a tenth of the bars each", lambda: simulate(many, wide, rules=RULES), limit),
    ]  # fmt: skip
    print(f"{'plain pass':38} {n_bars / limit / 1e6:8.0f} M bars/s")
    print(f"{'plain pass with stops':38} {n_bars / limit_stops / 1e6:8.0f} M bars/s")
    for name, work, against in cases:
        taken = best(work)
        print(
            f"{name:38} {n_bars / taken / 1e6:8.0f} M bars/s   {taken / against:5.1f} × the limit"
        )
    print(f"{'made, checked and converted first':38} {conversion:8.3f} s")
    print(f"{'one call per bar':38} {one_call_per_bar(bars) * 1e6:8.1f} µs")
    with tempfile.TemporaryDirectory() as folder:
        for name in ("first call, nothing compiled", "first call, compiled before"):
            imported, called = first_call(Path(folder))
            print(f"{name:38} {called:8.2f} s (import {imported:.2f} s)")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{'peak memory of this process':38} {peak:8.0f} MB")


if __name__ == "__main__":
    main()

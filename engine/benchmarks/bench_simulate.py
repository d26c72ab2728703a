"""How fast `cryptovolt.simulate` is, against a plain single pass in Numba in the same run.

    python engine/benchmarks/bench_simulate.py [--bars N] [--peer PYTHON] [--plot FILE.svg]

Quote the ratios: absolute figures depend on the machine and on what else it does. The plain pass
uses floats and knows neither ticks, volume, leverage nor fills: it is the limit, not a simulator.
`--peer` names an interpreter that has vectorbt, to measure it on the same bars in the same run;
`--plot` draws the time against the number of bars and of symbols.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numba
import numpy as np

from cryptovolt.backtest.simulate import simulate, simulate_account
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import Costs, SymbolRules
from cryptovolt.domain.funding import FundingRates
from cryptovolt.domain.protections import LowProfit, Protections, StopGuard
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.trading.account import Account

RULES = SymbolRules(tick_size=0.01, step_size=0.000001)
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
    # Small enough that the costs of so many trades leave an account until the end.
    target[rows[::2]] = 0.09
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
    columns = (bars.open, bars.high, bars.low, bars.close, bars.volume)
    rows = list(zip(*(column[:100_000].tolist() for column in columns), strict=True))
    account.step(-60_000, *rows[0])
    start = time.perf_counter()
    for t, row in enumerate(rows):
        account.step(t * 60_000, *row)
    return (time.perf_counter() - start) / len(rows)


def everything(n_bars: int) -> tuple[TradingSettings, FundingRates]:
    trading = TradingSettings(
        costs=Costs(maker_fee=0.0002, spread=0.0002, impact=0.01, volatility=0.01),
        stop_loss=0.02,
        take_profit=0.05,
        trailing_stop=0.03,
        max_daily_loss=0.05,
        rebalance_band=0.01,
        protections=Protections(
            cooldown=1,
            stop_guard=StopGuard(stops=4, within=600, pause=60),
            low_profit=LowProfit(trades=4, within=600, pause=60, least=-0.1),
            max_drawdown=0.2,
            drawdown_pause=1440,
            max_order=1.0,
        ),
    )
    times = np.arange(0, n_bars * 60_000, 8 * 3_600_000, dtype=np.int64)
    rates = np.random.default_rng(1).normal(0, 1e-4, times.size)
    return trading, FundingRates(timestamp=times, rate=rates)


def wide(n_bars: int, n_symbols: int) -> tuple[dict[str, Bars], FloatArray]:
    markets = {f"COIN{s}": market(n_bars, s) for s in range(n_symbols)}
    targets = [changes_of_side(n_bars, s) / n_symbols for s in range(n_symbols)]
    return markets, np.column_stack(targets)


def measured(name: str, units: int, work: Callable[[], object], limit: float) -> None:
    taken = best(work)
    print(
        f"{name:42} {units / taken / 1e6:8.0f} M/s   {taken / limit:5.2f} × the time of the limit",
        flush=True,
    )


def peers(python: str, bars: Bars, target: FloatArray) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "market.npz"
        np.savez(
            path, open=bars.open, high=bars.high, low=bars.low, close=bars.close, target=target
        )
        script = Path(__file__).with_name("peer_vectorbt.py")
        done = subprocess.run(
            [python, str(script), str(path)], check=True, capture_output=True, text=True
        )
    for line in done.stdout.splitlines():
        name, seconds, equity = line.split()
        print(f"vectorbt, {name:32} {len(bars) / float(seconds) / 1e6:8.1f} M/s   equity {equity}")


def plot(path: Path) -> None:
    """Draw seconds against bars (one symbol) and against symbols (100,000 bars each)."""
    sizes = range(200_000, 2_000_001, 200_000)
    by_bars = [(n, _warm(market(n), changes_of_side(n))) for n in sizes]
    by_symbols = [(k, _warm(*wide(100_000, k))) for k in (1, 2, 5, 10, 20, 30, 40)]
    for name, points in (("bars", by_bars), ("symbols", by_symbols)):
        for size, seconds in points:
            print(f"{name} {size:>9,} {seconds * 1e3:8.2f} ms {seconds / size * 1e9:10.1f} ns each")
    path.write_text(_drawing(by_bars, by_symbols), encoding="utf-8")


def _warm(bars: Bars | dict[str, Bars], target: FloatArray) -> float:
    return best(lambda: simulate(bars, target, rules=RULES))


def _drawing(*series: list[tuple[int, float]]) -> str:
    parts: list[str] = []
    for place, points in enumerate(series):
        most, longest = points[-1][0], max(seconds for _, seconds in points)
        path = " ".join(
            f"{60 + 380 * place + 300 * size / most:.0f},{260 - 220 * seconds / longest:.0f}"
            for size, seconds in points
        )
        label = f"{longest * 1e3:.1f} ms at {most:,} {('bars', 'symbols of 100,000 bars')[place]}"
        parts.append(
            f'<polyline points="{path}" fill="none" stroke="currentColor" stroke-width="2"/>'
            f'<path d="M{60 + 380 * place},40v220h300" fill="none" stroke="gray"/>'
            f'<text x="{60 + 380 * place}" y="285" font-size="13">{label}</text>'
        )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 780 300" font-family="sans-serif" '
        f'role="img" aria-label="Time against bars and symbols">{"".join(parts)}</svg>\n'
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--bars", type=int, default=1_000_000)
    parser.add_argument("--peer")
    parser.add_argument("--plot", type=Path)
    given = parser.parse_args()
    n_bars: int = given.bars
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
    print(f"{'plain pass (the limit)':42} {n_bars / limit / 1e6:8.0f} M/s")
    print(f"{'plain pass with stops (the limit)':42} {n_bars / limit_stops / 1e6:8.0f} M/s")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    measured("targets and costs", n_bars, lambda: simulate(bars, target, rules=RULES), limit)
    measured(
        "with stop and take profit", n_bars,
        lambda: simulate(bars, target, rules=RULES, stop_loss=0.02, take_profit=0.05),
        limit_stops,
    )  # fmt: skip
    trading, funding = everything(n_bars)
    measured(
        "everything on", n_bars,
        lambda: simulate_account(bars, target, trading, RULES, funding), limit_stops,
    )  # fmt: skip
    many, targets = wide(n_bars // 10, 10)
    measured(
        "10 symbols on one cash (symbol-bars)", n_bars,
        lambda: simulate(many, targets, rules=RULES), limit,
    )  # fmt: skip
    measured(
        "10 symbols, everything on", n_bars,
        lambda: simulate_account(many, targets, trading, RULES), limit_stops,
    )  # fmt: skip
    run = simulate(bars, target, rules=RULES)
    start = time.perf_counter()
    n_measures = len(run.statistics)
    told = time.perf_counter() - start
    print(f"{'final equity, fills':42} {run.equity[-1]:.2f}, {len(run.fill_rows)}")
    print(f"{f'{n_measures} statistics, trades included':42} {told:8.3f} s")
    print(f"{'made, checked and converted first':42} {conversion:8.3f} s")
    print(f"{'one call per bar':42} {one_call_per_bar(bars) * 1e6:8.2f} µs")
    if given.peer:
        peers(given.peer, bars, target)
    with tempfile.TemporaryDirectory() as folder:
        for name in ("first call, nothing compiled", "first call, compiled before"):
            imported, called = first_call(Path(folder))
            print(f"{name:42} {called:8.2f} s (import {imported:.2f} s)")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{'peak memory, bars made · simulated':42} {before:8.0f} · {peak:.0f} MB")
    if given.plot:
        plot(given.plot)


if __name__ == "__main__":
    main()

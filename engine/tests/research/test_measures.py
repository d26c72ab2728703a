"""The compiled measures are those of the full run, to the last bit."""

import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptovolt.backtest.room import Room
from cryptovolt.backtest.simulate import simulate
from cryptovolt.backtest.simulation import Simulation
from cryptovolt.domain.bars import Bars
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.research.measures import MEASURES, measure
from cryptovolt.research.synthetic import synthetic_bars

BARS = synthetic_bars(1_500, end=1_700_000_000_000, rng=np.random.default_rng(5))


def _same(first: float, second: float | None) -> bool:
    return second is not None and (first == second or (math.isnan(first) and math.isnan(second)))


@settings(max_examples=15)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_bars=st.integers(1, 1_500),
    share=st.sampled_from([0.0, 0.001, 0.05, 0.5]),
    stop=st.sampled_from([None, 0.02]),
)
def test_measures_are_those_of_the_run(
    seed: int, n_bars: int, share: float, stop: float | None
) -> None:
    rng = np.random.default_rng(seed)
    target = np.where(rng.random(n_bars) < share, rng.choice([-1.0, 0.0, 0.5, 1.0], n_bars), np.nan)
    run = simulate(BARS[:n_bars], target, stop_loss=stop)
    found = measure(run)
    assert tuple(found.measures) == MEASURES
    wrong = [
        (name, value, run.statistics[name])
        for name, value in found.measures.items()
        if not _same(value, run.statistics[name])
    ]
    assert not wrong
    np.testing.assert_array_equal(found.equity, run.equity)
    assert found.n_observations == np.isfinite(run.returns).sum()


def test_measures_of_a_ruined_account_are_those_of_the_run() -> None:
    # A short of ten times the equity into a market that doubles.
    n = 50
    close = np.linspace(100.0, 200.0, n)
    bars = Bars(
        symbol="BTCUSDT", timeframe="1h", timestamp=3_600_000 * (450_000 + np.arange(n)),
        open=close, high=close, low=close, close=close, volume=np.full(n, 1e9),
    )  # fmt: skip
    target = np.full(n, np.nan)
    target[0] = -10.0
    run = simulate(bars, target, leverage=10.0, maintenance_margin=None)
    found = measure(run)
    assert found.measures["final_equity"] <= 0
    assert found.n_observations < n
    wrong = [n for n, v in found.measures.items() if not _same(v, run.statistics[n])]
    assert not wrong


@pytest.mark.parametrize("n", [1, 7, 8, 9, 127, 128, 129, 1_000, 8_193])
def test_sums_are_taken_in_the_order_of_numpy(n: int) -> None:
    run = simulate(
        synthetic_bars(n, end=1_700_000_000_000, rng=np.random.default_rng(n)), np.full(n, 0.5)
    )
    found, expected = measure(run).measures, run.statistics
    assert all(_same(found[name], expected[name]) for name in ("volatility", "ulcer_index"))


def test_measures_in_used_memory_are_those_in_fresh_memory() -> None:
    rng = np.random.default_rng(3)
    simulation, room, work = Simulation(BARS, TradingSettings()), Room(), np.full((3, 1_500), 7.0)
    for share in (0.5, 0.01, 0.0, 0.2):
        target = np.where(rng.random(1_500) < share, rng.choice([0.0, 0.5, 1.0], 1_500), np.nan)
        used, fresh = simulation.run(target, room), simulation.run(target)
        np.testing.assert_array_equal(used.fill_rows, fresh.fill_rows)
        assert measure(used, work).measures == pytest.approx(
            measure(fresh).measures, rel=0, abs=0, nan_ok=True
        )


def test_many_fills_grow_the_room_and_all_are_kept() -> None:
    target = np.tile([1.0, 0.0], 750)
    simulation, room = Simulation(BARS, TradingSettings()), Room()
    used = simulation.run(target, room)
    assert len(used.fill_rows) > 1_024
    np.testing.assert_array_equal(used.fill_rows, simulation.run(target).fill_rows)
    np.testing.assert_array_equal(used.equity_units, simulation.run(target, room).equity_units)


def test_fees_and_turnover_are_sums_of_whole_numbers_rounded_once() -> None:
    run = simulate(BARS, np.tile([1.0, 0.0], 750))
    fees = float(sum(fill.fee for fill in run.fills))
    assert measure(run).measures["fees_paid"] == run.statistics["fees_paid"] == fees


def test_what_was_compiled_by_another_process_is_read_from_its_cache(tmp_path: Path) -> None:
    # Numba has crashed on functions that call themselves when it read them from a cache.
    program = (
        "import numpy as np\n"
        "from cryptovolt.research import passes\n"
        "units = 10**12 + np.random.default_rng(1).integers(-9, 9, 5_000).cumsum() * 10**6\n"
        "room = np.empty((3, units.size))\n"
        "print(passes.equity_figures(units, 1.0, 1e8, 1e4, room))\n"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)},
            capture_output=True, text=True, check=True, timeout=300,
        ).stdout
        for _ in range(2)
    ]  # fmt: skip
    assert said[0] == said[1] != ""

"""Sweeps: one row per combination, each a trial, each exactly what its own run says."""

import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest

from cryptovolt.backtest.simulate import simulate
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import Costs
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.research.ledger import FileLedger
from cryptovolt.research.measures import MEASURES
from cryptovolt.research.sweep import Sweep, sweep
from cryptovolt.research.synthetic import synthetic_bars

BARS = synthetic_bars(2_000, end=1_700_000_000_000, rng=np.random.default_rng(9))
GRID = {"fast": [5, 10], "slow": [20, 40, 80]}


def _crossover(close: FloatArray, fast: int, slow: int) -> FloatArray:
    target = np.full(close.size, np.nan)
    for t in range(slow, close.size):
        target[t] = 1.0 if close[t - fast : t].mean() > close[t - slow : t].mean() else 0.0
    return target


compiled = numba.njit(nogil=True)(_crossover)


def plain(bars: Bars, fast: int, slow: int) -> FloatArray:
    return _crossover(bars.close, fast, slow)


@pytest.fixture
def ledger(tmp_path: Path) -> FileLedger:
    return FileLedger(tmp_path / "trials.jsonl")


def _rows(found: Sweep) -> list[dict[str, Any]]:
    return found.frame.to_dicts()


def test_every_row_is_exactly_what_its_run_says() -> None:
    found = sweep(BARS, compiled, GRID)
    assert len(found) == 6
    for number, row in enumerate(_rows(found)):
        target = _crossover(BARS.close, row["fast"], row["slow"])
        statistics = simulate(BARS, target).statistics
        assert found.run(number).statistics["sharpe"] == statistics["sharpe"]
        for name in MEASURES:
            expected = None if math.isnan(statistics[name]) else statistics[name]
            assert row[name] == expected, name


def test_the_frame_has_parameters_and_then_measures_in_the_order_of_the_grid() -> None:
    found = sweep(BARS, compiled, GRID)
    assert found.frame.columns == ["fast", "slow", *MEASURES]
    assert found.frame["fast"].to_list() == [5, 5, 5, 10, 10, 10]
    assert found.frame["slow"].to_list() == [20, 40, 80] * 2
    assert list(found.to_pandas().columns) == found.frame.columns


@pytest.mark.parametrize("backend", ["serial", "threads", "processes", "loky", "threading"])
def test_every_backend_finds_the_same(backend: str) -> None:
    def momentum(close: FloatArray, n: int) -> FloatArray:
        return np.where(close > np.roll(close, n), 1.0, 0.0)

    grid = {"n": [1, 5, 20]}
    found = sweep(BARS, momentum, grid, backend=backend, workers=2)
    for row in _rows(found):
        run = simulate(BARS, momentum(BARS.close, row["n"]))
        assert row["final_equity"] == run.statistics["final_equity"]


def test_a_plain_function_finds_what_a_compiled_one_finds() -> None:
    found = sweep(BARS, plain, GRID, backend="serial")
    assert found.frame.equals(sweep(BARS, compiled, GRID, workers=2).frame)


def test_processes_without_joblib_find_the_same(tmp_path: Path) -> None:
    # In a program of its own, in which joblib cannot be imported.
    (tmp_path / "mine.py").write_text(
        "import numpy as np\n"
        "def target(close, n):\n"
        "    return np.where(close > np.roll(close, n), 1.0, 0.0)\n"
    )
    program = (
        "import sys\n"
        f"sys.path.insert(0, {str(tmp_path)!r})\n"
        "import importlib.util as u\n"
        "real = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'joblib' else real(name, *a)\n"
        "import numpy as np, mine\n"
        "from cryptovolt.research.sweep import sweep\n"
        "from cryptovolt.research.synthetic import synthetic_bars\n"
        "from cryptovolt.domain.errors import ConfigurationError\n"
        "if __name__ == '__main__':\n"
        "    bars = synthetic_bars(300, end=1_700_000_000_000, rng=np.random.default_rng(1))\n"
        "    one = sweep(bars, mine.target, {'n': [1, 2, 3]}, workers=2)\n"
        "    two = sweep(bars, mine.target, {'n': [1, 2, 3]}, backend='serial')\n"
        "    assert one.frame.equals(two.frame)\n"
        "    local = lambda close, n: close * 0\n"
        "    for function, backend in ((local, None), (mine.target, 'loky')):\n"
        "        try:\n"
        "            sweep(bars, function, {'n': [1, 2]}, workers=2, backend=backend)\n"
        "        except ConfigurationError as error:\n"
        "            print(error)\n"
    )
    file = tmp_path / "program.py"
    file.write_text(program)
    done = subprocess.run(
        [sys.executable, str(file)], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first.startswith("expected a function of a module for backend='processes', found <lam")
    assert second.startswith("expected a backend among serial, threads, processes, found 'loky'")


def test_settings_of_the_account_may_be_swept_too() -> None:
    grid = {"fast": [5], "slow": [40], "stop_loss": [None, 0.01], "fee": [0.0, 0.002]}
    found = sweep(BARS, compiled, grid, cash=5_000.0, costs=Costs(slippage=0.001))
    target = _crossover(BARS.close, 5, 40)
    for row in _rows(found):
        costs = Costs(fee=row["fee"], slippage=0.001)
        run = simulate(BARS, target, costs=costs, cash=5_000.0, stop_loss=row["stop_loss"])
        assert row["final_equity"] == run.statistics["final_equity"]
    assert found.run(0).trading.costs == Costs(fee=0.0, slippage=0.001)
    assert found.frame["final_equity"].n_unique() == 4


def test_settings_can_be_given_as_an_object_and_changed_by_keywords() -> None:
    trading = TradingSettings(cash=2_000.0, stop_loss=0.05)
    found = sweep(BARS, compiled, {"fast": [5], "slow": [40]}, trading=trading, leverage=2.0)
    assert found.run(0).trading == TradingSettings(cash=2_000.0, stop_loss=0.05, leverage=2.0)
    dear = sweep(BARS, compiled, {"fast": [5], "slow": [40]}, costs=Costs(slippage=0.01), fee=0.02)
    assert dear.run(0).trading.costs == Costs(slippage=0.01, fee=0.02)


def test_several_symbols_have_columns_side_by_side() -> None:
    other = synthetic_bars(2_000, end=1_700_000_000_000, rng=np.random.default_rng(10))
    both = {"BTCUSDT": BARS, "ETHUSDT": Bars(symbol="ETHUSDT", timeframe=other.timeframe,
        timestamp=BARS.timestamp, open=other.open, high=other.high, low=other.low,
        close=other.close, volume=other.volume)}  # fmt: skip

    def momentum(close: FloatArray, n: int) -> FloatArray:
        target = np.zeros(close.shape)
        target[n:] = 0.5 * (close[n:] > close[:-n])
        return target

    found = sweep(both, momentum, {"n": [5, 50]}, backend="serial")
    closes = np.column_stack([BARS.close, other.close])
    for row in _rows(found):
        run = simulate(both, momentum(closes, row["n"]))
        assert row["sharpe"] == run.statistics["sharpe"]
    assert found.trials[0].symbols == ("BTCUSDT", "ETHUSDT")


def test_the_best_row_can_be_run_again() -> None:
    found = sweep(BARS, compiled, GRID)
    best = found.best()
    assert best["sharpe"] == max(row["sharpe"] for row in _rows(found))
    assert found.run(best["row"]).statistics["sharpe"] == best["sharpe"]
    assert found.run(best).statistics["sharpe"] == best["sharpe"]
    calm = found.best("max_drawdown")
    assert calm["max_drawdown"] == min(row["max_drawdown"] for row in _rows(found))


def test_a_random_sweep_draws_from_the_grid() -> None:
    grid = {"fast": range(2, 30), "slow": range(40, 90)}
    drawn = [
        sweep(BARS, compiled, grid, method="random", n_random=4, rng=np.random.default_rng(3))
        for _ in range(2)
    ]
    assert len(drawn[0]) == 4
    assert drawn[0].frame.equals(drawn[1].frame)


def test_every_combination_is_a_trial(ledger: FileLedger) -> None:
    found = sweep(BARS, compiled, GRID, ledger=ledger, study="one", progress=None)
    first, last = BARS.timestamp[[0, -1]].tolist()
    kept = ledger.trials((BARS.symbol,), first, last)
    assert [dict(trial.parameters) for trial in kept] == list(found.combinations)
    assert [trial.hash for trial in kept] == [trial.hash for trial in found.trials]
    assert {trial.kind for trial in kept} == {"sweep"}
    row = _rows(found)[2]
    year = math.sqrt(found.run(2).periods_per_year)
    assert kept[2].sharpe is not None
    assert kept[2].sharpe * year == row["sharpe"]
    assert kept[2].data_hash == BARS.content_hash()
    assert dict(kept[2].result) == {name: row[name] for name in MEASURES}


def test_another_name_resets_no_count_and_the_best_is_deflated_by_all(ledger: FileLedger) -> None:
    assert sweep(BARS, compiled, GRID).selection().deflated is None
    one = sweep(BARS, compiled, GRID, ledger=ledger, study="one").selection()
    more = {"fast": [6, 11], "slow": [30, 60]}
    sweep(BARS, compiled, more, ledger=ledger, study="entirely new")
    two = sweep(BARS, compiled, GRID, ledger=ledger, study="one").selection()
    assert one.trials is not None
    assert two.trials is not None
    assert (one.trials.n_trials, two.trials.n_trials) == (6, 10)
    assert 1 <= one.trials.n_effective <= two.trials.n_effective <= 10
    assert two.deflated_by_all is not None
    assert two.deflated is not None
    assert two.probabilistic is not None
    assert max(two.deflated_by_all, two.deflated) <= two.probabilistic


CALLS: list[int] = []


def _impatient(close: FloatArray, n: int) -> FloatArray:
    CALLS.append(n)
    if len(CALLS) == 6:
        raise KeyboardInterrupt
    return np.where(close > np.roll(close, n), 1.0, 0.0)


def test_an_interrupted_sweep_goes_on_where_it_was(ledger: FileLedger) -> None:
    grid = {"n": list(range(1, 11))}
    how: dict[str, Any] = {"backend": "serial", "workers": 1}
    CALLS.clear()
    with pytest.raises(KeyboardInterrupt):
        sweep(BARS, _impatient, grid, ledger=ledger, **how)
    done = ledger.verify().n_trials
    assert 0 < done < 6
    CALLS[:] = [0] * 10
    found = sweep(BARS, _impatient, grid, ledger=ledger, **how)
    assert CALLS[10:] == list(range(done + 1, 11))
    assert ledger.verify().n_trials == 10
    fresh = sweep(BARS, _impatient, grid, **how)
    assert found.frame.equals(fresh.frame)
    np.testing.assert_array_equal(found.returns_matrix(), fresh.returns_matrix())


def _first(close: FloatArray, n: int) -> FloatArray:
    return np.where(close > np.roll(close, n), 1.0, 0.0)


def _second(close: FloatArray, n: int) -> FloatArray:
    return np.where(close < np.roll(close, n), 1.0, 0.0)


def _made(n: float) -> Callable[..., FloatArray]:
    def target(close: FloatArray) -> FloatArray:
        return np.where(close > np.roll(close, int(n)), 1.0, 0.0)

    return target


CHANGES: list[dict[str, Any]] = [
    {"function": _second},
    {"stop_loss": 0.02},
    {"costs": Costs(fee=0.002)},
    {"bars": BARS[:1_999]},
    {"study": "another"},
    {"resume": False},
]


@pytest.mark.parametrize("change", CHANGES)
def test_only_what_is_the_same_is_recalled(ledger: FileLedger, change: dict[str, Any]) -> None:
    same: dict[str, Any] = {
        "bars": BARS, "function": _first, "ledger": ledger, "study": "one", "backend": "serial",
    }  # fmt: skip
    _try_two(**same)
    _try_two(**same)
    assert ledger.verify().n_trials == 2
    _try_two(**{**same, **change})
    assert ledger.verify().n_trials == 4


def _try_two(bars: Bars, function: Any, **how: Any) -> None:
    sweep(bars, function, {"n": [1, 2]}, **how)


def test_a_whole_number_and_a_fraction_are_two_parameters(ledger: FileLedger) -> None:
    for values in ([1, 2], [1.0, 2.0]):
        sweep(BARS, _times, {"n": values}, ledger=ledger, backend="serial")
    assert ledger.verify().n_trials == 4


def _times(close: FloatArray, n: float) -> FloatArray:
    return np.where(close > np.roll(close, int(n)), 1.0, 0.0)


def test_what_a_function_has_closed_over_is_part_of_it(ledger: FileLedger) -> None:
    for n in (1, 2):
        sweep(BARS, _made(n), {"stop_loss": [0.02]}, ledger=ledger, backend="serial")
    assert ledger.verify().n_trials == 2


def test_the_matrix_of_returns_has_a_column_for_every_row() -> None:
    found = sweep(BARS, compiled, GRID)
    matrix = found.returns_matrix()
    growth = np.prod(1 + matrix, axis=0)
    expected = found.frame["final_equity"].to_numpy() / 10_000
    np.testing.assert_allclose(growth, expected, rtol=1e-5)


def _no_named(close: FloatArray, *rest: int) -> FloatArray:
    return close * len(rest)


def _short(close: FloatArray, n: int) -> FloatArray:
    return close[n:] * 0


def _large(close: FloatArray, n: int) -> FloatArray:
    return close * 0 + n


BAD: list[tuple[Any, dict[str, Any], dict[str, Any], type[Exception], str]] = [
    (plain, {"fast": [5]}, {}, ConfigurationError, "found none for slow"),
    (plain, {**GRID, "quick": [1]}, {}, ConfigurationError, "unknown parameter quick: plain takes"),
    (plain, {}, {}, ConfigurationError, "a grid with at least one parameter"),
    (plain, {**GRID, "sharpe": [1]}, {}, ConfigurationError, "found sharpe, which is a measure"),
    (plain, {**GRID, "stop_loss": [2.0]}, {}, ConfigurationError, "with fast=5, slow=20, stop_lo"),
    (plain, {**GRID, "costs": [1]}, {}, ConfigurationError, "unknown parameter costs"),
    (plain, GRID, {"stop": 0.1}, ConfigurationError, "unknown setting stop: an account has cash,"),
    (plain, GRID, {"cash": 0.0}, ConfigurationError, "cash above 0, found 0"),
    (plain, GRID, {"workers": 0}, ConfigurationError, "at least 1 worker, found 0"),
    (plain, GRID, {"backend": "cloud"}, ConfigurationError, "joblib knows no backend 'cloud'"),
    (5, GRID, {}, ConfigurationError, "a function that makes targets, found int"),
    (_no_named, {"n": [1]}, {}, ConfigurationError, "named arguments only, found rest"),
    (_short, {"n": [3]}, {}, DataError, r"with n=3: expected a target of shape \(2000, 1\)"),
    (_large, {"n": [3]}, {}, ConfigurationError, r"with n=3: expected targets between -1 and 1"),
]  # fmt: skip


def _sweep(function: Any, grid: Any, **how: Any) -> Sweep:
    return sweep(BARS, function, grid, **how)


@pytest.mark.parametrize(("function", "grid", "how", "error", "message"), BAD)
def test_bad_input_is_refused_in_one_sentence(
    function: Any, grid: dict[str, Any], how: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message) as caught:
        _sweep(function, grid, **{"backend": "serial", **how})
    assert "\n" not in str(caught.value)


def test_what_does_not_exist_cannot_be_chosen() -> None:
    found = sweep(BARS, compiled, GRID)
    with pytest.raises(ConfigurationError, match=r"an objective among final_equity, .*'luck'"):
        found.best("luck")
    with pytest.raises(ConfigurationError, match="a row from 0 to 5, found 6"):
        found.run(6)
    still = sweep(BARS, _large, {"n": [0]}, backend="serial")
    with pytest.raises(ConfigurationError, match="a row with a defined sharpe, found none among 1"):
        still.best()


def test_progress_is_told() -> None:
    seen: list[tuple[int, int]] = []

    def note(done: int, total: int, message: str) -> None:
        assert message == "combinations"
        seen.append((done, total))

    sweep(BARS, compiled, GRID, workers=1, progress=note)
    assert seen[-1] == (6, 6)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)

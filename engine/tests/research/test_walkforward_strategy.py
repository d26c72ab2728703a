"""Walk-forward of a strategy: chosen on the past, traded on what comes next."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptovolt.backtest.simulate import simulate
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import Costs
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.research.ledger import FileLedger
from cryptovolt.research.strategy_windows import StrategyWindows
from cryptovolt.research.synthetic import synthetic_bars
from cryptovolt.research.walkforward_strategy import StrategyWalkForward, walkforward

BARS = synthetic_bars(1_500, end=1_700_000_000_000, rng=np.random.default_rng(12))
GRID = {"n": [3, 10, 40]}
HOW: dict[str, Any] = {"train": 400, "test": 300, "purge": 20, "embargo": 5, "backend": "serial"}


def momentum(close: FloatArray, n: int) -> FloatArray:
    target = np.full(close.size, np.nan)
    up = close[n:] > close[:-n]
    target[n:] = up
    target[n + 1 :][up[1:] == up[:-1]] = np.nan
    return target


# Bars, train, test, purge, embargo, anchored: rows of every fold, counted by hand.
CUTS = [
    (
        (100, 40, 20, 0, 0, False),
        [(0, 40, 40, 60), (20, 60, 60, 80), (40, 80, 80, 100)],
    ),
    (
        (100, 40, 20, 3, 2, False),
        [(0, 40, 45, 65), (20, 60, 65, 85), (40, 80, 85, 100)],
    ),
    (
        (100, 40, 20, 3, 2, True),
        [(0, 40, 45, 65), (0, 60, 65, 85), (0, 80, 85, 100)],
    ),
    ((41, 40, 20, 0, 0, False), [(0, 40, 40, 41)]),
]


@pytest.mark.parametrize(("cut", "expected"), CUTS)
def test_windows_by_hand(cut: tuple[Any, ...], expected: list[tuple[int, ...]]) -> None:
    n_bars, train, test, purge, embargo, anchored = cut
    windows = StrategyWindows(
        train=train, test=test, purge=purge, embargo=embargo, anchored=anchored
    ).split(n_bars)
    found = [(w.train_start, w.train_stop, w.test_start, w.test_stop) for w in windows]
    assert found == expected


@given(
    train=st.integers(2, 50), test=st.integers(1, 50), purge=st.integers(0, 10),
    embargo=st.integers(0, 10), anchored=st.booleans(), more=st.integers(1, 300),
)  # fmt: skip
def test_every_bar_after_the_first_window_is_tested_once_and_never_trained_on_too_close(
    train: int, test: int, purge: int, embargo: int, more: int, *, anchored: bool
) -> None:
    first = train + purge + embargo
    windows = StrategyWindows(
        train=train, test=test, purge=purge, embargo=embargo, anchored=anchored
    ).split(first + more)
    tested = [row for w in windows for row in range(w.test_start, w.test_stop)]
    assert tested == list(range(first, first + more))
    for window in windows:
        assert window.test_start - window.train_stop == purge + embargo
        assert window.train_start == (0 if anchored else window.train_stop - train)


def test_each_fold_chooses_what_a_sweep_of_its_training_window_finds() -> None:
    found = walkforward(BARS, momentum, GRID, **HOW)
    for window, chosen in zip(found.windows, found.chosen, strict=True):
        # Indicators may look back before the window; what they said last is held at its start.
        sharpes: list[float] = []
        for n in GRID["n"]:
            made = momentum(BARS.close[: window.train_stop], n)
            target = made[window.train_start :].copy()
            said = made[: window.train_start + 1]
            if window.train_start > 0:
                target[0] = said[~np.isnan(said)][-1]
            run = simulate(BARS[window.train_start : window.train_stop], target)
            sharpes.append(run.statistics["sharpe"])
        assert chosen == {"n": GRID["n"][int(np.argmax(sharpes))]}
    assert found.folds["train_sharpe"].to_list() == [
        max(trial.result["sharpe"] or 0.0 for trial in found.trials[3 * fold : 3 * fold + 3])
        for fold in range(len(found.windows))
    ]


def test_one_account_trades_what_was_chosen_window_by_window() -> None:
    found = walkforward(BARS, momentum, GRID, **HOW)
    start = found.windows[0].test_start
    target = np.full(len(BARS), np.nan)
    for window, chosen in zip(found.windows, found.chosen, strict=True):
        assert chosen is not None
        made = momentum(BARS.close[: window.test_stop], int(chosen["n"] or 0))
        part = made[window.test_start :].copy()
        # Where the new parameters say nothing at the first bar, they hold what they said last.
        said = made[: window.test_start + 1]
        part[0] = said[~np.isnan(said)][-1]
        target[window.test_start : window.test_stop] = part
    expected = simulate(BARS[start:], target[start:])
    np.testing.assert_array_equal(found.equity, expected.equity)
    np.testing.assert_array_equal(found.timestamp, BARS.timestamp[start:])
    assert found.run.stamps == ()


def test_the_table_tells_each_fold() -> None:
    found = walkforward(BARS, momentum, GRID, **HOW)
    rows = found.folds.to_dicts()
    assert found.folds.columns == [
        "fold", "test_start", "test_end", "n_train", "n_test", "n", "train_sharpe", "test_sharpe",
        "test_return",
    ]  # fmt: skip
    assert [row["n_test"] for row in rows] == [300, 300, 300, 175]
    growth = np.prod([1 + row["test_return"] for row in rows])
    assert growth == pytest.approx(found.equity[-1] / 10_000, rel=1e-12)
    first = int(rows[1]["test_start"].timestamp() * 1000)
    assert first == BARS.timestamp[found.windows[1].test_start]


def test_an_objective_of_which_less_is_better() -> None:
    found = walkforward(BARS, momentum, GRID, **HOW, objective="max_drawdown")
    for fold in range(len(found.windows)):
        depths = [t.result["max_drawdown"] for t in found.trials[3 * fold : 3 * fold + 3]]
        assert found.folds["train_max_drawdown"][fold] == min(d or 0.0 for d in depths)


def test_what_never_trades_in_training_stays_flat() -> None:
    def flat(close: FloatArray, n: int) -> FloatArray:
        return close * 0 * n

    found = walkforward(BARS, flat, {"n": [1]}, **HOW)
    assert set(found.chosen) == {None}
    assert len(found.run.fill_rows) == 0
    assert found.folds["train_sharpe"].null_count() == len(found.folds)


def test_a_position_is_closed_when_the_new_parameters_hold_none() -> None:
    # The first parameters hold from the start, the others never do.
    half = len(BARS) // 2

    def switch(bars: Bars, hold: bool) -> FloatArray:
        target = np.full(len(bars), np.nan)
        target[0] = 1.0 if hold else 0.0
        return target

    rising = np.linspace(100.0, 200.0, half)
    falling = np.linspace(200.0, 50.0, len(BARS) - half)
    close = np.concatenate([rising, falling])
    bars = Bars(
        symbol="BTCUSDT", timeframe="1h", timestamp=BARS.timestamp, open=close, high=close,
        low=close, close=close, volume=np.full(close.size, 1e9),
    )  # fmt: skip
    found = walkforward(
        bars, switch, {"hold": [True, False]}, train=200, test=100, objective="total_return",
        backend="serial",
    )  # fmt: skip
    assert found.chosen[0] == {"hold": True}
    assert found.chosen[-1] == {"hold": False}
    assert found.run.statistics["n_open_trades"] == 0


def test_every_fit_and_the_result_are_trials(tmp_path: Path) -> None:
    ledger = FileLedger(tmp_path / "trials.jsonl")
    found = walkforward(BARS, momentum, GRID, **HOW, ledger=ledger, study="walk")
    kept = ledger.trials((BARS.symbol,), 0, int(BARS.timestamp[-1]))
    assert len(kept) == len(found.trials) == 3 * 4 + 1
    assert {trial.kind for trial in kept} == {"walkforward"}
    window = found.windows[1]
    assert (kept[3].first, kept[3].last) == tuple(
        BARS.timestamp[[window.train_start, window.train_stop - 1]].tolist()
    )
    assert kept[-1].first == found.timestamp[0]
    assert kept[-1].parameters["objective"] == "sharpe"
    selection = found.selection()
    assert selection.trials is not None
    assert selection.deflated is not None
    # Three combinations and the result: their folds are rows, but nothing else to choose.
    assert selection.trials.n_trials == 3 + 1
    assert len({trial.choice for trial in kept[:-1]}) == 3
    assert kept[-1].choice == ""
    again = walkforward(BARS, momentum, GRID, **HOW, ledger=ledger, study="walk")
    assert ledger.verify().n_trials == 13
    np.testing.assert_array_equal(again.equity, found.equity)


def test_reading_ahead_within_a_test_window_is_stamped() -> None:
    def ahead(close: FloatArray, n: int) -> FloatArray:
        target = np.zeros(close.size)
        target[:-n] = close[n:] > close[:-n]
        return target

    (stamp,) = walkforward(BARS, ahead, {"n": [1]}, **HOW).run.stamps
    assert stamp.startswith("LOOK-AHEAD")


def test_later_bars_change_no_earlier_fold() -> None:
    shorter = walkforward(BARS[:1_100], momentum, GRID, **HOW)
    whole = walkforward(BARS, momentum, GRID, **HOW)
    assert whole.chosen[:2] == shorter.chosen[:2]


def test_settings_are_those_of_one_account() -> None:
    costs = Costs(fee=0.002)
    found = walkforward(BARS, momentum, GRID, **HOW, costs=costs, cash=500.0, stop_loss=0.1)
    assert (found.run.trading.costs, found.run.trading.cash) == (costs, 500.0)
    assert found.run.trading.stop_loss == 0.1


def test_random_combinations_are_the_same_in_every_fold() -> None:
    rng = np.random.default_rng(5)
    grid = {"n": range(1, 100)}
    found = walkforward(BARS, momentum, grid, **HOW, method="random", n_random=4, rng=rng)
    tried = [tuple(t.parameters["n"] for t in found.trials[4 * k : 4 * k + 4]) for k in range(4)]
    assert len(set(tried)) == 1


BAD: list[tuple[dict[str, Any], dict[str, Any], type[Exception], str]] = [
    ({"n": [1], "stop_loss": [0.1]}, {}, ConfigurationError, "parameters of make_target, found st"),
    ({"n": [1]}, {"train": 1}, ConfigurationError, "train of at least 2 bars"),
    ({"n": [1]}, {"test": 0}, ConfigurationError, "test of at least 1"),
    ({"n": [1]}, {"purge": -1}, ConfigurationError, "purge and embargo of at least 0, found"),
    ({"n": [1]}, {"train": 2_000}, DataError, "expected more than 2025 bars for a training window"),
    ({"n": [1]}, {"objective": "luck"}, ConfigurationError, "an objective among"),
    ({}, {}, ConfigurationError, "a grid with at least one parameter"),
    ({"m": [1]}, {}, ConfigurationError, "unknown parameter m: momentum takes n"),
]


def _walk(grid: Any, **how: Any) -> StrategyWalkForward:
    return walkforward(BARS, momentum, grid, **how)


@pytest.mark.parametrize(("grid", "how", "error", "message"), BAD)
def test_bad_input_is_refused_in_one_sentence(
    grid: dict[str, Any], how: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message) as caught:
        _walk(grid, **{**HOW, **how})
    assert "\n" not in str(caught.value)


def test_progress_is_told_after_each_fold() -> None:
    seen: list[tuple[int, int, str]] = []

    def note(done: int, total: int, message: str) -> None:
        seen.append((done, total, message))

    walkforward(BARS, momentum, GRID, **HOW, progress=note)
    assert seen == [(n, 4, "folds") for n in range(1, 5)]


def test_on_noise_what_was_chosen_looks_better_in_training_than_it_is() -> None:
    trained, tested = list[float](), list[float]()
    for seed in range(12):
        rng = np.random.default_rng(seed)
        bars = synthetic_bars(1_000, end=1_700_000_000_000, rng=rng)
        found = walkforward(bars, momentum, GRID, train=300, test=100, backend="serial")
        trained += found.folds["train_sharpe"].drop_nulls().to_list()
        tested += found.folds["test_sharpe"].drop_nulls().to_list()
    assert np.mean(trained) > np.mean(tested) + 1.0

"""A run as a trial."""

import numpy as np
import pytest

from cryptovolt.backtest.simulate import simulate
from cryptovolt.backtest.trial import Periods, data_hash_of, trial_of
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.timeframe import DAY_MS
from cryptovolt.domain.trials import TrialKind

HOUR = 3_600_000
START = 19_000 * DAY_MS


def bars_of(n: int, timeframe_ms: int = HOUR, timeframe: str = "1h", first: int = START) -> Bars:
    close = 100.0 + np.random.default_rng(3).normal(size=n).cumsum() * 0.1
    return Bars(
        symbol="BTCUSDT", timeframe=timeframe, timestamp=first + timeframe_ms * np.arange(n),
        open=close, high=close, low=close, close=close, volume=np.full(n, 1e9),
    )  # fmt: skip


LENGTHS = [
    #  bars, length, time frame, expected length of a period
    (1_000, 60_000, "1m", 60_000),
    (1_025, 60_000, "1m", 900_000),
    (1_000, HOUR, "1h", HOUR),
    (1_025, HOUR, "1h", 4 * HOUR),
    (4_097, HOUR, "1h", DAY_MS),
    (40_000, HOUR, "1h", DAY_MS),
    (10, 2 * HOUR, "2h", 4 * HOUR),
    (10, DAY_MS, "1d", DAY_MS),
    (10, 7 * DAY_MS, "1w", DAY_MS),
]


@pytest.mark.parametrize(("n_bars", "length", "timeframe", "expected"), LENGTHS)
def test_periods_are_as_short_as_a_thousand_of_them_allow(
    n_bars: int, length: int, timeframe: str, expected: int
) -> None:
    assert Periods.of(START + length * np.arange(n_bars), timeframe).length_ms == expected


def test_returns_per_period_by_hand() -> None:
    # Bars of two hours at 22:00, 00:00, 02:00, (04:00 missing,) 08:00, in periods of four hours.
    times = START + HOUR * np.array([22, 24, 26, 32])
    periods = Periods.of(times, "2h")
    equity = np.array([110.0, 120.0, 132.0, 66.0])
    assert periods.length_ms == 4 * HOUR
    assert periods.returns(equity, 100.0).tolist() == pytest.approx([0.1, 0.2, 0.0, -0.5])


def test_a_ruined_account_returns_minus_one_and_then_nothing() -> None:
    periods = Periods.of(START + HOUR * np.arange(4), "1h")
    found = periods.returns(np.array([50.0, -20.0, -20.0, 5.0]), 100.0)
    assert found.tolist() == [-0.5, -1.0, 0.0, 0.0]


def test_a_trial_says_what_the_run_says() -> None:
    bars = bars_of(500)
    target = np.where(np.arange(500) % 7 < 3, 1.0, 0.0)
    run = simulate(bars, target)
    trial = trial_of(run, "backtest", "by hand", {"n": 7}, setup="x")
    year = np.sqrt(run.periods_per_year)
    assert trial.kind is TrialKind.BACKTEST
    assert (trial.study, trial.setup, dict(trial.parameters)) == ("by hand", "x", {"n": 7})
    assert (trial.symbols, trial.timeframe) == (("BTCUSDT",), "1h")
    assert (trial.first, trial.last) == (START, START + 499 * HOUR)
    assert trial.data_hash == bars.content_hash()
    assert trial.sharpe is not None
    assert trial.sharpe * year == run.statistics["sharpe"]
    assert trial.n_observations == 500
    assert trial.result["final_equity"] == run.statistics["final_equity"]
    whole = np.prod(1.0 + trial.returns.astype(np.float64))
    assert whole == pytest.approx(run.equity[-1] / 10_000, rel=1e-5)


def test_bars_of_several_symbols_have_one_hash_that_depends_on_all() -> None:
    first, second = bars_of(5), bars_of(5, first=START + HOUR)
    assert data_hash_of({"a": first}) == first.content_hash()
    both = data_hash_of({"a": first, "b": second})
    assert len(both) == 64
    assert both != data_hash_of({"a": first, "b": first})

"""What a Sharpe ratio is worth once all trials are counted."""

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptovolt.backtest.simulate import simulate
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.costs import Costs
from cryptovolt.domain.trials import Trial, TrialCount
from cryptovolt.performance.selection import deflated_sharpe_ratio
from cryptovolt.research.sweep import sweep
from cryptovolt.research.synthetic import synthetic_bars
from cryptovolt.research.trials import NO_LEDGER, count_trials, deflate

Make: TypeAlias = Callable[..., Trial]
RETURNS = np.random.default_rng(1).normal(0.002, 0.02, 500)


def _noise(seed: int, n: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.random.default_rng(seed).normal(0.0, 0.02, (n, 100))


def test_without_trials_there_is_no_count() -> None:
    assert count_trials([], "1h") is None


def test_different_trials_give_the_sample_variance(make_trial: Make) -> None:
    sharpes = [0.1, -0.2, 0.05, 0.3]
    trials = [make_trial(row, sharpe=s) for row, s in zip(_noise(1, 4), sharpes, strict=True)]
    count = count_trials(trials, "1h")
    assert count is not None
    assert (count.n_trials, count.n_effective) == (4, 4)
    assert count.sharpe_variance == pytest.approx(np.var(sharpes, ddof=1), rel=1e-12)
    assert str(count) == "4 trials, 4 of them different"


def test_clusters_weigh_the_same_in_the_variance(make_trial: Make) -> None:
    # Three copies at 0.1 and one other at 0.3: two ideas, at 0.1 and at 0.3.
    a, b = _noise(2, 2)
    trials = [*[make_trial(a, sharpe=0.1)] * 3, make_trial(b, sharpe=0.3)]
    count = count_trials(trials, "1h")
    assert count is not None
    assert (count.n_trials, count.n_effective) == (4, 2)
    assert count.sharpe_variance == pytest.approx(0.02, rel=1e-12)


def test_trials_of_one_idea_have_their_own_variance(make_trial: Make) -> None:
    count = count_trials([make_trial(RETURNS, sharpe=s) for s in (0.1, 0.3)], "1h")
    assert count is not None
    assert count.n_effective == 1
    assert count.sharpe_variance == pytest.approx(0.02, rel=1e-12)


@given(n=st.integers(1, 10), seed=st.integers(0, 1000))
def test_copies_change_the_count_and_nothing_else(make_trial: Make, n: int, seed: int) -> None:
    a, b = _noise(seed, 2)
    trials = [make_trial(a, sharpe=0.1), make_trial(b, sharpe=0.3)]
    once, again = count_trials(trials, "1h"), count_trials([*trials, *trials[:1] * n], "1h")
    assert once is not None
    assert again is not None
    assert again.n_trials == 2 + n
    assert again.n_effective == once.n_effective == 2
    assert again.sharpe_variance == pytest.approx(once.sharpe_variance, rel=1e-12)


def test_ratios_of_other_time_frames_are_brought_to_one(make_trial: Make) -> None:
    # 0.1 per hour is 0.2 per four hours.
    a, b = _noise(3, 2)
    trials = [make_trial(a, sharpe=0.1), make_trial(b, sharpe=0.6, timeframe="4h")]
    for timeframe, spread in (("1h", 0.2), ("4h", 0.4)):
        count = count_trials(trials, timeframe)
        assert count is not None
        assert count.sharpe_variance == pytest.approx(spread**2 / 2, rel=1e-12)


def test_trials_without_a_ratio_count_but_do_not_vary(make_trial: Make) -> None:
    a, b = _noise(4, 2)
    still = make_trial(np.zeros(100), sharpe=None)
    count = count_trials([make_trial(a, sharpe=0.1), still, make_trial(b, sharpe=0.3)], "1h")
    assert count is not None
    assert (count.n_trials, count.n_effective) == (3, 3)
    assert count.sharpe_variance == pytest.approx(0.02, rel=1e-12)
    assert count_trials([still, still], "1h") == TrialCount(
        n_trials=2, n_effective=1, sharpe_variance=None
    )


def test_without_a_ledger_nothing_is_deflated_and_the_reason_is_told() -> None:
    found = deflate(RETURNS, None, NO_LEDGER)
    assert found.deflated is found.deflated_by_all is found.expected_maximum is None
    assert found.reason is not None
    assert "no trial ledger was given" in found.reason
    assert found.probabilistic is not None


def test_the_published_example() -> None:
    # Bailey and López de Prado 2014: SR0 = 0.1132 and DSR = 0.9004 for 100 trials, an annual
    # variance of 1/2, 1,250 days, an annual ratio of 2.5, skewness −3, kurtosis 10.
    sharpe = 2.5 / math.sqrt(250)
    assert deflated_sharpe_ratio(sharpe, 1250, -3.0, 10.0, 100, 0.5 / 250) == pytest.approx(
        0.9004, abs=5e-5
    )
    count = TrialCount(n_trials=400, n_effective=100, sharpe_variance=0.5 / 250)
    assert deflate(np.tile(RETURNS, 3), count).expected_maximum == pytest.approx(0.1132, abs=5e-5)


def test_one_trial_is_not_deflated(make_trial: Make) -> None:
    found = deflate(RETURNS, count_trials([make_trial(RETURNS)], "1h"))
    assert found.deflated == found.deflated_by_all == found.probabilistic
    assert found.reason is None
    assert found.n_observations == 500


@given(n=st.integers(2, 50))
def test_more_trials_leave_less(n: int) -> None:
    def counted(n: int) -> TrialCount:
        return TrialCount(n_trials=2 * n, n_effective=n, sharpe_variance=0.01)

    less, more = deflate(RETURNS, counted(n + 1)), deflate(RETURNS, counted(n))
    assert less.deflated is not None
    assert more.deflated is not None
    assert more.deflated_by_all is not None
    assert less.deflated < more.deflated
    assert more.deflated_by_all < more.deflated


def test_ideas_that_rise_and_fall_together_vary_at_least_as_much_as_luck() -> None:
    # 500 returns: the ratio of one trial without skill has a variance of 1 / 499.
    alike = TrialCount(n_trials=40, n_effective=10, sharpe_variance=1e-6)
    found = deflate(RETURNS, alike)
    # The best of ten independent ones is at 1.57 standard deviations.
    assert found.expected_maximum == pytest.approx(1.5746 / math.sqrt(499), rel=1e-4)
    assert found.deflated is not None
    assert found.deflated_by_all is not None
    assert found.deflated < found.deflated_by_all


def test_what_is_not_defined_has_its_reason() -> None:
    count = TrialCount(n_trials=2, n_effective=1, sharpe_variance=None)
    assert "variance of the trials" in (deflate(RETURNS, count).reason or "")
    still = deflate(np.zeros(100), count)
    assert still.sharpe is None
    assert "do not vary" in (still.reason or "")
    assert "record the run first" in (deflate(RETURNS, None).reason or "")


def _crossover(close: FloatArray, fast: int, slow: int) -> FloatArray:
    total = np.concatenate([[0.0], close.cumsum()])
    quick = (total[fast:] - total[:-fast])[slow - fast :] / fast
    wanted = np.where(quick > (total[slow:] - total[:-slow]) / slow, 1.0, 0.0)
    target = np.full(close.size, np.nan)
    target[slow - 1 :] = wanted
    target[slow:][wanted[1:] == wanted[:-1]] = np.nan
    return target


def test_the_best_of_a_sweep_over_noise_is_not_believed() -> None:
    grid = {"fast": [5, 10, 20, 40, 60], "slow": [80, 120, 160, 240, 320, 480]}
    believed = {"probabilistic": 0, "deflated": 0, "deflated_by_all": 0}
    for seed in range(60):
        bars = synthetic_bars(3_000, end=1_700_000_000_000, rng=np.random.default_rng(seed))
        found = sweep(bars, _crossover, grid, backend="serial", fee=0.0, slippage=0.0)
        best = found.best()
        target = _crossover(bars.close, best["fast"], best["slow"])
        returns = simulate(bars, target, Costs(fee=0.0, slippage=0.0)).returns
        judged = deflate(returns, count_trials(found.trials, bars.timeframe))
        for name in believed:
            believed[name] += (getattr(judged, name) or 0.0) >= 0.95
    # One in five is, when it is judged as if it were the only one.
    assert believed["probabilistic"] >= 9
    assert believed["deflated"] <= 4
    assert believed["deflated_by_all"] <= 4

"""Effective number of trials: clusters of returns that move together."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptovolt.domain.timeframe import DAY_MS
from cryptovolt.domain.trials import Trial
from cryptovolt.research.clusters import clusters_of, returns_over

Make: TypeAlias = Callable[..., Trial]
HOUR_MS = 3_600_000

SEEDS = st.integers(0, 2**32 - 1)


def _noise(seed: int, *shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.random.default_rng(seed).normal(0.0, 0.02, shape)


def _mixed(make_trial: Make, seed: int, n_ideas: int, n_trials: int) -> tuple[Trial, ...]:
    # Each trial is one of a few ideas with a little noise of its own: correlation about 0.99.
    rng = np.random.default_rng(seed)
    ideas = rng.normal(0.0, 0.02, (n_ideas, 200))
    picks = rng.integers(0, n_ideas, n_trials)
    return tuple(make_trial(ideas[i] + rng.normal(0.0, 0.002, 200)) for i in picks)


@given(seed=SEEDS, n_trials=st.integers(1, 20), n_days=st.integers(1, 100))
def test_identical_returns_are_one_idea(
    make_trial: Make, seed: int, n_trials: int, n_days: int
) -> None:
    returns = _noise(seed, n_days)
    assert not clusters_of((make_trial(returns),) * n_trials).any()


@given(seed=SEEDS, n_days=st.integers(1, 400))
def test_independent_returns_are_as_many_ideas_as_trials(
    make_trial: Make, seed: int, n_days: int
) -> None:
    trials = tuple(make_trial(row) for row in _noise(seed, 40, n_days))
    assert 39 <= clusters_of(trials).max() + 1 <= 40


@given(seed=SEEDS, n_ideas=st.integers(1, 10), n_trials=st.integers(1, 30))
def test_variants_of_a_few_ideas_are_so_many_ideas(
    make_trial: Make, seed: int, n_ideas: int, n_trials: int
) -> None:
    rng = np.random.default_rng(seed)
    rng.normal(0.0, 0.02, (n_ideas, 200))
    tried = np.unique(rng.integers(0, n_ideas, n_trials)).size
    assert clusters_of(_mixed(make_trial, seed, n_ideas, n_trials)).max() + 1 == tried


@given(seed=SEEDS, days=st.lists(st.tuples(st.integers(0, 40), st.integers(1, 60)), min_size=2,
    max_size=15))  # fmt: skip
def test_one_more_trial_never_lowers_the_number_and_changes_no_earlier_cluster(
    make_trial: Make, seed: int, days: list[tuple[int, int]]
) -> None:
    market = _noise(seed, 100)
    trials = tuple(make_trial(market[day : day + n], day=day) for day, n in days)
    whole = clusters_of(trials)
    assert (np.bincount(whole) > 0).all()
    for n in range(1, len(trials)):
        np.testing.assert_array_equal(clusters_of(trials[:n]), whole[:n])


def test_what_moves_against_another_is_another_idea(make_trial: Make) -> None:
    returns = _noise(1, 100)
    assert clusters_of((make_trial(returns), make_trial(-returns))).tolist() == [0, 1]


# Correlation of two trials over so many days: is it certain that it is above 0.8?
CERTAIN = [
    #  rho, days, one idea
    (0.95, 100, True),
    (0.95, 12, False),
    (0.85, 1000, True),
    (0.85, 100, False),
    (0.80, 1000, False),
    (0.00, 1000, False),
]


@pytest.mark.parametrize(("rho", "days", "alike"), CERTAIN)
def test_likeness_must_be_certain(make_trial: Make, rho: float, days: int, *, alike: bool) -> None:
    # Two columns made exactly uncorrelated, then mixed.
    x, y = _noise(3, 2, days)
    x -= x.mean()
    y -= y.mean() + x * (x @ y) / (x @ x)
    y -= y.mean()
    y *= np.sqrt((x @ x) / (y @ y))
    z = rho * x + np.sqrt(1 - rho**2) * y
    assert np.corrcoef(x, z)[0, 1] == pytest.approx(rho, abs=0.02)
    assert (clusters_of((make_trial(x), make_trial(z))).tolist() == [0, 0]) is alike


def test_trials_that_never_traded_are_one_idea(make_trial: Make) -> None:
    still = make_trial(np.zeros(50), sharpe=None)
    trials = (still, make_trial(_noise(1, 50)), still, make_trial(np.zeros(20), sharpe=None))
    assert clusters_of(trials).tolist() == [0, 1, 0, 0]


def test_only_the_time_that_two_share_is_compared(make_trial: Make) -> None:
    market = _noise(5, 300)
    early, late = make_trial(market[:200], day=0), make_trial(market[100:], day=100)
    other = make_trial(market[200:], day=200)
    assert clusters_of((early, late)).tolist() == [0, 0]
    # It shares no day with the first one, and is known again by the founder only.
    assert clusters_of((early, late, other)).tolist() == [0, 0, 1]


def test_hourly_returns_are_compared_with_daily_ones(make_trial: Make) -> None:
    hourly = _noise(7, 24 * 40)
    daily = np.prod(1 + hourly.reshape(40, 24), axis=1) - 1
    fine = make_trial(hourly, returns_ms=HOUR_MS)
    coarse = make_trial(daily)
    assert clusters_of((fine, coarse)).tolist() == [0, 0]
    assert clusters_of((coarse, fine)).tolist() == [0, 0]
    assert clusters_of((coarse, make_trial(hourly[::-1], returns_ms=HOUR_MS))).tolist() == [0, 1]


def test_returns_over_longer_periods_by_hand(make_trial: Make) -> None:
    # Three hours of one day and two of the next.
    trial = make_trial([0.5, 0.0, 1.0, -0.5, 0.5], returns_ms=HOUR_MS)
    late = make_trial(
        [0.5, 0.0, 1.0, -0.5, 0.5], returns_ms=HOUR_MS, first=trial.first + 21 * HOUR_MS,
        last=trial.first + 25 * HOUR_MS,
    )  # fmt: skip
    day = trial.first // DAY_MS
    first, values = returns_over(late, DAY_MS)
    assert (first, values.tolist()) == (day, [2.0, -0.25])
    first, values = returns_over(trial, HOUR_MS)
    assert (first, values.tolist()) == (trial.first // HOUR_MS, [0.5, 0.0, 1.0, -0.5, 0.5])

"""The stationary bootstrap: coverage, blocks, refusals."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.errors import DataError
from cryptovolt.performance import (
    bootstrap_interval,
    cagr,
    max_drawdown,
    return_intervals,
    sharpe_ratio,
)


def mean(values: FloatArray) -> float:
    return float(values.mean())


def test_the_interval_covers_the_true_mean_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(11)
    covered = 0
    for _ in range(200):
        found = bootstrap_interval(rng.normal(1.0, 2.0, 150), mean, rng, n_samples=200, level=0.9)
        covered += found.low <= 1.0 <= found.high
    assert 0.8 < covered / 200 < 0.97


def test_blocks_make_the_interval_of_dependent_data_wider() -> None:
    rng = np.random.default_rng(12)
    noise = rng.normal(size=2000)
    dependent = np.convolve(noise, np.ones(20), "valid")
    single = bootstrap_interval(dependent, mean, np.random.default_rng(1), mean_block=1.0)
    blocks = bootstrap_interval(dependent, mean, np.random.default_rng(1), mean_block=60.0)
    assert blocks.high - blocks.low > 2.5 * (single.high - single.low)


def test_rows_of_a_table_stay_together() -> None:
    rows = np.column_stack([np.arange(50.0), np.arange(50.0) * 2])

    def ratio(table: FloatArray) -> float:
        return float((table[:, 1] / np.maximum(table[:, 0], 1e-9)).max())

    assert bootstrap_interval(rows, ratio, np.random.default_rng(2), n_samples=30).high == 2.0


def test_the_same_seed_gives_the_same_interval() -> None:
    values = np.random.default_rng(0).normal(size=100)
    first, second = (bootstrap_interval(values, mean, np.random.default_rng(9)) for _ in range(2))
    assert first == second


def test_a_statistic_that_is_mostly_undefined_has_no_bounds() -> None:
    found = bootstrap_interval(np.ones(10), lambda _: np.nan, np.random.default_rng(0))
    assert np.isnan([found.estimate, found.low, found.high]).all()


def test_nothing_to_resample_is_refused() -> None:
    with pytest.raises(DataError, match="at least one row"):
        bootstrap_interval(np.empty(0), mean, np.random.default_rng(0))
    with pytest.raises(ValueError, match="mean_block"):
        bootstrap_interval(np.ones(3), mean, np.random.default_rng(0), mean_block=0.5)
    with pytest.raises(DataError, match="at least 4 rows, the length of a block, found 3"):
        bootstrap_interval(np.ones(3), mean, np.random.default_rng(0), mean_block=4)


def growth_of(returns: FloatArray) -> FloatArray:
    return np.concatenate([[1.0], np.cumprod(1.0 + returns)])


def test_the_compiled_intervals_are_those_of_each_measure_alone() -> None:
    returns = np.random.default_rng(3).standard_t(4, 700) * 0.01
    found = return_intervals(returns, 365.0, np.random.default_rng(5), n_samples=300)
    alone: dict[str, Callable[[FloatArray], float]] = {
        "sharpe": lambda r: sharpe_ratio(r, 365.0),
        "cagr": lambda r: cagr(growth_of(r)[1:], 1.0, 365.0),
        "max_drawdown": lambda r: max_drawdown(growth_of(r)),
    }
    for name, statistic in alone.items():
        expected = bootstrap_interval(returns, statistic, np.random.default_rng(5), n_samples=300)
        np.testing.assert_allclose(getattr(found, name), expected, rtol=1e-9, err_msg=name)
    assert (found.n_samples, found.mean_block) == (300, 700 ** (1 / 3))


def test_the_interval_of_a_sharpe_ratio_has_the_width_of_its_standard_error() -> None:
    # Lo 2002: the variance of the ratio of n independent normal returns is (1 + SR²/2) / n.
    returns = np.random.default_rng(6).normal(0.001, 0.01, 4_000)
    found = return_intervals(returns, 1.0, np.random.default_rng(7), 2_000, mean_block=1.0)
    standard_error = math.sqrt((1 + found.sharpe.estimate**2 / 2) / 4_000)
    width = found.sharpe.high - found.sharpe.low
    assert width / (2 * 1.96 * standard_error) == pytest.approx(1.0, abs=0.08)


def test_an_account_that_may_be_ruined_loses_everything_in_some_resamples() -> None:
    returns = np.append(np.full(30, 0.01), -1.5)
    found = return_intervals(returns, 1.0, np.random.default_rng(8), mean_block=2.0)
    assert found.cagr.estimate == found.cagr.low == -1.0
    assert found.cagr.high > 0.0
    assert found.max_drawdown.high >= 1.5


def test_growth_that_leaves_the_range_of_floats_is_counted_by_its_logarithm() -> None:
    returns = np.full(3_000, 1.0)
    found = return_intervals(returns, 1.0, np.random.default_rng(9), n_samples=20)
    assert found.cagr[:3] == pytest.approx([1.0, 1.0, 1.0])
    assert math.isnan(found.sharpe.low)
    assert found.max_drawdown[:3] == (0.0, 0.0, 0.0)


@given(st.lists(st.floats(-0.5, 0.5), min_size=2, max_size=60), st.integers(0, 2**32 - 1))
def test_bounds_are_in_order_and_in_range(values: list[float], seed: int) -> None:
    found = return_intervals(np.array(values), 1.0, np.random.default_rng(seed), n_samples=20)
    assert 0.0 <= found.max_drawdown.low <= found.max_drawdown.high < 1.0
    assert -1.0 < found.cagr.low <= found.cagr.high
    assert not found.sharpe.low > found.sharpe.high


def test_returns_that_are_not_finite_are_refused() -> None:
    with pytest.raises(DataError, match="finite returns"):
        return_intervals(np.array([0.1, np.nan]), 1.0, np.random.default_rng(0))

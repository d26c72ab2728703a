"""The stationary bootstrap: coverage, blocks, refusals."""

import numpy as np
import pytest

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.errors import DataError
from cryptovolt.performance import bootstrap_interval


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

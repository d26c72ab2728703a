"""Moving statistics: those of NumPy, the same bits wherever the array begins."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.features.rolling import (
    rolling_beta,
    rolling_correlation,
    rolling_deviation,
    rolling_mean,
    rolling_moments,
    rolling_weighted,
)

N = 2_500
WINDOWS = [1, 2, 7, 8, 9, 24, 48, 168]


def numbers(seed: int, n: int = N) -> FloatArray:
    return np.random.default_rng(seed).standard_t(4, n) * 0.01


def windows_of(values: FloatArray, window: int) -> FloatArray:
    return np.lib.stride_tricks.sliding_window_view(values, window)


@pytest.mark.parametrize("window", WINDOWS)
def test_mean_and_deviation_are_those_of_numpy(window: int) -> None:
    values = numbers(1)
    mean, deviation = rolling_moments(values, window)
    parts = windows_of(values, window)
    np.testing.assert_allclose(mean[window - 1 :], parts.mean(axis=1), rtol=0, atol=1e-15)
    np.testing.assert_allclose(deviation[window - 1 :], parts.std(axis=1), rtol=1e-12, atol=1e-17)
    assert np.isnan(mean[: window - 1]).all()
    np.testing.assert_array_equal(rolling_mean(values, window), mean)
    np.testing.assert_array_equal(rolling_deviation(values, window), deviation)


@pytest.mark.parametrize("window", [2, 5, 48, 168])
def test_correlation_and_slope_are_those_of_numpy(window: int) -> None:
    one, other = numbers(2, 400), numbers(3, 400)
    correlation, beta = rolling_correlation(one, other, window), rolling_beta(one, other, window)
    for t in range(window - 1, 400, 31):
        x, y = one[t - window + 1 : t + 1], other[t - window + 1 : t + 1]
        assert correlation[t] == pytest.approx(np.corrcoef(x, y)[0, 1], abs=1e-12)
        assert beta[t] == pytest.approx(np.polyfit(y, x, 1)[0], rel=1e-9)


def test_a_weighted_sum_is_that_of_numpy() -> None:
    values, weights = numbers(4, 300), numbers(5, 24)
    expected = windows_of(values, 24) @ weights
    np.testing.assert_allclose(rolling_weighted(values, weights)[23:], expected, atol=1e-15)


def plain_mean_and_deviation(values: FloatArray, window: int, t: int) -> tuple[float, float]:
    total = squares = 0.0
    part: list[float] = values[t - window + 1 : t + 1].tolist()
    for value in part:
        total += value
    for value in part:
        squares += (value - total / window) * (value - total / window)
    return total / window, sqrt(squares / window)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31), window=st.sampled_from(WINDOWS), t=st.integers(168, N - 1))
def test_each_bar_is_summed_from_the_oldest_to_the_newest(seed: int, window: int, t: int) -> None:
    # The bits of a plain loop: models that were trained on them must find them again.
    values = numbers(seed)
    mean, deviation = rolling_moments(values, window)
    assert (mean[t], deviation[t]) == plain_mean_and_deviation(values, window, t)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31), window=st.sampled_from(WINDOWS), start=st.integers(0, 2_000))
def test_the_bits_do_not_depend_on_where_the_array_begins(
    seed: int, window: int, start: int
) -> None:
    one, other = numbers(seed), numbers(seed + 1)
    whole, part = (rolling_correlation(one[s:], other[s:], window) for s in (0, start))
    np.testing.assert_array_equal(whole[start + window - 1 :], part[window - 1 :])


def test_a_missing_value_is_missing_in_its_windows_only() -> None:
    values = numbers(6, 100)
    values[50] = np.nan
    mean, deviation = rolling_moments(values, 10)
    for found in (mean, deviation, rolling_weighted(values, np.ones(10))):
        assert np.flatnonzero(np.isnan(found)).tolist() == [*range(9), *range(50, 60)]


@pytest.mark.parametrize("n_values", [0, 1, 9])
def test_fewer_values_than_the_window_are_undefined(n_values: int) -> None:
    values = numbers(7, n_values)
    assert np.isnan(rolling_mean(values, 10)).all()
    assert np.isnan(rolling_correlation(values, values, 10)).all()


def test_a_constant_has_no_correlation_and_no_slope() -> None:
    flat, values = np.full(30, 0.25), numbers(8, 30)
    assert (rolling_correlation(values, flat, 8)[7:] == 0.0).all()
    assert (rolling_beta(values, flat, 8)[7:] == 0.0).all()

"""Ranks, placebos and adjusted p-values, against SciPy and published numbers."""

from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.research.sentiment_study_ranks import (
    coefficient_interval,
    forward_returns,
    holm,
    mean_ranks,
    placebo_of,
    rank_correlation,
)

HOUR_MS = 3_600_000
scipy_stats = cast("Any", stats)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(3, 200))
def test_ranks_and_coefficient_are_those_of_scipy(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    # Few levels, so that there are ties.
    signal, returns = rng.integers(0, 6, n).astype(float), rng.normal(size=n)
    np.testing.assert_array_equal(mean_ranks(signal), scipy_stats.rankdata(signal))
    if np.ptp(signal) > 0:
        expected = float(scipy_stats.spearmanr(signal, returns).statistic)
        assert rank_correlation(signal, returns) == pytest.approx(expected, abs=1e-12)
    else:
        assert np.isnan(rank_correlation(signal, returns))


def test_holm_is_that_of_the_published_example() -> None:
    # Four p-values; the step-down products 4·0.005, 3·0.01, 2·0.03, 1·0.04, never falling.
    found = holm(np.array([0.01, 0.04, 0.03, 0.005]))
    np.testing.assert_allclose(found, [0.03, 0.06, 0.06, 0.02])
    assert holm(np.array([0.9, 0.8])).tolist() == [1.0, 1.0]
    with_unknown = holm(np.array([0.01, np.nan]))
    assert with_unknown[0] == pytest.approx(0.02)
    assert np.isnan(with_unknown[1])


def bars_at(hours: list[int]) -> Bars:
    opens = 100.0 * np.exp(0.01 * np.array(hours, dtype=np.float64))
    return Bars(
        symbol="X",
        timeframe="1h",
        timestamp=np.array(hours, dtype=np.int64) * HOUR_MS,
        open=opens,
        high=opens * 1.01,
        low=opens * 0.99,
        close=opens,
        volume=np.ones(len(hours)),
    )


def test_a_return_begins_at_the_next_open_and_never_spans_a_missing_bar() -> None:
    # Hour 5 is missing: nothing enters there, nothing leaves there.
    found = forward_returns(bars_at([0, 1, 2, 3, 4, 6, 7, 8, 9]), 2 * HOUR_MS)
    expected = [0.02, 0.02, np.nan, 0.02, np.nan, 0.02, np.nan, np.nan, np.nan]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def walk(rng: np.random.Generator, n: int, memory: int) -> FloatArray:
    """Return a signal that changes slowly: the mean of the last `memory` numbers."""
    return np.convolve(rng.normal(size=n + memory - 1), np.ones(memory) / memory, "valid")


def test_a_slow_signal_without_knowledge_is_rarely_called_related() -> None:
    # Signal and returns both overlap over 72 rows: taken as independent rows, Spearman's test
    # would call most of these related.
    rng = np.random.default_rng(5)
    p_values: list[float] = []
    naive: list[float] = []
    inside = 0
    for _ in range(60):
        signal, returns = walk(rng, 6_000, 72), walk(rng, 6_000, 72)
        p_values.append(placebo_of(signal, returns, 336).p_value)
        naive.append(float(scipy_stats.spearmanr(signal, returns).pvalue))
        inside += 0.0 in coefficient_interval(signal, returns, 288, rng, 200)
    assert np.mean(np.array(p_values) <= 0.05) <= 0.15
    assert np.mean(np.array(naive) <= 0.05) >= 0.5
    assert inside >= 45


def test_a_signal_that_knows_is_found() -> None:
    rng = np.random.default_rng(6)
    signal = walk(rng, 6_000, 24)
    returns = 0.3 * signal / signal.std() + rng.normal(size=6_000)
    found = placebo_of(signal, returns, 336)
    assert found.p_value < 0.001
    assert found.n_shifts == 6_000 - 2 * 336 + 1
    assert found.low < 0 < found.high < rank_correlation(signal, returns)
    assert 0.0 not in coefficient_interval(signal, returns, 168, rng, 300)


def test_too_short_a_history_has_neither_interval_nor_p_value() -> None:
    rng = np.random.default_rng(7)
    signal, returns = rng.normal(size=500), rng.normal(size=500)
    assert np.isnan(coefficient_interval(signal, returns, 168, rng, 50).low)
    assert np.isnan(placebo_of(signal, returns, 336).p_value)
    assert np.isnan(placebo_of(np.zeros(5_000), rng.normal(size=5_000), 336).p_value)

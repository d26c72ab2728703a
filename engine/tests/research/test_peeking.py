"""A function that makes targets from the future is stamped."""

from collections.abc import Iterator
from itertools import count

import numpy as np
import pytest

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.research.sweep import sweep
from cryptovolt.research.synthetic import synthetic_bars

BARS = synthetic_bars(600, end=1_700_000_000_000, rng=np.random.default_rng(2))


def _honest(close: FloatArray, n: int) -> FloatArray:
    return np.where(close > np.concatenate([close[:n], close[:-n]]), 1.0, 0.0)


def _next_bar(close: FloatArray, n: int) -> FloatArray:
    target = np.zeros(close.size)
    target[:-n] = close[n:] > close[:-n]
    return target


def _mean_of_all(close: FloatArray, n: int) -> FloatArray:
    return np.where(close > close.mean() * n, 1.0, 0.0)


def test_an_honest_function_has_no_stamp() -> None:
    run = sweep(BARS, _honest, {"n": [5]}, backend="serial").run(0)
    assert run.check is not None
    assert len(run.check.prefixes) == 20
    assert all(120 < n < 600 for n in run.check.prefixes)
    assert run.stamps == ()


@pytest.mark.parametrize("function", [_next_bar, _mean_of_all])
def test_a_function_that_reads_ahead_is_stamped(function: object) -> None:
    assert callable(function)
    (stamp,) = sweep(BARS, function, {"n": [1]}, backend="serial").run(0).stamps
    assert stamp.startswith(f"LOOK-AHEAD: the target of {BARS.symbol} at ")


def test_a_function_that_says_something_else_each_time_is_stamped() -> None:
    times: Iterator[int] = count()

    def moody(close: FloatArray, n: int) -> FloatArray:
        return np.full(close.size, (next(times) % 7) / 10 * n)

    (stamp,) = sweep(BARS, moody, {"n": [1]}, backend="serial").run(0).stamps
    assert stamp.startswith("NOT REPRODUCIBLE: ")


@pytest.mark.parametrize("n_bars", [1, 2, 5])
def test_a_few_bars_are_checked_as_far_as_they_go(n_bars: int) -> None:
    def flat(close: FloatArray) -> FloatArray:
        return close * 0

    found = sweep(BARS[:n_bars], flat, {"leverage": [1.0]}, backend="serial")
    check = found.run(0).check
    assert check is not None
    assert len(check.prefixes) == n_bars - 1 - n_bars // 5

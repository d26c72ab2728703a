"""Volume-weighted average prices, bar by bar."""

from typing import Any

import numpy as np
import pytest

from cryptovolt import indicators
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.indicators import library


def ones(*values: float) -> FloatArray:
    return np.array(values, dtype=np.float64)


PRICE = ones(10, 20, 30, 40, 50)
HOUR_MS, DAY_MS = 3_600_000, 86_400_000


@pytest.mark.parametrize(
    ("hours", "volume", "expected"),
    [
        # the session ends at midnight, whatever came before
        ([21, 22, 23, 24, 25], [1, 1, 2, 1, 3], [10, 15, 22.5, 40, 47.5]),
        # the first bar of the day is missing: the session begins with the second
        ([22, 23, 26, 27, 28], [1, 3, 1, 1, 2], [10, 17.5, 30, 35, 42.5]),
        # nothing traded yet in the new session: undefined, not the old average and not 0
        ([22, 23, 24, 25, 26], [1, 1, 0, 0, 2], [10, 15, np.nan, np.nan, 50]),
        # a whole day is missing
        ([0, 1, 50, 51, 52], [1, 1, 1, 1, 1], [10, 15, 30, 35, 40]),
    ],
)
def test_sessions_begin_at_midnight_utc(
    hours: list[int], volume: list[float], expected: list[float]
) -> None:
    times = np.array(hours) * HOUR_MS
    computed = indicators.vwap(PRICE, PRICE, PRICE, ones(*volume), times)
    np.testing.assert_array_equal(computed, expected)


def test_weekly_sessions_begin_on_monday() -> None:
    sunday = 1_704_067_200_000 - DAY_MS  # 2023-12-31
    times = sunday + DAY_MS * np.arange(-2, 3)
    computed = indicators.vwap(PRICE, PRICE, PRICE, np.ones(5), times, session="1w")
    assert computed.tolist() == [10, 15, 20, 40, 45]


def test_a_window_forgets_what_left_it() -> None:
    computed = indicators.vwap(PRICE, PRICE, PRICE, ones(1, 3, 0, 0, 5), timeperiod=2)
    np.testing.assert_array_equal(computed, [np.nan, 17.5, 20, np.nan, 50])


def test_without_sessions_the_average_is_talibs() -> None:
    close = 100.0 + np.arange(30.0) % 7
    high, low, volume = close + 1.0, close - 2.0, 1.0 + np.arange(30.0) % 5
    computed = indicators.vwap(high, low, close, volume)
    turnover = ((high + low + close) / 3 * volume).cumsum()
    np.testing.assert_allclose(computed, turnover / volume.cumsum(), rtol=1e-14)
    talibs = library.generic("vwap")(high, low, close, volume)
    np.testing.assert_allclose(computed, talibs, rtol=1e-14)


@pytest.mark.parametrize("anchor", [2, np.int64(2), np.array([0, 0, 1, 0, 0], dtype=np.bool_)])
def test_an_anchor_is_a_row_or_a_mask(anchor: Any) -> None:
    computed = indicators.anchored_vwap(PRICE, PRICE, PRICE, ones(1, 1, 1, 1, 2), anchor)
    np.testing.assert_array_equal(computed, [np.nan, np.nan, 30, 35, 42.5])


def test_every_anchor_begins_anew() -> None:
    mask = np.array([1, 0, 0, 1, 0], dtype=np.bool_)
    computed = indicators.anchored_vwap(PRICE, PRICE, PRICE, np.ones(5), mask)
    assert computed.tolist() == [10, 15, 20, 40, 45]
    assert mask.tolist() == [True, False, False, True, False]


def test_an_anchor_within_the_warm_up_counts_from_the_first_number() -> None:
    late = np.concatenate([[np.nan, np.nan], PRICE[2:]])
    computed = indicators.anchored_vwap(late, late, late, np.ones(5), 1)
    np.testing.assert_array_equal(computed, [np.nan, np.nan, 30, 35, 40])

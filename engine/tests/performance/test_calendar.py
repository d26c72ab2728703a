"""Results by day and month."""

import math

import numpy as np
import pytest

from cryptovolt.performance.calendar import daily_equity, monthly_returns, yearly_returns

DAY = 86_400_000
END_OF_JANUARY = 30 * DAY  # 1970-01-31


def test_months_begin_where_the_one_before_ended() -> None:
    times = np.array([END_OF_JANUARY - 5 * DAY, END_OF_JANUARY, END_OF_JANUARY + DAY])
    found = monthly_returns(times, np.array([90.0, 110.0, 55.0]), 100.0)
    assert [(m.year, m.month, pytest.approx(m.change)) for m in found] == [
        (1970, 1, 0.1),
        (1970, 2, -0.5),
    ]


def test_a_month_after_ruin_has_no_return() -> None:
    times = np.array([0, END_OF_JANUARY + DAY])
    assert math.isnan(monthly_returns(times, np.array([-1.0, -1.0]), 100.0)[1].change)


def test_a_day_ends_with_its_last_bar() -> None:
    times = np.array([0, DAY // 2, DAY, 3 * DAY, 3 * DAY + 1])
    found = daily_equity(times, np.array([1.0, 2.0, 3.0, 4.0, 5.0]))
    assert found.tolist() == [2.0, 3.0, 5.0]


def test_months_that_the_bars_do_not_fill_are_partial() -> None:
    # Daily bars of January and February 1970, the first day or the last one missing.
    times, equity = np.arange(59) * DAY, np.full(59, 100.0)

    def partial(rows: slice) -> list[bool]:
        return [m.partial for m in monthly_returns(times[rows], equity[rows], 100.0, DAY)]

    assert partial(slice(0, 59)) == [False, False]
    assert partial(slice(1, 59)) == [True, False]
    assert partial(slice(0, 58)) == [False, True]
    assert partial(slice(1, 20)) == [True]


def test_years_begin_where_the_one_before_ended() -> None:
    times = np.array([364 * DAY, 365 * DAY])
    found = yearly_returns(times, np.array([110.0, 99.0]), 100.0, DAY)
    assert [(y.year, pytest.approx(y.change), y.partial) for y in found] == [
        (1970, 0.1, True),
        (1971, -0.1, True),
    ]


def test_without_bars_there_is_no_month() -> None:
    assert monthly_returns(np.empty(0, np.int64), np.empty(0), 100.0) == []

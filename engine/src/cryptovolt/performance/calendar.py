"""Results by day, month and year, UTC."""

from typing import NamedTuple

import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.timeframe import DAY_MS
from cryptovolt.performance.returns import returns_of


class Month(NamedTuple):
    """One calendar month and its return as a fraction, NaN where the account was ruined.

    `partial` where the bars begin after the month does, or end before.
    """

    year: int
    month: int
    change: float
    partial: bool = False


class Year(NamedTuple):
    """One calendar year and its return as a fraction, NaN where the account was ruined.

    `partial` where the bars begin after the year does, or end before.
    """

    year: int
    change: float
    partial: bool = False


def daily_equity(timestamp: IntArray, equity: FloatArray) -> FloatArray:
    """Return the last equity of every UTC day that has bars, shape (n_days,).

    Parameters
    ----------
    timestamp : ndarray of shape (n_bars,)
        Bar opens, int64 milliseconds UTC, increasing.
    equity : ndarray of shape (n_bars,)
        At each close.
    """
    return equity[last_rows(timestamp // DAY_MS)]


def monthly_returns(
    timestamp: IntArray, equity: FloatArray, start: float, bar_ms: int | None = None
) -> list[Month]:
    """Return the change of equity in every month that has bars.

    Parameters
    ----------
    timestamp : ndarray of shape (n_bars,)
        Bar opens, int64 milliseconds UTC, increasing.
    equity : ndarray of shape (n_bars,)
        At each close, quote currency.
    start : float
        Equity before the first bar.
    bar_ms : int, optional
        Length of a bar in milliseconds; the smallest step between two bars by default.
    """
    found = _by_period(timestamp, equity, start, bar_ms, "M")
    return [
        Month(1970 + number // 12, number % 12 + 1, change, partial)
        for number, change, partial in found
    ]


def yearly_returns(
    timestamp: IntArray, equity: FloatArray, start: float, bar_ms: int | None = None
) -> list[Year]:
    """Return the change of equity in every year that has bars; see :func:`monthly_returns`."""
    found = _by_period(timestamp, equity, start, bar_ms, "Y")
    return [Year(1970 + number, change, partial) for number, change, partial in found]


def last_rows(period: IntArray) -> IntArray:
    """Return the last row of every period, given the number of each row's period."""
    if not period.size:
        return np.empty(0, np.int64)
    return np.append(np.flatnonzero(np.diff(period)), period.size - 1).astype(np.int64)


def _by_period(
    timestamp: IntArray, equity: FloatArray, start: float, bar_ms: int | None, unit: str
) -> list[tuple[int, float, bool]]:
    if not timestamp.size:
        return []
    # Days first: a calendar is slow to ask for every bar.
    day_rows = last_rows(timestamp // DAY_MS)
    days = (timestamp[day_rows] // DAY_MS).astype("datetime64[D]")
    periods = days.astype(f"datetime64[{unit}]")
    rows = last_rows(periods.astype(np.int64))
    changes: list[float] = returns_of(equity[day_rows[rows]], start).tolist()
    numbers: list[int] = periods[rows].astype(np.int64).tolist()
    bar = bar_ms or (int(np.diff(timestamp).min()) if timestamp.size > 1 else 0)
    partial = [False] * len(numbers)
    partial[0] |= int(timestamp[0]) > _moment(periods[0])
    partial[-1] |= int(timestamp[-1]) + bar < _moment(periods[-1] + 1)
    return list(zip(numbers, changes, partial, strict=True))


def _moment(period: np.datetime64) -> int:
    return int(period.astype("datetime64[ms]").astype(np.int64))

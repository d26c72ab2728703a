"""Results by day and by month, UTC."""

from typing import NamedTuple

import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.timeframe import DAY_MS
from cryptovolt.performance.returns import returns_of


class Month(NamedTuple):
    """One calendar month and its return as a fraction, NaN where the account was ruined."""

    year: int
    month: int
    change: float


def daily_equity(timestamp: IntArray, equity: FloatArray) -> FloatArray:
    """Return the last equity of every UTC day that has bars, shape (n_days,).

    Parameters
    ----------
    timestamp : ndarray of shape (n_bars,)
        Bar opens, int64 milliseconds UTC, increasing.
    equity : ndarray of shape (n_bars,)
        At each close.
    """
    return equity[_last_rows(timestamp // DAY_MS)]


def monthly_returns(timestamp: IntArray, equity: FloatArray, start: float) -> list[Month]:
    """Return the change of equity in every month that has bars.

    Parameters
    ----------
    timestamp : ndarray of shape (n_bars,)
        Bar opens, int64 milliseconds UTC, increasing.
    equity : ndarray of shape (n_bars,)
        At each close, quote currency.
    start : float
        Equity before the first bar.
    """
    months = timestamp.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64)
    rows = _last_rows(months)
    changes: list[float] = returns_of(equity[rows], start).tolist()
    numbers: list[int] = months[rows].tolist()
    return [
        Month(1970 + number // 12, number % 12 + 1, change)
        for number, change in zip(numbers, changes, strict=True)
    ]


def _last_rows(period: IntArray) -> IntArray:
    return np.append(np.flatnonzero(np.diff(period)), period.size - 1).astype(np.int64)

"""Strategies that decide from bars up to their own."""

from typing import Any

import numpy as np

from cryptovolt import indicators
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars

DAY = 24


def rolling_mean(values: FloatArray, length: int) -> FloatArray:
    sums = np.cumsum(np.concatenate([[0.0], values]))
    result = np.full(values.size, np.nan)
    result[length - 1 :] = (sums[length:] - sums[:-length]) / length
    return result


def long_where(condition: Any) -> FloatArray:
    return np.where(condition, 1.0, 0.0)


class Cross:
    """Two moving averages."""

    fast: int = 10
    slow: int = 40

    @property
    def warmup(self) -> int:
        return self.slow

    def target(self, history: Bars) -> FloatArray:
        fast = rolling_mean(history.close, self.fast)
        slow = rolling_mean(history.close, self.slow)
        return long_where(fast > slow)


class Recursive:
    """Indicators that remember where they began: their bits tell the slice."""

    warmup = 120

    def target(self, history: Bars) -> FloatArray:
        rsi = indicators.rsi(history.close, 14)
        ema = indicators.ema(history.close, 20)
        return np.clip((50.0 - rsi) / 50.0 + 0.1 * np.sign(history.close - ema), -1.0, 1.0)


class YesterdaysClose:
    """The close of the day before, known to every hour of the next."""

    warmup = 2 * DAY

    def target(self, history: Bars) -> FloatArray:
        day = history.timestamp // 86_400_000
        ends = np.flatnonzero(np.diff(day))
        number = np.concatenate([[0], np.cumsum(np.diff(day) != 0)])
        before = np.append(np.nan, history.close[ends])[number]
        return np.where(np.isnan(before), np.nan, long_where(history.close > before))


class FilledForwards:
    """A signal at some bars only, kept until the next."""

    warmup = 30

    def target(self, history: Bars) -> FloatArray:
        change = np.diff(history.close, prepend=history.close[0]) / history.close
        return np.where(np.abs(change) > 0.005, np.sign(change), np.nan)


class Rolled:
    """np.roll wraps the newest close around to the first row, which is inside the warm-up."""

    warmup = 10

    def target(self, history: Bars) -> FloatArray:
        return long_where(history.close > np.roll(history.close, 5))

"""Strategies that read ahead, each in one way."""

from typing import Any

import numpy as np

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars

DAY = 24


def long_where(condition: Any) -> FloatArray:
    return np.where(condition, 1.0, 0.0)


class TomorrowsClose:
    """shift(-1)."""

    warmup = 5

    def target(self, history: Bars) -> FloatArray:
        tomorrow = np.append(history.close[1:], np.nan)
        return long_where(tomorrow > history.close)


class RareTomorrow:
    """shift(-1), but in a position for very few bars."""

    warmup = 5

    def target(self, history: Bars) -> FloatArray:
        tomorrow = np.append(history.close[1:], np.nan)
        return long_where(tomorrow > 1.018 * history.close)


class CentredMean:
    """A centred rolling mean."""

    warmup = 40

    def target(self, history: Bars) -> FloatArray:
        smooth = np.convolve(history.close, np.ones(21) / 21, mode="same")
        return long_where(history.close < smooth)


class WholeSampleScore:
    """Normalised by mean and deviation of all it was handed."""

    warmup = 50

    def target(self, history: Bars) -> FloatArray:
        score = (history.close - history.close.mean()) / history.close.std()
        return np.clip(score, -1.0, 1.0)


class DaysClose:
    """Each hour knows the close of its own day, as a resample labelled at the left does."""

    warmup = 2 * DAY

    def target(self, history: Bars) -> FloatArray:
        day = history.timestamp // 86_400_000
        last = np.append(np.flatnonzero(np.diff(day)), len(history) - 1)
        number = np.concatenate([[0], np.cumsum(np.diff(day) != 0)])
        return long_where(history.close[last][number] > history.open)


class FilledBackwards:
    """A signal at some bars only, and bfill between them."""

    warmup = 30

    def target(self, history: Bars) -> FloatArray:
        change = np.diff(history.close, prepend=history.close[0]) / history.close
        signal = np.where(np.abs(change) > 0.005, np.sign(change), np.nan)
        for row in range(len(signal) - 2, -1, -1):
            if np.isnan(signal[row]):
                signal[row] = signal[row + 1]
        return signal


class BestPriceOfAll:
    """Buys near the lowest low there will be."""

    warmup = 0

    def target(self, history: Bars) -> FloatArray:
        return long_where(history.close < 1.05 * history.low.min())

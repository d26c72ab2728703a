"""Features of sentiment: only what had been seen by the close of the bar.

Each value is summed afresh, item by item, over a bounded time before the close. So a batch over all
history and a live bar with only the newest items agree bit for bit, and no item seen later counts.
Where nothing was seen the features say so with 0: no news is neutral, not missing.
"""

from math import log1p, sqrt

import numpy as np
from numba import njit

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.domain.timeframe import DAY_MS
from cryptovolt.features.registry import SentimentFeature

SENTIMENT_WINDOW_MS = 7 * DAY_MS
"""The longest time before a bar's close that any sentiment feature looks at."""


def _level(series: SentimentSeries, closes: IntArray) -> FloatArray:
    count, total, _ = _seen(series, closes, DAY_MS)
    return total / (count + 1.0)


def _change(series: SentimentSeries, closes: IntArray) -> FloatArray:
    return _level(series, closes) - _level(series, closes - DAY_MS)


def _count(series: SentimentSeries, closes: IntArray) -> FloatArray:
    count, _, _ = _seen(series, closes, DAY_MS)
    return np.array([log1p(n) for n in count.tolist()])


def _dispersion(series: SentimentSeries, closes: IntArray) -> FloatArray:
    return _seen(series, closes, DAY_MS)[2]


def _surprise(series: SentimentSeries, closes: IntArray) -> FloatArray:
    count, total, spread = _seen(series, closes, SENTIMENT_WINDOW_MS)
    # One tenth of the scale keeps a week of equal scores from making every change a surprise.
    return (_level(series, closes) - total / (count + 1.0)) / (spread + 0.1)


def _seen(
    series: SentimentSeries, closes: IntArray, window_ms: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    first = np.searchsorted(series.observed_at, closes - window_ms, side="right")
    stop = np.searchsorted(series.observed_at, closes, side="right")
    return _moments(series.score, first, stop)


@njit(cache=True, nogil=True)
def _moments(
    score: FloatArray, first: IntArray, stop: IntArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    count = np.zeros(first.size)
    total = np.zeros(first.size)
    spread = np.zeros(first.size)
    for t in range(first.size):
        count[t] = stop[t] - first[t]
        for i in range(first[t], stop[t]):
            total[t] += score[i]
        squares = 0.0
        for i in range(first[t], stop[t]):
            squares += (score[i] - total[t] / count[t]) ** 2
        if count[t] > 1:
            spread[t] = sqrt(squares / count[t])
    return count, total, spread


SENTIMENT_FEATURES = (
    SentimentFeature(
        "sentiment_level", "sum / (count + 1) of scores seen in 24 hours", DAY_MS, _level
    ),
    SentimentFeature(
        "sentiment_change",
        "sentiment_level − sentiment_level 24 hours earlier",
        2 * DAY_MS,
        _change,
    ),
    SentimentFeature("sentiment_count", "ln(1 + items seen in 24 hours)", DAY_MS, _count),
    SentimentFeature(
        "sentiment_dispersion", "standard deviation of scores seen in 24 hours", DAY_MS, _dispersion
    ),
    SentimentFeature(
        "sentiment_surprise",
        "(sentiment_level − the same over 7 days) / (0.1 + standard deviation over 7 days)",
        SENTIMENT_WINDOW_MS,
        _surprise,
    ),
)

"""Features of sentiment: only what had been seen by the close of the bar.

Each value is summed afresh, item by item, over a bounded time before the close. So a batch over all
history and a live bar with only the newest items agree bit for bit, and no item seen later counts.
Where nothing was seen the features say so with 0: no news is neutral, not missing.

All read texts only, each by its weight, but for the two of the Fear & Greed index, which read that
alone.
"""

from collections.abc import Collection
from math import log1p, sqrt

import numpy as np
from numba import njit

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.sentiment import FEAR_GREED, SentimentSeries
from cryptovolt.domain.timeframe import DAY_MS
from cryptovolt.features.registry import SentimentFeature

SENTIMENT_WINDOW_MS = 7 * DAY_MS
"""The longest time before a bar's close that any sentiment feature looks at."""

INDEX_WINDOW_MS = 3 * DAY_MS
"""An index value older than this is no longer one: the feed is down."""

_DAYS = SENTIMENT_WINDOW_MS // DAY_MS


def _level(series: SentimentSeries, closes: IntArray) -> FloatArray:
    count, total, _ = _seen(series, closes, DAY_MS)
    return total / (count + 1.0)


def _change(series: SentimentSeries, closes: IntArray) -> FloatArray:
    return _level(series, closes) - _level(series, closes - DAY_MS)


def _count(series: SentimentSeries, closes: IntArray) -> FloatArray:
    return _logs(_seen(series, closes, DAY_MS)[0])


def _volume(series: SentimentSeries, closes: IntArray) -> FloatArray:
    count, week = _seen(series, closes, DAY_MS)[0], _seen(series, closes, SENTIMENT_WINDOW_MS)[0]
    return _logs(count) - _logs(week / _DAYS)


def _dispersion(series: SentimentSeries, closes: IntArray) -> FloatArray:
    return _seen(series, closes, DAY_MS)[2]


def _surprise(series: SentimentSeries, closes: IntArray) -> FloatArray:
    count, total, spread = _seen(series, closes, SENTIMENT_WINDOW_MS)
    # One tenth of the scale keeps a week of equal scores from making every change a surprise.
    return (_level(series, closes) - total / (count + 1.0)) / (spread + 0.1)


def _divergence(series: SentimentSeries, closes: IntArray) -> FloatArray:
    texts = series.texts()
    first, stop = _rows(texts, closes, DAY_MS)
    found: FloatArray = _apart(
        texts.score, texts.weight, texts.origin, len(texts.origins), first, stop
    )
    return found


def _fear_greed(series: SentimentSeries, closes: IntArray) -> FloatArray:
    return np.nan_to_num(_index(series, closes))


def _fear_greed_change(series: SentimentSeries, closes: IntArray) -> FloatArray:
    return np.nan_to_num(_index(series, closes) - _index(series, closes - DAY_MS))


def _index(series: SentimentSeries, closes: IntArray) -> FloatArray:
    index = series.of(FEAR_GREED)
    values = np.full(closes.size, np.nan)
    first, stop = _rows(index, closes, INDEX_WINDOW_MS)
    known = stop > first
    values[known] = index.score[stop[known] - 1]
    return values


def _seen(
    series: SentimentSeries, closes: IntArray, window_ms: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    texts = series.texts()
    first, stop = _rows(texts, closes, window_ms)
    return _moments(texts.score, texts.weight, first, stop)


def _rows(series: SentimentSeries, closes: IntArray, window_ms: int) -> tuple[IntArray, IntArray]:
    first = np.searchsorted(series.observed_at, closes - window_ms, side="right")
    return first, np.searchsorted(series.observed_at, closes, side="right")


@njit(cache=True, nogil=True)
def _logs(values: FloatArray) -> FloatArray:
    logs = np.empty(values.size)
    for t in range(values.size):
        logs[t] = log1p(values[t])
    return logs


@njit(cache=True, nogil=True)
def _moments(
    score: FloatArray, weight: FloatArray, first: IntArray, stop: IntArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    count = np.zeros(first.size)
    total = np.zeros(first.size)
    spread = np.zeros(first.size)
    for t in range(first.size):
        # Bars that see the same items share their sums: same items, same bits.
        if t and first[t] == first[t - 1] and stop[t] == stop[t - 1]:
            count[t], total[t], spread[t] = count[t - 1], total[t - 1], spread[t - 1]
            continue
        for i in range(first[t], stop[t]):
            count[t] += weight[i]
            total[t] += weight[i] * score[i]
        if stop[t] - first[t] > 1 and count[t] > 0.0:
            mean = total[t] / count[t]
            squares = 0.0
            for i in range(first[t], stop[t]):
                squares += weight[i] * (score[i] - mean) ** 2
            spread[t] = sqrt(squares / count[t])
    return count, total, spread


@njit(cache=True, nogil=True)
def _apart(
    score: FloatArray,
    weight: FloatArray,
    origin: IntArray,
    n_origins: int,
    first: IntArray,
    stop: IntArray,
) -> FloatArray:
    found = np.zeros(first.size)
    count = np.zeros(n_origins)
    total = np.zeros(n_origins)
    for t in range(first.size):
        if t and first[t] == first[t - 1] and stop[t] == stop[t - 1]:
            found[t] = found[t - 1]
            continue
        count[:] = 0.0
        total[:] = 0.0
        for i in range(first[t], stop[t]):
            count[origin[i]] += weight[i]
            total[origin[i]] += weight[i] * score[i]
        low, high, n_heard = 1.0, -1.0, 0
        for one in range(n_origins):
            if count[one] > 0.0:
                mean = total[one] / (count[one] + 1.0)
                low, high, n_heard = min(low, mean), max(high, mean), n_heard + 1
        if n_heard > 1:
            found[t] = high - low
    return found


SENTIMENT_FEATURES = (
    SentimentFeature(
        "sentiment_level",
        "Σ weight · score / (Σ weight + 1) of texts seen in 24 hours",
        DAY_MS,
        _level,
    ),
    SentimentFeature(
        "sentiment_change",
        "sentiment_level − sentiment_level 24 hours earlier",
        2 * DAY_MS,
        _change,
    ),
    SentimentFeature(
        "sentiment_count", "ln(1 + Σ weight of texts seen in 24 hours)", DAY_MS, _count
    ),
    SentimentFeature(
        "sentiment_volume",
        "sentiment_count − ln(1 + Σ weight of texts seen in 7 days / 7)",
        SENTIMENT_WINDOW_MS,
        _volume,
    ),
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
"""Features of any texts."""

ORIGIN_FEATURES = (
    SentimentFeature(
        "sentiment_divergence",
        "largest − smallest sentiment_level of the origins heard in 24 hours; 0 of fewer than two",
        DAY_MS,
        _divergence,
    ),
    SentimentFeature(
        "fear_greed",
        "(index − 50) / 50 of the newest value seen in 3 days; 0 without one",
        INDEX_WINDOW_MS,
        _fear_greed,
    ),
    SentimentFeature(
        "fear_greed_change",
        "fear_greed − fear_greed 24 hours earlier; 0 where either is missing",
        INDEX_WINDOW_MS + DAY_MS,
        _fear_greed_change,
    ),
)
"""Features that say something only where several origins, or the index, are heard."""


def sentiment_features_of(series: SentimentSeries) -> tuple[SentimentFeature, ...]:
    """Return the features that can vary for a series, by the origins it names.

    It decides by names, not by the items, so that a source which is silent for a while leaves its
    column in place, at 0.
    """
    n_heard = sum(name != FEAR_GREED for name in series.origins)
    told = {
        "sentiment_divergence": n_heard > 1,
        "fear_greed": FEAR_GREED in series.origins,
        "fear_greed_change": FEAR_GREED in series.origins,
    }
    return (*SENTIMENT_FEATURES, *(one for one in ORIGIN_FEATURES if told[one.name]))


def heard_by(series: SentimentSeries, columns: Collection[str]) -> SentimentSeries:
    """Return the series so that the named columns are among its features.

    An origin that has given nothing yet is silent, not absent: its column is 0.
    """
    missing = {one.name for one in ORIGIN_FEATURES if one.name in columns}
    missing -= {one.name for one in sentiment_features_of(series)}
    if not missing:
        return series
    # Of the texts, one other silent origin is enough.
    names = [FEAR_GREED] if missing - {"sentiment_divergence"} else []
    names += ["silent"] if "sentiment_divergence" in missing else []
    return series.naming(names)

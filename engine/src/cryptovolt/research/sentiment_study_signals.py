"""What a study of sentiment looks at: per bar, from what had been seen by its close."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.domain.timeframe import DAY_MS
from cryptovolt.features.seen_sentiment import ORIGIN_FEATURES, SENTIMENT_FEATURES
from cryptovolt.sentiment.vote import vote

_EPOCH = date(1970, 1, 1)
_FEATURES = {one.name: one.compute for one in (*SENTIMENT_FEATURES, *ORIGIN_FEATURES)}


@dataclass(frozen=True, slots=True)
class Signal:
    """One number per bar; `index` says that it is made of the Fear & Greed index, not of texts."""

    name: str
    compute: Callable[[SentimentSeries, IntArray], FloatArray]
    index: bool = False


def _vote(series: SentimentSeries, closes: IntArray) -> FloatArray:
    # Silence counts zero, as in a decision.
    return np.nan_to_num(vote(series, closes))


SIGNALS: tuple[Signal, ...] = (
    Signal("vote", _vote),
    Signal("level", _FEATURES["sentiment_level"]),
    Signal("surprise", _FEATURES["sentiment_surprise"]),
    Signal("fear_greed", _FEATURES["fear_greed"], index=True),
)
"""The vote, two features of texts, and the index."""


def rows_between(bars: Bars, items: SentimentSeries) -> slice:
    """Return the bars whose close lies between the first and the last item seen."""
    if not len(items):
        return slice(0, 0)
    closes = bars.timestamp + bars.interval_ms
    start = int(np.searchsorted(closes, int(items.observed_at[0]), side="left"))
    stop = int(np.searchsorted(closes, int(items.observed_at[-1]), side="right"))
    return slice(start, max(start, stop))


def half_year_of(timestamp: IntArray) -> list[str]:
    """Return the half-year of each time (milliseconds UTC), e.g. ``"2021 H2"``."""
    days = timestamp // DAY_MS
    moments = [_EPOCH + timedelta(days=day) for day in days.tolist()]
    return [f"{moment.year} H{1 + (moment.month - 1) // 6}" for moment in moments]

"""What it costs to see news later, and what is won by seeing it before it was written.

News that is scored today and joined to the day it is dated counts from midnight on, hours before
it was written: much of it tells what the price did in those hours. That row is in the table to be
recognised, nowhere else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cryptovolt.domain.arrays import IntArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.domain.timeframe import DAY_MS
from cryptovolt.performance.bootstrap import Interval
from cryptovolt.research.sentiment_study_ranks import (
    BLOCK_MS,
    coefficient_interval,
    forward_returns,
)
from cryptovolt.sentiment.vote import vote

LATER_MS: Mapping[str, int] = {
    "at once": 0,
    "5 minutes later": 300_000,
    "1 hour later": 3_600_000,
    "1 day later": DAY_MS,
}
"""Delays that are looked at."""

FLATTERING = "joined to the day it is dated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """The vote's coefficients for one way of seeing the news.

    Parameters
    ----------
    name : str
        How late it is seen.
    flattering : bool
        Whether it counts before it was written: nobody could trade it.
    coefficients : mapping of int to Interval
        By horizon, milliseconds.
    """

    name: str
    flattering: bool
    coefficients: Mapping[int, Interval]


def seen_later(series: SentimentSeries, by_ms: int) -> SentimentSeries:
    """Return the items seen so much later; earlier where negative, never before written."""
    return _seen_at(series, np.maximum(series.observed_at + by_ms, series.event_time))


def joined_to_its_day(series: SentimentSeries) -> SentimentSeries:
    """Return the items as if seen at the midnight before they were written."""
    return _seen_at(series, series.event_time // DAY_MS * DAY_MS)


def delays_of(
    bars: Bars,
    texts: SentimentSeries,
    rows: slice,
    delay_ms: int,
    horizons_ms: Sequence[int],
    rng: np.random.Generator,
    n_samples: int,
) -> tuple[Delay, ...]:
    """Return the vote's coefficients for every delay, the flattering way last.

    Parameters
    ----------
    bars : Bars
        Whose returns are looked at.
    texts : SentimentSeries
        As it is seen with the delay `delay_ms`.
    rows : slice
        Bars that are looked at, the same for all delays.
    delay_ms : int
        Already in the times; taken off first.
    horizons_ms : sequence of int
        Milliseconds.
    rng : numpy.random.Generator
        Draws the resamples.
    n_samples : int
        Resamples.
    """
    ways = [(name, False, seen_later(texts, by - delay_ms)) for name, by in LATER_MS.items()]
    ways.append((FLATTERING, True, joined_to_its_day(texts)))
    closes = (bars.timestamp + bars.interval_ms)[rows]
    ahead = {horizon: forward_returns(bars, horizon)[rows] for horizon in horizons_ms}
    found: list[Delay] = []
    for name, flattering, series in ways:
        votes = np.nan_to_num(vote(series, closes))
        intervals: dict[int, Interval] = {}
        for horizon, returns in ahead.items():
            known = np.isfinite(returns)
            block = max(BLOCK_MS, 4 * horizon) / bars.interval_ms
            intervals[horizon] = coefficient_interval(
                votes[known], returns[known], block, rng, n_samples
            )
        found.append(Delay(name=name, flattering=flattering, coefficients=intervals))
    return tuple(found)


def _seen_at(series: SentimentSeries, observed_at: IntArray) -> SentimentSeries:
    order = np.argsort(observed_at, kind="stable")
    seen = observed_at[order]
    return SentimentSeries(
        event_time=np.minimum(series.event_time[order], seen),
        observed_at=seen,
        score=series.score[order],
        source=series.source,
        weight=series.weight[order],
        origin=series.origin[order],
        origins=series.origins,
    )

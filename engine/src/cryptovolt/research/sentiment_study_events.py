"""Bursts of news: what the price did before and after them.

A burst is the first hour in which the vote stands among the strongest twentieth of all hours it
was heard, none of its kind within the three days before it. Its threshold is taken from all of the
history, so this describes and is no strategy. A price that has risen before good news is the usual
finding: much of the news reports what the market has just done.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.timeframe import DAY_MS
from cryptovolt.performance.bootstrap import Interval, bootstrap_interval
from cryptovolt.research.sentiment_study_ranks import forward_returns

HOUR_MS = 3_600_000
TAIL = 0.05
"""Share of the hours heard that count as a burst's strength."""

APART_MS = 3 * DAY_MS
"""A burst has none of its kind this long before it."""

OFFSETS_MS: tuple[int, ...] = tuple(
    HOUR_MS * hours for hours in (-24, -12, -4, -1, 1, 4, 12, 24, 48, 72)
)
"""Where the price is looked at, from the open after a burst."""

MIN_EVENTS = 10
"""Fewer bursts than this allow no interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bursts:
    """Bursts of one sign and the price around them.

    Parameters
    ----------
    sign : int
        +1 for good news, −1 for bad.
    threshold : float
        Vote at which a burst begins.
    times : ndarray of shape (n_bursts,)
        Closes, milliseconds UTC.
    moves : mapping of int to Interval
        By offset from the open after the burst, milliseconds: the mean abnormal log return between
        the two, with its 95 % interval over bursts. Negative offsets are before the burst, and
        their return is the way *to* it.
    """

    sign: int
    threshold: float
    times: IntArray
    moves: Mapping[int, Interval]


def find_bursts(
    bars: Bars, votes: FloatArray, sign: int, rng: np.random.Generator, n_samples: int
) -> Bursts:
    """Return the bursts of one sign.

    Parameters
    ----------
    bars : Bars
        In which the price is looked at; the mean move of all of them is the usual one.
    votes : ndarray of shape (n_bars,)
        Vote at each close; NaN where nothing was heard.
    sign : int
        +1 or −1.
    rng : numpy.random.Generator
        Draws the resamples.
    n_samples : int
        Resamples.
    """
    heard = votes[np.isfinite(votes)]
    quantile = 1.0 - TAIL if sign > 0 else TAIL
    threshold = float(np.quantile(heard, quantile)) if heard.size else float("nan")
    rows = _first_rows(bars, votes * sign >= threshold * sign) if threshold * sign > 0.0 else []
    chosen = np.array(rows, dtype=np.int64)
    return Bursts(
        sign=sign,
        threshold=threshold,
        times=bars.timestamp[chosen] + bars.interval_ms,
        moves={
            offset: _mean_move(bars, chosen, offset, rng, n_samples)
            for offset in OFFSETS_MS
            if offset % bars.interval_ms == 0
        },
    )


def _first_rows(bars: Bars, strong: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[int]:
    rows: list[int] = []
    last = None
    for row in np.flatnonzero(strong).tolist():
        now = int(bars.timestamp[row])
        if last is None or now - last > APART_MS:
            rows.append(row)
        # An hour that is strong keeps the next ones from being a new burst.
        last = now
    return rows


def _mean_move(
    bars: Bars, rows: IntArray, offset: int, rng: np.random.Generator, n_samples: int
) -> Interval:
    ahead = forward_returns(bars, abs(offset))
    # Abnormal: beyond what any hour of this history brought on average.
    usual = float(np.nanmean(ahead)) if np.isfinite(ahead).any() else float("nan")
    if offset > 0:
        moves = ahead[rows] - usual
    else:
        # The same way, entered as much earlier.
        start = np.searchsorted(bars.timestamp, bars.timestamp[rows] + offset)
        there = bars.timestamp[np.minimum(start, len(bars) - 1)] == bars.timestamp[rows] + offset
        moves = np.where(there, ahead[np.minimum(start, len(bars) - 1)], np.nan) - usual
    known = moves[np.isfinite(moves)]
    if not known.size:
        return Interval(float("nan"), float("nan"), float("nan"))
    if known.size < MIN_EVENTS:
        return Interval(float(known.mean()), float("nan"), float("nan"))
    # Bursts are days apart: blocks of one.
    return bootstrap_interval(known, _mean, rng, n_samples, mean_block=1.0)


def _mean(values: FloatArray) -> float:
    return float(values.mean())

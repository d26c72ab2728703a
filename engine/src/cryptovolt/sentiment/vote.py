"""The vote of the news: a weighted mean of what had been seen, fading with age.

With ``age`` the time since an item was seen, at the close of a bar::

    weight = 2 ^ (−age / half_life)
    vote   = Σ weight · score / (Σ weight + PRIOR_WEIGHT)

The prior acts as neutral items: one item alone moves the vote little, many that agree move it to
their mean. As the news grows old the weights go to zero and the vote with them, so a feed that
stops makes the vote fade. Items older than eight half-lives are not read; where none is left, the
source is silent: NaN.

The vote at a time depends on that time and on the items alone, so that one bar and a whole history
give the same bits.
"""

import numba
import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.sentiment.series import REPEAT_WINDOW_MS

HALF_LIFE_MS = 6 * 3_600_000
WINDOW_HALF_LIVES = 8
"""Older items would weigh less than 1/256."""

PRIOR_WEIGHT = 2.0
"""Neutral items the vote starts from."""


def vote(
    series: SentimentSeries, times: IntArray, *, half_life_ms: int = HALF_LIFE_MS
) -> FloatArray:
    """Return the vote at each time, from the items seen at or before it.

    Parameters
    ----------
    series : SentimentSeries
        Items ordered by the time they were seen.
    times : ndarray of shape (n_bars,)
        Milliseconds UTC; bar closes, not opens. Any order.
    half_life_ms : int, default=6 hours
        Age at which an item weighs half, milliseconds.

    Returns
    -------
    ndarray of shape (n_bars,)
        In [−1, 1]; NaN where nothing was seen within eight half-lives.

    Raises
    ------
    ConfigurationError
        If the half-life is not positive.
    """
    if not half_life_ms > 0:
        raise ConfigurationError(f"expected a positive half-life, found {half_life_ms} ms")
    first, last = _seen_rows(series, times, half_life_ms)
    votes: FloatArray = _weighted_means(
        series.observed_at, series.score, times, first, last, half_life_ms
    )
    return votes


def lookback_ms(half_life_ms: int = HALF_LIFE_MS) -> int:
    """Return how far back items must be read so that the newest vote has the bits of a batch.

    Parameters
    ----------
    half_life_ms : int, default=6 hours
        As given to :func:`vote`.
    """
    # An item within the window may repeat one from before it.
    return WINDOW_HALF_LIVES * half_life_ms + REPEAT_WINDOW_MS


def explain(series: SentimentSeries, time: int, *, half_life_ms: int = HALF_LIFE_MS) -> str:
    """Return one clause on one vote, e.g. ``"12 items, faded mean -0.21, newest 3.0 h old"``.

    Parameters
    ----------
    series : SentimentSeries
        Items ordered by the time they were seen.
    time : int
        Milliseconds UTC.
    half_life_ms : int, default=6 hours
        As given to :func:`vote`.
    """
    first, last = _seen_rows(series, np.array([time], dtype=np.int64), half_life_ms)
    seen = series.score[first[0] : last[0]]
    if not seen.size:
        return "no news"
    ages = time - series.observed_at[first[0] : last[0]]
    weights = np.exp2(-ages / half_life_ms)
    mean = float((weights * seen).sum() / weights.sum())
    items = "1 item" if seen.size == 1 else f"{seen.size} items"
    return f"{items}, faded mean {mean:+.2f}, newest {ages[-1] / 3_600_000:.1f} h old"


def _seen_rows(
    series: SentimentSeries, times: IntArray, half_life_ms: int
) -> tuple[IntArray, IntArray]:
    oldest = times - WINDOW_HALF_LIVES * half_life_ms
    first = np.searchsorted(series.observed_at, oldest, side="right")
    return first, np.searchsorted(series.observed_at, times, side="right")


@numba.njit(cache=True, nogil=True)
def _weighted_means(
    observed_at: IntArray,
    score: FloatArray,
    times: IntArray,
    first: IntArray,
    last: IntArray,
    half_life_ms: float,
) -> FloatArray:
    votes = np.full(times.size, np.nan)
    for t in range(times.size):
        total = 0.0
        weights = 0.0
        for row in range(first[t], last[t]):
            weight = 2.0 ** (-(times[t] - observed_at[row]) / half_life_ms)
            total += weight * score[row]
            weights += weight
        if last[t] > first[t]:
            votes[t] = total / (weights + PRIOR_WEIGHT)
    return votes

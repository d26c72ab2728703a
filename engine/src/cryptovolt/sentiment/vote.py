"""The vote of the news: each item pulls it towards its score, silence lets it fade.

With ``a`` the time between two items and ``g`` the pull of the newer one::

    vote before  = vote after the older · 2 ^ (−a / half_life)
    vote after   = vote before + g · (score − vote before)
    g            = weight / (PRIOR_WEIGHT + evidence)

``evidence`` is the sum of the weights of the items so far, this one included, each halved after a
third of the half-life. So one item alone moves the vote by a third of the way, many at once move it
to their mean, and an item never moves it away from its own score. However many items there were:
from the moment they stop, the vote halves every half-life. A count of items in the denominator
could not promise that: after a thousand of them it would stay loud for days, then jump.

Only texts vote; the Fear & Greed index does not. Items older than eight half-lives are not read;
where none is left, the source is silent: NaN, which a decision counts as zero.

The vote at a time depends on that time and on the items alone, so that one bar and a whole history
give the same bits.
"""

from datetime import UTC, datetime

import numpy as np
from numba import njit

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.sentiment.series import REPEAT_WINDOW_MS

HALF_LIFE_MS = 6 * 3_600_000
WINDOW_HALF_LIVES = 8
"""Older items would move the vote by less than 1/256."""

PRIOR_WEIGHT = 2.0
"""Neutral items the vote starts from."""

_NAMED_ITEMS = 3
_HOUR_MS = 3_600_000


def vote(
    series: SentimentSeries, times: IntArray, *, half_life_ms: int = HALF_LIFE_MS
) -> FloatArray:
    """Return the vote at each time, from the texts seen at or before it.

    Parameters
    ----------
    series : SentimentSeries
        Items ordered by the time they were seen.
    times : ndarray of shape (n_bars,)
        Milliseconds UTC; bar closes, not opens. Any order.
    half_life_ms : int, default=6 hours
        Time in which the vote halves while nothing is seen, milliseconds.

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
    texts = series.texts()
    first, last = _seen_rows(texts, times, half_life_ms)
    votes: FloatArray = _votes(
        texts.observed_at, texts.score, texts.weight, times, first, last, float(half_life_ms)
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


def contributions(
    series: SentimentSeries, time: int, *, half_life_ms: int = HALF_LIFE_MS
) -> tuple[SentimentSeries, FloatArray]:
    """Return the texts behind one vote and what each of them adds to it.

    Parameters
    ----------
    series : SentimentSeries
        Items ordered by the time they were seen.
    time : int
        Milliseconds UTC.
    half_life_ms : int, default=6 hours
        As given to :func:`vote`.

    Returns
    -------
    items : SentimentSeries
        Those seen within eight half-lives.
    parts : ndarray of shape (n_items,)
        They add up to the vote.
    """
    texts = series.texts()
    first, last = _seen_rows(texts, np.array([time], dtype=np.int64), half_life_ms)
    items = texts.select(slice(int(first[0]), int(last[0])))
    age = (time - items.observed_at) / half_life_ms
    pull = _pulls(items.observed_at, items.weight, float(half_life_ms))
    # What the items after it left of an item: the product of (1 − their pull).
    left = np.append(np.cumprod((1.0 - pull)[:0:-1])[::-1], 1.0)[: len(items)]
    return items, items.score * pull * left * np.exp2(-age)


def explain(series: SentimentSeries, time: int, *, half_life_ms: int = HALF_LIFE_MS) -> str:
    """Return one clause on one vote and the items that moved it most.

    For example ``"12 items, newest 3.0 h old; most by rss 2022-01-05 14:05 scored -0.62 (-0.110)"``
    with at most three items, each with its origin, the time it was seen (UTC), its score and what
    it adds to the vote.

    Parameters
    ----------
    series : SentimentSeries
        Items ordered by the time they were seen.
    time : int
        Milliseconds UTC.
    half_life_ms : int, default=6 hours
        As given to :func:`vote`.
    """
    items, parts = contributions(series, time, half_life_ms=half_life_ms)
    if not len(items):
        return "no news"
    count = "1 item" if len(items) == 1 else f"{len(items)} items"
    newest = (time - int(items.observed_at[-1])) / _HOUR_MS
    most: list[int] = np.argsort(-np.abs(parts), kind="stable")[:_NAMED_ITEMS].tolist()
    named = ", ".join(_named(items, row, float(parts[row])) for row in most if parts[row])
    told = f"; most by {named}" if named else "; none of them says anything"
    return f"{count}, newest {newest:.1f} h old{told}"


def _named(items: SentimentSeries, row: int, part: float) -> str:
    seen = datetime.fromtimestamp(int(items.observed_at[row]) / 1000, UTC)
    origin = items.origins[int(items.origin[row])]
    return f"{origin} {seen:%Y-%m-%d %H:%M} scored {items.score[row]:+.2f} ({part:+.3f})"


def _seen_rows(
    texts: SentimentSeries, times: IntArray, half_life_ms: int
) -> tuple[IntArray, IntArray]:
    oldest = times - WINDOW_HALF_LIVES * half_life_ms
    first = np.searchsorted(texts.observed_at, oldest, side="right")
    return first, np.searchsorted(texts.observed_at, times, side="right")


@njit(cache=True, nogil=True)
def _pulls(observed_at: IntArray, weight: FloatArray, half_life_ms: float) -> FloatArray:
    pulls = np.zeros(observed_at.size)
    evidence = 0.0
    for row in range(observed_at.size):
        if row:
            fade = 2.0 ** (-(observed_at[row] - observed_at[row - 1]) / half_life_ms)
            evidence *= fade * fade * fade
        evidence += weight[row]
        pulls[row] = weight[row] / (PRIOR_WEIGHT + evidence)
    return pulls


@njit(cache=True, nogil=True)
def _votes(
    observed_at: IntArray,
    score: FloatArray,
    weight: FloatArray,
    times: IntArray,
    first: IntArray,
    last: IntArray,
    half_life_ms: float,
) -> FloatArray:
    votes = np.full(times.size, np.nan)
    state, known_first, known_last = 0.0, -1, -1
    for t in range(times.size):
        if last[t] <= first[t]:
            continue
        # Bars that see the same items share the walk over them: same items, same bits.
        if first[t] != known_first or last[t] != known_last:
            known_first, known_last = first[t], last[t]
            state = _state(observed_at, score, weight, known_first, known_last, half_life_ms)
        age = times[t] - observed_at[known_last - 1]
        votes[t] = state * 2.0 ** (-age / half_life_ms)
    return votes


@njit(cache=True, nogil=True)
def _state(
    observed_at: IntArray,
    score: FloatArray,
    weight: FloatArray,
    first: int,
    last: int,
    half_life_ms: float,
) -> float:
    state, evidence = 0.0, 0.0
    for row in range(first, last):
        if row > first:
            fade = 2.0 ** (-(observed_at[row] - observed_at[row - 1]) / half_life_ms)
            state *= fade
            # A third of the half-life: three times the halvings.
            evidence *= fade * fade * fade
        evidence += weight[row]
        state += weight[row] / (PRIOR_WEIGHT + evidence) * (score[row] - state)
    return state

"""Scored items become a series: ordered by the time they were seen, repeats counted once.

One report printed by a hundred sites is one piece of news. An item repeats another when the same
text was seen within the two days before it: decided by a bounded past, so that later items never
change it and live needs no more than those two days.
"""

from collections.abc import Sequence

import numpy as np

from cryptovolt.domain.arrays import BoolArray, FloatArray, IntArray
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.domain.timeframe import DAY_MS

REPEAT_WINDOW_MS = 2 * DAY_MS
"""A text counts again once it was not seen for this long."""


def series_of(
    *,
    event_time: IntArray,
    observed_at: IntArray,
    score: FloatArray,
    text_hashes: Sequence[str],
    source: str = "news",
) -> SentimentSeries:
    """Return the series of items in any order, repeated texts left out.

    Parameters
    ----------
    event_time, observed_at : ndarray of shape (n_items,)
        When written and when seen, milliseconds UTC.
    score : ndarray of shape (n_items,)
        In [−1, 1].
    text_hashes : sequence of str
        The same for texts that count as one.

    Raises
    ------
    DataError
        If the arrays do not make a :class:`SentimentSeries`.
    """
    order: IntArray = np.lexsort((np.asarray(text_hashes, dtype=np.str_), event_time, observed_at))
    rows: list[int] = order.tolist()
    kept = order[_counts(observed_at[order], [text_hashes[row] for row in rows])]
    return SentimentSeries(
        event_time=event_time[kept],
        observed_at=observed_at[kept],
        score=score[kept],
        source=source,
    )


def _counts(observed_at: IntArray, hashes: Sequence[str]) -> BoolArray:
    last_seen: dict[str, int] = {}
    counts = np.zeros(len(hashes), dtype=np.bool_)
    for row, (seen, key) in enumerate(zip(observed_at.tolist(), hashes, strict=True)):
        before = last_seen.get(key)
        counts[row] = before is None or seen - before > REPEAT_WINDOW_MS
        last_seen[key] = seen
    return counts

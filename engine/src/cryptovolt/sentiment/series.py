"""Scored items become a series: ordered by the time they were seen, repeats counted once.

One report printed by a hundred sites is one piece of news: it counts as much as its most credible
copy. An item repeats another when it has the same text, or was put into the same group of
near-duplicates, and the other one was seen within the two days before it. Of a repeat only the
weight counts that it has more than the copies before it; mostly that is nothing. What weighs
nothing is left out. All this is decided by a bounded past, so that later items never change it and
live needs no more than those two days.

An index is measured anew each day: two days of the same Fear & Greed value are no repeat.
"""

from collections import deque
from collections.abc import Sequence, Sized

import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.errors import DataError
from cryptovolt.domain.sentiment import FEAR_GREED, SentimentSeries
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
    groups: Sequence[str | None] | None = None,
    weights: FloatArray | None = None,
    origins: Sequence[str] | None = None,
    every_origin: Sequence[str] = (),
) -> SentimentSeries:
    """Return the series of items in any order, repeats left out.

    Parameters
    ----------
    event_time, observed_at : ndarray of shape (n_items,)
        When written and when seen, milliseconds UTC.
    score : ndarray of shape (n_items,)
        In [−1, 1].
    text_hashes : sequence of str
        The same for texts that count as one.
    source : str
        Where the items come from.
    groups : sequence of str or None, optional
        Near-duplicate group of each item; its text hash where None or empty.
    weights : ndarray of shape (n_items,), optional
        In [0, 1]; ones by default.
    origins : sequence of str, optional
        Name of the kind of place each item comes from; the source by default.
    every_origin : sequence of str, optional
        Origins the series names even where they gave no item, so that what is computed from a
        short past has the columns of all history.

    Returns
    -------
    SentimentSeries
        Its `origins` in alphabetical order. The order of the items handed in plays no part.

    Raises
    ------
    DataError
        If lengths differ, or the arrays do not make a :class:`SentimentSeries`.
    """
    n_items = len(text_hashes)
    places = [source] * n_items if origins is None else list(origins)
    grouped: Sequence[str | None] = [None] * n_items if groups is None else groups
    weight: FloatArray = np.ones(n_items) if weights is None else weights
    _require_one_length(event_time, observed_at, score, weight, text_hashes, places, grouped)
    keys = [group or text for group, text in zip(grouped, text_hashes, strict=True)]
    names = sorted({*places, *every_origin}) or [source]
    origin = np.array([names.index(place) for place in places], dtype=np.int64)
    # The last columns decide only between items of one moment, so that no order is left to chance.
    order: IntArray = np.lexsort(
        (score, origin, -weight, np.asarray(keys, dtype=np.str_), event_time, observed_at)
    )
    rows: list[int] = order.tolist()
    counted = _counted(
        observed_at[order],
        weight[order],
        [None if places[row] == FEAR_GREED else keys[row] for row in rows],
    )
    kept = counted > 0.0
    chosen = order[kept]
    return SentimentSeries(
        event_time=event_time[chosen],
        observed_at=observed_at[chosen],
        score=score[chosen],
        source=source,
        weight=counted[kept],
        origin=origin[chosen],
        origins=tuple(names),
    )


def merge_series(*series: SentimentSeries) -> SentimentSeries:
    """Return the items of several series as one, e.g. of news and of the Fear & Greed index.

    Items keep their weights: what repeats an item of another series still counts.

    Parameters
    ----------
    *series : SentimentSeries
        At least one.

    Returns
    -------
    SentimentSeries
        Its `origins` in alphabetical order; its source names those of all parts, joined by ``+``.

    Raises
    ------
    DataError
        If there is no series.
    """
    if not series:
        raise DataError("expected at least one series to merge, found none")
    names = sorted({name for part in series for name in part.origins})
    origin = np.concatenate(
        [
            np.array([names.index(name) for name in part.origins], dtype=np.int64)[part.origin]
            for part in series
        ]
    )
    event_time = np.concatenate([part.event_time for part in series])
    observed_at = np.concatenate([part.observed_at for part in series])
    score = np.concatenate([part.score for part in series])
    weight = np.concatenate([part.weight for part in series])
    order: IntArray = np.lexsort((score, -weight, origin, event_time, observed_at))
    return SentimentSeries(
        event_time=event_time[order],
        observed_at=observed_at[order],
        score=score[order],
        source="+".join(sorted({part.source for part in series})),
        weight=weight[order],
        origin=origin[order],
        origins=tuple(names),
    )


def _require_one_length(*columns: Sized) -> None:
    lengths = [len(column) for column in columns]
    if len(set(lengths)) != 1:
        raise DataError(
            "expected times, scores, weights, text hashes, origins and groups of one length, "
            f"found {', '.join(map(str, lengths))}"
        )


# What each item weighs beyond the heaviest one it repeats.
def _counted(observed_at: IntArray, weight: FloatArray, keys: Sequence[str | None]) -> FloatArray:
    # Per key the copies of the last two days, heaviest first: a lighter one before a heavier one
    # never matters again.
    copies: dict[str, deque[tuple[int, float]]] = {}
    counted = np.zeros(len(keys))
    for row, (seen, own, key) in enumerate(
        zip(observed_at.tolist(), weight.tolist(), keys, strict=True)
    ):
        if key is None:
            counted[row] = own
            continue
        before = copies.setdefault(key, deque())
        while before and seen - before[0][0] > REPEAT_WINDOW_MS:
            before.popleft()
        counted[row] = max(0.0, own - before[0][1]) if before else own
        while before and before[-1][1] <= own:
            before.pop()
        before.append((seen, own))
    return counted

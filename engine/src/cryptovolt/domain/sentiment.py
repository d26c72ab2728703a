"""Sentiment as data known at a time.

An item has two times: when it was written (``event_time``) and when this system could first have
seen it (``observed_at``). Everything that decides reads the second one only.
"""

from dataclasses import dataclass

import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray, read_only
from cryptovolt.domain.errors import DataError


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SentimentSeries:
    """Scored items of one subject, ordered by the time they were seen.

    Parameters
    ----------
    event_time : ndarray of shape (n_items,)
        When written, int64 milliseconds UTC.
    observed_at : ndarray of shape (n_items,)
        When first seen, int64 milliseconds UTC; non-decreasing and never before ``event_time``.
    score : ndarray of shape (n_items,)
        In [−1, 1].
    source : str
        Where the items come from.

    Raises
    ------
    DataError
        If shapes differ, an item was seen before it was written, the order is wrong, or a score is
        outside its range.
    """

    event_time: IntArray
    observed_at: IntArray
    score: FloatArray
    source: str = "news"

    def __post_init__(self) -> None:
        if not self.event_time.shape == self.observed_at.shape == self.score.shape:
            raise DataError(
                "expected event_time, observed_at and score of one length, found shapes "
                f"{self.event_time.shape}, {self.observed_at.shape}, {self.score.shape}"
            )
        if (self.observed_at < self.event_time).any():
            row = int(np.argmax(self.observed_at < self.event_time))
            raise DataError(f"item {row} was seen before it was written")
        if (np.diff(self.observed_at) < 0).any():
            raise DataError("expected items ordered by observed_at")
        if not ((self.score >= -1.0) & (self.score <= 1.0)).all():
            raise DataError("expected scores in [-1, 1]")
        for array in (self.event_time, self.observed_at, self.score):
            read_only(array)

    def __len__(self) -> int:
        return self.score.size

    def seen_until(self, time: int) -> "SentimentSeries":
        """Return the items seen at or before a time (milliseconds UTC)."""
        n_seen = int(np.searchsorted(self.observed_at, time, side="right"))
        return SentimentSeries(
            event_time=self.event_time[:n_seen],
            observed_at=self.observed_at[:n_seen],
            score=self.score[:n_seen],
            source=self.source,
        )

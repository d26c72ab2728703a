"""Sentiment as data known at a time.

An item has two times: when it was written (``event_time``) and when this system could first have
seen it (``observed_at``). Everything that decides reads the second one only.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from cryptovolt.domain.arrays import BoolArray, FloatArray, IntArray, read_only
from cryptovolt.domain.errors import DataError

FEAR_GREED = "fear-greed"
"""The origin of a daily index of 0 to 100; its score is (index − 50) / 50. It is no text."""

_ABSENT: FloatArray = np.empty(0)
_NO_ORIGIN: IntArray = np.empty(0, dtype=np.int64)


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
    weight : ndarray of shape (n_items,), optional
        How much an item counts, in [0, 1]: credibility times the probability that it is no spam.
        Ones by default.
    origin : ndarray of shape (n_items,), optional
        int64 index into `origins`; zeros by default.
    origins : tuple of str, optional
        Kinds of places the items come from, e.g. ``("gdelt", "reddit", "rss")``; the source alone
        by default. The name :data:`FEAR_GREED` marks an index, every other one texts.

    Raises
    ------
    DataError
        If shapes differ, an item was seen before it was written, the order is wrong, a score or a
        weight is outside its range, or an origin has no name; the sentence names the row.
    """

    event_time: IntArray
    observed_at: IntArray
    score: FloatArray
    source: str = "news"
    weight: FloatArray = field(default_factory=lambda: _ABSENT)
    origin: IntArray = field(default_factory=lambda: _NO_ORIGIN)
    origins: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.weight is _ABSENT:
            object.__setattr__(self, "weight", np.ones(self.score.shape))
        if self.origin is _NO_ORIGIN:
            object.__setattr__(self, "origin", np.zeros(self.score.shape, dtype=np.int64))
        object.__setattr__(self, "origins", tuple(self.origins) or (self.source,))
        self._check_shapes()
        self._check_times()
        self._check_values()
        for array in self._arrays():
            read_only(array)

    def _arrays(self) -> tuple[IntArray | FloatArray, ...]:
        return self.event_time, self.observed_at, self.score, self.weight, self.origin

    def _check_shapes(self) -> None:
        shapes = [array.shape for array in self._arrays()]
        if len(set(shapes)) != 1 or self.score.ndim != 1:
            raise DataError(
                "expected event_time, observed_at, score, weight and origin of one length, found "
                f"shapes {', '.join(map(str, shapes))}"
            )
        if len(set(self.origins)) != len(self.origins):
            raise DataError(f"expected every origin once, found {', '.join(self.origins)}")

    def _check_times(self) -> None:
        early = self.observed_at < self.event_time
        if early.any():
            row = int(np.argmax(early))
            raise DataError(
                f"item {row} was seen before it was written: seen {_moment(self.observed_at[row])},"
                f" written {_moment(self.event_time[row])}"
            )
        back = np.diff(self.observed_at) < 0
        if back.any():
            row = int(np.argmax(back)) + 1
            raise DataError(
                f"expected items ordered by observed_at, found item {row}, seen "
                f"{_moment(self.observed_at[row])}, after one seen "
                f"{_moment(self.observed_at[row - 1])}"
            )

    def _check_values(self) -> None:
        # Written so that NaN is outside.
        self._require((self.score >= -1.0) & (self.score <= 1.0), "scores in [-1, 1]", self.score)
        self._require((self.weight >= 0.0) & (self.weight <= 1.0), "weights in [0, 1]", self.weight)
        known = (self.origin >= 0) & (self.origin < len(self.origins))
        self._require(known, f"origins from 0 to {len(self.origins) - 1}", self.origin)

    def _require(self, valid: BoolArray, what: str, values: FloatArray | IntArray) -> None:
        if not valid.all():
            row = int(np.argmin(valid))
            raise DataError(
                f"expected {what}, found {values[row]:g} in item {row}, seen "
                f"{_moment(self.observed_at[row])}"
            )

    def __len__(self) -> int:
        return self.score.size

    def seen_until(self, time: int) -> "SentimentSeries":
        """Return the items seen at or before a time (milliseconds UTC)."""
        n_seen = int(np.searchsorted(self.observed_at, time, side="right"))
        return self.select(slice(n_seen))

    def seen_since(self, time: int) -> "SentimentSeries":
        """Return the items seen at or after a time (milliseconds UTC)."""
        first = int(np.searchsorted(self.observed_at, time, side="left"))
        return self.select(slice(first, None))

    def select(self, rows: BoolArray | IntArray | slice) -> "SentimentSeries":
        """Return the items of a mask, of ascending row numbers or of a slice."""
        return SentimentSeries(
            event_time=self.event_time[rows],
            observed_at=self.observed_at[rows],
            score=self.score[rows],
            source=self.source,
            weight=self.weight[rows],
            origin=self.origin[rows],
            origins=self.origins,
        )

    def naming(self, origins: Iterable[str]) -> "SentimentSeries":
        """Return the same items, with origins named beside those that gave them."""
        names = tuple(sorted({*self.origins, *origins}))
        places = np.array([names.index(name) for name in self.origins], dtype=np.int64)
        return SentimentSeries(
            event_time=self.event_time,
            observed_at=self.observed_at,
            score=self.score,
            source=self.source,
            weight=self.weight,
            origin=places[self.origin],
            origins=names,
        )

    def with_score(self, score: FloatArray) -> "SentimentSeries":
        """Return the same items with other scores, shape ``(n_items,)`` in [−1, 1]."""
        return SentimentSeries(
            event_time=self.event_time,
            observed_at=self.observed_at,
            score=score,
            source=self.source,
            weight=self.weight,
            origin=self.origin,
            origins=self.origins,
        )

    def copy(self) -> "SentimentSeries":
        """Return the same items in memory of their own."""
        return self.select(np.arange(len(self)))

    def of(self, origin: str) -> "SentimentSeries":
        """Return the items of one origin: none where it gave none."""
        if origin not in self.origins:
            return self.select(slice(0))
        return self.select(self.origin == self.origins.index(origin))

    def texts(self) -> "SentimentSeries":
        """Return the items that are texts: all but those of the Fear & Greed index."""
        if FEAR_GREED not in self.origins:
            return self
        return self.select(self.origin != self.origins.index(FEAR_GREED))

    def content_hash(self) -> str:
        """Return the SHA-256 of names and every array, as 64 hex digits.

        Where items come from is told by name, so the order of `origins` plays no part.
        """
        names = sorted(set(self.origins))
        place = np.array([names.index(name) for name in self.origins], dtype=np.int64)
        digest = hashlib.sha256("\n".join([self.source, str(len(self)), *names]).encode())
        for array in (*self._arrays()[:-1], place[self.origin]):
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()


def _moment(time_ms: int) -> str:
    return datetime.fromtimestamp(int(time_ms) / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")

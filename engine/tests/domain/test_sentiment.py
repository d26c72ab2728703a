"""A series of sentiment says what is wrong with it, and gives its parts."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cryptovolt.domain.errors import DataError
from cryptovolt.domain.sentiment import FEAR_GREED, SentimentSeries

HOUR_MS = 3_600_000


def series(**changed: Any) -> SentimentSeries:
    seen = np.array([1, 2, 2, 5], dtype=np.int64) * HOUR_MS
    given: dict[str, Any] = {
        "event_time": seen - HOUR_MS,
        "observed_at": seen,
        "score": np.array([0.5, -0.5, 0.1, -1.0]),
        "weight": np.array([1.0, 0.5, 0.0, 1.0]),
        "origin": np.array([2, 0, 1, 2]),
        "origins": (FEAR_GREED, "reddit", "rss"),
    }
    return SentimentSeries(**(given | changed))


REFUSED = [
    ({"score": np.array([0.0, 0.0, 1.5, 0.0])}, r"scores in \[-1, 1\], found 1.5 in item 2, seen"),
    ({"score": np.array([0.0, np.nan, 0.0, 0.0])}, r"scores in \[-1, 1\], found nan in item 1"),
    ({"weight": np.array([1.0, 1.0, 1.0, -0.1])}, r"weights in \[0, 1\], found -0.1 in item 3"),
    ({"weight": np.ones(3)}, "of one length, found shapes"),
    ({"origin": np.array([0, 1, 2, 3])}, "origins from 0 to 2, found 3 in item 3"),
    ({"origins": ("rss", "rss", "x")}, "expected every origin once, found rss, rss, x"),
    ({"event_time": np.array([0, 0, 9, 0]) * HOUR_MS}, "item 2 was seen before it was written"),
    (
        {"observed_at": np.array([3, 2, 2, 5]) * HOUR_MS},
        "found item 1, seen 1970-01-01 02:00:00, after one seen 1970-01-01 03:00:00",
    ),
]


@pytest.mark.parametrize(("changed", "sentence"), REFUSED)
def test_what_is_no_series_is_refused_and_the_row_named(
    changed: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(DataError, match=sentence):
        series(**changed)


def test_an_item_weighs_one_and_comes_from_the_source_where_nothing_else_is_said() -> None:
    time = np.array([0, 1], dtype=np.int64)
    plain = SentimentSeries(event_time=time, observed_at=time, score=np.zeros(2), source="wire")
    assert plain.weight.tolist() == [1.0, 1.0]
    assert plain.origin.tolist() == [0, 0]
    assert plain.origins == ("wire",)
    assert plain.texts() is plain


def test_parts_keep_weights_and_origins() -> None:
    whole = series()
    assert whole.seen_until(2 * HOUR_MS).weight.tolist() == [1.0, 0.5, 0.0]
    assert whole.seen_since(2 * HOUR_MS).origin.tolist() == [0, 1, 2]
    assert whole.texts().score.tolist() == [0.5, 0.1, -1.0]
    assert whole.of(FEAR_GREED).score.tolist() == [-0.5]
    assert whole.of("rss").score.tolist() == [0.5, -1.0]
    assert len(whole.of("gdelt")) == 0
    assert whole.with_score(np.zeros(4)).weight.tolist() == whole.weight.tolist()
    assert not np.shares_memory(whole.copy().score, whole.score)


CHANGES: list[Callable[[], SentimentSeries]] = [
    lambda: series(score=np.array([0.5, -0.5, 0.1, -0.9])),
    lambda: series(weight=np.array([1.0, 0.5, 0.1, 1.0])),
    lambda: series(origin=np.array([2, 0, 1, 1])),
    lambda: series(origins=(FEAR_GREED, "reddit", "gdelt")),
    lambda: series(source="other"),
    lambda: series(event_time=np.array([0, 1, 1, 3]) * HOUR_MS),
    lambda: series().seen_until(2 * HOUR_MS),
]


@pytest.mark.parametrize("change", CHANGES)
def test_the_hash_covers_everything_a_decision_could_read(
    change: Callable[[], SentimentSeries],
) -> None:
    assert change().content_hash() != series().content_hash()


def test_the_hash_does_not_depend_on_the_order_of_origins() -> None:
    other = series(origin=np.array([0, 2, 1, 0]), origins=("rss", "reddit", FEAR_GREED))
    assert other.content_hash() == series().content_hash() == series().copy().content_hash()
    assert len(series().content_hash()) == 64

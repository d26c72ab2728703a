"""Repeats count as much as their most credible copy; series are joined by when they were seen."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptovolt.domain.errors import DataError
from cryptovolt.domain.sentiment import FEAR_GREED, SentimentSeries
from cryptovolt.sentiment.series import REPEAT_WINDOW_MS, merge_series, series_of

DAY_MS = 86_400_000
COLUMNS = ("event_time", "observed_at", "score", "weight", "origin")


def days(*values: float) -> np.ndarray:
    return np.array([int(value * DAY_MS) for value in values], dtype=np.int64)


def assert_same(first: SentimentSeries, second: SentimentSeries) -> None:
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    assert first.origins == second.origins


REPEATS = [
    # seen on day, group, weight: what each counts
    ("one report on a hundred sites", [0, 0.1, 0.2], "aaa", [1, 1, 1], [1, 0, 0]),
    ("again after two quiet days", [0, 2.1], "aa", [1, 1], [1, 1]),
    ("printed every day, it never stops repeating", [0, 1.9, 3.8], "aaa", [1, 1, 1], [1, 0, 0]),
    (
        "a credible copy adds what it has more",
        [0, 0.1, 0.2],
        "aaa",
        [0.25, 1, 0.5],
        [0.25, 0.75, 0],
    ),
    ("the heavy copy is too long ago", [0, 1.5, 3], "aaa", [1, 0.5, 1], [1, 0, 0.5]),
    ("other groups do not matter", [0, 0.1, 0.2], "aba", [1, 1, 1], [1, 1, 0]),
    ("what weighs nothing is left out", [0, 0.1], "aa", [0, 1], [0, 1]),
]


@pytest.mark.parametrize(
    ("seen", "groups", "weights", "counted"),
    [case[1:] for case in REPEATS],
    ids=[c[0] for c in REPEATS],
)
def test_a_repeat_counts_what_it_weighs_beyond_the_copies_before_it(
    seen: list[float], groups: str, weights: list[float], counted: list[float]
) -> None:
    found = series_of(
        event_time=days(*seen),
        observed_at=days(*seen),
        score=np.linspace(-0.5, 0.5, len(seen)),
        text_hashes=[str(row) for row in range(len(seen))],
        groups=list(groups),
        weights=np.array(weights, dtype=np.float64),
    )
    expected = [
        (time, weight) for time, weight in zip(days(*seen).tolist(), counted, strict=True) if weight
    ]
    assert list(zip(found.observed_at.tolist(), found.weight.tolist(), strict=True)) == expected


def test_without_a_group_the_text_decides() -> None:
    found = series_of(
        event_time=days(0, 0, 0, 0),
        observed_at=days(0, 0.1, 0.2, 0.3),
        score=np.array([0.1, 0.2, 0.3, 0.4]),
        text_hashes=["a", "a", "b", "b"],
        groups=[None, "", "c", "c"],
    )
    assert found.score.tolist() == [0.1, 0.3]


def test_two_days_of_one_index_value_are_no_repeat() -> None:
    found = series_of(
        event_time=days(0, 1, 0.5, 1),
        observed_at=days(0, 1, 0.5, 1.5),
        score=np.array([0.2, 0.2, 0.7, 0.7]),
        text_hashes=["60", "60", "moon", "moon"],
        origins=[FEAR_GREED, FEAR_GREED, "rss", "rss"],
    )
    assert found.of(FEAR_GREED).score.tolist() == [0.2, 0.2]
    assert found.texts().score.tolist() == [0.7]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), cut=st.integers(0, 79))
def test_later_items_never_change_what_an_item_counts_and_their_order_plays_no_part(
    seed: int, cut: int
) -> None:
    rng = np.random.default_rng(seed)
    seen = rng.integers(0, 80, 80) * (DAY_MS // 8)
    hashes = [str(key) for key in rng.integers(0, 9, 80).tolist()]
    weights = rng.choice([0.0, 0.2, 0.7, 1.0], 80)
    places = rng.choice(["rss", "reddit", FEAR_GREED], 80).tolist()
    scores = rng.uniform(-1, 1, 80)

    def made(rows: np.ndarray) -> SentimentSeries:
        chosen: list[int] = rows.tolist()
        return series_of(
            event_time=seen[rows],
            observed_at=seen[rows],
            score=scores[rows],
            text_hashes=[hashes[row] for row in chosen],
            weights=weights[rows],
            origins=[places[row] for row in chosen],
        )

    whole, now = made(rng.permutation(80)), int(seen[cut])
    known, then = made(np.flatnonzero(seen <= now)), whole.seen_until(now)
    np.testing.assert_array_equal(known.score, then.score)
    np.testing.assert_array_equal(known.weight, then.weight)
    recent = made(np.flatnonzero((seen <= now) & (seen >= now - DAY_MS - REPEAT_WINDOW_MS)))
    since = now - DAY_MS
    np.testing.assert_array_equal(recent.seen_since(since).weight, then.seen_since(since).weight)


def test_series_are_joined_by_the_time_they_were_seen_and_origins_by_name() -> None:
    news = SentimentSeries(
        event_time=days(0, 2),
        observed_at=days(1, 3),
        score=np.array([0.1, 0.3]),
        weight=np.array([0.5, 1.0]),
        origin=np.array([1, 0]),
        origins=("rss", "gdelt"),
    )
    index = SentimentSeries(
        event_time=days(1), observed_at=days(2), score=np.array([-0.2]), source=FEAR_GREED
    )
    merged = merge_series(news, index)
    assert merged.score.tolist() == [0.1, -0.2, 0.3]
    assert [merged.origins[row] for row in merged.origin.tolist()] == ["gdelt", FEAR_GREED, "rss"]
    assert merged.source == "fear-greed+news"
    assert_same(merged, merge_series(index, news))
    assert_same(merged.of("gdelt"), merged.select(slice(1)))
    with pytest.raises(DataError, match="expected at least one series"):
        merge_series()


def test_a_silent_origin_can_be_named() -> None:
    found = series_of(
        event_time=days(0),
        observed_at=days(0),
        score=np.zeros(1),
        text_hashes=["a"],
        origins=["rss"],
        every_origin=["gdelt", "rss"],
    )
    assert found.origins == ("gdelt", "rss")
    assert found.origin.tolist() == [1]


def test_columns_of_other_lengths_are_refused() -> None:
    with pytest.raises(DataError, match="of one length, found 1, 1, 1, 1, 1, 2, 1"):
        series_of(
            event_time=days(0),
            observed_at=days(0),
            score=np.zeros(1),
            text_hashes=["a"],
            origins=["x", "y"],
        )


def test_ten_thousand_identical_posts_are_one() -> None:
    seen = np.sort(np.random.default_rng(3).integers(0, DAY_MS, 10_000))
    found = series_of(
        event_time=seen, observed_at=seen, score=np.full(10_000, 0.9), text_hashes=["pump"] * 10_000
    )
    assert len(found) == 1

"""Features of sentiment: what they measure, from what had been seen, the same bits live."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.sentiment import FEAR_GREED, SentimentSeries
from cryptovolt.features.seen_sentiment import (
    ORIGIN_FEATURES,
    SENTIMENT_FEATURES,
    SENTIMENT_WINDOW_MS,
    sentiment_features_of,
)

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
EVERY = (*SENTIMENT_FEATURES, *ORIGIN_FEATURES)
FEATURES = {feature.name: feature for feature in EVERY}
NAMES = (FEAR_GREED, "reddit", "rss")


def series(*items: tuple[float, float, float, str]) -> SentimentSeries:
    """Return items given as hour seen, score, weight and origin."""
    seen = np.array([int(hour * HOUR_MS) for hour, *_ in items], dtype=np.int64)
    return SentimentSeries(
        event_time=seen,
        observed_at=seen,
        score=np.array([score for _, score, _, _ in items], dtype=np.float64),
        weight=np.array([weight for _, _, weight, _ in items], dtype=np.float64),
        origin=np.array([NAMES.index(name) for *_, name in items], dtype=np.int64),
        origins=NAMES,
    )


def random_series(seed: int, n_items: int = 300, n_days: int = 20) -> SentimentSeries:
    rng = np.random.default_rng(seed)
    anywhere = rng.integers(0, n_days * DAY_MS, n_items)
    # Half of the items on bar closes, where "seen by the close" is decided.
    seen = np.sort(np.where(rng.random(n_items) < 0.5, anywhere // HOUR_MS * HOUR_MS, anywhere))
    return SentimentSeries(
        event_time=seen,
        observed_at=seen,
        score=rng.uniform(-1, 1, n_items),
        weight=rng.choice([0.0, 0.4, 1.0], n_items),
        origin=rng.integers(0, 3, n_items),
        origins=NAMES,
    )


def values(news: SentimentSeries, closes: np.ndarray) -> FloatArray:
    return np.column_stack([feature.compute(news, closes) for feature in EVERY])


WEEK = series(
    (0, 0.5, 1.0, "rss"),
    (130, 0.2, 1.0, FEAR_GREED),
    (154, 0.6, 1.0, FEAR_GREED),
    (160, 0.8, 1.0, "rss"),
    (161, -0.4, 0.5, "reddit"),
)
# Of 24 hours: weights 1.5, weighted scores 0.6; of 7 days: 2.5 and 1.1.
SPREAD = ((0.8 - 0.4) ** 2 + 0.5 * (-0.4 - 0.4) ** 2) / 1.5
WEEK_SPREAD = ((0.5 - 0.44) ** 2 + (0.8 - 0.44) ** 2 + 0.5 * (-0.4 - 0.44) ** 2) / 2.5
EXPECTED = [
    ("sentiment_level", 0.6 / 2.5),
    ("sentiment_change", 0.6 / 2.5),
    ("sentiment_count", np.log(2.5)),
    ("sentiment_volume", np.log(2.5) - np.log(1 + 2.5 / 7)),
    ("sentiment_dispersion", np.sqrt(SPREAD)),
    ("sentiment_surprise", (0.6 / 2.5 - 1.1 / 3.5) / (np.sqrt(WEEK_SPREAD) + 0.1)),
    ("sentiment_divergence", 0.8 / 2 - -0.2 / 1.5),
    ("fear_greed", 0.6),
    ("fear_greed_change", 0.4),
]


@pytest.mark.parametrize(("name", "expected"), EXPECTED)
def test_each_feature_is_what_its_formula_says(name: str, expected: float) -> None:
    found = FEATURES[name].compute(WEEK, np.array([162 * HOUR_MS]))
    assert found[0] == pytest.approx(expected, rel=1e-12)


def test_every_feature_is_checked_above() -> None:
    assert [name for name, _ in EXPECTED] == list(FEATURES)


def test_an_index_neither_votes_nor_sets_a_level_and_is_forgotten_after_three_days() -> None:
    index = series((0, 0.8, 1.0, FEAR_GREED))
    found = values(index, np.array([HOUR_MS, 71 * HOUR_MS, 72 * HOUR_MS]))
    names = list(FEATURES)
    assert found[:, names.index("fear_greed")].tolist() == [0.8, 0.8, 0.0]
    found[:, names.index("fear_greed")] = 0.0
    assert not found.any()


HEARD = [
    (("rss",), ()),
    (("rss", "reddit"), ("sentiment_divergence",)),
    ((FEAR_GREED, "rss"), ("fear_greed", "fear_greed_change")),
    (NAMES, ("sentiment_divergence", "fear_greed", "fear_greed_change")),
]


@pytest.mark.parametrize(("origins", "added"), HEARD)
def test_columns_follow_the_origins_a_series_names_even_of_a_silent_one(
    origins: tuple[str, ...], added: tuple[str, ...]
) -> None:
    none = np.empty(0, dtype=np.int64)
    silent = SentimentSeries(
        event_time=none, observed_at=none, score=np.empty(0), origin=none, origins=origins
    )
    found = sentiment_features_of(silent)
    assert found[: len(SENTIMENT_FEATURES)] == SENTIMENT_FEATURES
    assert tuple(feature.name for feature in found[len(SENTIMENT_FEATURES) :]) == added


def test_sources_that_disagree_diverge_and_one_alone_does_not() -> None:
    apart = series((0, 0.9, 1.0, "rss"), (0, -0.9, 1.0, "reddit"))
    agreed = series((0, 0.9, 1.0, "rss"), (0, 0.9, 1.0, "reddit"))
    alone = series((0, 0.9, 1.0, "rss"), (0, -0.9, 1.0, "rss"))
    found = [
        FEATURES["sentiment_divergence"].compute(news, np.array([HOUR_MS]))[0]
        for news in (apart, agreed, alone)
    ]
    assert found == pytest.approx([0.9, 0.0, 0.0])


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), hour=st.integers(0, 24 * 20 - 1))
def test_the_newest_items_give_the_batch_row_bit_for_bit(seed: int, hour: int) -> None:
    news = random_series(seed)
    closes = np.arange(24 * 20) * HOUR_MS
    close = int(closes[hour])
    recent = news.seen_until(close).seen_since(close - SENTIMENT_WINDOW_MS)
    # A live read knows only the origins it has read.
    present: list[int] = np.unique(recent.origin).tolist()
    live = SentimentSeries(
        event_time=recent.event_time,
        observed_at=recent.observed_at,
        score=recent.score,
        weight=recent.weight,
        origin=np.searchsorted(present, recent.origin),
        origins=tuple(NAMES[row] for row in present),
    )
    np.testing.assert_array_equal(
        values(live, closes[hour : hour + 1])[0], values(news, closes)[hour]
    )


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), hour=st.integers(0, 24 * 20 - 1))
def test_what_is_seen_later_changes_no_value(seed: int, hour: int) -> None:
    news = random_series(seed)
    closes = np.arange(hour + 1) * HOUR_MS
    later = news.observed_at > hour * HOUR_MS
    then = values(news, closes)
    assert np.isfinite(then).all()
    np.testing.assert_array_equal(values(news.select(~later), closes), then)
    rng = np.random.default_rng(seed)
    changed = news.with_score(np.where(later, rng.uniform(-1, 1, len(news)), news.score))
    np.testing.assert_array_equal(values(changed, closes), then)


def test_an_origin_that_has_given_nothing_yet_is_silent_and_its_column_zero() -> None:
    from cryptovolt.features.seen_sentiment import heard_by, sentiment_features_of

    series = SentimentSeries(
        event_time=np.array([0, 10]), observed_at=np.array([5, 20]), score=np.array([0.5, -0.5])
    )
    columns = ("sentiment_level", "fear_greed", "sentiment_divergence")
    heard = heard_by(series, columns)
    features = {one.name: one for one in sentiment_features_of(heard)}
    assert set(columns) <= set(features)
    closes = np.array([10, 30], dtype=np.int64)
    for name in ("fear_greed", "sentiment_divergence"):
        assert features[name].compute(heard, closes).tolist() == [0.0, 0.0]
    level = {one.name: one for one in sentiment_features_of(series)}["sentiment_level"]
    assert level.compute(heard, closes).tolist() == level.compute(series, closes).tolist()
    assert heard_by(series, ("sentiment_level",)) is series

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptovolt import SentimentSeries
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.sentiment import FEAR_GREED
from cryptovolt.sentiment.series import series_of
from cryptovolt.sentiment.vote import (
    HALF_LIFE_MS,
    PRIOR_WEIGHT,
    WINDOW_HALF_LIVES,
    contributions,
    explain,
    lookback_ms,
    vote,
)

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


def series(seen: list[int], scores: list[float]) -> SentimentSeries:
    observed = np.array(seen, dtype=np.int64)
    return SentimentSeries(
        event_time=observed - 1, observed_at=observed, score=np.array(scores, dtype=np.float64)
    )


def times(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def random_series(seed: int, n_items: int = 80) -> SentimentSeries:
    rng = np.random.default_rng(seed)
    seen = np.sort(rng.integers(0, 10 * DAY_MS, n_items))
    return series(seen.tolist(), rng.uniform(-1, 1, n_items).tolist())


def weighted_series(seed: int, n_items: int = 80) -> SentimentSeries:
    """Return texts of two origins, some at the same moment, and a daily index between them."""
    rng = np.random.default_rng(seed)
    seen = np.sort(rng.integers(0, 10 * 24, n_items)) * HOUR_MS
    return SentimentSeries(
        event_time=seen,
        observed_at=seen,
        score=rng.uniform(-1, 1, n_items),
        weight=rng.choice([0.0, 0.3, 1.0], n_items),
        origin=rng.integers(0, 3, n_items),
        origins=(FEAR_GREED, "reddit", "rss"),
    )


def test_a_vote_halves_each_half_life_and_an_item_pulls_it_towards_its_score() -> None:
    news = series([0, HALF_LIFE_MS], [-1.0, 0.5])
    first, faded, second = vote(news, times(0, HALF_LIFE_MS - 1, HALF_LIFE_MS))
    assert first == pytest.approx(-1 / 3)
    assert faded == pytest.approx(-1 / 6, rel=1e-6)
    # The first item's evidence has been halved three times.
    pull = 1 / (PRIOR_WEIGHT + 1 / 8 + 1)
    assert second == pytest.approx(-1 / 6 + pull * (0.5 + 1 / 6))


def test_an_item_counts_from_the_moment_it_was_seen() -> None:
    before, at = vote(series([1_000], [0.9]), times(999, 1_000))
    assert np.isnan(before)
    assert at == pytest.approx(0.9 / (1 + PRIOR_WEIGHT))


def test_the_vote_of_a_feed_that_stops_fades_and_never_jumps() -> None:
    hours = np.arange(0, 60 * HOUR_MS, HOUR_MS)
    faded = np.nan_to_num(vote(series([0], [1.0]), hours))
    assert (np.diff(faded) <= 0).all()
    assert np.abs(np.diff(faded)).max() < 0.04
    assert faded[-1] == 0.0


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n_items=st.integers(1, 400))
def test_between_items_the_vote_moves_continuously_towards_zero(seed: int, n_items: int) -> None:
    # However many items there were, and whatever they said: until the next one is seen the vote
    # loses half of itself each half-life, minute by minute. Only what an item of eight half-lives
    # ago still said, less than 1/256, goes at once.
    rng = np.random.default_rng(seed)
    seen = np.sort(rng.integers(0, 2 * DAY_MS, n_items))
    news = series(seen.tolist(), rng.uniform(-1, 1, n_items).tolist())
    minutes = np.arange(0, 5 * DAY_MS, 60_000)
    votes = np.nan_to_num(vote(news, minutes))
    heard = np.diff(np.searchsorted(seen, minutes, side="right")) > 0
    before, after = votes[:-1][~heard], votes[1:][~heard]
    minute = 2.0 ** (-60_000 / HALF_LIFE_MS)
    assert np.abs(after - before * minute).max() < 1 / 256
    assert (np.abs(after) <= np.abs(before) + 1 / 256).all()
    assert votes[-1] == 0.0


@given(seed=st.integers(0, 2**32 - 1))
def test_an_item_never_moves_the_vote_away_from_its_score(seed: int) -> None:
    news = weighted_series(seed).texts()
    for row in range(1, len(news)):
        seen = int(news.observed_at[row])
        before = np.nan_to_num(vote(news.select(slice(row)), times(seen)))[0]
        after = vote(news.select(slice(row + 1)), times(seen))[0]
        score, weight = news.score[row], news.weight[row]
        assert abs(score - after) <= abs(score - before) + 1e-12
        assert weight > 0 or after == pytest.approx(before, abs=1e-15)


def test_a_flood_fades_as_fast_as_a_single_item() -> None:
    # 10,000 posts in an hour would hold a weighted mean at full strength for days.
    flood = series(np.sort(np.arange(10_000) * 360).tolist(), [0.9] * 10_000)
    last = int(flood.observed_at[-1])
    votes = vote(flood, last + np.arange(8) * HALF_LIFE_MS)
    assert 0.8 < votes[0] < 0.9
    np.testing.assert_allclose(votes[1:] / votes[:-1], 0.5, rtol=1e-12)


def test_a_steady_feed_holds_the_vote_near_three_quarters_of_its_mean() -> None:
    seen = np.arange(0, 10 * DAY_MS, 60_000)
    news = series(seen.tolist(), [0.8] * seen.size)
    assert vote(news, times(int(seen[-1])))[0] == pytest.approx(0.75 * 0.8, abs=0.01)


def test_the_index_casts_no_vote_and_weights_decide_how_far_an_item_pulls() -> None:
    both = SentimentSeries(
        event_time=times(0, 0),
        observed_at=times(0, 0),
        score=np.array([-1.0, 0.6]),
        weight=np.array([1.0, 0.5]),
        origin=np.array([0, 1]),
        origins=(FEAR_GREED, "rss"),
    )
    assert vote(both, times(0))[0] == pytest.approx(0.6 * 0.5 / (PRIOR_WEIGHT + 0.5))
    assert np.isnan(vote(both.of(FEAR_GREED), times(0)))[0]
    assert explain(both.of(FEAR_GREED), 0) == "no news"


def test_the_source_falls_silent_after_eight_half_lives() -> None:
    edge = WINDOW_HALF_LIVES * HALF_LIFE_MS
    heard, silent = vote(series([0], [1.0]), times(edge - 1, edge))
    assert 0 < heard < 0.003
    assert np.isnan(silent)


def test_more_news_that_agrees_speaks_louder() -> None:
    votes = [vote(series([0] * n, [0.8] * n), times(0))[0] for n in (1, 5, 50, 500)]
    assert votes == sorted(votes)
    assert votes[-1] == pytest.approx(0.8, abs=0.01)


def test_no_news_is_silence() -> None:
    assert np.isnan(vote(series([], []), times(0, DAY_MS))).all()
    assert vote(random_series(0), times()).shape == (0,)


@given(seed=st.integers(0, 2**32 - 1), row=st.integers(0, 239))
def test_one_bar_and_the_whole_history_give_the_same_bits(seed: int, row: int) -> None:
    news = random_series(seed)
    hours = np.arange(240) * HOUR_MS
    whole = vote(news, hours)
    alone = vote(news.seen_until(int(hours[row])), hours[row : row + 1])
    np.testing.assert_array_equal(alone, whole[row : row + 1])


@given(seed=st.integers(0, 2**32 - 1), cut=st.integers(0, 239))
def test_news_seen_later_never_changes_a_vote(seed: int, cut: int) -> None:
    news = random_series(seed)
    hours = np.arange(cut + 1) * HOUR_MS
    np.testing.assert_array_equal(vote(news, hours), vote(news.seen_until(cut * HOUR_MS), hours))


@given(seed=st.integers(0, 2**32 - 1))
def test_votes_stay_in_range(seed: int) -> None:
    votes = vote(random_series(seed), np.arange(300) * HOUR_MS)
    assert (np.isnan(votes) | (np.abs(votes) < 1.0)).all()


@pytest.mark.parametrize("half_life_ms", [0, -1])
def test_a_half_life_must_be_positive(half_life_ms: int) -> None:
    with pytest.raises(ConfigurationError, match="expected a positive half-life"):
        vote(random_series(0), times(0), half_life_ms=half_life_ms)


def test_the_clause_names_the_items_that_moved_the_vote_most() -> None:
    news = series([0, HALF_LIFE_MS], [-0.5, 0.1])
    assert explain(news, 2 * HOUR_MS) == (
        "1 item, newest 2.0 h old; most by news 1970-01-01 00:00 scored -0.50 (-0.132)"
    )
    assert explain(news, 9 * HOUR_MS) == (
        "2 items, newest 3.0 h old; most by news 1970-01-01 00:00 scored -0.50 (-0.040), "
        "news 1970-01-01 06:00 scored +0.10 (+0.023)"
    )
    assert explain(series([0], [0.0]), 0) == (
        "1 item, newest 0.0 h old; none of them says anything"
    )
    assert explain(news, -1) == "no news"
    assert explain(news, 30 * DAY_MS) == "no news"


@given(seed=st.integers(0, 2**32 - 1), hour=st.integers(0, 239))
def test_the_parts_of_all_items_add_up_to_the_vote(seed: int, hour: int) -> None:
    items, parts = contributions(weighted_series(seed), hour * HOUR_MS)
    whole = vote(weighted_series(seed), times(hour * HOUR_MS))[0]
    assert np.isnan(whole) if not len(items) else parts.sum() == pytest.approx(whole, abs=1e-12)


@given(seed=st.integers(0, 2**32 - 1), cut=st.integers(1, 59))
def test_whether_an_item_is_a_repeat_is_decided_by_the_past(seed: int, cut: int) -> None:
    rng = np.random.default_rng(seed)
    seen = np.sort(rng.integers(0, 10 * DAY_MS, 60))
    scores = rng.uniform(-1, 1, 60)
    hashes = [str(code) for code in rng.integers(0, 8, 60).tolist()]
    whole = series_of(event_time=seen, observed_at=seen, score=scores, text_hashes=hashes)
    n_early = int((seen <= seen[cut]).sum())
    part = series_of(
        event_time=seen[:n_early],
        observed_at=seen[:n_early],
        score=scores[:n_early],
        text_hashes=hashes[:n_early],
    )
    np.testing.assert_array_equal(part.score, whole.seen_until(int(seen[cut])).score)


@given(seed=st.integers(0, 2**32 - 1), hour=st.integers(0, 239))
def test_the_items_of_the_lookback_give_the_bits_of_all_items(seed: int, hour: int) -> None:
    rng = np.random.default_rng(seed)
    seen = np.sort(rng.integers(0, 10 * DAY_MS, 80))
    scores = rng.uniform(-1, 1, 80)
    hashes = [str(code) for code in rng.integers(0, 8, 80).tolist()]
    now = hour * HOUR_MS
    first = int((seen < now - lookback_ms()).sum())
    whole, recent = (
        series_of(
            event_time=seen[start:],
            observed_at=seen[start:],
            score=scores[start:],
            text_hashes=hashes[start:],
        )
        for start in (0, first)
    )
    np.testing.assert_array_equal(vote(recent, times(now)), vote(whole, times(now)))


def test_the_order_of_the_items_does_not_matter() -> None:
    rng = np.random.default_rng(5)
    seen, scores = rng.integers(0, 50, 200), rng.uniform(-1, 1, 200)
    hashes = [f"{row % 150}" for row in range(200)]
    mixed: list[int] = rng.permutation(200).tolist()
    one = series_of(event_time=seen, observed_at=seen, score=scores, text_hashes=hashes)
    other = series_of(
        event_time=seen[mixed],
        observed_at=seen[mixed],
        score=scores[mixed],
        text_hashes=[hashes[row] for row in mixed],
    )
    np.testing.assert_array_equal(one.observed_at, other.observed_at)
    np.testing.assert_array_equal(np.sort(one.score), np.sort(other.score))

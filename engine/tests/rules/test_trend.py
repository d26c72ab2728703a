from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptovolt import Bars
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.market.reading import read_bars
from cryptovolt.market.windows import BLOCK_BARS, live_rows
from cryptovolt.rules import RULE_WEIGHTS, RULES_WARMUP, explain, vote

HOUR_MS = 3_600_000
START = 400_000


def bars_of(close: FloatArray, *, spread: float = 0.004, start: int = START) -> Bars:
    before = np.concatenate((close[:1], close[:-1]))
    return Bars(
        symbol="BTCUSDT",
        timeframe="1h",
        timestamp=(start + np.arange(close.size)) * HOUR_MS,
        open=before,
        high=np.maximum(before, close) * (1 + spread),
        low=np.minimum(before, close) * (1 - spread),
        close=close,
        volume=np.ones(close.size),
    )


def random_bars(seed: int, n_bars: int = 700) -> Bars:
    steps = np.random.default_rng(seed).normal(0.0, 0.01, n_bars)
    return bars_of(100.0 * np.exp(np.cumsum(steps)))


def test_a_steady_rise_is_voted_for_and_a_steady_fall_against() -> None:
    noise = np.random.default_rng(7).normal(0.0, 0.002, 500)
    rise = bars_of(100.0 * np.exp(np.cumsum(noise + 0.004)))
    fall = bars_of(100.0 * np.exp(np.cumsum(noise - 0.004)))
    assert np.nanmin(vote(rise).score) > 0.3
    assert np.nanmax(vote(fall).score) < -0.3


def test_a_turn_is_seen_within_a_day() -> None:
    noise = np.random.default_rng(7).normal(0.0, 0.002, 500)
    drift = np.where(np.arange(500) < 400, 0.004, -0.004)
    score = vote(bars_of(100.0 * np.exp(np.cumsum(noise + drift)))).score
    assert score[399] > 0.3
    assert score[424] < -0.3


def test_a_market_that_stands_still_gets_a_vote_of_zero() -> None:
    votes = vote(bars_of(np.full(400, 0.0000123), spread=0.0))
    assert (votes.score[RULES_WARMUP:] == 0.0).all()
    moved_before = np.concatenate((random_bars(3, 300).close, np.full(600, 100.0)))
    assert (vote(bars_of(moved_before, spread=0.0)).score[-50:] == 0.0).all()


def test_there_is_no_vote_before_the_warm_up() -> None:
    votes = vote(random_bars(1))
    assert np.isnan(votes.score[:RULES_WARMUP]).all()
    assert np.isfinite(votes.score[RULES_WARMUP:]).all()
    assert np.isnan(vote(random_bars(1, RULES_WARMUP)).score).all()


def test_the_weights_sum_to_one() -> None:
    assert sum(RULE_WEIGHTS.values()) == pytest.approx(1.0)


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1))
def test_every_component_and_the_score_stay_in_range(seed: int) -> None:
    votes = vote(random_bars(seed))
    assert set(votes.components) == set(RULE_WEIGHTS)
    for values in (votes.score, *votes.components.values()):
        assert (np.abs(values[RULES_WARMUP:]) <= 1.0).all()


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), cut=st.integers(1, 699))
def test_the_future_never_changes_the_past(seed: int, cut: int) -> None:
    bars = random_bars(seed)
    np.testing.assert_array_equal(vote(bars).score[:cut], vote(bars[:cut]).score)


@pytest.mark.parametrize("last", [1_999, 2_047, 2_048, 2_049, 4_500, 5_999])
def test_live_has_the_bits_of_the_batch(last: int) -> None:
    bars = random_bars(11, 6_000)
    whole = vote(bars)
    newest = bars[max(0, last + 1 - live_rows(RULES_WARMUP)) : last + 1]
    live = vote(newest)
    assert len(newest) < last + 1 or last < RULES_WARMUP + BLOCK_BARS
    assert live.score[-1] == whole.score[last]
    assert explain(live) == explain(whole, last)


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), scale=st.sampled_from([2.0**-30, 2.0**-10, 2.0**20]))
def test_the_vote_does_not_depend_on_the_price_unit(seed: int, scale: float) -> None:
    bars = random_bars(seed, 400)
    scaled = vote(bars_of(bars.close * scale)).score
    np.testing.assert_allclose(scaled, vote(bars).score, atol=1e-6)


def test_the_clause_reads_as_the_indicators_stand() -> None:
    noise = np.random.default_rng(7).normal(0.0, 0.002, 400)
    votes = vote(bars_of(100.0 * np.exp(np.cumsum(noise + 0.004))))
    clause = explain(votes)
    assert clause.startswith("EMA 12 above EMA 26, RSI ")
    assert f"RSI {votes.readings['rsi'][-1]:.0f}," in clause
    assert explain(votes, 10) == "fewer than 257 bars"


def test_the_vote_uses_its_whole_range_on_a_real_market(real_data: Callable[[str], Path]) -> None:
    bars = read_bars(real_data("bars/BTC_USDT-1h-2017-2022.feather"))
    score = vote(bars).score[RULES_WARMUP:]
    assert np.isfinite(score).all()
    assert (score > 0.5).mean() > 0.05
    assert (score < -0.5).mean() > 0.05

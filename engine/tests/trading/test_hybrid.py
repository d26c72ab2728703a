"""The hybrid strategy decides from what was known, and every source counts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptovolt.decision.fusion import FusionPolicy
from cryptovolt.domain.bars import VALUE_COLUMNS, Bars
from cryptovolt.domain.errors import DataError
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.domain.signal import Action, Source
from cryptovolt.risk.limits import RiskLimits
from cryptovolt.trading.hybrid import WARMUP, Decisions, HybridStrategy

ARRAYS = ("ml", "rules", "sentiment", "score", "action", "vetoed", "target")


def altered(bars: Bars, t: int, rng: np.random.Generator) -> Bars:
    """Return the bars with everything after t changed."""
    columns = {name: getattr(bars, name).copy() for name in VALUE_COLUMNS}
    factor = rng.uniform(0.2, 5.0)
    for values in columns.values():
        values[t + 1 :] *= factor
    return Bars(
        symbol=bars.symbol,
        timeframe=bars.timeframe,
        timestamp=bars.timestamp,
        source=bars.source,
        **columns,
    )


def assert_same(first: Decisions, second: Decisions, until: int) -> None:
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(first, name)[:until], getattr(second, name)[:until])


@pytest.fixture(scope="module")
def decided(market: Bars, news: SentimentSeries, strategy: HybridStrategy) -> Decisions:
    return strategy.decide(market, news)


@settings(max_examples=12, deadline=None)
@given(t=st.integers(WARMUP, 2_598), seed=st.integers(0, 2**32 - 1))
def test_the_future_never_changes_a_decision(
    market: Bars,
    news: SentimentSeries,
    strategy: HybridStrategy,
    decided: Decisions,
    t: int,
    seed: int,
) -> None:
    changed = altered(market, t, np.random.default_rng(seed))
    close = int(market.timestamp[t]) + market.interval_ms
    assert_same(decided, strategy.decide(changed, news.seen_until(close)), t + 1)


@settings(max_examples=12, deadline=None)
@given(n_seen=st.integers(WARMUP + 1, 2_600))
def test_the_last_decision_of_a_prefix_is_that_of_the_whole(
    market: Bars, news: SentimentSeries, strategy: HybridStrategy, decided: Decisions, n_seen: int
) -> None:
    live = strategy.decide(market[:n_seen], news)
    assert live.signal() == decided.signal(n_seen - 1)


def test_every_source_can_change_the_action(decided: Decisions) -> None:
    from cryptovolt.decision.fusion import influence

    changed = influence(decided.ml, decided.rules, decided.sentiment, decided.strategy.policy)
    for source in Source:
        assert changed[source].sum() >= 5, f"{source} changes nothing"


def test_without_a_model_and_news_the_signal_says_who_is_silent(market: Bars) -> None:
    signal = HybridStrategy().decide(market).signal()
    assert [vote.source for vote in signal.votes] == [Source.RULES]
    assert "ml silent" in signal.reasons
    assert "sentiment silent" in signal.reasons


def test_before_the_warm_up_nothing_is_said(market: Bars) -> None:
    decisions = HybridStrategy().decide(market[:50])
    assert decisions.signal().action is Action.HOLD
    assert decisions.signal().reasons == ("every source is silent",)
    assert np.isnan(decisions.target).all()


def test_high_volatility_with_bad_news_vetoes_a_buy(market: Bars) -> None:
    written = market.timestamp[::2]
    bad = SentimentSeries(
        event_time=written, observed_at=written, score=np.full(written.size, -0.5)
    )
    eager = HybridStrategy(
        policy=FusionPolicy(threshold=0.01), limits=RiskLimits(veto_volatility=1.0)
    )
    decisions = eager.decide(market, bad)
    assert decisions.vetoed.any()
    vetoed = int(np.argmax(decisions.vetoed))
    signal = decisions.signal(vetoed)
    assert signal.action is Action.HOLD
    assert signal.vetoes == ("high volatility with bad sentiment",)
    assert np.isnan(decisions.target[vetoed])


def test_probabilities_of_another_length_are_refused(
    market: Bars, strategy: HybridStrategy
) -> None:
    with pytest.raises(DataError, match=r"expected probability_up of shape \(2600,\)"):
        strategy.decide(market, probability_up=np.full(10, 0.5))

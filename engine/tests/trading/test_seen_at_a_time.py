"""What is seen later changes nothing earlier: votes, features, decisions, orders and fills.

The whole corridor is walked twice, with all news and with what had been seen by a close, or with
everything after it altered. Up to that close both walks are the same to the last bit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptovolt.backtest.run import Run
from cryptovolt.backtest.strategy import backtest
from cryptovolt.decision.fusion import FusionPolicy
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.orders import Order, Side
from cryptovolt.domain.sentiment import FEAR_GREED, SentimentSeries
from cryptovolt.execution.inference import infer_rules
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.features.seen_sentiment import sentiment_features_of
from cryptovolt.sentiment.vote import vote
from cryptovolt.trading.account import Account
from cryptovolt.trading.hybrid import HybridStrategy
from cryptovolt.trading.session import PaperSession, Turn

START = 2_400
ORIGINS = (FEAR_GREED, "reddit", "rss")


@dataclass(frozen=True)
class NewsModel:
    """A classifier that needs no training: up is likelier after good news."""

    feature_names: tuple[str, ...] = ("sentiment_level", "sentiment_change")
    artefact_hash: str = "1" * 64

    def probability_up(self, values: FloatArray) -> FloatArray:
        return 0.5 + 0.45 * np.tanh(4.0 * values.sum(axis=1))


class FollowsNews:
    """Holds what the news votes for, by targets over whole arrays."""

    warmup = 20
    sentiment: SentimentSeries | None = None

    def target(self, history: Bars) -> FloatArray:
        assert self.sentiment is not None
        closes = history.timestamp + history.interval_ms
        return np.round(np.clip(4.0 * np.nan_to_num(vote(self.sentiment, closes)), 0.0, 0.9), 2)


class BuysGoodNews:
    """Sends an order for every item that sounds good, sells when the index is greedy."""

    warmup = 20
    sentiment: SentimentSeries | None = None

    def orders(self, history: Bars, account: Account) -> Sequence[Order]:
        assert self.sentiment is not None
        symbol, price = history.symbol, float(history.close[-1])
        held = float(account.positions[symbol].quantity)
        index, texts = self.sentiment.of(FEAR_GREED), self.sentiment.texts()
        if held > 0.0 and len(index) and index.score[-1] > 0.0:
            return [Order(symbol=symbol, side=Side.SELL, quantity=held)]
        if held == 0.0 and len(texts) and texts.score[-1] > 0.3:
            return [Order(symbol=symbol, side=Side.BUY, quantity=round(1_000.0 / price, 4))]
        return []


Made: TypeAlias = Callable[[], Any]
STRATEGIES: dict[str, Made] = {
    "hybrid": lambda: HybridStrategy(
        models=(NewsModel(),), policy=replace(FusionPolicy(), threshold=0.05)
    ),
    "targets": FollowsNews,
    "orders": BuysGoodNews,
}
NAMES = sorted(STRATEGIES)


@pytest.fixture(scope="module")
def heard(market: Bars) -> SentimentSeries:
    """Texts of two origins by weight and a daily index, half of them seen exactly at a close."""
    rng = np.random.default_rng(21)
    first, n_items = int(market.timestamp[0]), 900
    anywhere = rng.integers(first, int(market.timestamp[-1]) + market.interval_ms, n_items)
    step = market.interval_ms
    seen = np.sort(np.where(rng.random(n_items) < 0.5, anywhere // step * step, anywhere))
    return SentimentSeries(
        event_time=seen - rng.integers(0, step, n_items),
        observed_at=seen,
        score=rng.uniform(-1, 1, n_items),
        weight=rng.choice([0.2, 1.0], n_items),
        origin=rng.integers(0, 3, n_items),
        origins=ORIGINS,
    )


def changed_after(news: SentimentSeries, close: int, seed: int) -> list[SentimentSeries]:
    """Return the news without, and with other, items after a close."""
    rng = np.random.default_rng(seed)
    later = news.observed_at > close
    n_items = len(news)
    altered = SentimentSeries(
        event_time=news.event_time,
        observed_at=news.observed_at,
        score=np.where(later, rng.uniform(-1, 1, n_items), news.score),
        weight=np.where(later, rng.uniform(0, 1, n_items), news.weight),
        origin=np.where(later, rng.integers(0, 3, n_items), news.origin),
        origins=ORIGINS,
    )
    return [news.seen_until(close), altered]


@pytest.fixture(scope="module")
def runs(market: Bars, heard: SentimentSeries) -> dict[str, Run]:
    return {name: backtest(market, STRATEGIES[name](), sentiment=heard) for name in NAMES}


@settings(max_examples=25, deadline=None)
@given(t=st.integers(0, 2_599), seed=st.integers(0, 2**32 - 1))
def test_no_vote_and_no_feature_changes(
    market: Bars, heard: SentimentSeries, t: int, seed: int
) -> None:
    closes = (market.timestamp + market.interval_ms)[: t + 1]
    for other in changed_after(heard, int(closes[-1]), seed):
        np.testing.assert_array_equal(vote(other, closes), vote(heard, closes))
        for feature in sentiment_features_of(heard):
            np.testing.assert_array_equal(
                feature.compute(other, closes), feature.compute(heard, closes)
            )


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=4, deadline=None)
@given(t=st.integers(700, 2_598), seed=st.integers(0, 2**32 - 1))
def test_no_decision_order_or_fill_of_a_backtest_changes(
    market: Bars, heard: SentimentSeries, runs: dict[str, Run], name: str, t: int, seed: int
) -> None:
    known, close = runs[name], int(market.timestamp[t]) + market.interval_ms
    assert known.stamps == ()
    # A fill at the next open was decided at this close.
    early = [fill for fill in known.fills if fill.time <= close]
    for other in changed_after(heard, close, seed):
        run = backtest(market, STRATEGIES[name](), sentiment=other)
        assert [fill for fill in run.fills if fill.time <= close] == early
        np.testing.assert_array_equal(run.equity[: t + 1], known.equity[: t + 1])
        np.testing.assert_array_equal(run.target[: t + 1], known.target[: t + 1])


def test_the_news_matters_at_all(
    market: Bars, heard: SentimentSeries, runs: dict[str, Run]
) -> None:
    silent = heard.select(slice(0))
    for name, run in runs.items():
        assert len(run.fills) > 20, name
        assert run.fills != backtest(market, STRATEGIES[name](), sentiment=silent).fills, name


def lived(name: str, market: Bars, news: SentimentSeries, until: int) -> list[Turn]:
    session = PaperSession(
        STRATEGIES[name](), infer_rules(market), TradingSettings(), market[:START]
    )
    return [session.on_bar(market[t : t + 1], news) for t in range(START, until + 1)]


@pytest.mark.parametrize("name", NAMES)
def test_no_turn_of_a_paper_session_changes(
    market: Bars, heard: SentimentSeries, name: str
) -> None:
    known = lived(name, market, heard, START + 60)
    assert any(turn.signal.action for turn in known)
    for t in (START, START + 23, START + 60):
        close = int(market.timestamp[t]) + market.interval_ms
        for other in changed_after(heard, close, t):
            assert lived(name, market, other, t) == known[: t - START + 1]

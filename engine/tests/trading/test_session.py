"""A paper session replayed as a backtest gives the same signals, fills and equity."""

import json
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from cryptovolt.backtest.simulate import simulate
from cryptovolt.backtest.strategy import backtest
from cryptovolt.decision.fusion import FusionPolicy
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import DataError
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.execution.inference import infer_rules
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.portfolio.realised import Held, book
from cryptovolt.risk.limits import RiskLimits
from cryptovolt.trading.hybrid import HybridStrategy
from cryptovolt.trading.session import PaperSession, Turn

START = 2_000
LIMITS = RiskLimits(stop_loss=0.02, take_profit=0.03, max_daily_loss=0.03)
SETTINGS = TradingSettings(stop_loss=0.02, take_profit=0.03, max_daily_loss=0.03)


@pytest.fixture(scope="module")
def eager(strategy: HybridStrategy) -> HybridStrategy:
    """All three sources vote, and little is needed to act."""
    return replace(strategy, policy=FusionPolicy(threshold=0.05), limits=LIMITS)


def opened(market: Bars, eager: HybridStrategy) -> PaperSession:
    return PaperSession(eager, infer_rules(market), SETTINGS, market[:START])


def lived(session: PaperSession, bars: Bars, news: SentimentSeries) -> list[Turn]:
    return [session.on_bar(bars[i : i + 1], news) for i in range(len(bars))]


@pytest.fixture(scope="module")
def turns(market: Bars, news: SentimentSeries, eager: HybridStrategy) -> list[Turn]:
    return lived(opened(market, eager), market[START:], news)


def test_the_backtest_of_the_same_bars_is_the_same_to_the_last_unit(
    market: Bars, news: SentimentSeries, eager: HybridStrategy, turns: list[Turn]
) -> None:
    decisions = eager.decide(market, news)
    run = simulate(
        market[START:],
        decisions.target[START:],
        rules=infer_rules(market),
        stop_loss=0.02,
        take_profit=0.03,
        max_daily_loss=0.03,
    )
    fills = [booked.fill for turn in turns for booked in turn.booked]
    assert len(fills) > 20
    assert fills == list(run.fills)
    assert [float(turn.equity) for turn in turns] == run.equity.tolist()
    assert [turn.signal for turn in turns] == [
        decisions.signal(t) for t in range(START, len(market))
    ]


def test_a_session_that_was_killed_goes_on_as_if_nothing_had_happened(
    market: Bars, news: SentimentSeries, eager: HybridStrategy, turns: list[Turn]
) -> None:
    first = opened(market, eager)
    before = lived(first, market[START : START + 301], news)
    stored = json.loads(json.dumps(first.state()))
    second = PaperSession(eager, infer_rules(market), SETTINGS, market[: START + 301])
    second.restore(stored)
    after = lived(second, market[START + 301 :], news)
    assert before + after == turns


def test_the_books_balance(turns: list[Turn]) -> None:
    cash = Decimal(10_000)
    for turn in turns:
        for fill, _ in turn.booked:
            cash += (-1 if fill.side == "BUY" else 1) * fill.notional - fill.fee
        assert turn.cash == cash


def test_realised_profit_is_that_of_the_round_trips(
    market: Bars, news: SentimentSeries, eager: HybridStrategy
) -> None:
    run = backtest(market, eager, sentiment=news)
    held, total, realised = Held(), Decimal(0), Decimal(0)
    for fill in run.fills:
        held, booked = book(held, fill)
        total += booked.pnl or 0
        # What the open round trip has realised so far is not among the closed ones.
        realised = realised if held.quantity else total
    closed = run.trades.filter(run.trades["exit_time"].is_not_null())
    assert float(realised) == pytest.approx(closed["pnl"].sum(), abs=1e-6)


def test_a_backtest_of_the_strategy_uses_its_limits(
    market: Bars, news: SentimentSeries, eager: HybridStrategy
) -> None:
    run = backtest(market, eager, sentiment=news)
    reasons = set(run.orders["reason"].to_list())
    assert {"target", "stop_loss", "take_profit"} <= reasons


def test_a_bar_of_another_series_or_time_is_refused(market: Bars, eager: HybridStrategy) -> None:
    session = opened(market, eager)
    with pytest.raises(DataError, match="expected one bar of"):
        session.on_bar(market[START : START + 2])
    with pytest.raises(DataError, match="expected a bar after"):
        session.on_bar(market[START - 1 : START])


def test_the_state_of_something_else_is_refused(market: Bars, eager: HybridStrategy) -> None:
    with pytest.raises(DataError, match="expected the state of a paper session"):
        opened(market, eager).restore({"account": [1, 2, 3]})


def test_no_fill_is_better_than_its_bar(market: Bars, turns: list[Turn]) -> None:
    rows = {int(time): row for row, time in enumerate(market.timestamp)}
    for turn in turns:
        for fill, _ in turn.booked:
            row = rows[fill.time]
            price = float(fill.price)
            slippage = 1 + 0.0006
            assert np.less_equal(market.low[row] / slippage, price)
            assert np.less_equal(price, market.high[row] * slippage)

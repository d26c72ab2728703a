"""Models that look at funding and at other markets: the same votes in batch and live."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptovolt.backtest.inputs import Inputs
from cryptovolt.backtest.strategy import backtest
from cryptovolt.decision.fusion import FusionPolicy
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import ModelError
from cryptovolt.domain.funding import FundingRates
from cryptovolt.execution.payments import payments_due
from cryptovolt.market.windows import anchored_windows
from cryptovolt.research.synthetic import synthetic_bars
from cryptovolt.trading.account import FundingDue
from cryptovolt.trading.hybrid import WARMUP, Beside, HybridStrategy
from cryptovolt.trading.session import PaperSession, Turn

N_TRADED = 800


@dataclass(frozen=True)
class TiltModel:
    """A classifier that needs no training: up is likelier when its one feature is high."""

    feature_names: tuple[str, ...]
    slope: float
    artefact_hash: str = "2" * 64

    def probability_up(self, values: FloatArray) -> FloatArray:
        return 0.5 + 0.45 * np.tanh(self.slope * values.sum(axis=1))


FUNDED = TiltModel(("funding_surprise_21", "funding_elapsed"), -1.0)
LED = TiltModel(("leader_return_3", "basis"), 80.0, "3" * 64)


def strategy_of(*models: TiltModel) -> HybridStrategy:
    return HybridStrategy(models=models, policy=replace(FusionPolicy(), threshold=0.05))


@pytest.fixture(scope="module")
def beside(market: Bars) -> Beside:
    rng = np.random.default_rng(31)
    time = market.timestamp[::8] + rng.integers(0, 15, market.timestamp[::8].size)
    made = synthetic_bars(len(market), end=1_700_000_000_000, rng=rng)
    shift = np.exp(rng.normal(0.0, 1e-3, len(market)))
    prices = {name: getattr(market, name) * shift for name in ("open", "high", "low", "close")}
    return Beside(
        funding=FundingRates(timestamp=time, rate=rng.normal(1e-4, 1e-4, time.size)),
        index=replace(market, symbol="INDEX", **prices),
        leader=replace(made, symbol="LEADER", timestamp=market.timestamp),
    )


def due_by_bar(rates: FundingRates, bars: Bars) -> list[list[FundingDue]]:
    due: list[list[FundingDue]] = [[] for _ in range(len(bars))]
    for bar, _, rate, inside in payments_due({bars.symbol: rates}, (bars.symbol,), bars)[
        :, :4
    ].tolist():
        due[bar].append((bars.symbol, rate / 1e8, bool(inside)))
    return due


@pytest.mark.parametrize("models", [(FUNDED,), (FUNDED, LED)], ids=["funding", "all"])
def test_models_trade_the_same_in_a_backtest_and_on_paper(
    market: Bars, beside: Beside, models: tuple[TiltModel, ...]
) -> None:
    bars, strategy = market[:N_TRADED], strategy_of(*models)
    rates: Any = beside.funding if FUNDED in models else None
    others: dict[str, Any] = (
        {"index": beside.index, "leader": beside.leader} if LED in models else {}
    )
    run = backtest(bars, strategy, funding=rates, **others)
    batch = strategy.decide(bars, beside=beside)
    session = PaperSession(strategy, run.rules[bars.symbol], run.trading, bars[:0])
    due: list[list[FundingDue]] = [[] for _ in range(len(bars))]
    if rates is not None:
        due = due_by_bar(rates, bars)
    turns: list[Turn] = []
    for t in range(len(bars)):
        known = rates.paid_until(int(bars.timestamp[t]) + bars.interval_ms) if rates else None
        seen: dict[str, Any] = {name: other[: t + 1] for name, other in others.items()}
        turns.append(
            session.on_bar(bars[t : t + 1], funding=due[t], rates=known, beside=Beside(**seen))
        )
    assert [turn.signal for turn in turns] == [batch.signal(t) for t in range(len(bars))]
    assert [one.fill for turn in turns for one in turn.booked] == run.fills
    assert [float(turn.equity) for turn in turns] == run.equity.tolist()
    assert np.unique(batch.ml[~np.isnan(batch.ml)]).size > 50
    assert run.stamps == ()
    assert run.fills


def test_other_markets_are_part_of_what_a_run_was_given(market: Bars, beside: Beside) -> None:
    plain, led = Inputs(), Inputs(leader=beside.leader)
    assert plain.fingerprint() == ""
    assert led.fingerprint() not in {"", Inputs(index=beside.leader).fingerprint()}
    within = led.within({market.symbol: market[:700]}, 700).leader
    assert within is not None
    assert len(within) == 700


@settings(max_examples=10, deadline=None)
@given(t=st.integers(WARMUP, 2_599))
def test_the_open_block_alone_gives_the_signal_of_all_history(
    market: Bars, beside: Beside, t: int
) -> None:
    strategy = strategy_of(FUNDED, LED)
    *_, window = anchored_windows(market[: t + 1], WARMUP)
    rows = slice(window.start, t + 1)
    given_: dict[str, Any] = beside.of(market)
    live = Beside(
        funding=given_["funding"].paid_until(int(market.timestamp[t]) + market.interval_ms),
        index=given_["index"][rows],
        leader=given_["leader"][rows],
    )
    said = strategy.decide(market[rows], last_only=True, beside=live).signal()
    assert said == strategy.decide(market, beside=beside).signal(t)


def test_a_model_that_does_not_look_is_handed_nothing(market: Bars, beside: Beside) -> None:
    strategy = strategy_of(TiltModel(("return_1",), 100.0))
    broken = replace(beside, leader=replace(market, symbol="LEADER", timeframe="4h"))
    votes = strategy.decide(market, beside=broken).ml
    np.testing.assert_array_equal(votes, strategy.decide(market).ml)


def test_a_model_that_looks_at_what_is_not_there_casts_no_vote(market: Bars) -> None:
    with pytest.raises(ModelError, match="casts no vote: expected features leader_return_3"):
        strategy_of(LED).decide(market)


def test_the_leader_itself_has_no_leader(market: Bars, beside: Beside) -> None:
    assert "leader" not in replace(beside, leader=market).of(market)
    rates: Any = beside.funding
    by_symbol = replace(beside, funding={market.symbol: rates})
    assert by_symbol.of(market)["funding"] is rates
    assert "funding" not in by_symbol.of(replace(market, symbol="ANOTHER"))

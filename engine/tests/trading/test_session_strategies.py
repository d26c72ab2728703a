"""Paper sessions of strategies written as code: the same as their backtest, and no look-ahead."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptovolt.backtest.run import Run
from cryptovolt.backtest.strategy import backtest
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import ConfigurationError, DataError, LookAheadError, StrategyError
from cryptovolt.domain.orders import Order, OrderKind, Side
from cryptovolt.domain.signal import Action
from cryptovolt.execution.inference import infer_rules
from cryptovolt.research.synthetic import synthetic_bars
from cryptovolt.risk.limits import RiskLimits
from cryptovolt.trading.account import Account
from cryptovolt.trading.portfolio_session import PortfolioSession
from cryptovolt.trading.session import PaperSession, Turn
from cryptovolt.trading.strategy_loading import load_strategy

STRATEGIES = Path(__file__).parents[1] / "strategies"


def honest(name: str) -> Any:
    return load_strategy(f"{STRATEGIES / 'honest.py'}:{name}")


def bars_of(symbol: str, n_bars: int, seed: int) -> Bars:
    made = synthetic_bars(n_bars, end=1_700_000_000_000, rng=np.random.default_rng(seed))
    return Bars(
        symbol=symbol,
        timeframe=made.timeframe,
        timestamp=made.timestamp,
        open=made.open,
        high=made.high,
        low=made.low,
        close=made.close,
        volume=made.volume,
    )


class Dips:
    """Waits with limits below the market; leaves at a fixed gain or by a trailing stop."""

    warmup = 20

    def orders(self, history: Bars, account: Account) -> Sequence[Order]:
        if account.open_orders:
            return []
        symbol, close = history.symbol, float(history.close[-1])
        mean = float(history.close[-20:].mean())
        held = float(account.positions[symbol].quantity)
        if held > 0.0:
            return [
                Order(
                    symbol=symbol,
                    side=Side.SELL,
                    quantity=held,
                    kind=OrderKind.TRAILING_STOP,
                    trail=0.01,
                    group="out",
                ),
                Order(
                    symbol=symbol,
                    side=Side.SELL,
                    quantity=held,
                    kind=OrderKind.TAKE_PROFIT,
                    limit_price=close * 1.02,
                    group="out",
                ),
            ]
        entry = Order(
            symbol=symbol,
            side=Side.BUY,
            quantity=0.2,
            kind=OrderKind.LIMIT,
            limit_price=mean * 0.995,
            good_for=12,
        )
        return [entry]


def session_of(strategy: Any, history: Bars, run: Run) -> PaperSession:
    return PaperSession(strategy, run.rules[history.symbol], run.trading, history)


def live(session: PaperSession, bars: Bars) -> list[Turn]:
    return [session.on_bar(bars[i : i + 1]) for i in range(len(bars))]


def assert_lived_alike(turns: Sequence[Turn], run: Run) -> None:
    assert [booked.fill for turn in turns for booked in turn.booked] == run.fills
    assert [float(turn.equity) for turn in turns] == run.equity.tolist()


@pytest.mark.parametrize("strategy", ["Cross", "Recursive", "YesterdaysClose", "FilledForwards"])
@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n_bars=st.integers(1, 400), start=st.integers(0, 4_000))
def test_a_session_from_the_first_bar_is_its_backtest_bit_for_bit(
    strategy: str, seed: int, n_bars: int, start: int
) -> None:
    # Another start lies elsewhere in its block.
    bars = bars_of("X", 4_400, seed)[start : start + n_bars]
    run = backtest(bars, honest(strategy), rules=infer_rules(bars))
    session = session_of(honest(strategy), bars[:0], run)
    assert_lived_alike([session.on_bar(bars[i : i + 1]) for i in range(len(bars))], run)


def test_a_session_of_orders_is_its_backtest_bit_for_bit() -> None:
    bars = bars_of("X", 2_500, 5)
    run = backtest(bars, Dips())
    assert len(run.fills) > 20
    session = session_of(Dips(), bars[:0], run)
    turns = [session.on_bar(bars[i : i + 1]) for i in range(len(bars))]
    assert_lived_alike(turns, run)
    sent = [number for turn in turns for number in turn.sent]
    assert sent == list(range(1, len(sent) + 1))
    ended = [one.order_id for turn in turns for one in turn.ended]
    assert len(ended) == len(set(ended))
    assert set(ended) | {one.order_id for one in session.account.open_orders} == set(sent)
    asked = next(turn for turn in turns if turn.sent)
    assert asked.signal.action is Action.BUY
    assert asked.signal.reasons[0].startswith("Dips: BUY 0.2 limit at ")


def test_several_symbols_trade_on_one_cash_as_in_the_backtest() -> None:
    class Stronger:
        warmup = 48

        def target(self, history: dict[str, Bars]) -> FloatArray:
            closes = np.column_stack([bars.close for bars in history.values()])
            past = np.full_like(closes, np.nan)
            past[48:] = closes[48:] / closes[:-48]
            best = past == past.max(axis=1, keepdims=True)
            return np.where(np.isnan(past), np.nan, best * 0.9)

    bars = {name: bars_of(name, 700, seed) for seed, name in enumerate(("A", "B", "C"))}
    run = backtest(bars, Stronger())
    assert run.stamps == ()
    assert len(run.fills) > 20
    empty = {name: one[:0] for name, one in bars.items()}
    session = PortfolioSession(Stronger(), run.rules, run.trading, empty)
    turns = [
        session.on_bars({name: one[i : i + 1] for name, one in bars.items()}) for i in range(700)
    ]
    assert [booked.fill for turn in turns for booked in turn.booked] == run.fills
    assert [float(turn.equity) for turn in turns] == run.equity.tolist()
    assert set(turns[-1].signals) == {"A", "B", "C"}
    with pytest.raises(DataError, match="expected one bar of each of A, B, C, found A"):
        session.on_bars({"A": bars["A"][:1]})
    with pytest.raises(ConfigurationError, match="expected rules for A, B, C"):
        PortfolioSession(Stronger(), {"A": run.rules["A"]}, run.trading, empty)


@pytest.mark.parametrize("strategy", [honest("Cross"), Dips()])
def test_a_session_that_was_killed_goes_on_as_if_nothing_had_happened(strategy: Any) -> None:
    bars = bars_of("X", 900, 6)
    run = backtest(bars, strategy)
    first = session_of(strategy, bars[:0], run)
    before = [first.on_bar(bars[i : i + 1]) for i in range(451)]
    stored = json.loads(json.dumps(first.state()))
    second = session_of(strategy, bars[:451], run)
    second.restore(stored)
    after = [second.on_bar(bars[i : i + 1]) for i in range(451, 900)]
    assert_lived_alike([*before, *after], run)


GUILTY = (
    "TomorrowsClose",
    "RareTomorrow",
    "CentredMean",
    "WholeSampleScore",
    "DaysClose",
    "FilledBackwards",
    "BestPriceOfAll",
)


@pytest.mark.parametrize("name", GUILTY)
def test_a_strategy_that_reads_ahead_is_refused(name: str) -> None:
    guilty = load_strategy(f"{STRATEGIES / 'guilty.py'}:{name}")
    bars = bars_of("X", 2_000, 7)
    run = backtest(bars, guilty)
    with pytest.raises(
        LookAheadError, match=r"LOOK-AHEAD: .*cryptovolt lookahead.* names the line"
    ):
        session_of(guilty, bars, run)


@pytest.mark.parametrize("name", GUILTY)
def test_one_that_was_not_found_out_is_stopped_when_it_changes_its_mind(name: str) -> None:
    guilty = load_strategy(f"{STRATEGIES / 'guilty.py'}:{name}")
    bars = bars_of("X", 2_000, 7)
    run = backtest(bars, guilty)
    session = session_of(guilty, bars[:0], run)
    with pytest.raises(LookAheadError, match=rf"expected {name} to stand by what it decided"):
        live(session, bars)


def test_signals_say_what_the_strategy_asks_for() -> None:
    class Steps:
        warmup = 0

        def target(self, history: Bars) -> FloatArray:
            steps = np.array([np.nan, 0.5, 0.5, 0.0, -0.5])
            hour = (history.timestamp - START) // 3_600_000
            return steps[hour]

    bars = bars_of("X", 5, 8)
    START = int(bars.timestamp[0])  # noqa: N806 - the strategy's own constant
    session = session_of(Steps(), bars[:0], backtest(bars, Steps()))
    signals = [session.on_bar(bars[i : i + 1]).signal for i in range(5)]
    assert [signal.action.value for signal in signals] == ["HOLD", "BUY", "HOLD", "SELL", "SELL"]
    assert [signal.target for signal in signals] == [None, 0.5, 0.5, 0.0, -0.5]
    assert signals[1].reasons == ("Steps asks for 50.0% of equity",)
    assert signals[0].reasons == ("Steps keeps",)


def test_limits_of_the_owner_cut_targets_as_in_the_backtest() -> None:
    bars = bars_of("X", 300, 9)
    limits = RiskLimits(max_position=0.3)
    run = backtest(bars, honest("Cross"), limits=limits)
    session = PaperSession(honest("Cross"), run.rules["X"], run.trading, bars[:0], limits)
    assert_lived_alike([session.on_bar(bars[i : i + 1]) for i in range(len(bars))], run)


def test_a_target_beyond_the_leverage_stops_the_session_with_its_place() -> None:
    class Greedy:
        warmup = 0

        def target(self, history: Bars) -> FloatArray:
            return np.full(len(history), 3.0)

    bars = bars_of("X", 10, 9)
    session = session_of(Greedy(), bars[:0], backtest(bars, honest("Cross")))
    with pytest.raises(StrategyError, match=r"test_session_strategies\.py:\d+: Greedy\.target: "):
        session.on_bar(bars[:1])

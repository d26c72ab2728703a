"""Backtests of strategies written as code: who reads ahead is stamped, who does not never is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptovolt.backtest.simulate import simulate
from cryptovolt.backtest.strategy import backtest
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import Costs
from cryptovolt.domain.errors import ConfigurationError, DataError, StrategyError
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.market.windows import BLOCK_BARS
from cryptovolt.research.synthetic import synthetic_bars
from cryptovolt.risk.limits import RiskLimits
from cryptovolt.trading.hybrid import HybridStrategy
from cryptovolt.trading.strategy_loading import load_strategy
from cryptovolt.trading.target_strategy import moment

STRATEGIES = Path(__file__).parents[1] / "strategies"
GUILTY = (
    "TomorrowsClose",
    "RareTomorrow",
    "CentredMean",
    "WholeSampleScore",
    "DaysClose",
    "FilledBackwards",
    "BestPriceOfAll",
)
HONEST = ("Cross", "Recursive", "YesterdaysClose", "FilledForwards", "Rolled")


def guilty(name: str) -> Any:
    return load_strategy(f"{STRATEGIES / 'guilty.py'}:{name}")


def honest(name: str, **parameters: object) -> Any:
    return load_strategy(f"{STRATEGIES / 'honest.py'}:{name}", parameters)


def market(n_bars: int = 5_000, seed: int = 3, symbol: str | None = None) -> Bars:
    bars = synthetic_bars(n_bars, end=1_700_000_000_000, rng=np.random.default_rng(seed))
    return bars if symbol is None else renamed(bars, symbol)


def renamed(bars: Bars, symbol: str) -> Bars:
    return Bars(
        symbol=symbol,
        timeframe=bars.timeframe,
        timestamp=bars.timestamp,
        open=bars.open,
        high=bars.high,
        low=bars.low,
        close=bars.close,
        volume=bars.volume,
    )


@pytest.fixture(scope="module")
def bars() -> Bars:
    return market()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", GUILTY)
def test_a_strategy_that_reads_ahead_is_stamped(bars: Bars, name: str, seed: int) -> None:
    run = backtest(bars, guilty(name), seed=seed)
    assert [stamp.split(":")[0] for stamp in run.stamps] == ["LOOK-AHEAD"]
    assert run.check is not None
    assert run.check.difference is not None
    assert "when the bars end at 20" in run.stamps[0]


@pytest.mark.parametrize("name", HONEST)
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n_bars=st.integers(1, 5_000))
def test_an_honest_strategy_never_is(name: str, seed: int, n_bars: int) -> None:
    assert backtest(market(n_bars, seed), honest(name), seed=seed).stamps == ()


def test_the_stamp_names_the_first_bar_that_differs(bars: Bars) -> None:
    class FromTheFuture:
        warmup = 0

        def target(self, history: Bars) -> FloatArray:
            # Only bar 3,000 knows the bar after it.
            row = 3_000 - round((history.timestamp[0] - bars.timestamp[0]) / history.interval_ms)
            target = np.zeros(len(history))
            if 0 <= row < len(history) - 1:
                target[row] = 0.5
            return target

    check = backtest(bars, FromTheFuture()).check
    assert check is not None
    assert check.difference is not None
    assert check.difference.timestamp == bars.timestamp[3_000]
    assert (check.difference.whole, check.difference.part) == (0.5, 0.0)
    assert str(check.difference).endswith(
        f"when the bars end at {moment(int(bars.timestamp[3_000]))}"
    )


def test_the_run_keeps_the_prefixes_and_their_seed(bars: Bars) -> None:
    run = backtest(bars, honest("Cross"), seed=21)
    assert run.check is not None
    assert run.check.seed == 21
    assert len(set(run.check.prefixes)) == 20
    assert run.settings["look_ahead_check"] == run.check.to_record()
    assert backtest(bars, honest("Cross"), seed=21).check == run.check
    assert backtest(bars, honest("Cross"), seed=22).check != run.check


def test_a_strategy_that_draws_lots_is_told_from_one_that_reads_ahead(bars: Bars) -> None:
    class Lots:
        warmup = 0
        rng = np.random.default_rng(1)

        def target(self, history: Bars) -> FloatArray:
            return type(self).rng.random(len(history))

    (stamp,) = backtest(bars, Lots()).stamps
    assert stamp.startswith("NOT REPRODUCIBLE: the target of SYNTHETIC-USDT at 20")


def test_a_strategy_that_keeps_what_it_saw_first_is_caught(bars: Bars) -> None:
    class Remembers:
        warmup = 10
        level: float | None = None

        def target(self, history: Bars) -> FloatArray:
            if self.level is None:
                self.level = float(history.close.mean())
            return np.where(history.close < self.level, 1.0, 0.0)

    assert len(backtest(bars, Remembers()).stamps) == 1


def test_the_hybrid_strategy_is_asked_again_too(bars: Bars) -> None:
    run = backtest(bars, HybridStrategy())
    assert run.check is not None
    assert len(run.check.prefixes) == 20
    assert run.stamps == ()
    votes = np.random.default_rng(5).uniform(0, 1, len(bars))
    assert backtest(bars, HybridStrategy(), probability_up=votes).stamps == ()


def test_a_backtest_is_the_simulation_of_the_targets(bars: Bars) -> None:
    costs = Costs(fee=0.002)
    run = backtest(bars, honest("Cross"), costs, 5_000.0)
    assert np.isnan(run.target[:40]).all()
    same = simulate(bars, run.target, costs, 5_000.0)
    np.testing.assert_array_equal(run.equity_units, same.equity_units)
    assert run.fills == same.fills
    assert len(run.fills) > 50


def test_a_strategy_s_settings_reach_the_account(bars: Bars) -> None:
    class Careful:
        warmup = 0
        settings = {"stop_loss": 0.01, "leverage": 2.0}  # noqa: RUF012

        def target(self, history: Bars) -> FloatArray:
            return np.full(len(history), 1.5)

    run = backtest(bars, Careful())
    assert run.trading.stop_loss == 0.01
    assert "stop_loss" in set(run.orders["reason"].to_list())
    owner = backtest(bars, Careful(), limits=RiskLimits(stop_loss=0.02, max_position=0.4))
    assert owner.trading.stop_loss == 0.02
    assert float(owner.target.max()) == 0.4


def test_limits_scale_several_symbols_to_the_largest_exposure() -> None:
    class All:
        warmup = 0

        def target(self, history: dict[str, Bars]) -> FloatArray:
            first = next(iter(history.values()))
            return np.tile([0.5, -0.5, np.nan, 0.5], (len(first), 1))

    several = {name: market(100, seed, name) for seed, name in enumerate("ABCD")}
    run = backtest(several, All(), limits=RiskLimits(max_exposure=0.75))
    np.testing.assert_allclose(run.target[-1], [0.25, -0.25, np.nan, 0.25])


def test_several_symbols_share_the_blocks_of_their_common_times() -> None:
    seen: list[tuple[int, int]] = []

    class Pair:
        warmup = 30

        def __deepcopy__(self, memo: object) -> "Pair":
            return self

        def target(self, history: dict[str, Bars]) -> FloatArray:
            a, b = history["A"], history["B"]
            seen.append((int(a.timestamp[0]), int(b.timestamp[0])))
            return np.column_stack([a.close > b.close, a.close < b.close]).astype(float) * 0.5

    several = {name: market(5_000, seed, name) for seed, name in enumerate("AB")}
    run = backtest(several, Pair())
    assert run.stamps == ()
    assert run.target.shape == (5_000, 2)
    assert all(a == b for a, b in seen)
    blocks = several["A"].timestamp // (BLOCK_BARS * several["A"].interval_ms)
    assert len({a for a, _ in seen}) == len(set(blocks.tolist()))


def test_one_symbol_in_a_dict_is_handed_over_as_a_dict() -> None:
    class OfADict:
        warmup = 0

        def target(self, history: dict[str, Bars]) -> FloatArray:
            return np.zeros(len(history["A"]))

    assert backtest({"A": market(50, 1, "A")}, OfADict()).target.shape == (50, 1)


def test_news_reaches_a_strategy_as_far_as_it_had_been_seen(bars: Bars) -> None:
    late = bars.timestamp[::10] + 30 * 60_000
    news = SentimentSeries(
        event_time=late - 60_000, observed_at=late, score=np.linspace(-1, 1, late.size)
    )

    class Reads:
        warmup = 20
        sentiment: SentimentSeries | None = None

        def target(self, history: Bars) -> FloatArray:
            assert self.sentiment is not None
            close = history.timestamp + history.interval_ms
            n_seen = np.searchsorted(self.sentiment.observed_at, close, side="right")
            scores = np.append(np.nan, self.sentiment.score)
            return scores[n_seen]

    class ReadsAll(Reads):
        def target(self, history: Bars) -> FloatArray:
            assert self.sentiment is not None
            return np.full(len(history), self.sentiment.score[-1])

    assert backtest(bars, Reads(), sentiment=news).stamps == ()
    assert len(backtest(bars, ReadsAll(), sentiment=news).stamps) == 1
    with pytest.raises(StrategyError, match="expected an attribute sentiment"):
        backtest(bars, honest("Cross"), sentiment=news)


MISTAKES: list[tuple[Callable[[int], Any], str]] = [
    # what target returns, what is said of it
    (lambda n: np.zeros(n - 1), r"expected one target for every bar .* shape \(5000,\)"),
    (lambda n: np.zeros((n, 2)), r"found shape \(5000, 2\)"),
    (lambda _: 1.0, r"found shape \(\)"),
    (lambda _: None, "found None; is a return missing"),
    (lambda n: np.array(["buy"] * n), "expected targets as numbers, found <U3"),
    (lambda _: [[1.0], [1.0, 2.0]], "expected an array of targets, found list"),
    (lambda n: np.full(n, np.inf), "expected finite targets .* found inf for SYNTHETIC-USDT at"),
    (lambda n: np.full(n, 1.5), r"between -1 and 1 .* found 1\.5 for SYNTHETIC-USDT at"),
    (lambda _: dict[str, float]()["rsi"], "raised KeyError: 'rsi'"),
]


@pytest.mark.parametrize(("returned", "said"), MISTAKES)
def test_a_mistake_is_one_sentence_with_file_and_line(returned: Any, said: str) -> None:
    class Mistaken:
        warmup = 0

        def target(self, history: Bars) -> Any:
            return returned(len(history))

    bars = market(5_000)
    # One block, so that the whole length is handed over at once.
    aligned = Bars(
        symbol=bars.symbol,
        timeframe="1m",
        timestamp=np.arange(5_000) * 60_000 + BLOCK_BARS * 60_000 * 1_000,
        open=bars.open,
        high=bars.high,
        low=bars.low,
        close=bars.close,
        volume=bars.volume,
    )[: BLOCK_BARS - 1]
    said = said.replace("5000", str(BLOCK_BARS - 1))
    with pytest.raises(StrategyError, match=said) as caught:
        backtest(aligned, Mistaken())
    assert f"{__file__}:" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_no_strategy_is_refused(bars: Bars) -> None:
    class NoWarmup:
        def target(self, history: Bars) -> FloatArray:
            return np.zeros(len(history))

    class BadWarmup(NoWarmup):
        warmup = -3

    class BadSettings(NoWarmup):
        warmup = 0
        settings = {"stoploss": 0.1}  # noqa: RUF012

    class OutOfRange(NoWarmup):
        warmup = 0
        settings = {"stop_loss": 3}  # noqa: RUF012

    for strategy, said in (
        (NoWarmup(), f"{__file__}:.*expected an attribute warmup"),
        (BadWarmup(), "expected warmup as a count of bars from 0 to 1,000,000, found -3"),
        (BadSettings(), "expected settings among .*stop_loss.*, found stoploss"),
        (OutOfRange(), "its settings: expected stop_loss"),
        (object(), "either target.history. or orders.history, account., found neither"),
        (NoWarmup, r"found the class NoWarmup; write NoWarmup\(\)"),
    ):
        with pytest.raises(StrategyError, match=said):
            backtest(bars, strategy)


def test_bars_that_cannot_be_walked_are_refused(bars: Bars) -> None:
    with pytest.raises(DataError, match="at least one bar of SYNTHETIC-USDT"):
        backtest(bars[:0], honest("Cross"))
    with pytest.raises(DataError, match="at least one symbol"):
        backtest({}, honest("Cross"))
    with pytest.raises(DataError, match="equal times"):
        backtest({"A": market(50, 1, "A"), "B": market(50, 2, "B")[1:]}, honest("Cross"))
    with pytest.raises(ConfigurationError, match="cash"):
        backtest(bars, honest("Cross"), cash=0.0)


def test_a_strategy_that_cannot_be_copied_says_so(bars: Bars) -> None:
    class Holds:
        warmup = 0

        def __init__(self) -> None:
            self.generator = iter_forever()

        def target(self, history: Bars) -> FloatArray:
            return np.zeros(len(history))

    with pytest.raises(StrategyError, match="expected a strategy that can be copied"):
        backtest(bars, Holds())


def iter_forever() -> Any:
    while True:
        yield 0

"""Strategies as what a sweep, a search and a walk-forward try, with everything they are given."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cryptovolt.backtest.simulate import simulate
from cryptovolt.backtest.strategy import backtest
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import SymbolRules
from cryptovolt.domain.errors import ConfigurationError, DataError, StrategyError
from cryptovolt.domain.funding import FundingRates
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.domain.trials import Trial
from cryptovolt.market.resampling import resample
from cryptovolt.research.ledger import FileLedger
from cryptovolt.research.search import search
from cryptovolt.research.strategy_maker import StrategyMaker
from cryptovolt.research.sweep import Sweep, sweep
from cryptovolt.research.synthetic import synthetic_bars
from cryptovolt.research.walkforward_strategy import StrategyWalkForward, walkforward
from cryptovolt.trading.hybrid import HybridStrategy
from cryptovolt.trading.strategy_loading import load_strategy

FOLDER = Path(__file__).parents[1] / "strategies"
ORDERING = FOLDER / "ordering.py"
HOUR = 3_600_000
FINE = synthetic_bars(6_000, end=1_700_000_000_000, rng=np.random.default_rng(8), timeframe="15m")
BARS = resample(FINE, "1h")
RULES = SymbolRules(tick_size=0.01, step_size=0.001)
TIMES = BARS.timestamp
NEWS = SentimentSeries(
    event_time=TIMES[::9],
    observed_at=TIMES[::9] + 600_000,
    score=np.sin(np.arange(len(TIMES[::9]))),
)
RATES = FundingRates(
    timestamp=TIMES[::8].copy(), rate=0.001 * np.cos(np.arange(len(TIMES[::8])) / 5.0)
)
WALK: dict[str, Any] = {
    "train": 500, "test": 300, "purge": 10, "rules": RULES, "backend": "serial",
    "objective": "total_return",
}  # fmt: skip


def loaded(name: str) -> Any:
    strategy: Any = load_strategy(f"{ORDERING}:{name}")
    return strategy.__class__


def test_a_row_is_the_backtest_of_its_parameters_also_of_a_strategy_of_orders() -> None:
    found = sweep(BARS, loaded("Breakout"), {"length": [12, 48], "stop": [0.01, 0.05]})
    assert len(found) == 4
    for row, parameters in enumerate(found.combinations):
        alone = backtest(BARS, load_strategy(f"{ORDERING}:Breakout", parameters))
        assert len(alone.fill_rows) > 4
        np.testing.assert_array_equal(found.run(row).equity_units, alone.equity_units)
        for name in ("total_return", "sharpe", "n_trades", "fees_paid"):
            assert found.frame[name][row] == alone.statistics[name]
    assert found.experiment.maker.name == "Breakout"
    assert found.run(0).stamps == ()


BACKENDS = ["serial", "threads", "processes"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_backend_finds_the_same(backend: str) -> None:
    grid = {"length": [12, 24], "size": [0.05, 0.1]}
    by_name = sweep(BARS, f"{ORDERING}:Breakout", grid, backend=backend, workers=2)
    expected = sweep(BARS, loaded("Breakout"), grid, backend="serial")
    assert by_name.frame.equals(expected.frame)


def test_a_search_tries_strategies_of_orders() -> None:
    found = search(
        BARS, loaded("Breakout"), {"length": (10, 60), "stop": [0.01, 0.03]}, 4,
        rng=np.random.default_rng(1), rules=RULES,
    )  # fmt: skip
    for row, parameters in enumerate(found.combinations):
        alone = backtest(BARS, load_strategy(f"{ORDERING}:Breakout", parameters), rules=RULES)
        assert found.frame["total_return"][row] == alone.statistics["total_return"]


def test_a_walk_forward_trades_orders_with_warm_history_from_its_first_test_bar() -> None:
    found = walkforward(BARS, loaded("Breakout"), {"length": [24]}, **WALK)
    start = found.windows[0].test_start
    # A breakout of 24 bars knows nothing older, and acts first at the close of its 25th bar.
    alone = backtest(BARS[start - 24 :], load_strategy(f"{ORDERING}:Breakout"), rules=RULES)
    np.testing.assert_array_equal(found.run.equity_units, alone.equity_units[24:])
    assert len(found.run.fill_rows) == len(alone.fill_rows) > 4
    # The same parameters in every fold: nothing was closed in between.
    assert set(map(str, found.chosen)) == {"{'length': 24}"}


def test_a_walk_forward_of_orders_chooses_what_a_sweep_of_the_window_finds() -> None:
    grid = {"length": [8, 24, 72]}
    found = walkforward(BARS, loaded("Breakout"), grid, **WALK)
    for window, chosen in zip(found.windows, found.chosen, strict=True):
        results: list[float] = []
        for length in grid["length"]:
            made = load_strategy(f"{ORDERING}:Breakout", {"length": length})
            first = max(0, window.train_start - length)
            run = backtest(BARS[first : window.train_stop], made, rules=RULES)
            results.append(run.statistics["total_return"])
        if window.train_start > 0:
            assert chosen == {"length": grid["length"][int(np.argmax(results))]}


def test_whoever_takes_over_begins_with_nothing() -> None:
    half = len(BARS) // 2
    close = np.concatenate([np.linspace(100, 200, half), np.linspace(200, 50, len(BARS) - half)])
    bars = Bars(
        symbol="BTCUSDT", timeframe="1h", timestamp=TIMES, open=close, high=close, low=close,
        close=close, volume=np.full(close.size, 1e9),
    )  # fmt: skip
    how: dict[str, Any] = WALK | {"purge": 0}
    found = walkforward(bars, loaded("Hold"), {"hold": [True, False]}, **how)
    assert found.chosen[0] == {"hold": True}
    assert found.chosen[-1] == {"hold": False}
    switch = next(k for k, one in enumerate(found.chosen) if one == {"hold": False})
    fills = found.run.orders
    assert fills["side"].to_list() == ["BUY", "SELL"]
    # Decided at the last close of the window before, filled at the first open of this one.
    first = int(TIMES[found.windows[switch].test_start])
    assert int(fills["time"][1].timestamp() * 1000) == first
    assert found.run.statistics["n_open_trades"] == 0


def test_where_nothing_traded_in_training_orders_stay_flat_too() -> None:
    how: dict[str, Any] = WALK | {"objective": "sharpe"}
    found = walkforward(BARS, loaded("Hold"), {"hold": [False]}, **how)
    assert set(found.chosen) == {None}
    assert len(found.run.fill_rows) == 0


def heard(
    bars: Bars, sentiment: SentimentSeries, funding: FundingRates, level: float
) -> FloatArray:
    """Long after news above a level, while the newest payment was received by longs."""
    close = int(bars.timestamp[-1]) + HOUR
    assert sentiment.observed_at[-1] <= close
    assert funding.timestamp[-1] <= close
    closes = bars.timestamp + HOUR
    item = np.searchsorted(sentiment.observed_at, closes, side="right") - 1
    paid = np.searchsorted(funding.timestamp, closes, side="right") - 1
    good = (item >= 0) & (sentiment.score[np.maximum(item, 0)] > level)
    return np.where(good & (funding.rate[np.maximum(paid, 0)] < 0.0), 0.5, 0.0)


class Heard:
    """The same as a strategy of targets."""

    warmup = 0
    level: float = 0.0
    sentiment = None
    funding = None

    def target(self, history: Bars) -> FloatArray:
        assert self.sentiment is not None
        assert self.funding is not None
        return heard(history, self.sentiment, self.funding, self.level)


GIVEN: dict[str, Any] = {"sentiment": NEWS, "funding": RATES}
LEVELS = {"level": [-0.5, 0.5]}


def test_sentiment_and_funding_reach_every_row_and_are_told_in_its_hash(tmp_path: Path) -> None:
    ledger = FileLedger(tmp_path / "trials.jsonl")
    bare = sweep(BARS, loaded("Breakout"), {"length": [24]}, backend="serial")
    makers: list[Any] = [loaded("NewsAndFunding"), Heard]
    for maker in makers:
        found = sweep(BARS, maker, LEVELS, **GIVEN, detail_bars=FINE, backend="serial")
        for row, parameters in enumerate(found.combinations):
            made = maker()
            made.level = parameters["level"]
            alone = backtest(BARS, made, **GIVEN, detail_bars=FINE, ledger=ledger)
            assert len(alone.fill_rows) > 10
            assert alone.statistics["funding_paid"] != 0.0
            assert found.frame["total_return"][row] == alone.statistics["total_return"]
            kept = ledger.trials([BARS.symbol], 0, int(TIMES[-1]))[-1]
            assert found.trials[row].data_hash == kept.data_hash != bare.trials[0].data_hash
    assert bare.trials[0].data_hash == BARS.content_hash()


def test_a_function_takes_them_by_name() -> None:
    function = sweep(BARS, heard, LEVELS, **GIVEN, backend="serial")
    strategy = sweep(BARS, Heard, LEVELS, **GIVEN, backend="serial")
    assert function.frame.equals(strategy.frame)
    assert min(function.frame["n_trades"].to_list()) > 5
    assert function.run(0).stamps == ()


def test_each_input_changes_the_hash_of_the_data() -> None:
    def hashed(**given: Any) -> str:
        how: dict[str, Any] = GIVEN | given | {"backend": "serial"}
        return sweep(BARS, Heard, {"level": [0.0]}, **how).trials[0].data_hash

    louder = SentimentSeries(
        event_time=NEWS.event_time, observed_at=NEWS.observed_at, score=NEWS.score * 0.5
    )
    dearer = FundingRates(timestamp=RATES.timestamp, rate=RATES.rate * 2)
    found = {
        hashed(), hashed(sentiment=louder), hashed(funding=dearer), hashed(detail_bars=FINE),
    }  # fmt: skip
    assert len(found) == 4


def shown(found: StrategyWalkForward) -> list[tuple[int, str]]:
    return [(trial.last, trial.data_hash) for trial in found.trials]


MAKERS: list[Callable[[], Any]] = [lambda: heard, lambda: Heard, lambda: loaded("NewsAndFunding")]


@pytest.mark.parametrize("make", MAKERS)
def test_a_fold_knows_what_was_known_by_its_end_and_no_more(make: Callable[[], Any]) -> None:
    # The makers themselves refuse anything that is later than their last bar.
    found = walkforward(BARS, make(), LEVELS, **WALK, **GIVEN, detail_bars=FINE)
    assert len(found.run.fill_rows) > 4
    assert found.run.statistics["funding_paid"] != 0.0
    assert found.run.stamps == ()
    # Other news after the end of the second training window: the folds before stay as they are.
    end = int(TIMES[found.windows[1].train_stop - 1]) + HOUR
    later = np.searchsorted(NEWS.observed_at, end, side="right")
    score = NEWS.score.copy()
    score[later:] *= -1.0
    news = SentimentSeries(event_time=NEWS.event_time, observed_at=NEWS.observed_at, score=score)
    other = walkforward(
        BARS, make(), LEVELS, **WALK, sentiment=news, funding=RATES, detail_bars=FINE
    )
    assert shown(other)[:4] == shown(found)[:4]
    assert all(a != b for a, b in zip(shown(other)[4:], shown(found)[4:], strict=True))


def test_detail_bars_are_those_inside_of_the_test_windows() -> None:
    found = walkforward(BARS, heard, {"level": [0.0]}, **WALK, **GIVEN, detail_bars=FINE)
    start = found.windows[0].test_start
    # The new account holds at its first bar what was said by then.
    target: FloatArray = heard(BARS, NEWS, RATES, 0.0)[start:]
    fine = FINE[int((FINE.timestamp < TIMES[start]).sum()) :]
    alone = simulate(BARS[start:], target, rules=RULES, funding=RATES, detail_bars=fine)
    np.testing.assert_array_equal(found.run.equity_units, alone.equity_units)


def test_a_strategys_own_settings_are_those_of_its_account() -> None:
    class Careful(Heard):
        settings: dict[str, Any] = {"stop_loss": 0.01, "leverage": 2.0}  # noqa: RUF012

    made = Careful()
    alone = backtest(BARS, made, **GIVEN, cash=500.0)
    found = sweep(BARS, Careful, {"level": [0.0]}, **GIVEN, cash=500.0, backend="serial")
    assert found.run(0).trading == alone.trading
    np.testing.assert_array_equal(found.run(0).equity_units, alone.equity_units)
    other = sweep(
        BARS, Careful, {"level": [0.0], "take_profit": [0.02]}, **GIVEN, stop_loss=0.05,
        backend="serial",
    )  # fmt: skip
    trading = other.run(0).trading
    assert (trading.stop_loss, trading.take_profit, trading.leverage) == (0.05, 0.02, 2.0)


def test_nested_parameters_of_the_hybrid_strategy_are_swept() -> None:
    grid = {"weights.rules": [0.3, 1.0], "limits.stop_loss": [0.01, 0.05]}
    found = sweep(BARS, HybridStrategy, grid, sentiment=NEWS, backend="serial")
    assert found.frame.columns[:2] == list(grid)
    for row, parameters in enumerate(found.combinations):
        alone = backtest(BARS, load_strategy("hybrid", parameters), sentiment=NEWS)
        assert found.frame["total_return"][row] == alone.statistics["total_return"]
        assert found.run(row).trading.stop_loss == parameters["limits.stop_loss"]
    assert found.frame["n_fills"].n_unique() > 2
    walk = walkforward(BARS, "hybrid", {"weights.rules": [0.5, 1.0]}, **WALK, sentiment=NEWS)
    assert {one["weights.rules"] for one in walk.chosen if one} <= {0.5, 1.0}


def test_probabilities_stand_for_the_models_in_every_row_and_fold() -> None:
    up = np.clip(0.5 + 0.5 * np.sin(np.arange(len(BARS)) / 20.0), 0.0, 1.0)
    found = sweep(BARS, "hybrid", {"weights.ml": [0.5, 1.0]}, probability_up=up, backend="serial")
    for row, parameters in enumerate(found.combinations):
        alone = backtest(BARS, load_strategy("hybrid", parameters), probability_up=up)
        assert found.frame["total_return"][row] == alone.statistics["total_return"]
    walk = walkforward(BARS, "hybrid", {"weights.ml": [0.5, 1.0]}, **WALK, probability_up=up)
    assert len(walk.run.fill_rows) > 2


def _sweep(maker: Any, grid: Any, **given: Any) -> Sweep:
    return sweep(BARS, maker, grid, **given, backend="serial")


def _walk(maker: Any, grid: Any, **given: Any) -> StrategyWalkForward:
    return walkforward(BARS, maker, grid, **WALK, **given)


def silent(bars: Bars, level: float) -> FloatArray:
    return np.full(len(bars), level)


BAD: list[tuple[Callable[..., Any], Any, Any, dict[str, Any], type[Exception], str]] = [
    (_sweep, silent, {"level": [0.1]}, {"sentiment": NEWS}, ConfigurationError,
     "silent to have an argument sentiment to receive the sentiment that was given"),
    (_sweep, f"{ORDERING}:Breakout", {"length": [5]}, {"sentiment": NEWS}, StrategyError,
     "with length=5: .*expected an attribute sentiment"),
    (_sweep, heard, {"level": [0.1]}, {"funding": RATES}, ConfigurationError,
     "every parameter of heard, found none for sentiment"),
    (_sweep, f"{ORDERING}:Breakout", {"speed": [5]}, {}, ConfigurationError,
     "unknown parameter speed: Breakout takes length, size, stop"),
    (_sweep, f"{ORDERING}:Breakout", {"length": ["long"]}, {}, StrategyError,
     "with length='long': expected length as int like 24, found 'long'"),
    (_sweep, f"{ORDERING}:Nobody", {"length": [5]}, {}, StrategyError, "expected a class Nobody"),
    (_sweep, Path, {"length": [5]}, {}, StrategyError, "found neither"),
    (_sweep, HybridStrategy, {"weights.news": [1.0]}, {}, ConfigurationError,
     "unknown parameter weights.news: HybridStrategy takes .*weights.ml"),
    (_sweep, HybridStrategy, {"threshold": [0.2]}, {"probability_up": np.zeros(3)}, DataError,
     r"expected probability_up of shape \(1500,\), found \(3,\)"),
    (_walk, HybridStrategy, {"limits.stop_loss": [0.01, 0.02]}, {}, ConfigurationError,
     "expected parameters that leave the account's settings as they are, found "
     "limits.stop_loss=0.02"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "maker", "grid", "given", "error", "message"), BAD)
def test_bad_input_is_refused_in_one_sentence(
    call: Callable[..., Any],
    maker: Any,
    grid: Any,
    given: dict[str, Any],
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error, match=message) as caught:
        call(maker, grid, **given)
    assert "\n" not in str(caught.value)


def test_a_strategy_is_resumed_from_the_ledger(tmp_path: Path) -> None:
    ledger = FileLedger(tmp_path / "trials.jsonl")

    def tried(**given: Any) -> tuple[Trial, ...]:
        how = {**GIVEN, **given}
        return sweep(BARS, Heard, LEVELS, **how, ledger=ledger, backend="serial").trials

    first = tried()
    assert [trial.hash for trial in tried()] == [trial.hash for trial in first]
    # Other news are other data.
    assert {t.hash for t in tried(sentiment=NEWS.seen_until(int(TIMES[900])))}.isdisjoint(
        {trial.hash for trial in first}
    )
    assert ledger.verify().n_trials == 4


def test_a_class_without_a_file_is_told_by_its_code() -> None:
    def written(factor: float) -> Any:
        space: dict[str, Any] = {"__name__": "a_notebook", "factor": factor}
        exec(
            "class Mine:\n    warmup = 1\n    def target(self, history):\n"
            f"        return history.close * 0 + {factor}\n",
            space,
        )
        return space["Mine"]

    prints = {StrategyMaker(written(factor)).__defaults__ for factor in (0.5, 0.5, 0.7)}
    assert len(prints) == 2

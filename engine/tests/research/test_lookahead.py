"""Look-ahead analysis names the line that reads ahead, and no line of an honest strategy."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import DataError
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.features.build import Features, build_features
from cryptovolt.research.lookahead import LookAheadAnalysis, lookahead
from cryptovolt.research.probes import FeaturesProbe, probe_of
from cryptovolt.research.synthetic import synthetic_bars
from cryptovolt.trading.hybrid import HybridStrategy
from cryptovolt.trading.strategy_loading import load_strategy

STRATEGIES = Path(__file__).parents[1] / "strategies"

GUILTY_LINES = [
    # strategy, the line that reads ahead, the single number it reads it through
    ("TomorrowsClose", "tomorrow = np.append(history.close[1:], np.nan)", ()),
    ("RareTomorrow", "tomorrow = np.append(history.close[1:], np.nan)", ()),
    ("CentredMean", 'smooth = np.convolve(history.close, np.ones(21) / 21, mode="same")', ()),
    (
        "WholeSampleScore",
        "score = (history.close - history.close.mean()) / history.close.std()",
        (),
    ),
    ("DaysClose", "return long_where(history.close[last][number] > history.open)", ()),
    ("FilledBackwards", "signal[row] = signal[row + 1]", ()),
    ("BestPriceOfAll", "return long_where(history.close < 1.05 * history.low.min())", ()),
]
HONEST = ("Cross", "Recursive", "YesterdaysClose", "FilledForwards", "Rolled")


@pytest.fixture(scope="module")
def bars() -> Bars:
    return synthetic_bars(4_500, end=1_700_000_000_000, rng=np.random.default_rng(3))


def analysed(strategy: Any, bars: Bars, n_times: int = 30, seed: int = 1) -> LookAheadAnalysis:
    return lookahead(
        {bars.symbol: bars},
        probe_of(strategy),
        rng=np.random.default_rng(seed),
        seed=seed,
        n_times=n_times,
    )


@pytest.mark.parametrize(("name", "line", "through"), GUILTY_LINES)
def test_the_guilty_line_is_named(
    bars: Bars, name: str, line: str, through: tuple[str, ...]
) -> None:
    found = analysed(load_strategy(f"{STRATEGIES / 'guilty.py'}:{name}"), bars)
    assert found.guilty
    assert [leak.source for leak in found.leaks] == [line]
    (leak,) = found.leaks
    text = (STRATEGIES / "guilty.py").read_text().splitlines()
    assert text[leak.line - 1].strip() == line
    assert leak.through == through
    assert f"guilty.py:{leak.line}: `{line}`: " in str(found)


@pytest.mark.parametrize("name", HONEST)
@pytest.mark.parametrize("seed", range(3))
def test_no_line_of_an_honest_strategy_is(bars: Bars, name: str, seed: int) -> None:
    found = analysed(load_strategy(f"{STRATEGIES / 'honest.py'}:{name}"), bars, seed=seed)
    assert found.leaks == ()
    assert found.changed == ()
    assert "does not read ahead" in str(found)
    assert len(found.values) > 1


def written(folder: Path, body: str) -> Any:
    path = folder / "mine.py"
    head = "import numpy as np\n\nclass Mine:\n    warmup = 30\n    def target(self, history):\n"
    path.write_text(head + "".join(f"        {line}\n" for line in body.splitlines()))
    return load_strategy(f"{path}:Mine")


BODIES = [
    # body of target, guilty lines of the file, names of single numbers on the way
    (
        # A feature that leaks, though it never triggers anything.
        """
close = history.close
z = (close - close.mean()) / close.std()
return np.where(z > 100, 1.0, 0.0)
""",
        [8],
        (),
    ),
    (
        # Through a number that was computed before.
        """
close = history.close
level = close.mean()
return np.where(close < level, 1.0, 0.0)
""",
        [9],
        ("level",),
    ),
    (
        # Two leaks, independent of each other; what is computed from them is not accused.
        """
close = history.close
up = np.append(close[1:], np.nan) > close
best = np.maximum.accumulate(close[::-1])[::-1]
both = up & (best > close)
return np.where(both, 1.0, 0.0)
""",
        [8, 9],
        (),
    ),
    (
        # In place.
        """
x = np.zeros(len(history))
x[1:] = 0.5
x[:-1] += np.sign(np.diff(history.close)) * 0.5
return x
""",
        [9],
        (),
    ),
    (
        # In a function of its own, called for two lengths.
        """
def ahead(x, k):
    shifted = np.full(len(x), np.nan)
    shifted[:-k] = x[k:]
    return shifted
def behind(x, k):
    shifted = np.full(len(x), np.nan)
    shifted[k:] = x[:-k]
    return shifted
past = behind(history.close, 2)
soon = ahead(history.close, 2)
return np.where(soon > past, 1.0, 0.0)
""",
        [9],
        (),
    ),
    (
        # In an attribute, a dict and a data frame.
        """
import polars as pl
self.columns = {"now": history.close, "next": np.roll(history.close, -1)}
frame = pl.DataFrame({"c": history.close})
frame = frame.with_columns(n=pl.col("c").shift(-1))
return np.where(self.columns["next"] > frame["n"].to_numpy(), 1.0, 0.5)
""",
        [8, 10],
        (),
    ),
    (
        # Bar by bar in a loop, one step too far.
        """
x = np.zeros(len(history))
for t in range(len(history) - 1):
    if history.close[t + 1] > history.close[t]:
        x[t] = 1.0
return x
""",
        [10],
        (),
    ),
]


@pytest.mark.parametrize(("body", "lines", "through"), BODIES)
def test_leaks_of_many_forms_are_found(
    tmp_path: Path, bars: Bars, body: str, lines: list[int], through: tuple[str, ...]
) -> None:
    found = analysed(written(tmp_path, body), bars)
    assert [leak.line for leak in found.leaks] == lines
    assert found.leaks[0].through == through


def test_a_leak_that_triggers_nothing_is_told_from_one_that_does(
    tmp_path: Path, bars: Bars
) -> None:
    found = analysed(written(tmp_path, BODIES[0][0]), bars)
    assert not found.target_changed
    assert "the target did not change" in str(found)
    assert analysed(written(tmp_path, BODIES[1][0]), bars).target_changed


HONEST_BODIES = [
    """
x = np.zeros(len(history))
for t in range(len(history) - 1, 0, -1):
    x[t] = 1.0 if history.close[t] > history.close[t - 1] else 0.0
return x
""",
    """
x = np.zeros(len(history))
for t in range(30, len(history)):
    x[t] = 1.0 if history.close[t] > history.close[t - 30 : t].mean() else x[t - 1]
return x
""",
    """
means = {k: np.convolve(history.close, np.ones(k) / k)[: len(history)] for k in (5, 10)}
return np.where(means[5] > means[10], 1.0, 0.0)
""",
]


@pytest.mark.parametrize("body", HONEST_BODIES)
def test_loops_and_dicts_of_honest_strategies_are_left_alone(
    tmp_path: Path, bars: Bars, body: str
) -> None:
    assert analysed(written(tmp_path, body), bars, n_times=10).leaks == ()


def test_the_hybrid_strategy_and_the_features_do_not_read_ahead(bars: Bars) -> None:
    assert analysed(HybridStrategy(), bars, n_times=5).leaks == ()
    news = SentimentSeries(
        event_time=bars.timestamp[::7],
        observed_at=bars.timestamp[::7] + 300_000,
        score=np.linspace(-1, 1, len(bars.timestamp[::7])),
    )
    found = features_of(build_features, bars, news)
    assert found.leaks == ()
    assert "return_1" in found.values


def features_of(
    build: Callable[[Bars, SentimentSeries | None], Features],
    bars: Bars,
    news: SentimentSeries | None = None,
) -> LookAheadAnalysis:
    probe = FeaturesProbe(build, news)
    rng = np.random.default_rng(5)
    return lookahead({bars.symbol: bars}, probe, rng=rng, seed=5, n_times=5)


def test_a_feature_that_reads_ahead_is_named(bars: Bars) -> None:
    def leaky(bars: Bars, sentiment: SentimentSeries | None = None) -> Features:
        made = build_features(bars, sentiment)
        values = made.values.copy()
        values[:-1, 3] = values[1:, 3]
        return Features(
            names=made.names,
            values=values,
            timestamp=made.timestamp,
            warmup=made.warmup,
            timeframe=made.timeframe,
            symbol=made.symbol,
        )

    found = features_of(leaky, bars)
    assert found.changed == (build_features(bars).names[3],)
    assert [leak.name for leak in found.leaks] == list(found.changed)


def test_the_analysis_is_repeatable_and_complete_as_json(bars: Bars) -> None:
    strategy = load_strategy(f"{STRATEGIES / 'guilty.py'}:CentredMean")
    first, second = analysed(strategy, bars), analysed(strategy, bars)
    assert first == second
    record = first.to_record()
    assert record["guilty"] is True
    assert record["leaks"][0]["line"] == first.leaks[0].line


def test_too_few_bars_are_refused(bars: Bars) -> None:
    with pytest.raises(DataError, match="expected more than 41 bars, as Cross needs 40"):
        analysed(load_strategy(f"{STRATEGIES / 'honest.py'}:Cross"), bars[:40])

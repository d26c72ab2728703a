"""Recursion analysis: what still changes with a longer warm-up, and how long it must be."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import DataError, StrategyError
from cryptovolt.research.probes import probe_of
from cryptovolt.research.recursive import RecursiveAnalysis, recursive
from cryptovolt.research.synthetic import synthetic_bars
from cryptovolt.trading.hybrid import HybridStrategy
from cryptovolt.trading.strategy_loading import load_strategy

STRATEGIES = Path(__file__).parents[1] / "strategies"


@pytest.fixture(scope="module")
def bars() -> Bars:
    return synthetic_bars(4_500, end=1_700_000_000_000, rng=np.random.default_rng(3))


def analysed(strategy: Any, bars: Bars, **options: Any) -> RecursiveAnalysis:
    probe = probe_of(strategy)
    rng = np.random.default_rng(1)
    return recursive({bars.symbol: bars}, probe, rng=rng, seed=1, n_times=10, **options)


def written(folder: Path, warmup: int, body: str) -> Any:
    path = folder / "mine.py"
    path.write_text(
        "import numpy as np\nfrom cryptovolt import indicators\n\n"
        f"class Mine:\n    warmup = {warmup}\n    def target(self, history):\n"
        + "".join(f"        {line}\n" for line in body.strip().splitlines())
    )
    return load_strategy(f"{path}:Mine")


EMA = """
average = indicators.ema(history.close, 20)
return np.where(history.close > average, 1.0, 0.0)
"""


def test_an_exponential_average_needs_as_many_bars_as_its_memory(
    tmp_path: Path, bars: Bars
) -> None:
    found = analysed(written(tmp_path, 60, EMA), bars)
    assert found.guilty
    (name,) = [one.name for one in found.changing if "average" in one.name]
    assert name == "target:7 average"
    # (1 − 2/21)^n < 1e-9 · price / (what the start was off) for n of about 160 to 210.
    assert found.smallest is not None
    assert 120 < found.smallest < 220
    assert f"the smallest that suffices is {found.smallest}" in str(found)
    enough = analysed(written(tmp_path, found.smallest, EMA), bars)
    assert not enough.guilty
    short = analysed(written(tmp_path, found.smallest - 1, EMA), bars)
    assert short.guilty


def test_a_window_needs_exactly_its_length(tmp_path: Path, bars: Bars) -> None:
    body = "mean = indicators.sma(history.close, 30)\nreturn np.where(history.close > mean, 1, 0)"
    assert analysed(written(tmp_path, 40, body), bars).smallest == 29
    assert not analysed(written(tmp_path, 29, body), bars).guilty
    found = analysed(written(tmp_path, 28, body), bars)
    assert found.guilty
    (late,) = [one for one in found.changing if one.name == "target:7 mean"]
    assert late.difference == np.inf
    assert late.warmup is not None
    assert "is another value, or undefined" in str(found)


def test_a_value_that_counts_from_the_first_bar_is_no_fault_unless_the_target_does(
    tmp_path: Path, bars: Bars
) -> None:
    counts = "n = np.arange(len(history))\nreturn np.where(history.close > 0, 1.0, 0.0) * (n >= 0)"
    found = analysed(written(tmp_path, 10, counts), bars)
    assert not found.guilty
    assert [one.name for one in found.counting] == ["target:7 n"]
    cycle = "n = np.arange(len(history))\nreturn (n % 7) / 7"
    found = analysed(written(tmp_path, 10, cycle), bars)
    assert found.guilty
    assert found.smallest is None
    assert [one.name for one in found.changing] == ["target"]
    assert "none up to 2,250 suffices" in str(found)


def test_a_strategy_that_cannot_be_asked_about_few_bars_needs_more(
    tmp_path: Path, bars: Bars
) -> None:
    body = """
if len(history) < 50:
    raise ValueError('too few')
return np.where(history.close > history.open, 1.0, 0.0)
"""
    assert analysed(written(tmp_path, 60, body), bars).smallest == 49
    with pytest.raises(StrategyError, match=r"mine\.py:8: Mine\.target raised ValueError: too few"):
        analysed(written(tmp_path, 20, body), bars)


def test_the_honest_strategies_and_the_hybrid_declare_enough(bars: Bars) -> None:
    for name in ("Cross", "YesterdaysClose", "FilledForwards", "Rolled"):
        found = analysed(load_strategy(f"{STRATEGIES / 'honest.py'}:{name}"), bars)
        assert not found.guilty, str(found)
        assert "suffices" in str(found)
    assert not analysed(HybridStrategy(), bars).guilty


def test_rsi_has_a_longer_memory_than_people_think(bars: Bars) -> None:
    found = analysed(load_strategy(f"{STRATEGIES / 'honest.py'}:Recursive"), bars)
    assert found.guilty
    assert found.smallest is not None
    assert found.smallest > 200


def test_the_record_is_complete_as_json(tmp_path: Path, bars: Bars) -> None:
    import json

    found = analysed(written(tmp_path, 5, EMA), bars)
    record = json.loads(json.dumps(found.to_record(), allow_nan=False))
    assert record["guilty"] is True
    assert record["smallest"] == found.smallest
    assert record["values"][0]["difference"] is None


def test_too_few_bars_are_refused(bars: Bars) -> None:
    with pytest.raises(DataError, match="expected at least 82 bars, twice the warm-up of Cross"):
        analysed(load_strategy(f"{STRATEGIES / 'honest.py'}:Cross"), bars[:70])

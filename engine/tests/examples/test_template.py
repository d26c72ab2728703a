"""The template, and the strategies of the page that explains it, work as they are written."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cryptovolt.backtest.strategy import backtest
from cryptovolt.domain.bars import Bars
from cryptovolt.research.lookahead import lookahead
from cryptovolt.research.probes import probe_of
from cryptovolt.research.recursive import recursive
from cryptovolt.research.synthetic import synthetic_bars
from cryptovolt.trading.strategy_loading import load_strategy

ROOT = Path(__file__).parents[3]
TEMPLATE = ROOT / "engine" / "examples" / "template.py"
PAGE = ROOT / "docs" / "how-to" / "write-a-strategy.md"


@pytest.fixture(scope="module")
def bars() -> Bars:
    return synthetic_bars(3_000, end=1_700_000_000_000, rng=np.random.default_rng(4))


def written(folder: Path, number: int) -> Any:
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    path = folder / "mine.py"
    path.write_text(blocks[number])
    return load_strategy(str(path))


def assert_sound(strategy: Any, bars: Bars) -> None:
    run = backtest(bars, strategy)
    assert run.stamps == ()
    assert len(run.fills) > 10
    markets, rng = {bars.symbol: bars}, np.random.default_rng(1)
    assert not lookahead(markets, probe_of(strategy), rng=rng, seed=1, n_times=10).guilty
    assert not recursive(markets, probe_of(strategy), rng=rng, seed=1, n_times=10).guilty


def test_the_template_is_sound(bars: Bars) -> None:
    assert_sound(load_strategy(str(TEMPLATE)), bars)
    assert load_strategy(str(TEMPLATE), {"fast": "10"}).fast == 10


def test_the_strategies_of_the_page_are_sound(bars: Bars, tmp_path: Path) -> None:
    assert_sound(written(tmp_path, 0), bars)
    orders = backtest(bars, written(tmp_path, 1))
    assert {"stop", "take_profit"} <= set(orders.orders["reason"].to_list())


@pytest.mark.parametrize(
    ("line", "low", "high"), [("ema(c, 20)", 150, 210), ("rsi(c, 14)", 260, 340)]
)
def test_the_warm_ups_that_the_page_names_are_right(
    bars: Bars, tmp_path: Path, line: str, low: int, high: int
) -> None:
    path = tmp_path / "mine.py"
    path.write_text(
        "from cryptovolt import indicators\nclass Mine:\n    warmup = 50\n"
        "    def target(self, history):\n        c = history.close\n"
        f"        x = indicators.{line}\n        return (x > 50) * 1.0\n"
    )
    rng = np.random.default_rng(1)
    found = recursive({bars.symbol: bars}, probe_of(load_strategy(str(path))), rng=rng, seed=1)
    assert found.smallest is not None
    assert low < found.smallest < high

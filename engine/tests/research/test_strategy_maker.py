"""A strategy as the function of a sweep."""

import copy
import pickle  # noqa: TID251 - what sweeps over processes do to send it
from pathlib import Path

import numpy as np

from cryptovolt.backtest.strategy import backtest
from cryptovolt.research.strategy_maker import StrategyMaker
from cryptovolt.research.sweep import sweep
from cryptovolt.research.synthetic import synthetic_bars
from cryptovolt.research.target_maker import TargetMaker
from cryptovolt.trading.strategy_loading import load_strategy

CROSS = f"{Path(__file__).parents[1] / 'strategies' / 'honest.py'}:Cross"


def test_a_row_of_a_sweep_is_the_backtest_of_its_parameters() -> None:
    bars = synthetic_bars(3_000, end=1_700_000_000_000, rng=np.random.default_rng(2))
    found = sweep(bars, StrategyMaker(CROSS), {"fast": [5, 10], "slow": [40]}, backend="serial")
    for row, parameters in enumerate(found.combinations):
        alone = backtest(bars, load_strategy(CROSS, parameters))
        np.testing.assert_array_equal(found.run(row).equity_units, alone.equity_units)
        assert found.frame["total_return"][row] == alone.statistics["total_return"]


def test_it_says_what_it_can_be_called_with_and_survives_being_sent() -> None:
    maker = StrategyMaker(CROSS)
    assert TargetMaker(maker).names == ("bars", "fast", "slow")
    assert TargetMaker(maker).name == "Cross"
    sent = pickle.loads(pickle.dumps(maker))
    assert TargetMaker(sent).fingerprint() == TargetMaker(maker).fingerprint()
    assert TargetMaker(copy.copy(maker)).names == TargetMaker(maker).names


def test_another_version_of_the_file_is_another_study(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    body = "class Mine:\n    warmup = 3\n    def target(self, history):\n        return {}\n"
    prints: set[str] = set()
    for factor in (0, 1):
        path.write_text(body.format(factor))
        prints.add(TargetMaker(StrategyMaker(f"{path}:Mine")).fingerprint())
    assert len(prints) == 2


def test_a_strategy_of_orders_is_known_as_one(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(
        "class Mine:\n    warmup = 3\n    def orders(self, history, account):\n        return []\n"
    )
    assert StrategyMaker(f"{path}:Mine").sends_orders
    assert not StrategyMaker(CROSS).sends_orders

"""Nested parameters of the hybrid strategy, by their dotted names."""

import numpy as np
import pytest

from cryptovolt.backtest.strategy import backtest
from cryptovolt.decision.fusion import FusionPolicy
from cryptovolt.domain.errors import StrategyError
from cryptovolt.domain.signal import Source
from cryptovolt.research.synthetic import synthetic_bars
from cryptovolt.risk.limits import RiskLimits
from cryptovolt.trading.hybrid import HybridStrategy
from cryptovolt.trading.strategy_loading import load_strategy, parameters_in

DEFAULTS = parameters_in(HybridStrategy())

# What is named, and the weights of model, rules and sentiment that follow.
WEIGHTS: list[tuple[dict[str, object], tuple[float, float, float]]] = [
    ({}, (0.6, 0.3, 0.1)),
    ({"weights.ml": 0.2}, (0.2, 0.6, 0.2)),
    ({"weights.ml": "0.2"}, (0.2, 0.6, 0.2)),
    ({"weights.rules": 1}, (0.0, 1.0, 0.0)),
    ({"weights.ml": 0.5, "weights.rules": 0.2}, (0.5, 0.2, 0.3)),
    ({"weights.ml": 0.0, "weights.rules": 0.5, "weights.sentiment": 0.5}, (0.0, 0.5, 0.5)),
]


@pytest.mark.parametrize(("named", "expected"), WEIGHTS)
def test_weights_that_are_not_named_share_the_rest_in_their_proportion(
    named: dict[str, object], expected: tuple[float, float, float]
) -> None:
    policy = load_strategy("hybrid", named).policy
    assert [policy.weights[source] for source in Source] == pytest.approx(expected, abs=1e-15)


def test_every_parameter_is_told_and_set_by_the_same_name() -> None:
    assert DEFAULTS["weights.ml"] == 0.6
    assert DEFAULTS["limits.stop_loss"] == 0.05
    assert {"threshold", "allow_short", "half_life_ms"} < DEFAULTS.keys()
    values: dict[str, object] = {
        "threshold": "0.3", "allow_short": "true", "half_life_ms": 3_600_000,
        "limits.max_position": 1, "limits.stop_loss": "none", "limits.drawdown_pause": "24",
    }  # fmt: skip
    made = load_strategy("hybrid", values)
    assert made.policy == FusionPolicy(threshold=0.3, allow_short=True)
    assert made.limits == RiskLimits(max_position=1.0, stop_loss=None, drawdown_pause=24)
    assert parameters_in(made) == {
        **DEFAULTS, "threshold": 0.3, "allow_short": True, "half_life_ms": 3_600_000,
        "limits.max_position": 1, "limits.stop_loss": None, "limits.drawdown_pause": 24,
    }  # fmt: skip
    assert load_strategy("hybrid", parameters_in(made)) == made


MISTAKES: list[tuple[dict[str, object], str]] = [
    ({"weights.news": 0.5}, "among allow_short, half_life_ms, limits.drawdown_pause, .*"
     "weights.ml, weights.rules, weights.sentiment, found weights.news"),
    ({"limits.speed": 1}, "found limits.speed"),
    ({"weights.ml": 1.5}, "with weights.ml=1.5: expected weights that leave at least 0 of 1"),
    ({"weights.ml": -0.5}, "none negative, that sum to 1"),
    ({"weights.ml": 0.5, "weights.rules": 0.5, "weights.sentiment": 0.5}, "that sum to 1"),
    ({"weights.ml": "much"}, "expected weights.ml as float like 0.6, found 'much'"),
    ({"threshold": 2.0}, "with threshold=2.0: expected a threshold in"),
    ({"threshold": None}, "expected threshold as float"),
    ({"limits.max_position": "none"}, "expected limits.max_position as float"),
]  # fmt: skip


@pytest.mark.parametrize(("named", "said"), MISTAKES)
def test_a_mistake_is_one_sentence(named: dict[str, object], said: str) -> None:
    with pytest.raises(StrategyError, match=said) as caught:
        load_strategy("hybrid", named)
    assert "\n" not in str(caught.value)


def test_a_backtest_follows_them() -> None:
    bars = synthetic_bars(1_500, end=1_700_000_000_000, rng=np.random.default_rng(4))
    loud = load_strategy("hybrid", {"weights.rules": 1.0, "limits.stop_loss": 0.01})
    run = backtest(bars, loud)
    assert run.trading.stop_loss == 0.01
    assert len(run.fill_rows) > len(backtest(bars, HybridStrategy()).fill_rows)

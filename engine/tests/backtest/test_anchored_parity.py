"""Batch and bar by bar give the same bits: features, indicators, and a user's strategy."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptovolt import indicators
from cryptovolt.backtest.strategy import backtest
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.features.build import FEATURE_WARMUP, build_features
from cryptovolt.market.windows import BLOCK_BARS, compute_anchored, live_rows
from cryptovolt.research.synthetic import synthetic_bars
from cryptovolt.trading.strategy_loading import load_strategy
from cryptovolt.trading.target_strategy import decider_of

STRATEGIES = Path(__file__).parents[1] / "strategies"
N_BARS = 3 * BLOCK_BARS
WARMUP = 150

INDICATORS: dict[str, Callable[[Bars], Any]] = {
    "rsi": lambda b: indicators.rsi(b.close, 14),
    "ema": lambda b: indicators.ema(b.close, 20),
    "kama": lambda b: indicators.kama(b.close, 10),
    "atr": lambda b: indicators.atr(b.high, b.low, b.close, 14),
    "adx": lambda b: indicators.adx(b.high, b.low, b.close, 14),
    "macd": lambda b: indicators.macd(b.close)[0],
    "bbands": lambda b: indicators.bbands(b.close, 20)[0],
    "obv": lambda b: indicators.obv(b.close, b.volume),
    "stddev": lambda b: indicators.stddev(b.close, 20),
}
"""Those with a memory, and those whose running sums remember where they began."""


@cache
def market(seed: int) -> Bars:
    return synthetic_bars(N_BARS, end=1_700_000_000_000, rng=np.random.default_rng(seed))


def newest(bars: Bars, t: int, warmup: int) -> Bars:
    return bars[max(0, t + 1 - live_rows(warmup)) : t + 1]


@pytest.mark.parametrize("name", sorted(INDICATORS))
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 3), t=st.integers(0, N_BARS - 1))
def test_an_indicator_of_the_newest_bars_is_that_of_the_batch(name: str, seed: int, t: int) -> None:
    bars, compute = market(seed), INDICATORS[name]

    def floats(part: Bars) -> FloatArray:
        return np.asarray(compute(part), np.float64)

    batch = compute_anchored(bars, WARMUP, floats)
    live = compute_anchored(newest(bars, t, WARMUP), WARMUP, floats)
    np.testing.assert_array_equal(live[-1], batch[t])


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 3), t=st.integers(FEATURE_WARMUP, N_BARS - 1))
def test_a_row_of_features_of_the_newest_bars_is_that_of_the_batch(seed: int, t: int) -> None:
    batch = features(seed)
    live = build_features(newest(market(seed), t, FEATURE_WARMUP)).values
    np.testing.assert_array_equal(live[-1], batch[t])


@cache
def features(seed: int) -> FloatArray:
    return build_features(market(seed)).values


@pytest.mark.parametrize("name", ["Cross", "Recursive", "YesterdaysClose", "FilledForwards"])
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 3), t=st.integers(200, N_BARS - 1))
def test_a_target_of_the_newest_bars_is_that_of_the_batch(name: str, seed: int, t: int) -> None:
    bars = market(seed)
    decider = decider_of(load_strategy(f"{STRATEGIES / 'honest.py'}:{name}"))
    batch = decider.decide_all({bars.symbol: bars})
    live = decider.decide_all({bars.symbol: newest(bars, t, decider.warmup)})
    np.testing.assert_array_equal(live[-1], batch[t])


def test_without_anchored_windows_the_bits_would_differ() -> None:
    # The test above can fail: a running sum over all bars is another one over the newest.
    bars = market(0)
    whole = INDICATORS["ema"](bars)
    differs = [
        whole[t] != INDICATORS["ema"](newest(bars, t, WARMUP))[-1]
        for t in range(BLOCK_BARS + 500, N_BARS, 97)
    ]
    stddev = INDICATORS["stddev"](bars)
    differs += [
        stddev[t] != INDICATORS["stddev"](newest(bars, t, WARMUP))[-1]
        for t in range(BLOCK_BARS + 500, N_BARS, 97)
    ]
    assert any(differs)


@pytest.mark.real_data
def test_the_honest_strategies_on_real_bars(real_data: Any) -> None:
    from cryptovolt.market.reading import read_bars

    path = real_data("bars/BTC_USDT-1h-2024.feather")
    bars = read_bars(path, symbol="BTCUSDT", timeframe="1h")
    for name in ("Cross", "Recursive", "YesterdaysClose", "FilledForwards", "Rolled"):
        assert backtest(bars, load_strategy(f"{STRATEGIES / 'honest.py'}:{name}")).stamps == ()

"""The hybrid strategy with a forecaster: its windows have the same bits in batch and live."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.market.windows import BLOCK_BARS
from cryptovolt.research.synthetic import synthetic_bars
from cryptovolt.trading.hybrid import WARMUP, HybridStrategy

HOUR = 3_600_000
BARS = synthetic_bars(6_500, end=1_700_000_000_000, rng=np.random.default_rng(8))


@dataclass(frozen=True)
class EveryBit:
    """Forecasts a sum over the whole window, so that one bit of one row changes it."""

    feature_names: Sequence[str] = ("slope_24", "cci_20")
    artefact_hash: str = "e" * 64
    n_steps: int = 60
    horizon: int = 12
    spread: float = 50.0
    silence: str | None = None

    def forecast(self, windows: FloatArray) -> FloatArray:
        """Return the sum of each window, added one window at a time."""
        return np.array([window.sum() for window in windows])


def test_a_live_vote_has_the_bits_of_the_batch_also_at_the_beginning_of_a_block() -> None:
    strategy = HybridStrategy(models=(EveryBit(),))
    assert strategy.warmup == WARMUP + BLOCK_BARS
    batch = strategy.decide(BARS).ml
    block = BARS.timestamp // (BLOCK_BARS * HOUR)
    first = int(np.flatnonzero(np.diff(block))[-1]) + 1
    for t in (first, first + 1, first + 58, first + 59, first + 200):
        begin = max(0, first - strategy.warmup)
        live = strategy.decide(BARS[begin : t + 1], last_only=True).ml
        assert 0.0 < abs(batch[t]) < 0.9
        assert live[-1] == batch[t]
        assert np.isnan(live[:-1]).all()


def test_the_shorter_warm_up_would_not_do() -> None:
    # The test above can fail: without the block before, the window is not the same.
    strategy = HybridStrategy(models=(EveryBit(),))
    batch = strategy.decide(BARS).ml
    block = BARS.timestamp // (BLOCK_BARS * HOUR)
    first = int(np.flatnonzero(np.diff(block))[-1]) + 1
    live = strategy.decide(BARS[first - WARMUP : first + 1], last_only=True).ml
    assert live[-1] != batch[first]


@pytest.mark.parametrize("models", [(), (EveryBit(silence="it does not beat the last price"),)])
def test_without_a_forecaster_that_may_vote_the_source_is_silent(
    models: tuple[EveryBit, ...],
) -> None:
    assert np.isnan(HybridStrategy(models=models).decide(BARS[:1_500]).ml).all()

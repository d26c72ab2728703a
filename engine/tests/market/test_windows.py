"""Anchored windows: the same slice for a bar, whether it is the last or one of many."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.market.windows import BLOCK_BARS, anchored_windows, compute_anchored, live_rows

HOUR = 3_600_000
WARMUP = 30


def made(times: list[int]) -> Bars:
    close = 100 + np.cumsum(np.random.default_rng(len(times)).normal(size=len(times)))
    return Bars(
        symbol="BTCUSDT",
        timeframe="1h",
        timestamp=np.array(times, dtype=np.int64),
        open=close,
        high=close + 1,
        low=close - 1,
        close=close,
        volume=np.ones(len(times)),
    )


def running_mean(bars: Bars) -> FloatArray:
    """Forgets nothing, so that its bits tell where its input began."""
    return np.cumsum(bars.close) / np.arange(1, len(bars) + 1)


@given(
    first=st.integers(0, 3 * BLOCK_BARS),
    n_bars=st.integers(1, 3 * BLOCK_BARS),
    gap=st.integers(0, 5_000),
    at=st.floats(0, 1),
)
def test_every_bar_lies_in_one_window_of_its_own_block(
    first: int, n_bars: int, gap: int, at: float
) -> None:
    hours = np.arange(first, first + n_bars)
    hours[int(at * n_bars) :] += gap
    bars = made((hours * HOUR).tolist())
    kept: list[int] = []
    for window in anchored_windows(bars, WARMUP):
        kept += range(window.first, window.stop)
        assert window.start == max(0, window.first - WARMUP)
        assert np.unique(hours[window.first : window.stop] // BLOCK_BARS).size == 1
    assert kept == list(range(n_bars))


@pytest.mark.parametrize("n_seen", [BLOCK_BARS * 2 + 1, BLOCK_BARS * 3 - 1, BLOCK_BARS * 3])
def test_the_newest_rows_give_the_batch_s_last_value_bit_for_bit(n_seen: int) -> None:
    bars = made([hour * HOUR for hour in range(BLOCK_BARS * 3 + 200)])
    batch = compute_anchored(bars, WARMUP, running_mean)
    recent = bars[n_seen - live_rows(WARMUP) : n_seen]
    assert compute_anchored(recent, WARMUP, running_mean)[-1] == batch[n_seen - 1]


def test_no_bars_give_no_values() -> None:
    assert compute_anchored(made([]), WARMUP, running_mean).shape == (0,)

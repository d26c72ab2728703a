"""A small market to spoil."""

from collections.abc import Callable

import numpy as np
import pytest

from cryptovolt.domain.bars import Bars

START_MS = 1_704_067_200_000  # 2024-01-01 00:00 UTC, a Monday

MakeBars = Callable[..., Bars]


@pytest.fixture
def make_bars() -> MakeBars:
    """Return a maker of consistent bars whose opens differ from the close before."""

    def make(
        n_bars: int = 48, timeframe: str = "1h", interval_ms: int = 3_600_000, seed: int = 7
    ) -> Bars:
        rng = np.random.default_rng(seed)
        close = (100 * np.exp(np.cumsum(rng.normal(0, 0.005, n_bars)))).round(2)
        opens = (np.append(100.0, close[:-1]) * (1 + rng.normal(0, 1e-3, n_bars))).round(2)
        return Bars(
            symbol="BTCUSDT",
            timeframe=timeframe,
            timestamp=START_MS + interval_ms * np.arange(n_bars),
            open=opens,
            high=np.maximum(opens, close) + 0.5,
            low=np.minimum(opens, close) - 0.5,
            close=close,
            volume=(rng.exponential(10, n_bars) + 0.01).round(5),
            source="binance",
        )

    return make

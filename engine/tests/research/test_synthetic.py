"""The generated market is valid, repeatable and cannot be predicted."""

import numpy as np
import pytest

from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.research.synthetic import synthetic_bars, synthetic_news

END = 1_700_000_000_000


def test_the_bars_are_valid_and_named_synthetic() -> None:
    bars = synthetic_bars(500, end=END, rng=np.random.default_rng(1))
    assert len(bars) == 500
    assert (bars.symbol, bars.source) == ("SYNTHETIC-USDT", "synthetic")
    assert (np.diff(bars.timestamp) == bars.interval_ms).all()
    assert bars.timestamp[-1] + bars.interval_ms <= END
    assert (bars.high >= np.maximum(bars.open, bars.close)).all()
    assert (bars.low <= np.minimum(bars.open, bars.close)).all()
    assert (bars.low > 0).all()
    assert (bars.volume > 0).all()


def test_the_same_seed_gives_the_same_market() -> None:
    first, second = (synthetic_bars(200, end=END, rng=np.random.default_rng(7)) for _ in range(2))
    assert first.content_hash() == second.content_hash()
    other = synthetic_bars(200, end=END, rng=np.random.default_rng(8))
    assert first.content_hash() != other.content_hash()


def test_returns_say_nothing_about_the_next_return() -> None:
    bars = synthetic_bars(20_000, end=END, rng=np.random.default_rng(3))
    change = np.diff(np.log(bars.close))
    # Standard error of a correlation of 20,000 pairs is 0.007; heavy tails widen it a little.
    assert abs(np.corrcoef(change[:-1], change[1:])[0, 1]) < 0.03


def test_headlines_lie_inside_the_bars_they_belong_to() -> None:
    bars = synthetic_bars(600, end=END, rng=np.random.default_rng(4))
    news = synthetic_news(bars, rng=np.random.default_rng(5))
    assert 140 < len(news) < 260
    assert all(bars.timestamp[0] <= item.event_time < END for item in news)
    assert [item.event_time for item in news] == sorted(item.event_time for item in news)


def test_no_bars_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="at least 1 bar, found 0"):
        synthetic_bars(0, end=END, rng=np.random.default_rng(1))

"""Training on a market: what says nothing is left out, and nothing else."""

import numpy as np
import pytest

from app.repositories.bars import SeriesKey
from app.services.markets import Market
from app.services.training import Trained, train, training_bars
from cryptovolt.features.build import build_features
from cryptovolt.research.synthetic import synthetic_bars
from cryptovolt.sentiment.series import series_of

WEDNESDAY = 1_772_582_400_000


@pytest.fixture(scope="module")
def weekdays() -> Trained:
    """Two days of minutes without a weekend, and a feed that has not said anything yet."""
    bars = synthetic_bars(2_880, timeframe="1m", end=WEDNESDAY, rng=np.random.default_rng(3))
    none = np.empty(0)
    news = series_of(
        event_time=none.astype(np.int64), observed_at=none.astype(np.int64), score=none,
        text_hashes=[],
    )  # fmt: skip
    return train(Market(key=SeriesKey("SUSDT", "1m", "loopback"), bars=bars, news=news), seed=7)


def test_columns_that_never_change_are_left_out(weekdays: Trained) -> None:
    bars = synthetic_bars(2_880, timeframe="1m", end=WEDNESDAY, rng=np.random.default_rng(3))
    every = set(build_features(bars[: training_bars(len(bars))]).names)
    left_out = every - set(weekdays.features.names)
    assert "weekend" in left_out
    assert all(name.startswith(("weekend", "weekday")) for name in left_out)
    assert not any(name.startswith("sentiment") for name in weekdays.features.names)


def test_its_gates_look_at_the_columns_it_has(weekdays: Trained) -> None:
    found = {gate.name: gate for gate in weekdays.gates}
    for name in ("future_alteration", "live_equals_batch", "serving_equals_training"):
        assert found[name].passed, found[name].text

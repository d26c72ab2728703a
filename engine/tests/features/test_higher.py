"""Features of the longer time frame: closed bars only, as an independent path shows them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.timeframe import timeframe_ms
from cryptovolt.features import BAR_FEATURES, FEATURE_WARMUP, Feature, build_features
from cryptovolt.features.higher import HIGHER_FEATURES, longer_timeframe
from cryptovolt.features.inputs import Inputs
from cryptovolt.indicators.timeframes import higher_timeframe

LONGER = [
    ("1m", "15m"), ("5m", "1h"), ("15m", "4h"), ("30m", "4h"), ("1h", "4h"), ("4h", "1d"),
    ("12h", "1w"), ("1d", "1w"), ("1w", None), ("7m", None),
]  # fmt: skip


def bars_of(timeframe: str, n_bars: int = 3_000, seed: int = 1, gaps: bool = False) -> Bars:
    rng = np.random.default_rng(seed)
    close = 100.0 * np.exp((rng.standard_t(4, n_bars) * 0.004).cumsum())
    opened = np.concatenate([[100.0], close[:-1]])
    step = timeframe_ms(timeframe)
    bars = Bars(
        symbol="ETHUSDT",
        timeframe=timeframe,
        timestamp=1_600_041_600_000 // step * step + np.arange(n_bars) * step,
        open=opened,
        high=np.maximum(opened, close) * 1.001,
        low=np.minimum(opened, close) * 0.999,
        close=close,
        volume=np.where(rng.random(n_bars) < 0.1, 0.0, rng.lognormal(3.0, 1.0, n_bars)),
    )
    if not gaps:
        return bars
    kept = rng.random(n_bars) > 0.1
    columns = {n: getattr(bars, n)[kept] for n in ("open", "high", "low", "close", "volume")}
    return Bars(symbol=bars.symbol, timeframe=timeframe, timestamp=bars.timestamp[kept], **columns)


@pytest.mark.parametrize(("timeframe", "longer"), LONGER)
def test_which_time_frame_is_looked_at(timeframe: str, longer: str | None) -> None:
    assert longer_timeframe(timeframe) == longer


def test_where_there_is_none_the_columns_are_absent() -> None:
    names = build_features(bars_of("1d", 600)).names
    assert any(name.startswith("higher_") for name in names)
    aged = build_features(bars_of("7m", 600)).names
    assert not any(name.startswith("higher_") for name in aged)


def last_return(longer: Bars) -> FloatArray:
    change = np.full(len(longer), np.nan)
    change[1:] = np.log(longer.close[1:] / longer.close[:-1])
    return change


def share_of_range(longer: Bars) -> FloatArray:
    found = np.full(len(longer), np.nan)
    for t in range(19, len(longer)):
        high, low = longer.high[t - 19 : t + 1].max(), longer.low[t - 19 : t + 1].min()
        found[t] = (2.0 * longer.close[t] - high - low) / (high - low)
    return found


@pytest.mark.parametrize("gaps", [False, True], ids=["whole", "with gaps"])
@pytest.mark.parametrize("timeframe", ["5m", "1h", "1d"])
def test_they_show_what_the_indicators_of_longer_time_frames_show(
    timeframe: str, gaps: bool
) -> None:
    bars = bars_of(timeframe, gaps=gaps)
    features = build_features(bars)
    longer = longer_timeframe(timeframe)
    assert longer is not None
    for name, compute in (
        ("higher_return_1", last_return),
        ("higher_location_20", share_of_range),
    ):
        expected = higher_timeframe(bars, longer, compute)
        found = features.select([name]).values[:, 0]
        np.testing.assert_allclose(found[500:], expected[500:], rtol=1e-12, atol=1e-14)


def test_a_longer_bar_is_seen_at_its_close_and_not_before() -> None:
    bars = bars_of("5m", 1_200)
    values = build_features(bars).select(["higher_return_1"]).values[:, 0]
    changes = np.flatnonzero(np.diff(values[FEATURE_WARMUP:])) + FEATURE_WARMUP + 1
    closes = bars.timestamp[changes] + bars.interval_ms
    assert changes.size > 50
    assert (closes % timeframe_ms("1h") == 0).all()


@pytest.mark.parametrize("timeframe", ["5m", "15m"])
@pytest.mark.parametrize("feature", HIGHER_FEATURES, ids=lambda feature: feature.name)
def test_the_declared_warm_up_is_enough_at_every_ratio(feature: Feature, timeframe: str) -> None:
    bars = bars_of(timeframe)
    whole = feature.compute(Inputs(bars))
    spread = float(np.nanstd(whole))
    for t in range(FEATURE_WARMUP, 3_000, 53):
        last = feature.compute(Inputs(bars[t - feature.warmup : t + 1]))[-1]
        assert abs(last - whole[t]) <= 1e-9 * max(abs(whole[t]), spread)


@settings(max_examples=10, deadline=None)
@given(t=st.integers(FEATURE_WARMUP, 2_900), timeframe=st.sampled_from(["1m", "5m", "15m"]))
def test_bars_that_come_later_change_nothing(t: int, timeframe: str) -> None:
    bars = bars_of(timeframe, seed=3)
    whole = build_features(bars).values
    np.testing.assert_array_equal(build_features(bars[: t + 1]).values, whole[: t + 1])
    assert len(BAR_FEATURES) == whole.shape[1]

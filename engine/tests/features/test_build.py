"""The laws of the feature matrix: causal, the same bits live, warmed up, finite."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import BadBarError, ConfigurationError, DataError
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.features import (
    BAR_FEATURES,
    FEATURE_WARMUP,
    REGISTRY,
    SENTIMENT_FEATURES,
    SENTIMENT_WINDOW_MS,
    Feature,
    build_features,
)
from cryptovolt.features.inputs import Inputs
from cryptovolt.market.windows import BLOCK_BARS, live_rows

HOUR_MS = 3_600_000
START_MS = 1_600_000_000_000 // HOUR_MS * HOUR_MS


def random_bars(n_bars: int, seed: int, timeframe: str = "1h") -> Bars:
    rng = np.random.default_rng(seed)
    close = 100.0 * np.exp((rng.standard_t(4, n_bars) * 0.006).cumsum())
    open_ = np.concatenate([[100.0], close[:-1]])
    step = {"1h": HOUR_MS, "1d": 24 * HOUR_MS}[timeframe]
    return Bars(
        symbol="BTCUSDT",
        timeframe=timeframe,
        timestamp=START_MS // step * step + np.arange(n_bars) * step,
        open=open_,
        high=np.maximum(open_, close) * np.exp(np.abs(rng.normal(0, 0.003, n_bars))),
        low=np.minimum(open_, close) * np.exp(-np.abs(rng.normal(0, 0.003, n_bars))),
        close=close,
        volume=rng.lognormal(3.0, 1.0, n_bars),
    )


def random_news(bars: Bars, seed: int, n_items: int = 2_000) -> SentimentSeries:
    rng = np.random.default_rng(seed)
    first, last = int(bars.timestamp[0]), int(bars.timestamp[-1]) + bars.interval_ms
    # Half of the items on bar closes, where "seen by the close" is decided.
    anywhere = rng.integers(first, last, n_items)
    seen = np.sort(np.where(rng.random(n_items) < 0.5, anywhere // HOUR_MS * HOUR_MS, anywhere))
    return SentimentSeries(
        event_time=seen - rng.integers(0, HOUR_MS, n_items),
        observed_at=seen,
        score=rng.uniform(-1.0, 1.0, n_items),
    )


def altered_after(bars: Bars, t: int, seed: int) -> Bars:
    rng = np.random.default_rng(seed)
    factor = np.where(np.arange(len(bars)) > t, rng.choice([0.1, 0.9, 1.1, 10.0], len(bars)), 1.0)
    return Bars(
        symbol=bars.symbol,
        timeframe=bars.timeframe,
        timestamp=bars.timestamp,
        open=bars.open * factor,
        high=bars.high * factor,
        low=bars.low * factor,
        close=bars.close * factor,
        volume=bars.volume * factor,
    )


def read_real(path: Path, timeframe: str) -> Bars:
    frame = pl.read_ipc(path)
    return Bars(
        symbol="BTCUSDT",
        timeframe=timeframe,
        timestamp=frame["date"].dt.timestamp("ms").to_numpy(),
        open=frame["open"].to_numpy(),
        high=frame["high"].to_numpy(),
        low=frame["low"].to_numpy(),
        close=frame["close"].to_numpy(),
        volume=frame["volume"].to_numpy(),
    )


def test_there_are_enough_features_each_with_a_name_and_a_formula() -> None:
    assert len(BAR_FEATURES) >= 60
    assert len({feature.name for feature in REGISTRY}) == len(REGISTRY)
    assert all(feature.formula and feature.warmup >= 0 for feature in REGISTRY)


def test_without_sentiment_its_columns_are_absent() -> None:
    bars = random_bars(600, seed=1)
    assert build_features(bars).names == tuple(feature.name for feature in BAR_FEATURES)
    with_news = build_features(bars, random_news(bars, seed=1))
    assert with_news.names[len(BAR_FEATURES) :] == tuple(f.name for f in SENTIMENT_FEATURES)


def test_rows_within_the_warm_up_are_undefined_and_all_others_finite() -> None:
    features = build_features(random_bars(3_000, seed=2))
    assert np.isnan(features.values[:FEATURE_WARMUP]).all()
    assert features.usable[FEATURE_WARMUP:].all()
    assert not features.usable[:FEATURE_WARMUP].any()


@pytest.mark.parametrize("standing", [True, False], ids=["price and volume", "volume only"])
def test_a_market_that_stands_still_gives_finite_features(standing: bool) -> None:
    bars = random_bars(700, seed=3)
    still = np.full(700, 25.0)
    quiet = Bars(
        symbol="BTCUSDT",
        timeframe="1h",
        timestamp=bars.timestamp,
        open=still if standing else bars.open,
        high=still if standing else bars.high,
        low=still if standing else bars.low,
        close=still if standing else bars.close,
        volume=np.zeros(700),
    )
    assert build_features(quiet).usable[FEATURE_WARMUP:].all()


def test_no_feature_knows_the_price_level() -> None:
    bars = random_bars(1_000, seed=4)
    dearer = Bars(
        symbol="X",
        timeframe="1h",
        timestamp=bars.timestamp,
        open=bars.open * 512.0,
        high=bars.high * 512.0,
        low=bars.low * 512.0,
        close=bars.close * 512.0,
        volume=bars.volume,
    )
    np.testing.assert_allclose(
        build_features(dearer).values, build_features(bars).values, rtol=1e-6, atol=1e-9
    )


@settings(max_examples=15, deadline=None)
@given(t=st.integers(FEATURE_WARMUP, 5_999), seed=st.integers(0, 2**31))
def test_the_newest_bars_give_the_batch_row_bit_for_bit(t: int, seed: int) -> None:
    bars = random_bars(6_000, seed % 7)
    news = random_news(bars, seed % 7)
    batch = build_features(bars, news).values[t]
    close = int(bars.timestamp[t]) + bars.interval_ms
    recent = news.observed_at > close - SENTIMENT_WINDOW_MS
    kept = SentimentSeries(
        event_time=news.event_time[recent],
        observed_at=news.observed_at[recent],
        score=news.score[recent],
    ).seen_until(close)
    newest = bars[max(0, t + 1 - live_rows(FEATURE_WARMUP)) : t + 1]
    np.testing.assert_array_equal(build_features(newest, kept).values[-1], batch)


@settings(max_examples=15, deadline=None)
@given(t=st.integers(FEATURE_WARMUP, 2_900), seed=st.integers(0, 2**31))
def test_the_future_never_changes_the_past(t: int, seed: int) -> None:
    bars = random_bars(3_000, seed=8)
    news = random_news(bars, seed=8)
    then = build_features(bars, news).values[: t + 1]
    later = news.observed_at > bars.timestamp[t] + bars.interval_ms
    rng = np.random.default_rng(seed)
    other_news = SentimentSeries(
        event_time=news.event_time,
        observed_at=news.observed_at,
        score=np.where(later, rng.uniform(-1, 1, len(news)), news.score),
    )
    changed = build_features(altered_after(bars, t, seed), other_news).values
    np.testing.assert_array_equal(changed[: t + 1], then)
    assert (changed[t + 1 :] != build_features(bars, news).values[t + 1 :]).any()
    np.testing.assert_array_equal(build_features(bars[: t + 1], news).values, then)


@pytest.mark.parametrize("feature", BAR_FEATURES, ids=lambda feature: feature.name)
def test_the_declared_warm_up_is_enough(feature: Feature) -> None:
    bars = random_bars(3_000, seed=9)
    whole = feature.compute(Inputs(bars))
    spread = float(np.nanstd(whole))
    for t in range(FEATURE_WARMUP + 100, 3_000, 97):
        last = feature.compute(Inputs(bars[t - feature.warmup : t + 1]))[-1]
        assert abs(last - whole[t]) <= 1e-9 * max(abs(whole[t]), spread)


def test_an_item_seen_at_the_close_counts_and_a_moment_later_does_not() -> None:
    bars = random_bars(600, seed=5)
    close = int(bars.timestamp[-2]) + bars.interval_ms

    def level(seen_at: int) -> FloatArray:
        time = np.array([seen_at])
        news = SentimentSeries(event_time=time - 1, observed_at=time, score=np.array([0.8]))
        features = build_features(bars, news)
        return features.select(["sentiment_level"]).values[-2:, 0]

    assert level(close).tolist() == [0.4, 0.4]
    assert level(close + 1).tolist() == [0.0, 0.4]


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_values_do_not_depend_on_the_number_of_threads(n_threads: int) -> None:
    bars = random_bars(26 * BLOCK_BARS, seed=11)
    expected = build_features(bars[: 8 * BLOCK_BARS], n_threads=1).values
    found = build_features(bars, n_threads=n_threads).values
    np.testing.assert_array_equal(found[: 8 * BLOCK_BARS], expected)
    assert np.isfinite(found[FEATURE_WARMUP:]).all()


def test_a_number_of_threads_below_one_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="expected n_threads from 1, found 0"):
        build_features(random_bars(600, seed=1), n_threads=0)


def test_the_hash_is_of_names_times_and_bits_and_not_of_how_they_lie_in_memory() -> None:
    features = build_features(random_bars(600, seed=1))
    by_row = replace(features, values=np.ascontiguousarray(features.values))
    assert by_row.content_hash() == features.content_hash()
    bits = features.values.copy()
    bits[-1, 0] = np.nextafter(bits[-1, 0], 1.0)
    others = [
        replace(features, values=bits),
        replace(features, timestamp=features.timestamp + 1),
        replace(features, names=(*features.names[:-1], "another")),
    ]
    assert len({one.content_hash() for one in (features, *others)}) == 4


def test_daily_bars_have_no_hour_of_day() -> None:
    names = build_features(random_bars(600, seed=6, timeframe="1d")).names
    assert "day_sine" not in names
    assert "week_sine" in names


def test_no_bars_are_refused() -> None:
    with pytest.raises(DataError, match="expected bars of BTCUSDT, found none"):
        build_features(random_bars(10, seed=1)[:0])


def test_bars_that_contradict_themselves_are_refused() -> None:
    bars = random_bars(600, seed=1)
    high = bars.high.copy()
    high[300] = bars.low[300] / 2
    broken = Bars(
        symbol="X",
        timeframe="1h",
        timestamp=bars.timestamp,
        open=bars.open,
        high=high,
        low=bars.low,
        close=bars.close,
        volume=bars.volume,
    )
    with pytest.raises(BadBarError):
        build_features(broken)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(DataError, match="expected features moon_phase"):
        build_features(random_bars(600, seed=1)).select(["return_1", "moon_phase"])


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("file", "timeframe"),
    [("BTC_USDT-1h-2017-2022", "1h"), ("KITE_USDT-1m-2025-2026", "1m")],
)
def test_real_bars_live_and_batch_agree(
    real_data: Callable[[str], Path], file: str, timeframe: str
) -> None:
    bars = read_real(real_data(f"bars/{file}.feather"), timeframe)[:40_000]
    batch = build_features(bars)
    assert batch.usable[FEATURE_WARMUP:].all()
    for t in np.random.default_rng(1).integers(FEATURE_WARMUP, len(bars), 25).tolist():
        newest = bars[max(0, t + 1 - live_rows(FEATURE_WARMUP)) : t + 1]
        np.testing.assert_array_equal(build_features(newest).values[-1], batch.values[t])


def test_columns_that_never_change_within_some_rows_can_be_left_out() -> None:
    bars = random_bars(1_500, seed=2)
    features = build_features(bars)
    rows = np.arange(600, 620)
    found = features.varying(rows)
    assert "hour_sin" not in set(features.names) - set(found.names)
    for name in set(features.names) - set(found.names):
        column = features.values[rows, features.names.index(name)]
        assert (column == column[0]).all()
    assert (np.ptp(found.values[rows], axis=0) > 0.0).all()

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cryptovolt as cv
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import BadBarError, ConfigurationError
from cryptovolt.market.cleaning import take
from cryptovolt.market.resampling import missing_source_bars

HOUR = 3_600_000
MONDAY = 1_704_067_200_000
COLUMNS = ("timestamp", "open", "high", "low", "close", "volume")

MakeBars = Callable[..., Bars]


def test_four_hours_become_one_bar(make_bars: MakeBars) -> None:
    bars = make_bars(8)
    longer = cv.resample(bars, "4h")
    assert longer.timeframe == "4h"
    assert longer.timestamp.tolist() == [MONDAY, MONDAY + 4 * HOUR]
    assert longer.open.tolist() == bars.open[[0, 4]].tolist()
    assert longer.close.tolist() == bars.close[[3, 7]].tolist()
    assert longer.high.tolist() == [bars.high[:4].max(), bars.high[4:].max()]
    assert longer.low.tolist() == [bars.low[:4].min(), bars.low[4:].min()]
    assert longer.volume == pytest.approx([bars.volume[:4].sum(), bars.volume[4:].sum()])


@given(seed=st.integers(0, 10_000), places=st.integers(0, 9))
def test_later_volumes_never_change_earlier_sums(seed: int, places: int) -> None:
    rng = np.random.default_rng(seed)
    volume = np.concatenate([np.round(rng.exponential(3.0, 12), 2), rng.exponential(3.0, 12)])
    volume[12:] = np.round(volume[12:], places)
    flat = np.full(24, 100.0)
    whole = Bars(
        symbol="X",
        timeframe="1h",
        timestamp=MONDAY + np.arange(24) * HOUR,
        open=flat,
        high=flat,
        low=flat,
        close=flat,
        volume=volume,
    )
    assert (
        cv.resample(whole[:12], "4h").volume.tolist()
        == cv.resample(whole, "4h").volume[:3].tolist()
    )


@given(n_bars=st.integers(1, 60))
def test_a_bucket_appears_when_its_last_bar_does_and_never_changes_again(n_bars: int) -> None:
    values = np.arange(1.0, 61.0)
    whole = Bars(
        symbol="X",
        timeframe="1h",
        timestamp=MONDAY + HOUR * np.arange(60),
        **dict.fromkeys(COLUMNS[1:], values),
    )
    known = cv.resample(whole[:n_bars], "4h")
    assert len(known) == n_bars // 4
    final = cv.resample(whole, "4h")[: len(known)]
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(known, name), getattr(final, name))


def test_missing_bars_inside_a_bucket_are_counted(make_bars: MakeBars) -> None:
    bars = take(make_bars(16), np.array([1, 2, 3, 4, 7, 12, 13, 14, 15]))
    longer = cv.resample(bars, "4h")
    assert longer.timestamp.tolist() == [MONDAY, MONDAY + 4 * HOUR, MONDAY + 12 * HOUR]
    assert missing_source_bars(bars, "4h").tolist() == [1, 2, 0]


def test_weeks_open_on_monday(make_bars: MakeBars) -> None:
    days = make_bars(15, timeframe="1d", interval_ms=24 * HOUR)
    weeks = cv.resample(days, "1w")
    assert weeks.timestamp.tolist() == [MONDAY, MONDAY + 7 * 24 * HOUR]


def test_too_little_gives_no_bar(make_bars: MakeBars) -> None:
    assert len(cv.resample(make_bars(3), "4h")) == 0
    assert len(cv.resample(make_bars(3)[:0], "4h")) == 0
    assert missing_source_bars(make_bars(3), "4h").size == 0


def test_polars_groups_to_the_same_bars(make_bars: MakeBars) -> None:
    bars = make_bars(400)
    ours = cv.resample(bars, "1d").to_polars()
    theirs = (
        bars.to_polars()[:384]
        .group_by_dynamic("timestamp", every="1d")
        .agg(
            pl.col("open").first(),
            pl.col("high").max(),
            pl.col("low").min(),
            pl.col("close").last(),
            pl.col("volume").sum().round(5),
        )
    )
    assert ours.equals(theirs)


def test_what_cannot_be_resampled_is_refused(make_bars: MakeBars) -> None:
    with pytest.raises(ConfigurationError, match="expected a multiple of 1h"):
        cv.resample(make_bars(), "90m")
    with pytest.raises(BadBarError):
        cv.resample(make_bars()[::-1], "4h")


@pytest.mark.real_data
@pytest.mark.parametrize("coin", ["BTC", "ETH", "SOL"])
def test_an_exchange_s_five_minutes_become_its_hours(
    real_data: Callable[[str], Path], coin: str
) -> None:
    hours = cv.read_bars(real_data(f"bars/{coin}_USDT-1h-2024.feather"))
    longer = cv.resample(cv.read_bars(real_data(f"bars/{coin}_USDT-5m-2024.feather")), "1h")
    assert len(longer) == len(hours)
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(longer, name), getattr(hours, name))

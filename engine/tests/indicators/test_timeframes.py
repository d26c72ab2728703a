"""Values of longer bars: seen when the longer bar has closed, never before."""

import re
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.indicators import Macd, atr, ema, higher_timeframe, macd, vwap
from cryptovolt.market.resampling import resample
from cryptovolt.market.windows import compute_anchored, live_rows

HOUR_MS = 3_600_000


def bars_at(hours: list[int], seed: int = 1) -> Bars:
    rng = np.random.default_rng(seed)
    close = 100.0 + rng.normal(size=len(hours)).cumsum() * 0.3
    open_ = np.concatenate([np.full(1, 100.0), close])[: close.size]
    return Bars(
        symbol="BTCUSDT",
        timeframe="1h",
        timestamp=np.array(hours, dtype=np.int64) * HOUR_MS,
        open=open_,
        high=np.maximum(open_, close) + 0.1,
        low=np.minimum(open_, close) - 0.1,
        close=close,
        volume=rng.uniform(1.0, 9.0, len(hours)).round(2),
    )


def opening_hour(bars: Bars) -> FloatArray:
    """Return the hour a bar opens at: tells which bar a value came from."""
    return bars.timestamp / HOUR_MS


@pytest.mark.parametrize(
    ("hours", "seen"),
    [
        # the bar of 0 to 4 closes with the hour that opens at 3
        (
            [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
            [None, None, None, 0, 0, 0, 0, 4, 4, 4],
        ),
        # the hour of 3 is missing: the next one there is sees the bar, at its own close
        ([0, 1, 2, 4, 5, 6, 7, 8], [None, None, None, 0, 0, 0, 4, 4]),
        # a bar of which only the last hour is there closes with it
        ([3, 4, 5, 6, 7], [0, 0, 0, 0, 4]),
        # a whole longer bar is missing: the one before stays the newest
        ([0, 1, 2, 3, 8, 9, 10, 11, 12], [None, None, None, 0, 0, 0, 0, 8, 8]),
        # none has closed
        ([0, 1, 2], [None, None, None]),
    ],
)
def test_a_value_is_seen_when_its_bar_has_closed(
    hours: list[int], seen: list[float | None]
) -> None:
    found = higher_timeframe(bars_at(hours), "4h", opening_hour)
    np.testing.assert_array_equal(found, np.array(seen, dtype=np.float64))


def test_weeks_begin_on_monday() -> None:
    days = Bars(
        symbol="BTCUSDT",
        timeframe="1d",
        timestamp=1_704_067_200_000 + 86_400_000 * np.arange(-1, 14),  # from Sunday 2023-12-31
        **dict.fromkeys(("open", "high", "low", "close"), np.arange(1.0, 16.0)),
        volume=np.ones(15),
    )
    found = higher_timeframe(days, "1w", lambda week: week.close)
    np.testing.assert_array_equal(found, [*[1.0] * 7, *[8.0] * 7, 15.0])


def test_the_same_time_frame_changes_nothing() -> None:
    bars = bars_at(list(range(40)))
    np.testing.assert_array_equal(
        higher_timeframe(bars, "1h", lambda b: ema(b.close, 5)), ema(bars.close, 5)
    )


@given(seed=st.integers(0, 2**32 - 1), timeframe=st.sampled_from(["2h", "3h", "1d"]))
def test_it_is_what_somebody_saw_who_had_only_the_bars_so_far(seed: int, timeframe: str) -> None:
    rng = np.random.default_rng(seed)
    hours = np.flatnonzero(rng.uniform(size=150) < 0.9) + int(rng.integers(0, 100))
    bars = bars_at(hours.tolist(), seed)
    found = higher_timeframe(bars, timeframe, lambda b: ema(b.close, 3))
    for t in rng.integers(0, len(bars), 15).tolist():
        longer = resample(bars[: t + 1], timeframe)
        known = ema(longer.close, 3)[-1] if len(longer) else np.nan
        np.testing.assert_array_equal(found[t], known)


@given(seed=st.integers(0, 2**32 - 1), cut=st.integers(1, 119))
def test_the_future_never_changes_the_past(seed: int, cut: int) -> None:
    bars = bars_at(list(range(3, 123)), seed)

    def volumes(longer: Bars) -> tuple[FloatArray, ...]:
        return (longer.volume, vwap(longer.high, longer.low, longer.close, longer.volume))

    then = higher_timeframe(bars, "4h", volumes)
    # Later volumes with more decimals must not change how earlier sums are rounded.
    later = np.concatenate([bars.volume[:cut], bars.volume[cut:] * np.pi])
    columns = {name: getattr(bars, name) for name in ("timestamp", "open", "high", "low", "close")}
    altered = Bars(symbol="BTCUSDT", timeframe="1h", volume=later, **columns)
    for future in (altered, bars[:cut]):
        for old, new in zip(then, higher_timeframe(future, "4h", volumes), strict=True):
            np.testing.assert_array_equal(old[:cut], new[:cut])


def test_anchored_windows_give_the_same_bits_live() -> None:
    bars = bars_at(list(range(7, 5_007)))
    warmup = 4 * 200

    def compute(window: Bars) -> FloatArray:
        return higher_timeframe(window, "4h", lambda b: atr(b.high, b.low, b.close, 3))

    batch = compute_anchored(bars, warmup, compute)
    for t in range(4_000, 5_000, 111):
        newest = bars[max(0, t + 1 - live_rows(warmup)) : t + 1]
        assert compute_anchored(newest, warmup, compute)[-1] == batch[t]


class Two(NamedTuple):
    first: FloatArray
    second: FloatArray


def test_what_compute_returns_keeps_its_form() -> None:
    bars = bars_at(list(range(200)))
    lines = higher_timeframe(bars, "2h", lambda b: macd(b.close, 3, 6, 2))
    assert isinstance(lines, Macd)
    assert lines.macdsignal.shape == (200,)
    pair = higher_timeframe(bars, "2h", lambda b: Two(b.high, b.low))
    np.testing.assert_array_equal(pair.second[1::2], resample(bars, "2h").low)
    plain = higher_timeframe(bars, "2h", lambda b: (b.high, b.low))
    assert type(plain) is tuple
    columns = higher_timeframe(bars, "2h", lambda b: np.column_stack([b.high, b.low, b.close]))
    assert columns.shape == (200, 3)
    np.testing.assert_array_equal(columns[:, 1], pair.second)


def test_no_bars_give_no_values() -> None:
    assert higher_timeframe(bars_at([]), "4h", lambda b: b.close).shape == (0,)


def test_what_cannot_be_is_refused() -> None:
    bars = bars_at(list(range(40)))
    with pytest.raises(ConfigurationError, match="expected a multiple of 1h to resample to"):
        higher_timeframe(bars, "30m", lambda b: b.close)
    sentence = "expected 10 values from compute, one per longer bar, found shape (9,)"
    with pytest.raises(DataError, match=re.escape(sentence)):
        higher_timeframe(bars, "4h", lambda b: b.close[1:])

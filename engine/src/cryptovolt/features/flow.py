"""Features of volume and of the calendar."""

from functools import partial

import numpy as np

from cryptovolt import indicators
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.timeframe import DAY_MS, timeframe_ms
from cryptovolt.features.registry import Feature, Group, log_return, zero_where_undefined
from cryptovolt.features.rolling import rolling_correlation, rolling_deviation, rolling_mean

# Monday 00:00 UTC, as a time of the week counted from the epoch (a Thursday).
_MONDAY_MS = 4 * DAY_MS
_WEEK_MS = 7 * DAY_MS


def _volume_surprise(bars: Bars, *, n: int) -> FloatArray:
    volume = np.log1p(bars.volume)
    return zero_where_undefined(volume - rolling_mean(volume, n), rolling_deviation(volume, n))


def _signed_volume(bars: Bars) -> FloatArray:
    sign = np.sign(log_return(bars.close))
    return zero_where_undefined(rolling_mean(sign * bars.volume, 24), rolling_mean(bars.volume, 24))


def _volume_agreement(bars: Bars) -> FloatArray:
    return rolling_correlation(log_return(bars.close), np.log1p(bars.volume), 48)


def _money_flow(bars: Bars) -> FloatArray:
    return indicators.mfi(bars.high, bars.low, bars.close, bars.volume, 14) / 100.0


def _phase(bars: Bars, *, period_ms: int, origin_ms: int, cosine: bool) -> FloatArray:
    share = ((bars.timestamp - origin_ms) % period_ms) / period_ms
    angle = 2.0 * np.pi * share
    return np.cos(angle) if cosine else np.sin(angle)


VOLUME_FEATURES = (
    *(
        Feature(
            f"volume_surprise_{n}",
            Group.VOLUME,
            f"z-score of ln(1 + v) within {n} bars",
            n,
            partial(_volume_surprise, n=n),
        )
        for n in (24, 168)
    ),
    Feature(
        "signed_volume_24",
        Group.VOLUME,
        "sum of sign(r) v / sum of v over 24 bars",
        24,
        _signed_volume,
    ),
    Feature(
        "volume_agreement_48",
        Group.VOLUME,
        "correlation of r and ln(1 + v) over 48 bars",
        48,
        _volume_agreement,
    ),
    # TA-Lib's flows are running sums: where the newest flows are small, a longer run-in shows.
    Feature("mfi_14", Group.VOLUME, "money flow index of 14 bars / 100", 14, _money_flow),
)

SEASON_FEATURES = tuple(
    Feature(
        f"{name}_{function}",
        Group.SEASON,
        f"{function} of the bar's open within the {name}",
        0,
        partial(_phase, period_ms=period, origin_ms=origin, cosine=function == "cosine"),
        longest_bar_ms=period,
    )
    for name, period, origin in (
        ("day", timeframe_ms("1d"), 0),
        ("week", _WEEK_MS, _MONDAY_MS),
    )
    for function in ("sine", "cosine")
)

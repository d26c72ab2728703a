"""Features of volume and of the calendar."""

from functools import partial

import numpy as np

from cryptovolt import indicators
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.timeframe import DAY_MS, timeframe_ms
from cryptovolt.features.inputs import Inputs, zero_where_undefined
from cryptovolt.features.registry import Feature, Group
from cryptovolt.features.rolling import rolling_correlation, rolling_mean, rolling_weighted

# Monday 00:00 UTC, as a time of the week counted from the epoch (a Thursday).
_MONDAY_MS = 4 * DAY_MS
_WEEK_MS = 7 * DAY_MS


def _volume_surprise(given: Inputs, *, n: int) -> FloatArray:
    mean, deviation = given.moments("log_volume", given.log_volume, n)
    return zero_where_undefined(given.log_volume - mean, deviation)


def _mean_volume(given: Inputs, n: int) -> FloatArray:
    return given.mean("volume", given.bars.volume, n)


def _relative_volume(given: Inputs) -> FloatArray:
    return zero_where_undefined(given.bars.volume, _mean_volume(given, 24))


def _signed_volume(given: Inputs, *, n: int) -> FloatArray:
    signed = given.mean("signed_volume", given.signed_volume, n)
    return zero_where_undefined(signed, _mean_volume(given, n))


def _slope_of_sum(n: int) -> FloatArray:
    # The least-squares slope of a running sum, as weights of what is summed up.
    centred = np.arange(n) - (n - 1) / 2.0
    return np.cumsum(centred[::-1])[::-1] / np.sum(centred * centred)


def _balance_slope(given: Inputs) -> FloatArray:
    slope = rolling_weighted(given.signed_volume, _slope_of_sum(24))
    return zero_where_undefined(slope, _mean_volume(given, 24))


def _illiquidity(given: Inputs) -> FloatArray:
    moved = zero_where_undefined(np.abs(given.change), given.bars.volume * given.bars.close)
    return zero_where_undefined(rolling_mean(moved, 24), rolling_mean(moved, 168))


def _volume_agreement(given: Inputs) -> FloatArray:
    return rolling_correlation(given.change, given.log_volume, 48)


def _money_flow(given: Inputs) -> FloatArray:
    bars = given.bars
    return indicators.mfi(bars.high, bars.low, bars.close, bars.volume, 14) / 100.0


def _phase(given: Inputs, *, period_ms: int, origin_ms: int, cosine: bool) -> FloatArray:
    share = ((given.bars.timestamp - origin_ms) % period_ms) / period_ms
    angle = 2.0 * np.pi * share
    return np.cos(angle) if cosine else np.sin(angle)


def _weekend(given: Inputs) -> FloatArray:
    day = (given.bars.timestamp - _MONDAY_MS) % _WEEK_MS // DAY_MS
    return np.where(day >= 5, 1.0, 0.0)


def _shorter_than(timeframe: str, *, period_ms: int) -> bool:
    return timeframe_ms(timeframe) < period_ms


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
    Feature("relative_volume_24", Group.VOLUME, "v / mean v of 24 bars", 24, _relative_volume),
    *(
        Feature(
            f"signed_volume_{n}",
            Group.VOLUME,
            f"sum of sign(r) v / sum of v over {n} bars",
            n,
            partial(_signed_volume, n=n),
        )
        for n in (24, 72)
    ),
    Feature(
        "balance_slope_24",
        Group.VOLUME,
        "least-squares slope of on-balance volume / mean v over 24 bars",
        24,
        _balance_slope,
    ),
    Feature(
        "illiquidity_24_168",
        Group.VOLUME,
        "mean of |r| / (v c) over 24 bars / over 168 bars",
        168,
        _illiquidity,
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

SEASON_FEATURES = (
    *(
        Feature(
            f"{name}_{function}",
            Group.SEASON,
            f"{function} of the bar's open within the {name}",
            0,
            partial(_phase, period_ms=period, origin_ms=origin, cosine=function == "cosine"),
            varies_at=partial(_shorter_than, period_ms=period),
        )
        for name, period, origin in (
            ("day", DAY_MS, 0),
            ("week", _WEEK_MS, _MONDAY_MS),
        )
        for function in ("sine", "cosine")
    ),
    Feature(
        "weekend",
        Group.SEASON,
        "1 for bars that open on Saturday or Sunday UTC, else 0",
        0,
        _weekend,
        varies_at=partial(_shorter_than, period_ms=_WEEK_MS),
    ),
)

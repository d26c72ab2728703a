"""Features of a longer time frame, each from the last bar of it that has closed.

A longer bar is seen from the close of the bar that closes with it; one that is still forming is
never seen. The names do not say which time frame it is: that follows from the one of the bars.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.timeframe import alignment_ms, timeframe_ms
from cryptovolt.features.inputs import Inputs, log_return, zero_where_undefined
from cryptovolt.features.registry import Feature, Group
from cryptovolt.features.rolling import rolling_mean, rolling_moments
from cryptovolt.indicators.library import generic

_CANDIDATES = ("1w", "1d", "4h", "1h", "15m", "1m")
_MOST_BARS = 16


class Longer(NamedTuple):
    """Longer bars in a slice, shape ``(n_longer,)``, and the newest closed one at each bar."""

    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    newest: IntArray


def longer_timeframe(timeframe: str) -> str | None:
    """Return the time frame looked at beside this one, or None where there is none.

    The longest of 1m, 15m, 1h, 4h, 1d and 1w whose bars are made of 2 to 16 of the given ones:
    15m for 1m, 1h for 5m, 4h for 15m and 1h, 1d for 4h, 1w for 1d.
    """
    length = timeframe_ms(timeframe)
    for candidate in _CANDIDATES:
        n_bars, rest = divmod(timeframe_ms(candidate), length)
        if not rest and 2 <= n_bars <= _MOST_BARS:
            return candidate
    return None


def _has_longer(timeframe: str) -> bool:
    return longer_timeframe(timeframe) is not None


def _longer_bars(bars: Bars) -> Longer:
    timeframe = longer_timeframe(bars.timeframe) or bars.timeframe
    length, offset = timeframe_ms(timeframe), alignment_ms(timeframe)
    opens = (bars.timestamp - offset) // length * length + offset
    starts = np.flatnonzero(np.diff(opens, prepend=opens[:1] - 1))
    closes = opens[starts] + length
    return Longer(
        high=np.maximum.reduceat(bars.high, starts),
        low=np.minimum.reduceat(bars.low, starts),
        close=bars.close[np.append(starts[1:], len(bars)) - 1],
        volume=np.add.reduceat(bars.volume, starts),
        newest=np.searchsorted(closes, bars.timestamp + bars.interval_ms, side="right") - 1,
    )


def _longer(given: Inputs) -> Longer:
    result: Longer = given.once("longer", partial(_longer_bars, given.bars))
    return result


def _seen(given: Inputs, *, compute: Callable[[Longer], FloatArray]) -> FloatArray:
    longer = _longer(given)
    values = compute(longer)
    return np.where(longer.newest >= 0, values[longer.newest], np.nan)


def _return(longer: Longer, *, n: int) -> FloatArray:
    return log_return(longer.close, n)


def _volatility(longer: Longer) -> FloatArray:
    return rolling_moments(log_return(longer.close), 12)[1]


def _gap(longer: Longer) -> FloatArray:
    return np.log(longer.close / rolling_mean(longer.close, 20))


def _location(longer: Longer) -> FloatArray:
    highest: FloatArray = generic("max")(longer.high, 20)
    lowest: FloatArray = generic("min")(longer.low, 20)
    return zero_where_undefined(2.0 * longer.close - highest - lowest, highest - lowest)


def _strength(longer: Longer) -> FloatArray:
    change = log_return(longer.close)
    return zero_where_undefined(rolling_mean(change, 14), rolling_mean(np.abs(change), 14))


def _relative_volume(longer: Longer) -> FloatArray:
    return zero_where_undefined(longer.volume, rolling_mean(longer.volume, 20))


def _range_surprise(longer: Longer) -> FloatArray:
    spread = np.log(longer.high / longer.low)
    return zero_where_undefined(spread, rolling_mean(spread, 20))


def _since_close(given: Inputs) -> FloatArray:
    return np.log(given.bars.close / _seen(given, compute=_close))


def _close(longer: Longer) -> FloatArray:
    return longer.close


def _feature(name: str, formula: str, n: int, compute: Callable[[Longer], FloatArray]) -> Feature:
    return Feature(
        f"higher_{name}",
        Group.HIGHER,
        f"{formula}, of the last closed longer bar",
        (n + 1) * _MOST_BARS,
        partial(_seen, compute=compute),
        varies_at=_has_longer,
    )


HIGHER_FEATURES = (
    *(
        _feature(f"return_{n}", f"ln(c[t] / c[t-{n}])", n + 1, partial(_return, n=n))
        for n in (1, 6)
    ),
    _feature("volatility_12", "standard deviation of r over 12 bars", 13, _volatility),
    _feature("gap_20", "ln(c / mean c of 20 bars)", 20, _gap),
    _feature("location_20", "(2c − highest h − lowest l) / (h − l) of 20 bars", 20, _location),
    _feature("strength_14", "sum of r / sum of |r| over 14 bars", 15, _strength),
    _feature("relative_volume_20", "v / mean v of 20 bars", 20, _relative_volume),
    _feature("range_surprise_20", "ln(h / l) / its mean of 20 bars", 20, _range_surprise),
    Feature(
        "higher_since_close",
        Group.HIGHER,
        "ln(c / c of the last closed longer bar)",
        2 * _MOST_BARS,
        _since_close,
        varies_at=_has_longer,
    ),
)

"""Features of price: returns, volatility and range."""

from functools import partial

import numpy as np

from cryptovolt import indicators
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.features.registry import Feature, Group, log_return, zero_where_undefined
from cryptovolt.features.rolling import rolling_deviation, rolling_mean
from cryptovolt.indicators.library import generic

_WILDER_WARMUP = 400


def _past_return(bars: Bars, *, n: int) -> FloatArray:
    return log_return(bars.close, n)


def _volatility(bars: Bars, *, n: int) -> FloatArray:
    return rolling_deviation(log_return(bars.close), n)


def _volatility_ratio(bars: Bars) -> FloatArray:
    change = log_return(bars.close)
    return zero_where_undefined(rolling_deviation(change, 12), rolling_deviation(change, 168))


def _downside_share(bars: Bars) -> FloatArray:
    change = log_return(bars.close)
    falls = rolling_mean(np.minimum(change, 0.0) ** 2, 72)
    return zero_where_undefined(falls, rolling_mean(change**2, 72))


def _parkinson(bars: Bars) -> FloatArray:
    spread = np.log(bars.high / bars.low)
    return np.sqrt(rolling_mean(spread * spread, 24) / (4.0 * np.log(2.0)))


def _natr(bars: Bars) -> FloatArray:
    return indicators.natr(bars.high, bars.low, bars.close, 14) / 100.0


def _range(bars: Bars) -> FloatArray:
    return np.log(bars.high / bars.low)


def _range_surprise(bars: Bars) -> FloatArray:
    spread = np.log(bars.high / bars.low)
    return zero_where_undefined(spread, rolling_mean(spread, 24))


def _close_location(bars: Bars) -> FloatArray:
    position = 2.0 * bars.close - bars.high - bars.low
    return zero_where_undefined(position, bars.high - bars.low)


def _body(bars: Bars) -> FloatArray:
    return zero_where_undefined(bars.close - bars.open, bars.high - bars.low)


def _extreme(name: str, values: FloatArray, n: int) -> FloatArray:
    # Comparing rounds nothing, so TA-Lib's running extreme has no memory of where it began.
    result: FloatArray = generic(name)(values, n)
    return result


def _drawdown(bars: Bars, *, n: int) -> FloatArray:
    return np.log(bars.close / _extreme("max", bars.high, n))


def _rise(bars: Bars, *, n: int) -> FloatArray:
    return np.log(bars.close / _extreme("min", bars.low, n))


RETURN_FEATURES = tuple(
    Feature(f"return_{n}", Group.RETURN, f"ln(c[t] / c[t-{n}])", n, partial(_past_return, n=n))
    for n in (1, 2, 3, 6, 12, 24, 72, 168)
)

VOLATILITY_FEATURES = (
    *(
        Feature(
            f"volatility_{n}",
            Group.VOLATILITY,
            f"standard deviation of r over {n} bars",
            n,
            partial(_volatility, n=n),
        )
        for n in (12, 24, 72, 168)
    ),
    Feature(
        "volatility_ratio_12_168",
        Group.VOLATILITY,
        "volatility_12 / volatility_168",
        168,
        _volatility_ratio,
    ),
    Feature(
        "downside_share_72",
        Group.VOLATILITY,
        "sum of r² over falling bars / sum of r², 72 bars",
        72,
        _downside_share,
    ),
    Feature(
        "parkinson_24",
        Group.VOLATILITY,
        "sqrt(mean(ln(h / l)²) / (4 ln 2)) over 24 bars",
        24,
        _parkinson,
    ),
    Feature("natr_14", Group.VOLATILITY, "Wilder's ATR of 14 bars / c", _WILDER_WARMUP, _natr),
)

RANGE_FEATURES = (
    Feature("range_1", Group.RANGE, "ln(h / l)", 0, _range),
    Feature(
        "range_surprise_24", Group.RANGE, "ln(h / l) / its mean of 24 bars", 24, _range_surprise
    ),
    Feature("close_location", Group.RANGE, "(2c − h − l) / (h − l)", 0, _close_location),
    Feature("body", Group.RANGE, "(c − o) / (h − l)", 0, _body),
    *(
        Feature(
            f"drawdown_{n}",
            Group.RANGE,
            f"ln(c / highest h of {n} bars)",
            n,
            partial(_drawdown, n=n),
        )
        for n in (24, 168)
    ),
    *(
        Feature(f"rise_{n}", Group.RANGE, f"ln(c / lowest l of {n} bars)", n, partial(_rise, n=n))
        for n in (24, 168)
    ),
)

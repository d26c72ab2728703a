"""Features of price: returns, volatility and range."""

from functools import partial

import numpy as np

from cryptovolt import indicators
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.features.inputs import Inputs, zero_where_undefined
from cryptovolt.features.registry import Feature, Group
from cryptovolt.features.rolling import rolling_mean
from cryptovolt.indicators.library import generic

_WILDER_WARMUP = 400


def _past_return(given: Inputs, *, n: int) -> FloatArray:
    return given.past_return(n)


def _volatility(given: Inputs, *, n: int) -> FloatArray:
    return given.volatility(n)


def _volatility_ratio(given: Inputs) -> FloatArray:
    return zero_where_undefined(given.volatility(12), given.volatility(168))


def _volatility_of_volatility(given: Inputs) -> FloatArray:
    mean, deviation = given.moments("volatility_12", given.volatility(12), 72)
    return zero_where_undefined(deviation, mean)


def _downside_share(given: Inputs) -> FloatArray:
    change = given.change
    falls = rolling_mean(np.minimum(change, 0.0) ** 2, 72)
    return zero_where_undefined(falls, rolling_mean(change**2, 72))


def _squared_spread(given: Inputs) -> FloatArray:
    result: FloatArray = given.once("squared_spread", lambda: given.spread * given.spread)
    return result


def _parkinson(given: Inputs, *, n: int) -> FloatArray:
    mean = given.mean("squared_spread", _squared_spread(given), n)
    return np.sqrt(mean / (4.0 * np.log(2.0)))


def _up_share(given: Inputs) -> FloatArray:
    rises = np.where(np.isnan(given.change), np.nan, given.change > 0.0)
    return rolling_mean(rises, 24)


def _parkinson_ratio(given: Inputs) -> FloatArray:
    return zero_where_undefined(_parkinson(given, n=12), _parkinson(given, n=168))


def _garman_klass(given: Inputs) -> FloatArray:
    body = np.log(given.bars.close / given.bars.open)
    variance = 0.5 * _squared_spread(given) - (2.0 * np.log(2.0) - 1.0) * body * body
    # |ln(c/o)| ≤ ln(h/l), so no bar's share is negative but by rounding.
    return np.sqrt(np.maximum(rolling_mean(variance, 24), 0.0))


def _natr(given: Inputs) -> FloatArray:
    bars = given.bars
    return indicators.natr(bars.high, bars.low, bars.close, 14) / 100.0


def _range(given: Inputs) -> FloatArray:
    return given.spread


def _range_surprise(given: Inputs) -> FloatArray:
    return zero_where_undefined(given.spread, given.mean("spread", given.spread, 24))


def _close_location(given: Inputs) -> FloatArray:
    bars = given.bars
    position = 2.0 * bars.close - bars.high - bars.low
    return zero_where_undefined(position, bars.high - bars.low)


def _body(given: Inputs) -> FloatArray:
    bars = given.bars
    return zero_where_undefined(bars.close - bars.open, bars.high - bars.low)


def _extreme(name: str, values: FloatArray, n: int) -> FloatArray:
    # Comparing rounds nothing, so TA-Lib's running extreme has no memory of where it began.
    result: FloatArray = generic(name)(values, n)
    return result


def _drawdown(given: Inputs, *, n: int) -> FloatArray:
    return np.log(given.bars.close / _extreme("max", given.bars.high, n))


def _rise(given: Inputs, *, n: int) -> FloatArray:
    return np.log(given.bars.close / _extreme("min", given.bars.low, n))


RETURN_FEATURES = (
    *(
        Feature(f"return_{n}", Group.RETURN, f"ln(c[t] / c[t-{n}])", n, partial(_past_return, n=n))
        for n in (1, 2, 3, 6, 12, 24, 72, 168)
    ),
    Feature("up_share_24", Group.RETURN, "share of bars with r > 0 among 24", 24, _up_share),
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
        "volatility_of_volatility_72",
        Group.VOLATILITY,
        "standard deviation / mean of volatility_12 over 72 bars",
        84,
        _volatility_of_volatility,
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
        partial(_parkinson, n=24),
    ),
    Feature(
        "parkinson_ratio_12_168",
        Group.VOLATILITY,
        "parkinson over 12 bars / over 168 bars",
        168,
        _parkinson_ratio,
    ),
    Feature(
        "garman_klass_24",
        Group.VOLATILITY,
        "sqrt(mean(ln(h / l)² / 2 − (2 ln 2 − 1) ln(c / o)²)) over 24 bars",
        24,
        _garman_klass,
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

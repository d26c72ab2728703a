"""Features of trend, momentum and oscillators, from TA-Lib's indicators."""

from functools import partial

import numpy as np

from cryptovolt import indicators
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.features.inputs import Inputs, zero_where_undefined
from cryptovolt.features.registry import Feature, Group
from cryptovolt.features.rolling import rolling_correlation, rolling_mean


def _ema_gap(given: Inputs, *, n: int) -> FloatArray:
    return np.log(given.bars.close / given.ema(n))


def _sma_gap(given: Inputs, *, n: int) -> FloatArray:
    return np.log(given.bars.close / given.mean("close", given.bars.close, n))


def _ema_spread(given: Inputs) -> FloatArray:
    return np.log(given.ema(12) / given.ema(26))


def _macd_histogram(given: Inputs) -> FloatArray:
    close = given.bars.close
    return indicators.macd(close, 12, 26, 9).macdhist / close


def _adx(given: Inputs) -> FloatArray:
    bars = given.bars
    return indicators.adx(bars.high, bars.low, bars.close, 14) / 100.0


def _directional_difference(given: Inputs) -> FloatArray:
    arrays = (given.bars.high, given.bars.low, given.bars.close)
    return (indicators.plus_di(*arrays, 14) - indicators.minus_di(*arrays, 14)) / 100.0


def _aroon(given: Inputs) -> FloatArray:
    return indicators.aroonosc(given.bars.high, given.bars.low, 25) / 100.0


def _slope(given: Inputs, *, n: int) -> FloatArray:
    # A sum of returns instead of ln(c): its level is small, so the slope keeps its digits.
    change = given.change.copy()
    change[:1] = 0.0
    slope = indicators.linearreg_slope(np.cumsum(change), n)
    return zero_where_undefined(slope, given.volatility(n))


def _efficiency(given: Inputs) -> FloatArray:
    travelled = 24.0 * rolling_mean(np.abs(given.change), 24)
    return zero_where_undefined(given.past_return(24), travelled)


def _autocorrelation(given: Inputs) -> FloatArray:
    before = np.full_like(given.change, np.nan)
    before[1:] = given.change[:-1]
    return rolling_correlation(given.change, before, 48)


def _trix(given: Inputs) -> FloatArray:
    return indicators.trix(given.bars.close, 15) / 100.0


def _rsi(given: Inputs, *, n: int) -> FloatArray:
    return indicators.rsi(given.bars.close, n) / 100.0


def _stochastic(given: Inputs) -> FloatArray:
    bars = given.bars
    return indicators.stoch(bars.high, bars.low, bars.close, 14, 3, 0, 3, 0).slowk / 100.0


def _cci(given: Inputs) -> FloatArray:
    return indicators.cci(given.bars.high, given.bars.low, given.bars.close, 20) / 100.0


def _ultimate(given: Inputs) -> FloatArray:
    bars = given.bars
    return indicators.ultosc(bars.high, bars.low, bars.close, 7, 14, 28) / 100.0


def _bollinger_position(given: Inputs) -> FloatArray:
    mean, deviation = given.moments("close", given.bars.close, 20)
    return zero_where_undefined(given.bars.close - mean, 2.0 * deviation)


def _bollinger_width(given: Inputs) -> FloatArray:
    mean, deviation = given.moments("close", given.bars.close, 20)
    return 4.0 * deviation / mean


TREND_FEATURES = (
    Feature("ema_gap_12", Group.TREND, "ln(c / EMA 12)", 180, partial(_ema_gap, n=12)),
    Feature("ema_gap_26", Group.TREND, "ln(c / EMA 26)", 360, partial(_ema_gap, n=26)),
    Feature("sma_gap_50", Group.TREND, "ln(c / mean c of 50 bars)", 50, partial(_sma_gap, n=50)),
    Feature(
        "sma_gap_200", Group.TREND, "ln(c / mean c of 200 bars)", 200, partial(_sma_gap, n=200)
    ),
    Feature("ema_spread_12_26", Group.TREND, "ln(EMA 12 / EMA 26)", 360, _ema_spread),
    Feature("adx_14", Group.TREND, "Wilder's ADX of 14 bars / 100", 500, _adx),
    Feature("di_difference_14", Group.TREND, "(+DI − −DI) / 100", 400, _directional_difference),
    Feature("aroon_25", Group.TREND, "Aroon oscillator of 25 bars / 100", 25, _aroon),
    Feature(
        "slope_24",
        Group.TREND,
        "least-squares slope of ln(c) over 24 bars / volatility_24",
        24,
        partial(_slope, n=24),
    ),
    Feature("efficiency_24", Group.TREND, "return_24 / sum of |r| over 24 bars", 24, _efficiency),
)

MOMENTUM_FEATURES = (
    Feature(
        "macd_histogram", Group.MOMENTUM, "(MACD 12/26 − its signal 9) / c", 400, _macd_histogram
    ),
    Feature("trix_15", Group.MOMENTUM, "one-bar change of a triple EMA 15", 320, _trix),
    Feature(
        "autocorrelation_48",
        Group.MOMENTUM,
        "correlation of r[t] and r[t-1] over 48 bars",
        50,
        _autocorrelation,
    ),
)

OSCILLATOR_FEATURES = (
    Feature("rsi_6", Group.OSCILLATOR, "RSI of 6 bars / 100", 180, partial(_rsi, n=6)),
    Feature("rsi_14", Group.OSCILLATOR, "RSI of 14 bars / 100", 400, partial(_rsi, n=14)),
    Feature("stochastic_14", Group.OSCILLATOR, "slow %K 14/3 / 100", 18, _stochastic),
    Feature("cci_20", Group.OSCILLATOR, "CCI of 20 bars / 100", 20, _cci),
    Feature("ultimate", Group.OSCILLATOR, "ultimate oscillator 7/14/28 / 100", 28, _ultimate),
    Feature(
        "bollinger_position_20",
        Group.OSCILLATOR,
        "(c − mean) / (2 standard deviations) of c over 20 bars",
        20,
        _bollinger_position,
    ),
    Feature(
        "bollinger_width_20",
        Group.VOLATILITY,
        "4 standard deviations / mean of c over 20 bars",
        20,
        _bollinger_width,
    ),
)

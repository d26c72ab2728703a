"""Features of trend, momentum and oscillators, from TA-Lib's indicators."""

from functools import partial

import numpy as np

from cryptovolt import indicators
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.features.registry import Feature, Group, log_return, zero_where_undefined
from cryptovolt.features.rolling import (
    rolling_correlation,
    rolling_deviation,
    rolling_mean,
)


def _ema_gap(bars: Bars, *, n: int) -> FloatArray:
    return np.log(bars.close / indicators.ema(bars.close, n))


def _sma_gap(bars: Bars, *, n: int) -> FloatArray:
    return np.log(bars.close / rolling_mean(bars.close, n))


def _ema_spread(bars: Bars) -> FloatArray:
    return np.log(indicators.ema(bars.close, 12) / indicators.ema(bars.close, 26))


def _macd_histogram(bars: Bars) -> FloatArray:
    return indicators.macd(bars.close, 12, 26, 9).macdhist / bars.close


def _adx(bars: Bars) -> FloatArray:
    return indicators.adx(bars.high, bars.low, bars.close, 14) / 100.0


def _directional_difference(bars: Bars) -> FloatArray:
    arrays = (bars.high, bars.low, bars.close)
    return (indicators.plus_di(*arrays, 14) - indicators.minus_di(*arrays, 14)) / 100.0


def _aroon(bars: Bars) -> FloatArray:
    return indicators.aroonosc(bars.high, bars.low, 25) / 100.0


def _slope(bars: Bars, *, n: int) -> FloatArray:
    # A sum of returns instead of ln(c): its level is small, so the slope keeps its digits.
    change = log_return(bars.close)
    change[:1] = 0.0
    slope = indicators.linearreg_slope(np.cumsum(change), n)
    return zero_where_undefined(slope, rolling_deviation(change, n))


def _efficiency(bars: Bars) -> FloatArray:
    change = log_return(bars.close)
    return zero_where_undefined(log_return(bars.close, 24), 24.0 * rolling_mean(np.abs(change), 24))


def _autocorrelation(bars: Bars) -> FloatArray:
    change = log_return(bars.close)
    before = np.full_like(change, np.nan)
    before[1:] = change[:-1]
    return rolling_correlation(change, before, 48)


def _trix(bars: Bars) -> FloatArray:
    return indicators.trix(bars.close, 15) / 100.0


def _rsi(bars: Bars, *, n: int) -> FloatArray:
    return indicators.rsi(bars.close, n) / 100.0


def _stochastic(bars: Bars) -> FloatArray:
    return indicators.stoch(bars.high, bars.low, bars.close, 14, 3, 0, 3, 0).slowk / 100.0


def _cci(bars: Bars) -> FloatArray:
    return indicators.cci(bars.high, bars.low, bars.close, 20) / 100.0


def _ultimate(bars: Bars) -> FloatArray:
    return indicators.ultosc(bars.high, bars.low, bars.close, 7, 14, 28) / 100.0


def _bollinger_position(bars: Bars) -> FloatArray:
    deviation = rolling_deviation(bars.close, 20)
    return zero_where_undefined(bars.close - rolling_mean(bars.close, 20), 2.0 * deviation)


def _bollinger_width(bars: Bars) -> FloatArray:
    return 4.0 * rolling_deviation(bars.close, 20) / rolling_mean(bars.close, 20)


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

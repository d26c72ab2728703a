"""Indicators: arrays in, arrays out, never looking ahead.

All of TA-Lib's functions are here under its short names in lower case, with its parameters in its
order, its defaults and its warm-up, and others that people use beside them. They take and return
float64 arrays of shape ``(n_bars,)``, oldest first; several outputs come as a named tuple. Element
``t`` of a result depends on elements ``0..t`` only.

* Values within the warm-up are NaN; too short an input gives only NaN. :func:`lookback` says how
  many there are, :func:`warmup` how many bars an indicator needs until its start no longer shows.
* NaN before the first number (the warm-up of another indicator) is passed on. NaN or infinity
  after it raises :class:`~cryptovolt.domain.errors.DataError`.
* Arrays of different lengths raise ``DataError``; parameters out of range raise
  :class:`~cryptovolt.domain.errors.ConfigurationError`.
* :func:`names` lists them. :func:`higher_timeframe` shows what any of them says on longer bars,
  once those have closed.

TA-Lib's functions without a definition of their own (``indicators.cdldoji``, ``indicators.ht_sine``
…) have no types of their own either.
"""

from typing import Any

from cryptovolt.indicators.averages import ema, kama, sma, trima, wma
from cryptovolt.indicators.bands import Bands, bbands, midpoint, midprice, sar
from cryptovolt.indicators.candles import HeikinAshi, heikin_ashi
from cryptovolt.indicators.catalogue import lookback, names, warmup
from cryptovolt.indicators.channels import (
    Ichimoku,
    Supertrend,
    donchian,
    ichimoku,
    keltner,
    supertrend,
)
from cryptovolt.indicators.library import generic
from cryptovolt.indicators.library import names as _talib_names
from cryptovolt.indicators.low_lag import dema, hma, t3, tema, zlema
from cryptovolt.indicators.momentum import (
    Macd,
    apo,
    macd,
    mom,
    ppo,
    roc,
    rocp,
    trix,
    tsi,
)
from cryptovolt.indicators.oscillators import awesome_oscillator, cci, cmo, mfi, rsi, ultosc, willr
from cryptovolt.indicators.profile import VolumeProfile, volume_profile
from cryptovolt.indicators.statistic import (
    beta,
    correl,
    hurst,
    linearreg,
    linearreg_slope,
    stddev,
    tsf,
    var,
)
from cryptovolt.indicators.stochastic import FastStochastic, Stochastic, stoch, stochf, stochrsi
from cryptovolt.indicators.timeframes import higher_timeframe
from cryptovolt.indicators.trend import (
    Aroon,
    Vortex,
    adx,
    adxr,
    aroon,
    aroonosc,
    dx,
    minus_di,
    plus_di,
    vortex,
)
from cryptovolt.indicators.volatility import atr, natr, trange
from cryptovolt.indicators.volume import (
    ad,
    adosc,
    chaikin_money_flow,
    ease_of_movement,
    force_index,
    obv,
)
from cryptovolt.indicators.vwap import anchored_vwap, vwap

__all__ = [
    "Aroon",
    "Bands",
    "FastStochastic",
    "HeikinAshi",
    "Ichimoku",
    "Macd",
    "Stochastic",
    "Supertrend",
    "VolumeProfile",
    "Vortex",
    "ad",
    "adosc",
    "adx",
    "adxr",
    "anchored_vwap",
    "apo",
    "aroon",
    "aroonosc",
    "atr",
    "awesome_oscillator",
    "bbands",
    "beta",
    "cci",
    "chaikin_money_flow",
    "cmo",
    "correl",
    "dema",
    "donchian",
    "dx",
    "ease_of_movement",
    "ema",
    "force_index",
    "heikin_ashi",
    "higher_timeframe",
    "hma",
    "hurst",
    "ichimoku",
    "kama",
    "keltner",
    "linearreg",
    "linearreg_slope",
    "lookback",
    "macd",
    "mfi",
    "midpoint",
    "midprice",
    "minus_di",
    "mom",
    "names",
    "natr",
    "obv",
    "plus_di",
    "ppo",
    "roc",
    "rocp",
    "rsi",
    "sar",
    "sma",
    "stddev",
    "stoch",
    "stochf",
    "stochrsi",
    "supertrend",
    "t3",
    "tema",
    "trange",
    "trima",
    "trix",
    "tsf",
    "tsi",
    "ultosc",
    "var",
    "volume_profile",
    "vortex",
    "vwap",
    "warmup",
    "willr",
    "wma",
    "zlema",
]


def __getattr__(name: str) -> Any:
    if name.startswith("_") or name not in _talib_names():
        raise AttributeError(f"module {__name__!r} has no indicator {name!r}")
    return generic(name)

"""Indicators: arrays in, arrays out, never looking ahead.

The functions are TA-Lib's, under its short names in lower case, with its parameters in its order
and its warm-up. They take and return float64 arrays of shape ``(n_bars,)``, oldest first; several
outputs come as a named tuple. Element ``t`` of a result depends on elements ``0..t`` only.

* Values within the warm-up are NaN; too short an input gives only NaN.
* NaN before the first number (the warm-up of another indicator) is passed on. NaN or infinity
  after it raises :class:`~cryptovolt.domain.errors.DataError`.
* Arrays of different lengths raise ``DataError``; parameters TA-Lib does not accept raise
  :class:`~cryptovolt.domain.errors.ConfigurationError`.

Every other TA-Lib function (``indicators.cdldoji``, ``indicators.ht_sine`` …) is here under its
name too, without types of its own.
"""

from typing import Any

from cryptovolt.indicators.library import generic, names
from cryptovolt.indicators.momentum import Macd, apo, macd, mom, ppo, roc, rocp, trix
from cryptovolt.indicators.oscillators import (
    FastStochastic,
    Stochastic,
    cci,
    cmo,
    mfi,
    rsi,
    stoch,
    stochf,
    stochrsi,
    ultosc,
    willr,
)
from cryptovolt.indicators.overlap import (
    Bands,
    bbands,
    dema,
    ema,
    kama,
    midpoint,
    midprice,
    sar,
    sma,
    t3,
    tema,
    trima,
    wma,
)
from cryptovolt.indicators.statistic import (
    beta,
    correl,
    linearreg,
    linearreg_slope,
    stddev,
    tsf,
    var,
)
from cryptovolt.indicators.trend import (
    Aroon,
    adx,
    adxr,
    aroon,
    aroonosc,
    dx,
    minus_di,
    plus_di,
)
from cryptovolt.indicators.volatility import atr, natr, trange
from cryptovolt.indicators.volume import ad, adosc, obv

__all__ = [
    "Aroon",
    "Bands",
    "FastStochastic",
    "Macd",
    "Stochastic",
    "ad",
    "adosc",
    "adx",
    "adxr",
    "apo",
    "aroon",
    "aroonosc",
    "atr",
    "bbands",
    "beta",
    "cci",
    "cmo",
    "correl",
    "dema",
    "dx",
    "ema",
    "kama",
    "linearreg",
    "linearreg_slope",
    "macd",
    "mfi",
    "midpoint",
    "midprice",
    "minus_di",
    "mom",
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
    "t3",
    "tema",
    "trange",
    "trima",
    "trix",
    "tsf",
    "ultosc",
    "var",
    "willr",
    "wma",
]


def __getattr__(name: str) -> Any:
    if name.startswith("_") or name not in names():
        raise AttributeError(f"module {__name__!r} has no indicator {name!r}")
    return generic(name)

"""What a feature is: one column of the matrix a model sees.

Every feature is a dimensionless number that says the same at 100 and at 100,000 quote units: no raw
price, volume or running sum. Row ``t`` depends on bars ``0..t`` only.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.sentiment import SentimentSeries


class Group(StrEnum):
    """What a feature describes."""

    RETURN = "return"
    VOLATILITY = "volatility"
    RANGE = "range"
    VOLUME = "volume"
    TREND = "trend"
    MOMENTUM = "momentum"
    OSCILLATOR = "oscillator"
    SEASON = "season"
    SENTIMENT = "sentiment"


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature of bars.

    Parameters
    ----------
    name : str
        Column name; the number in it is a count of bars.
    group : Group
        What it describes.
    formula : str
        How it is computed; ``o h l c v`` are the bar, ``r`` is ``ln(c[t] / c[t-1])``.
    warmup : int
        Bars before ``t`` after which the value no longer depends on where the bars begin, within
        1e-9 of the feature's own spread.
    compute : callable
        Bars in, shape ``(n_bars,)`` out; causal; finite after the warm-up for clean bars.
    longest_bar_ms : int or None
        Bars as long as this or longer make the feature constant: it is left out for them.
    """

    name: str
    group: Group
    formula: str
    warmup: int
    compute: Callable[[Bars], FloatArray]
    longest_bar_ms: int | None = None

    def says_something_for(self, bars: Bars) -> bool:
        """Whether the feature varies at the time frame of the bars."""
        return self.longest_bar_ms is None or bars.interval_ms < self.longest_bar_ms


@dataclass(frozen=True, slots=True)
class SentimentFeature:
    """A feature of what had been read by the close of each bar.

    Parameters
    ----------
    name : str
        Column name.
    formula : str
        How it is computed.
    window_ms : int
        Items seen this long before the bar's close, and earlier, do not count.
    compute : callable
        Series and bar closes (milliseconds UTC) in, shape ``(n_bars,)`` out; always finite.
    """

    name: str
    formula: str
    window_ms: int
    compute: Callable[[SentimentSeries, IntArray], FloatArray]
    group: Group = Group.SENTIMENT
    warmup: int = 0


def zero_where_undefined(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Return the ratio, 0 where the denominator is 0, NaN where either is NaN."""
    result = np.zeros_like(numerator)
    np.divide(numerator, denominator, out=result, where=denominator != 0.0)
    return result


def log_return(values: FloatArray, n_bars: int = 1) -> FloatArray:
    """Return the log change over `n_bars`; the first `n_bars` values are NaN."""
    result = np.full(values.size, np.nan)
    result[n_bars:] = np.log(values[n_bars:] / values[:-n_bars])
    return result

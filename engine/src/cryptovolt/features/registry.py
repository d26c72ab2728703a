"""What a feature is: one column of the matrix a model sees.

Every feature is a dimensionless number that says the same at 100 and at 100,000 quote units: no raw
price, volume or running sum. Row ``t`` depends on bars ``0..t`` only, and on what else was known by
the close of bar ``t``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.features.inputs import Inputs, log_return

__all__ = ["Feature", "FeatureSource", "Group", "SentimentFeature", "every_timeframe", "log_return"]


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
    HIGHER = "longer time frame"
    FUNDING = "funding"
    BASIS = "basis"
    LEADER = "leader"
    SENTIMENT = "sentiment"


class FeatureSource(StrEnum):
    """What a feature is computed from."""

    BARS = "bars"
    FUNDING = "funding"
    BASIS = "basis"
    LEADER = "leader"
    SENTIMENT = "sentiment"


def every_timeframe(timeframe: str) -> bool:
    """Return that a feature varies at any time frame."""
    return bool(timeframe)


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature of bars, and of what is given beside them.

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
        A slice's inputs in, shape ``(n_bars,)`` out; causal; finite after the warm-up for clean
        bars, and for what is given beside them as long as it covers them.
    source : FeatureSource
        What it is computed from.
    needs : tuple of str
        Arguments of :func:`cryptovolt.build_features` without which it is absent.
    lag_ms : int
        How long after something happened it counts as known.
    varies_at : callable
        Whether the feature varies at a time frame: it is left out where it does not.
    """

    name: str
    group: Group
    formula: str
    warmup: int
    compute: Callable[[Inputs], FloatArray]
    source: FeatureSource = FeatureSource.BARS
    needs: tuple[str, ...] = ()
    lag_ms: int = 0
    varies_at: Callable[[str], bool] = every_timeframe

    def says_something_for(self, bars: Bars) -> bool:
        """Whether the feature varies at the time frame of the bars."""
        return self.varies_at(bars.timeframe)


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
    lag_ms : int
        0: an item counts from the moment it was seen.
    """

    name: str
    formula: str
    window_ms: int
    compute: Callable[[SentimentSeries, IntArray], FloatArray]
    group: Group = Group.SENTIMENT
    warmup: int = 0
    source: FeatureSource = FeatureSource.SENTIMENT
    needs: tuple[str, ...] = ("sentiment",)
    lag_ms: int = 0

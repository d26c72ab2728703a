"""What is given beside the bars of a market: other prices, each as known at each bar's close."""

from collections.abc import Mapping

import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.market.checking import require_clean

MOST_CARRIED_BARS = 12
"""For so many bars the last known value stands in for a missing one; after that it is NaN."""


def known_beside(
    bars: Bars, mark: Bars | None, index: Bars | None, leader: Bars | None
) -> Mapping[str, FloatArray]:
    """Return ``ln(c / mark)``, ``ln(c / index)`` and the leader's close, of what was given.

    Raises
    ------
    DataError
        If one has no bars or bars with errors.
    ConfigurationError
        If one has another time frame, or the leader is the market itself.
    """
    found: dict[str, FloatArray] = {}
    for name, other in (("mark", mark), ("index", index)):
        if other is not None:
            _check(bars, other, name)
            found[name] = _gap(bars, other)
    if leader is not None:
        _check(bars, leader, "leader")
        if (leader.symbol, leader.source) == (bars.symbol, bars.source):
            raise ConfigurationError(
                f"expected another market as the leader of {bars.symbol}, found itself; leave it "
                "out for the leader's own bars"
            )
        found["leader"] = _leader_close(bars, leader)
    return found


def _check(bars: Bars, other: Bars, name: str) -> None:
    if not len(other):
        raise DataError(f"expected {name} bars beside {bars.symbol}, found none")
    if other.timeframe != bars.timeframe:
        raise ConfigurationError(
            f"expected {name} bars of {bars.timeframe}, the time frame of {bars.symbol}, found "
            f"{other.timeframe}"
        )
    require_clean(other)


def _gap(bars: Bars, other: Bars) -> FloatArray:
    # Not the newest price of either: two prices of different moments have no gap.
    place = np.searchsorted(other.timestamp, bars.timestamp)
    place = np.minimum(place, len(other) - 1)
    paired = other.timestamp[place] == bars.timestamp
    rows = np.flatnonzero(paired)
    gap = np.log(bars.close[rows] / other.close[place[rows]])
    newest = np.cumsum(paired) - 1
    return _carried(bars, bars.timestamp[rows], gap, newest)


def _leader_close(bars: Bars, leader: Bars) -> FloatArray:
    newest = np.searchsorted(leader.timestamp, bars.timestamp, side="right") - 1
    return _carried(bars, leader.timestamp, leader.close, newest)


def _carried(bars: Bars, times: IntArray, values: FloatArray, newest: IntArray) -> FloatArray:
    if not times.size:
        return np.full(len(bars), np.nan)
    row = np.maximum(newest, 0)
    age = bars.timestamp - times[row]
    known = (newest >= 0) & (age <= MOST_CARRIED_BARS * bars.interval_ms)
    return np.where(known, values[row], np.nan)

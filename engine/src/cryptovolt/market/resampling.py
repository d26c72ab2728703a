"""Longer bars from shorter ones. Only complete information flows forward."""

import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.timeframe import alignment_ms, timeframe_ms
from cryptovolt.market.checking import require_clean
from cryptovolt.market.precision import MAX_DECIMALS, decimals


def resample(bars: Bars, timeframe: str) -> Bars:
    """Return longer bars.

    Buckets are aligned to the Unix epoch, weeks to Monday 00:00 UTC. A last bucket whose last
    source bar is not there yet is dropped. A bucket with bars missing inside it, or at its start,
    is made of those that are there: :func:`missing_source_bars` says how many are not. A bucket
    without any bar is left out.

    Parameters
    ----------
    bars : Bars
        Without errors, see :func:`cryptovolt.check_bars`.
    timeframe : str
        A multiple of the time frame of the bars.

    Returns
    -------
    Bars
        Open of the first, highest high, lowest low, close of the last bar of each bucket; volume is
        their sum.

    Raises
    ------
    BadBarError
        If the bars have errors.
    ConfigurationError
        If the time frame is no multiple of that of the bars.
    """
    starts, opens = _buckets(bars, timeframe)
    if not starts.size:
        return Bars(
            symbol=bars.symbol,
            timeframe=timeframe,
            source=bars.source,
            timestamp=opens,
            **{name: np.empty(0) for name in ("open", "high", "low", "close", "volume")},
        )
    ends = np.append(starts[1:], _n_complete(bars, timeframe)) - 1
    n_used = int(ends[-1]) + 1
    return Bars(
        symbol=bars.symbol,
        timeframe=timeframe,
        source=bars.source,
        timestamp=opens,
        open=bars.open[starts],
        high=np.maximum.reduceat(bars.high[:n_used], starts),
        low=np.minimum.reduceat(bars.low[:n_used], starts),
        close=bars.close[ends],
        volume=_sums(bars.volume[:n_used], starts),
    )


def missing_source_bars(bars: Bars, timeframe: str) -> IntArray:
    """Return how many source bars each bar of ``resample(bars, timeframe)`` lacks.

    Returns
    -------
    ndarray of shape (n_resampled_bars,)
        0 where the bucket is whole.
    """
    starts, _ = _buckets(bars, timeframe)
    found = np.diff(np.append(starts, _n_complete(bars, timeframe)))
    return timeframe_ms(timeframe) // bars.interval_ms - found


def _buckets(bars: Bars, timeframe: str) -> tuple[IntArray, IntArray]:
    length = timeframe_ms(timeframe)
    if length % bars.interval_ms:
        raise ConfigurationError(
            f"expected a multiple of {bars.timeframe} to resample to, found {timeframe}"
        )
    require_clean(bars)
    time = bars.timestamp[: _n_complete(bars, timeframe)]
    opens = _bucket_opens(time, timeframe)
    starts = np.flatnonzero(np.diff(opens, prepend=opens[:1] - 1))
    return starts, opens[starts]


def _bucket_opens(time: IntArray, timeframe: str) -> IntArray:
    offset, length = alignment_ms(timeframe), timeframe_ms(timeframe)
    return (time - offset) // length * length + offset


def _n_complete(bars: Bars, timeframe: str) -> int:
    if not len(bars):
        return 0
    last_open = int(_bucket_opens(bars.timestamp[-1:], timeframe)[0])
    if bars.timestamp[-1] + bars.interval_ms == last_open + timeframe_ms(timeframe):
        return len(bars)
    return int(np.searchsorted(bars.timestamp, last_open))


def _sums(volume: FloatArray, starts: IntArray) -> FloatArray:
    sums: FloatArray = np.add.reduceat(volume, starts)
    # Exchanges write volumes with few decimals. Their sum has no more, but adding floats leaves
    # dust in the last bits, which rounding takes away: the sum is then what the exchange writes.
    # Each bar by its own volumes, or later ones would change what earlier ones were.
    places = np.maximum.reduceat(decimals(volume), starts)
    written = np.logical_and.reduceat(np.round(volume, MAX_DECIMALS) == volume, starts)
    for count in np.unique(places[written]).tolist():
        rows = written & (places == count)
        sums[rows] = np.round(sums[rows], count)
    return sums

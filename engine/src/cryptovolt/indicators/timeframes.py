"""Values of a longer time frame on shorter bars, each from the moment its own bar has closed."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar, cast

import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import DataError
from cryptovolt.market.resampling import resample

Values = TypeVar("Values", bound=FloatArray | tuple[FloatArray, ...])


def higher_timeframe(bars: Bars, timeframe: str, compute: Callable[[Bars], Values]) -> Values:
    """Return what an indicator says on longer bars, as it is known at each of the given bars.

    The value of a longer bar is seen first by the bar that closes when the longer one closes, and
    by all after it until the next one has closed. What a longer bar is *going to be* is never
    seen: a chart that fills it in while it forms repaints. Where the last bars before the close of
    a longer one are missing, the next bar there is sees it.

    Parameters
    ----------
    bars : Bars
        Without errors, see :func:`cryptovolt.check_bars`.
    timeframe : str
        A multiple of the time frame of the bars, e.g. ``"4h"``.
    compute : callable
        Takes the longer bars, returns an array of shape ``(n_longer_bars,)`` or
        ``(n_longer_bars, n_columns)``, or a tuple of such arrays; element ``t`` may depend on
        longer bars ``0..t`` only. For example ``lambda b: cv.indicators.ema(b.close, 20)``.

    Returns
    -------
    ndarray of shape (n_bars,) or (n_bars, n_columns), or a tuple of such
        As `compute` returns it, a named tuple included; NaN before the first longer bar with a
        value has closed. A warm-up of W longer bars is one of at most ``(W + 1) * timeframe``.

    Raises
    ------
    BadBarError
        If the bars have errors.
    ConfigurationError
        If the time frame is no multiple of that of the bars.
    DataError
        If `compute` returns arrays of another length than the bars it was given.

    References
    ----------
    Alexander Elder, *Trading for a Living*, 1993, ch. 43, for the use; the rule of visibility is
    CryptoVolt's.
    """
    longer = resample(bars, timeframe)
    starts = np.searchsorted(bars.timestamp, longer.timestamp)
    if starts.size:
        # Resampling rounds sums to the decimals of all volumes, of later ones too; these are not.
        end = int(longer.timestamp[-1]) + longer.interval_ms
        stop = int(np.searchsorted(bars.timestamp, end))
        sums: FloatArray = np.add.reduceat(bars.volume[:stop], starts)
        longer = replace(longer, volume=sums)
    closes = longer.timestamp + longer.interval_ms
    newest = np.searchsorted(closes, bars.timestamp + bars.interval_ms, side="right") - 1
    found: Any = compute(longer)
    if not isinstance(found, tuple):
        return _as_seen(found, newest, len(longer))
    parts = cast("tuple[Any, ...]", found)
    shown = [_as_seen(part, newest, len(longer)) for part in parts]
    bundle: Any = type(parts)
    return bundle(*shown) if hasattr(bundle, "_fields") else bundle(shown)


def _as_seen(values: Any, newest: IntArray, n_longer: int) -> Any:
    array = np.asarray(values, dtype=np.float64)
    if not array.ndim or array.shape[0] != n_longer:
        raise DataError(
            f"expected {n_longer} values from compute, one per longer bar, found shape "
            f"{array.shape}"
        )
    seen = np.full((newest.size, *array.shape[1:]), np.nan)
    known = newest >= 0
    seen[known] = array[newest[known]]
    return seen

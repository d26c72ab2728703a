"""Anchored windows: the same bits in batch and live.

A running sum remembers where it began, so an indicator over all history and the same indicator
over the last bars differ in their last bits. Here time is cut into blocks of a fixed number of bar
intervals, counted from the epoch. A value at bar ``t`` is always computed from the slice that
starts ``warmup`` bars before the first bar of ``t``'s block. A batch computes block by block; live
computes the open block's slice at each bar. Both hand the same numbers to the same function, so
that the results agree bit for bit, at a bounded cost per bar.

The function must be causal: element ``t`` of what it returns may depend on elements ``0..t`` only.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars

BLOCK_BARS = 2048
"""Bar intervals per block."""


@dataclass(frozen=True, slots=True)
class Window:
    """One block: compute on rows ``start:stop``, keep rows ``first:stop``."""

    start: int
    first: int
    stop: int


def anchored_windows(bars: Bars, warmup: int) -> Iterator[Window]:
    """Yield the windows that cover the bars, in order.

    Parameters
    ----------
    bars : Bars
        Ordered by time; gaps are allowed (a block with missing bars is only shorter).
    warmup : int
        Bars before a block's first bar that its values are computed from.
    """
    if not len(bars):
        return
    block = bars.timestamp // (BLOCK_BARS * bars.interval_ms)
    firsts = np.flatnonzero(np.diff(block, prepend=block[:1] - 1))
    stops = np.append(firsts[1:], len(bars))
    for first, stop in zip(firsts.tolist(), stops.tolist(), strict=True):
        yield Window(start=max(0, first - warmup), first=first, stop=stop)


def compute_anchored(bars: Bars, warmup: int, compute: Callable[[Bars], FloatArray]) -> FloatArray:
    """Return `compute` of the bars, evaluated in anchored windows.

    Parameters
    ----------
    bars : Bars
        Ordered by time.
    warmup : int
        Bars after which `compute` no longer depends on where its input began.
    compute : callable
        Takes bars of length n, returns shape ``(n,)`` or ``(n, n_columns)``; causal.

    Returns
    -------
    ndarray of shape (n_bars,) or (n_bars, n_columns)
    """
    parts = [
        compute(bars[window.start : window.stop])[window.first - window.start :]
        for window in anchored_windows(bars, warmup)
    ]
    return np.concatenate(parts) if parts else compute(bars)


def live_rows(warmup: int) -> int:
    """Return how many of the newest bars reproduce the last batch value at any moment."""
    return warmup + BLOCK_BARS

"""Volume by price over a moving window."""

import numpy as np
from numba import njit

from cryptovolt.domain.arrays import FloatArray


@njit(cache=True, nogil=True)
def _fill(
    high: FloatArray,
    low: FloatArray,
    volume: FloatArray,
    floor: float,
    width: float,
    bins: FloatArray,
) -> None:
    last = bins.size - 1
    per_width = 1.0 / width
    bins[:] = 0.0
    for i in range(high.size):
        lowest = min(int((low[i] - floor) * per_width), last)
        highest = min(int((high[i] - floor) * per_width), last)
        if lowest == highest:
            bins[lowest] += volume[i]
            continue
        per_price = volume[i] / (high[i] - low[i])
        bins[lowest] += (floor + (lowest + 1) * width - low[i]) * per_price
        for k in range(lowest + 1, highest):
            bins[k] += width * per_price
        bins[highest] += (high[i] - floor - highest * width) * per_price


@njit(cache=True, nogil=True)
def _value_area(bins: FloatArray, peak: int, wanted: float) -> tuple[int, int]:
    below = above = peak
    held = bins[peak]
    while held < wanted and (below > 0 or above < bins.size - 1):
        lower = bins[below - 1] if below > 0 else -1.0
        upper = bins[above + 1] if above < bins.size - 1 else -1.0
        if upper > lower:
            above += 1
            held += upper
        else:
            below -= 1
            held += lower
    return below, above


@njit(cache=True, nogil=True)
def rolling_profile(
    high: FloatArray, low: FloatArray, volume: FloatArray, window: int, n_bins: int, share: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return point of control, upper and lower end of the value area of the newest bars."""
    n_bars = high.size
    control = np.full(n_bars, np.nan)
    upper = np.full(n_bars, np.nan)
    lower = np.full(n_bars, np.nan)
    bins = np.empty(n_bins)
    for t in range(window - 1, n_bars):
        rows = slice(t - window + 1, t + 1)
        floor = low[rows].min()
        ceiling = high[rows].max()
        total = volume[rows].sum()
        width = (ceiling - floor) / n_bins
        if not total > 0.0:
            continue
        if not width > 0.0:
            control[t] = upper[t] = lower[t] = floor
            continue
        _fill(high[rows], low[rows], volume[rows], floor, width, bins)
        peak = int(np.argmax(bins))
        below, above = _value_area(bins, peak, share * total)
        control[t] = floor + (peak + 0.5) * width
        upper[t] = floor + (above + 1) * width
        lower[t] = floor + below * width
    return control, upper, lower

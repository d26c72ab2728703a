"""Volume by price over a moving window."""

import numpy as np
from numba import njit

from cryptovolt.domain.arrays import FloatArray

# Below it, the number of bins in one unit of price is no float.
_NARROWEST = 1e-300


@njit(cache=True, nogil=True)
def _fill(
    high: FloatArray,
    low: FloatArray,
    volume: FloatArray,
    density: FloatArray,
    floor: float,
    width: float,
    bins: FloatArray,
) -> None:
    last = bins.size - 1
    per_width = 1.0 / width
    bins[:] = 0.0
    for i in range(high.size):
        bottom = (low[i] - floor) * per_width
        top = (high[i] - floor) * per_width
        lowest = max(0, min(int(bottom), last))
        highest = max(0, min(int(top), last))
        if lowest == highest:
            bins[lowest] += volume[i]
            continue
        in_bin = width * density[i]
        bins[lowest] += (lowest + 1 - bottom) * in_bin
        for k in range(lowest + 1, highest):
            bins[k] += in_bin
        bins[highest] += (top - highest) * in_bin


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
    # Volume per unit of price; a bar without a range lies in one bin and needs none.
    density = np.zeros(n_bars)
    for i in range(n_bars):
        if high[i] > low[i]:
            density[i] = volume[i] / (high[i] - low[i])
    for t in range(window - 1, n_bars):
        floor, ceiling, total = np.inf, -np.inf, 0.0
        for i in range(t - window + 1, t + 1):
            floor = min(floor, low[i])
            ceiling = max(ceiling, high[i])
            total += volume[i]
        width = (ceiling - floor) / n_bins
        if not total > 0.0:
            continue
        if not width > _NARROWEST:
            control[t] = upper[t] = lower[t] = floor
            continue
        rows = slice(t - window + 1, t + 1)
        _fill(high[rows], low[rows], volume[rows], density[rows], floor, width, bins)
        peak = int(np.argmax(bins))
        below, above = _value_area(bins, peak, share * total)
        control[t] = floor + (peak + 0.5) * width
        upper[t] = floor + (above + 1) * width
        lower[t] = floor + below * width
    return control, upper, lower

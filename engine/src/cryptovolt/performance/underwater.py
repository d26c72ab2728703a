"""The times an account spent below its highest equity.

A drawdown begins with the first period below a high and ends with the first one that reaches it
again. The equity at the start counts as a high.
"""

from dataclasses import dataclass

import numpy as np

from cryptovolt.domain.arrays import BoolArray, FloatArray, IntArray
from cryptovolt.performance.returns import drawdowns


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawdowns:
    """Drawdowns in order of time; every field has shape ``(n_drawdowns,)``.

    Parameters
    ----------
    start : ndarray of int64
        Row of the first period below the high.
    trough : ndarray of int64
        Row of the lowest equity, the first of equals.
    end : ndarray of int64
        Row of the first period that reaches the high again; the number of periods where none does.
    depth : ndarray of float64
        Loss from the high to the trough, as a fraction > 0.
    recovered : ndarray of bool
        Whether the high was reached again.
    """

    start: IntArray
    trough: IntArray
    end: IntArray
    depth: FloatArray
    recovered: BoolArray

    def __len__(self) -> int:
        return self.start.size

    @property
    def length(self) -> IntArray:
        """Periods below the high."""
        return self.end - self.start


def find_drawdowns(equity: FloatArray, start: float) -> Drawdowns:
    """Return every drawdown.

    Parameters
    ----------
    equity : ndarray of shape (n,)
        At the end of each period, quote currency.
    start : float
        Equity before the first period, positive.
    """
    below = drawdowns(np.concatenate([[start], equity]))[1:]
    under = np.concatenate([[False], below > 0.0, [False]])
    edges = np.flatnonzero(under[1:] != under[:-1])
    first, end = edges[0::2], edges[1::2]
    if not first.size:
        none = np.empty(0, np.int64)
        return Drawdowns(
            start=none, trough=none, end=none, depth=np.empty(0), recovered=np.empty(0, np.bool_)
        )
    # Between two drawdowns nothing is above 0, so a part may reach up to the next one's start.
    depth = np.maximum.reduceat(below, first)
    part = np.repeat(np.arange(first.size), end - first)
    rows = np.flatnonzero(below > 0.0)
    deepest = rows[below[rows] == depth[part]]
    trough = deepest[np.searchsorted(deepest, first)]
    return Drawdowns(start=first, trough=trough, end=end, depth=depth, recovered=end < equity.size)


def time_under_water(equity: FloatArray, start: float) -> float:
    """Return the share of periods that end below the highest equity so far; NaN without any."""
    if not equity.size:
        return float("nan")
    return float((drawdowns(np.concatenate([[start], equity]))[1:] > 0.0).mean())


def recovery_factor(equity: FloatArray, start: float) -> float:
    """Return the total return over the largest drawdown; NaN where there is no drawdown."""
    depth = float(drawdowns(np.concatenate([[start], equity])).max())
    return (float(equity[-1]) / start - 1.0) / depth if depth > 0 else float("nan")

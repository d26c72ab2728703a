"""Results over time as frames."""

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.timeframe import DAY_MS
from cryptovolt.performance.calendar import last_rows
from cryptovolt.performance.returns import returns_of
from cryptovolt.performance.underwater import find_drawdowns

if TYPE_CHECKING:
    import pandas as pd


def utc(moments: IntArray) -> pl.Series:
    """Return milliseconds UTC as a series of times that know their zone."""
    return pl.Series(moments).cast(pl.Datetime("ms")).dt.replace_time_zone("UTC")


def drawdown_frame(timestamp: IntArray, equity: FloatArray, cash: float) -> pl.DataFrame:
    """Return one row per drawdown, the deepest first.

    ``start`` is the open of the first bar that closed below a high, ``trough`` of the bar that
    closed lowest, ``recovery`` of the first one that closed at the high again, null where none did.
    ``depth`` is a fraction > 0, ``bars`` the number of bars that closed below the high,
    ``bars_to_trough`` those up to the lowest close.
    """
    found = find_drawdowns(equity, cash)
    recovery = utc(timestamp[np.minimum(found.end, max(0, timestamp.size - 1))])
    frame = pl.DataFrame(
        {
            "start": utc(timestamp[found.start]),
            "trough": utc(timestamp[found.trough]),
            "recovery": recovery.set(pl.Series(~found.recovered, dtype=pl.Boolean), None),
            "depth": found.depth,
            "bars": found.length,
            "bars_to_trough": found.trough - found.start + 1,
        }
    )
    return frame.sort("depth", descending=True, maintain_order=True)


def daily_series(timestamp: IntArray, equity: FloatArray, cash: float) -> "pd.Series":
    """Return the return of every UTC day that has bars, without those after ruin."""
    rows = last_rows(timestamp // DAY_MS)
    returns = returns_of(equity[rows], cash)
    days = (timestamp[rows] // DAY_MS).astype("datetime64[D]").astype("datetime64[ns]")
    known = np.isfinite(returns)
    frame = pl.DataFrame({"date": days[known], "strategy": returns[known]})
    indexed: Any = frame.to_pandas().set_index("date")
    return indexed["strategy"]

"""Bars: open, high, low, close and volume of one symbol at one time frame.

Times are int64 milliseconds UTC at bar open. Prices are in quote currency, volume in base currency,
both float64. All arrays have shape ``(n_bars,)``, oldest first, and cannot be written to.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from cryptovolt.domain.arrays import FloatArray, IntArray, read_only
from cryptovolt.domain.errors import DataError
from cryptovolt.domain.timeframe import timeframe_ms

if TYPE_CHECKING:
    import pandas as pd

PRICE_COLUMNS = ("open", "high", "low", "close")
VALUE_COLUMNS = (*PRICE_COLUMNS, "volume")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class Bars:
    """Bars of one symbol, one time frame and one source.

    Construction checks shapes and types and copies nothing that has the right type already; whether
    the *content* makes sense is answered by :func:`cryptovolt.check_bars`.

    Parameters
    ----------
    symbol : str
        Venue form, e.g. ``"BTCUSDT"``.
    timeframe : str
        E.g. ``"1h"``.
    timestamp : array-like of shape (n_bars,)
        Bar open, integer milliseconds UTC.
    open, high, low, close : array-like of shape (n_bars,)
        Quote currency.
    volume : array-like of shape (n_bars,)
        Base currency.
    source : str
        Venue and market, e.g. ``"binance"`` or ``"binance-usdm"``: a spot and a perpetual market
        of one name are different.

    Raises
    ------
    DataError
        If the arrays differ in shape or hold something else than numbers.
    ConfigurationError
        If the time frame is unknown.
    """

    symbol: str
    timeframe: str
    timestamp: IntArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    source: str = "unspecified"

    def __post_init__(self) -> None:
        timeframe_ms(self.timeframe)
        if not self.symbol:
            raise DataError("expected a symbol such as 'BTCUSDT', found an empty text")
        object.__setattr__(self, "timestamp", _as_times(self.timestamp))
        for name in VALUE_COLUMNS:
            object.__setattr__(self, name, _as_values(getattr(self, name), name))
        shapes = {name: getattr(self, name).shape for name in ("timestamp", *VALUE_COLUMNS)}
        if len(set(shapes.values())) != 1:
            raise DataError(f"expected arrays of one length, found shapes {shapes}")

    def __len__(self) -> int:
        return self.timestamp.size

    def __getitem__(self, rows: slice) -> "Bars":
        """Return the bars of a slice of rows, without copying."""
        return Bars(
            symbol=self.symbol,
            timeframe=self.timeframe,
            timestamp=self.timestamp[rows],
            open=self.open[rows],
            high=self.high[rows],
            low=self.low[rows],
            close=self.close[rows],
            volume=self.volume[rows],
            source=self.source,
        )

    def __repr__(self) -> str:
        if not len(self):
            return f"Bars({self.symbol} {self.timeframe}, none, source={self.source!r})"
        first, last = self.timestamp[[0, -1]].astype("datetime64[ms]").astype("datetime64[m]")
        return (
            f"Bars({self.symbol} {self.timeframe}, {len(self):,} bars, {first} to {last} UTC, "
            f"source={self.source!r})"
        )

    @property
    def interval_ms(self) -> int:
        """Length of one bar in milliseconds."""
        return timeframe_ms(self.timeframe)

    def content_hash(self) -> str:
        """Return the SHA-256 of symbol, time frame, source and every value, as 64 hex digits."""
        digest = hashlib.sha256(f"{self.symbol}|{self.timeframe}|{self.source}\n".encode())
        for name in ("timestamp", *VALUE_COLUMNS):
            digest.update(np.ascontiguousarray(getattr(self, name)).data)
        return digest.hexdigest()

    def to_polars(self) -> pl.DataFrame:
        """Return a frame with ``timestamp`` (datetime, UTC) and the five value columns."""
        time = (
            pl.Series("timestamp", self.timestamp)
            .cast(pl.Datetime("ms"))
            .dt.replace_time_zone("UTC")
        )
        return pl.DataFrame([time, *(pl.Series(c, getattr(self, c)) for c in VALUE_COLUMNS)])

    def to_pandas(self) -> "pd.DataFrame":
        """Return a pandas frame indexed by ``timestamp`` (needs the extra ``pandas``)."""
        return self.to_polars().to_pandas().set_index("timestamp")


def concatenated(parts: Sequence[Bars]) -> Bars:
    """Return bars of one series one after the other, with the labels of the first part.

    Parameters
    ----------
    parts : sequence of Bars
        At least one; whether their times fit together is not looked at.
    """
    first = parts[0]
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("timestamp", *VALUE_COLUMNS)
    }
    return Bars(symbol=first.symbol, timeframe=first.timeframe, source=first.source, **columns)


def _as_times(values: Any) -> IntArray:
    array = np.asarray(values)
    if array.dtype.kind == "M":
        array = array.astype("datetime64[ms]").astype(np.int64)
    if array.dtype.kind not in "iu" or array.ndim != 1:
        raise DataError(
            "expected timestamp as one-dimensional integers (milliseconds UTC), found "
            f"{array.dtype} of shape {array.shape}"
        )
    return _frozen(array, array.astype(np.int64, copy=False))


def _as_values(values: Any, name: str) -> FloatArray:
    array = np.asarray(values)
    if array.dtype.kind not in "iuf" or array.ndim != 1:
        raise DataError(
            f"expected {name} as one-dimensional numbers, found {array.dtype} of shape "
            f"{array.shape}"
        )
    return _frozen(array, array.astype(np.float64, copy=False))


def _frozen(given: Any, array: Any) -> Any:
    # A view of its own, so that freezing it leaves the caller's array writable.
    view = array.view() if array is given else array
    read_only(view)
    return view

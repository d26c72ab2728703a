"""Reading bars from files.

What a file *means* is normalised: units of time, order and names of columns, the volume of the base
asset. What a file *says* is left alone: its rows keep their order, duplicates and faults, so that
:func:`cryptovolt.check_bars` can tell what is wrong and :func:`cryptovolt.clean_bars` what it
changed.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import VALUE_COLUMNS, Bars
from cryptovolt.domain.errors import DataError
from cryptovolt.domain.timeframe import timeframe_ms
from cryptovolt.market.layouts import Layout
from cryptovolt.market.naming import (
    base_asset,
    check_spacing,
    read_name,
    same_symbol,
    spacing_timeframe,
    venue_symbol,
)
from cryptovolt.market.sources import FileKind, explained, probe
from cryptovolt.market.tables import read_tables, table_layout
from cryptovolt.market.times import parse_times

_MISSING = ("", "nan", "null", "none", "na", "n/a")
_UNSPECIFIED = "unspecified"


@dataclass(frozen=True, slots=True)
class BarFile:
    """A file of bars: what it holds, and its bars batch by batch.

    Parameters
    ----------
    path : Path
    symbol, timeframe, source : str
        As given, or as the file says.
    layout : str
        The layout that was recognised.
    units : Counter
        Rows per unit of time; filled while batches are read.
    """

    path: Path
    symbol: str
    timeframe: str
    source: str
    layout: str
    kind: FileKind
    columns: Layout
    units: Counter[str] = field(default_factory=Counter[str])

    def batches(self) -> Iterator[Bars]:
        """Yield the bars of the file, in its order, some 65,000 at a time."""
        self.units.clear()
        first_row = 1
        with explained(self.path):
            for frame in read_tables(self.path, self.kind, self.columns):
                _check_labels(frame, self.symbol, self.timeframe)
                yield self._bars(frame, first_row)
                first_row += len(frame)

    def read(self) -> Bars:
        """Return all bars of the file."""
        parts: dict[str, list[Any]] = {name: [] for name in ("timestamp", *VALUE_COLUMNS)}
        for batch in self.batches():
            for name, collected in parts.items():
                collected.append(getattr(batch, name))
        # Column by column, so that parts and whole are never there together.
        columns = {name: np.concatenate(parts.pop(name)) for name in tuple(parts)}
        return Bars(symbol=self.symbol, timeframe=self.timeframe, source=self.source, **columns)

    def _bars(self, frame: pl.DataFrame, first_row: int) -> Bars:
        times = parse_times(frame["time"], first_row)
        self.units.update(times.units)
        values = {name: parse_numbers(frame[name], first_row) for name in VALUE_COLUMNS}
        return Bars(
            symbol=self.symbol,
            timeframe=self.timeframe,
            source=self.source,
            timestamp=times.timestamp,
            **values,
        )


def open_bars(
    path: str | PathLike[str],
    symbol: str | None = None,
    timeframe: str | None = None,
    source: str | None = None,
) -> BarFile:
    """Find out what a file of bars holds; see :func:`read_bars`."""
    place = Path(path)
    with explained(place):
        if timeframe is not None:
            timeframe_ms(timeframe)
        found = probe(place)
        name = read_name(place)
        columns = table_layout(place, found, symbol or name.symbol)
        first = next(read_tables(place, found.kind, columns), None)
        if first is None:
            raise DataError("expected bars, found a header and no row")
        labels = {label: _label(first, label) for label in ("symbol", "timeframe", "source")}
        times = parse_times(first["time"], 1).timestamp
        told = _told("time frame", timeframe, labels["timeframe"] or name.timeframe)
        interval = told or spacing_timeframe(times)
        if interval is None:
            raise DataError("the time frame cannot be told from one bar: give it, for example 1h")
        check_spacing(times, interval)
        return BarFile(
            path=place,
            symbol=_symbol(symbol, labels["symbol"], name.symbol),
            timeframe=interval,
            source=source or labels["source"] or name.source or _UNSPECIFIED,
            layout=columns.name,
            kind=found.kind,
            columns=columns,
        )


def read_bars(
    path: str | PathLike[str],
    symbol: str | None = None,
    timeframe: str | None = None,
    source: str | None = None,
) -> Bars:
    """Read bars from a CSV, JSON, feather or Parquet file, plain, gzipped or zipped.

    Layouts of freqtrade, of the Binance archive and of CryptoDataDownload are recognised, else any
    order of named columns, or rows that begin with time, open, high, low, close and volume. Times
    may be seconds, milliseconds, microseconds or nanoseconds, told apart by their size row by row,
    or text. Rows keep the file's order and faults.

    Parameters
    ----------
    path : path-like
    symbol, timeframe, source : str, optional
        What is given is checked against the file's columns, name and spacing of times; what is
        not given is taken from there. A source that nobody names is ``"unspecified"``.

    Returns
    -------
    Bars
        Volume is that of the base asset.

    Raises
    ------
    DataError
        If the file cannot be read, its columns cannot be told, a cell is no number, or the file
        contradicts what was given. A missing number is NaN, for :func:`check_bars` to find.
    """
    return open_bars(path, symbol, timeframe, source).read()


def _symbol(given: str | None, column: str | None, name: str | None) -> str:
    # A name without a quote asset, such as ETH-1h.csv, is a hint and no statement.
    if name is not None and base_asset(name) == name and (given or column):
        name = None
    for said in (column, name):
        if given is not None and said is not None and not same_symbol(given, said):
            raise DataError(f"expected bars of {given}, the file says {said}")
    if given is None and column and name and not same_symbol(column, name):
        raise DataError(f"the file's name says {name}, its rows say {column}: give the symbol")
    found = given or column or name
    if found is None:
        raise DataError("the symbol cannot be told from the file: give it, for example BTCUSDT")
    return given or venue_symbol(found)


def _told(what: str, given: str | None, said: str | None) -> str | None:
    if given is not None and said is not None and timeframe_ms(given) != timeframe_ms(said):
        raise DataError(f"expected the {what} {given}, the file says {said}")
    return given or said


def _label(frame: pl.DataFrame, name: str) -> str | None:
    if name not in frame.columns:
        return None
    values = frame[name].cast(pl.String).unique().drop_nulls().to_list()
    if len(values) > 1:
        shown = ", ".join(sorted(values)[:3])
        raise DataError(f"expected one {name} in a file, found {len(values)}: {shown}")
    return values[0] if values and values[0] != _UNSPECIFIED else None


def _check_labels(frame: pl.DataFrame, symbol: str, timeframe: str) -> None:
    found = _label(frame, "symbol")
    if found is not None and not same_symbol(found, symbol):
        raise DataError(f"expected bars of {symbol}, found bars of {found} further on")
    _told("time frame", timeframe, _label(frame, "timeframe"))


def parse_numbers(column: pl.Series, first_row: int) -> FloatArray:
    """Return the numbers of a column, NaN where one is missing; `first_row` as for times."""
    if column.dtype.is_numeric():
        return column.cast(pl.Float64).fill_null(np.nan).to_numpy()
    texts = column.cast(pl.String)
    numbers = texts.cast(pl.Float64, strict=False)
    if numbers.has_nulls():
        texts = texts.fill_null("").str.strip_chars()
        numbers = texts.cast(pl.Float64, strict=False)
        wrong = numbers.is_null() & ~texts.str.to_lowercase().is_in(_MISSING)
        if wrong.any():
            row = int(wrong.arg_max() or 0)
            raise DataError(
                f"row {first_row + row}: expected a number in column {column.name!r}, "
                f"found {texts[row][:40]!r}"
            )
        numbers = numbers.fill_null(np.nan)
    return numbers.to_numpy()

"""Reading funding rates of perpetuals from files.

Files are opened, and times understood, as those of bars are. What is refused is refused with the
row it stands in, counted from 1: a payment that is missing or counted twice is money.
"""

import csv
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.errors import DataError
from cryptovolt.domain.funding import FundingRates
from cryptovolt.market.layouts import Layout
from cryptovolt.market.naming import base_asset, read_name, same_symbol
from cryptovolt.market.reading import parse_numbers
from cryptovolt.market.sources import FileKind, Probe, explained, probe
from cryptovolt.market.tables import column_names, read_tables
from cryptovolt.market.times import parse_times

# The first name that is present counts. Also those of Binance's answers and of its archive.
_TIMES = (
    "unix", "timestamp", "fundingtime", "funding_time", "calc_time", "time", "datetime", "date",
    "ts", "t",
)  # fmt: skip
_RATES = ("funding_rate", "fundingrate", "last_funding_rate", "rate")
_SYMBOLS = ("symbol", "pair", "ticker")
# freqtrade writes rates as bars: `open` is the rate, everything else 0.
_ZEROS = ("high", "low", "close", "volume")
_DELIMITERS = (",", ";", "\t")


def read_funding(path: str | PathLike[str], symbol: str | None = None) -> FundingRates:
    """Read the recorded funding rates of one perpetual.

    CSV, JSON, feather or Parquet, plain, gzipped or zipped, with named columns in any order: a time
    (``timestamp``, ``date``, ``fundingTime``, ``calc_time`` … in any unit or as text, UTC), and a
    rate (``funding_rate``, ``fundingRate``, ``last_funding_rate`` or ``rate``). freqtrade's files,
    in which ``open`` is the rate and high, low, close and volume are 0, are understood.

    Parameters
    ----------
    path : path-like
    symbol : str, optional
        Checked against the file's column and name; what names no symbol is believed.

    Returns
    -------
    FundingRates
        In the file's order, which has to be that of time; intervals may change.

    Raises
    ------
    DataError
        If the file cannot be read, its columns cannot be told, it is about several symbols or
        another one, or a row is missing its rate, out of order, a duplicate, or outside [-1, 1].
    """
    place = Path(path)
    with explained(place):
        found = probe(place, "funding rates")
        layout, rate_name = _layout(place, found)
        parts = list(read_tables(place, found.kind, layout))
        if not parts:
            raise DataError("expected funding rates, found a header and no row")
        frame = pl.concat(parts)
        _check_symbol(frame, symbol, read_name(place).symbol)
        times = parse_times(frame["time"], 1).timestamp
        rates = parse_numbers(frame["open"].alias(rate_name), 1)
        if rate_name == "open":
            _check_zeros(frame)
        _check_times(times)
        _check_rates(rates)
        return FundingRates(timestamp=times, rate=rates)


def _layout(path: Path, found: Probe) -> tuple[Layout, str]:
    if found.kind is not FileKind.CSV:
        names = column_names(path, found.kind)
        if names is None:
            raise DataError("expected a JSON list of objects with names, found rows without names")
        positions, rate_name = _columns(names)
        return Layout("named columns", positions, len(names)), rate_name
    line = found.head.decode("utf-8-sig", errors="replace").splitlines()[0]
    delimiter = max(_DELIMITERS, key=line.count)
    names = next(csv.reader([line], delimiter=delimiter), list[str]())
    positions, rate_name = _columns(names)
    return Layout("named columns", positions, len(names), delimiter, 1), rate_name


def _columns(names: Sequence[str]) -> tuple[dict[str, int], str]:
    # The rate takes the role `open`, the one that freqtrade gives it.
    lowered = [name.strip().strip('"').lower() for name in names]
    time, rate = _position(lowered, _TIMES), _position(lowered, _RATES)
    zeros = {name: lowered.index(name) for name in _ZEROS if name in lowered}
    as_bars = rate is None and "open" in lowered and len(zeros) == len(_ZEROS)
    if as_bars:
        rate = lowered.index("open")
    if time is None or rate is None:
        missing = " and no ".join(
            role for role, at in (("time", time), ("funding rate", rate)) if at is None
        )
        shown = ", ".join(name.strip()[:20] for name in names[:12])
        raise DataError(
            "expected columns for a time and a funding rate (funding_rate, fundingRate or rate); "
            f"no {missing} among: {shown}"
        )
    positions = {"time": time, "open": rate, **(zeros if as_bars else {})}
    symbol = _position(lowered, _SYMBOLS)
    return (positions if symbol is None else {**positions, "symbol": symbol}), lowered[rate]


def _position(names: Sequence[str], aliases: Sequence[str]) -> int | None:
    return next((names.index(alias) for alias in aliases if alias in names), None)


def _check_symbol(frame: pl.DataFrame, given: str | None, named: str | None) -> None:
    told: list[Any] = []
    if "symbol" in frame.columns:
        told = sorted(frame["symbol"].cast(pl.String).unique().drop_nulls().to_list())
    if len(told) > 1:
        raise DataError(f"expected one symbol in a file, found {len(told)}: {', '.join(told[:3])}")
    # A name without a quote asset is a hint and no statement.
    if not told and named is not None and base_asset(named) != named:
        told = [named]
    if given is not None and told and not same_symbol(given, told[0]):
        raise DataError(f"expected funding rates of {given}, the file says {told[0]}")


def _check_zeros(frame: pl.DataFrame) -> None:
    columns: Mapping[str, FloatArray] = {n: parse_numbers(frame[n], 1) for n in _ZEROS}
    for name, values in columns.items():
        other = np.abs(values) > 0.0
        if other.any():
            row = int(np.argmax(other))
            raise DataError(
                f"row {row + 1}: expected funding rates, found bars: {name} is {values[row]:g} "
                "where a file of rates in open has 0"
            )


def _check_times(times: IntArray) -> None:
    steps = np.diff(times)
    wrong = steps <= 0
    if wrong.any():
        row = int(np.argmax(wrong)) + 1
        what = "twice" if steps[row - 1] == 0 else f"after the later {times[row - 1]}"
        raise DataError(
            f"row {row + 1}: expected times that increase, found {times[row]} {what}; "
            "sort the file and keep one row of each time"
        )


def _check_rates(rates: FloatArray) -> None:
    known = np.abs(rates) <= 1.0
    if not known.all():
        row = int(np.argmin(known))
        found = "none" if np.isnan(rates[row]) else f"{rates[row]:g}"
        raise DataError(
            f"row {row + 1}: expected a funding rate, a fraction in [-1, 1], found {found}"
        )

"""Writing bars to files that read back as the same bits."""

from os import PathLike
from pathlib import Path

import polars as pl

from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import ConfigurationError

SUFFIXES = (".csv", ".json", ".parquet", ".feather")
"""Formats, by the end of a file's name."""

_TEXT_SUFFIXES = (".csv", ".json")


def check_suffix(path: str | PathLike[str]) -> str:
    """Return the format a file's name asks for.

    Raises
    ------
    ConfigurationError
        If it asks for none of `SUFFIXES`.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise ConfigurationError(
            f"expected a file name ending with {', '.join(SUFFIXES)}, found {Path(path).name!r}"
        )
    return suffix


def write_bars(bars: Bars, path: str | PathLike[str]) -> None:
    """Write bars with columns symbol, timeframe, source, timestamp, open, high, low, close, volume.

    Times are milliseconds UTC in CSV and JSON, datetimes in UTC in Parquet and feather.

    Raises
    ------
    ConfigurationError
        If the name of the file asks for an unknown format.
    """
    place, suffix = Path(path), check_suffix(path)
    frame = bars.to_polars()
    if suffix in _TEXT_SUFFIXES:
        frame = frame.with_columns(pl.Series("timestamp", bars.timestamp))
    labels = [pl.lit(getattr(bars, name)).alias(name) for name in ("symbol", "timeframe", "source")]
    frame = frame.select(*labels, pl.all())
    if suffix == ".csv":
        frame.write_csv(place)
    elif suffix == ".json":
        frame.write_json(place)
    elif suffix == ".parquet":
        frame.write_parquet(place)
    else:
        frame.write_ipc(place, compression="zstd")

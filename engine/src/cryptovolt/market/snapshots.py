"""Snapshots: bars in a Parquet file that is named by what is in it.

The name is :meth:`cryptovolt.Bars.content_hash`, checked on every read: a result that stores the
hash says exactly which data it came from. LZ4 is chosen for reading speed: it is read, and its hash
checked, at twice the rate of zstd, for 30 instead of 21 bytes a bar.
"""

import os
from pathlib import Path

import polars as pl

from cryptovolt.domain.bars import VALUE_COLUMNS, Bars
from cryptovolt.domain.errors import DataError
from cryptovolt.market.named_files import read_named, write_named

DEFAULT_FOLDER = Path(".cryptovolt") / "snapshots"
"""Where a hash is looked for when no folder is given, below the working directory."""

_LABELS = ("symbol", "timeframe", "source")
_COLUMNS = ("timestamp", *VALUE_COLUMNS)


def write_snapshot(bars: Bars, folder: str | os.PathLike[str]) -> Path:
    """Write bars to ``<content hash>.parquet`` and return the path.

    A snapshot that is there already is left as it is. The file appears under its name only when it
    is whole.
    """
    return write_named(
        bars,
        folder,
        lambda: pl.DataFrame({name: getattr(bars, name) for name in _COLUMNS}),
        {label: getattr(bars, label) for label in _LABELS},
    )


def read_snapshot(
    hash_or_path: str | os.PathLike[str], folder: str | os.PathLike[str] | None = None
) -> Bars:
    """Read a snapshot and check that it holds what its name says.

    Parameters
    ----------
    hash_or_path : str or path-like
        64 hex digits, or the path of a snapshot.
    folder : path-like, optional
        Where a hash is looked for, by default ``.cryptovolt/snapshots``.

    Raises
    ------
    DataError
        If there is no such file, it is no snapshot, or its content is not what the name says.
    """
    place = DEFAULT_FOLDER if folder is None else folder
    return read_named(hash_or_path, place, _read, "snapshot")


def _read(path: Path) -> Bars:
    try:
        labels = pl.read_parquet_metadata(path)
        frame = pl.read_parquet(path, columns=list(_COLUMNS))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(f"expected a snapshot, found another or a damaged file ({error})") from None
    missing = [label for label in _LABELS if label not in labels]
    if missing:
        raise DataError(f"expected a snapshot, found Parquet without {missing[0]} in its metadata")
    values = {name: frame[name].to_numpy() for name in _COLUMNS}
    return Bars(
        symbol=labels["symbol"], timeframe=labels["timeframe"], source=labels["source"], **values
    )

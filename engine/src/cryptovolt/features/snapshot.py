"""Snapshots of features: a matrix in a Parquet file that is named by what is in it.

The name is :meth:`cryptovolt.features.Features.content_hash`, of names, times and every value's
bits, checked on every read: a model that stores the hash says exactly what it was trained on.
"""

import os
from pathlib import Path

import numpy as np
import polars as pl

from cryptovolt.domain.errors import DataError
from cryptovolt.features.build import Features
from cryptovolt.market.named_files import read_named, write_named

DEFAULT_FOLDER = Path(".cryptovolt") / "features"
"""Where a hash is looked for when no folder is given, below the working directory."""

_LABELS = ("symbol", "timeframe", "warmup")
_TIME = "timestamp"


def write_features(features: Features, folder: str | os.PathLike[str]) -> Path:
    """Write a matrix to ``<content hash>.parquet`` and return the path.

    A snapshot that is there already is left as it is. The file appears under its name only when it
    is whole.

    Parameters
    ----------
    features : Features
    folder : path-like
        Made where it is not there.
    """
    return write_named(
        features,
        folder,
        lambda: _frame(features),
        {label: str(getattr(features, label)) for label in _LABELS},
    )


def read_features(
    hash_or_path: str | os.PathLike[str], folder: str | os.PathLike[str] | None = None
) -> Features:
    """Read a snapshot of features and check that it holds what its name says.

    Parameters
    ----------
    hash_or_path : str or path-like
        64 hex digits, or the path of a snapshot.
    folder : path-like, optional
        Where a hash is looked for, by default ``.cryptovolt/features``.

    Raises
    ------
    DataError
        If there is no such file, it is no snapshot, or its content is not what the name says.
    """
    place = DEFAULT_FOLDER if folder is None else folder
    return read_named(hash_or_path, place, _read, "snapshot of features")


def _frame(features: Features) -> pl.DataFrame:
    columns = {name: features.values[:, i] for i, name in enumerate(features.names)}
    return pl.DataFrame({_TIME: features.timestamp, **columns})


def _read(path: Path) -> Features:
    try:
        labels = pl.read_parquet_metadata(path)
        frame = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(
            f"expected a snapshot of features, found another or a damaged file ({error})"
        ) from None
    names = tuple(name for name in frame.columns if name != _TIME)
    told = all(label in labels for label in _LABELS) and labels["warmup"].isdecimal()
    floats = all(frame[name].dtype == pl.Float64 for name in names)
    if not told or not floats or frame.schema.get(_TIME) != pl.Int64:
        raise DataError("expected a snapshot of features, found Parquet of something else")
    values = np.empty((frame.height, len(names)), order="F")
    for column, name in enumerate(names):
        values[:, column] = frame[name].to_numpy()
    return Features(
        names=names,
        values=values,
        timestamp=frame[_TIME].to_numpy(),
        warmup=int(labels["warmup"]),
        timeframe=labels["timeframe"],
        symbol=labels["symbol"],
    )

"""Snapshots of sentiment: a series in a Parquet file that is named by what is in it.

The name is :meth:`cryptovolt.SentimentSeries.content_hash`, checked on every read: a result that
stores the hash says exactly which items, scores and weights it knew.
"""

import json
import os
from pathlib import Path
from typing import cast

import numpy as np
import polars as pl

from cryptovolt.domain.errors import DataError
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.market.named_files import read_named, write_named

DEFAULT_FOLDER = Path(".cryptovolt") / "sentiment"
"""Where a hash is looked for when no folder is given, below the working directory."""

_COLUMNS = ("event_time", "observed_at", "score", "weight", "origin")
_LABEL = "sentiment"


def write_sentiment_snapshot(series: SentimentSeries, folder: str | os.PathLike[str]) -> Path:
    """Write a series to ``<content hash>.parquet`` and return the path.

    A snapshot that is there already is left as it is. The file appears under its name only when it
    is whole.
    """
    return write_named(
        series,
        folder,
        lambda: pl.DataFrame({name: getattr(series, name) for name in _COLUMNS}),
        {_LABEL: json.dumps({"source": series.source, "origins": series.origins})},
    )


def read_sentiment_snapshot(
    hash_or_path: str | os.PathLike[str], folder: str | os.PathLike[str] | None = None
) -> SentimentSeries:
    """Read a snapshot and check that it holds what its name says.

    Parameters
    ----------
    hash_or_path : str or path-like
        64 hex digits, or the path of a snapshot.
    folder : path-like, optional
        Where a hash is looked for, by default ``.cryptovolt/sentiment``.

    Raises
    ------
    DataError
        If there is no such file, it is no snapshot, or its content is not what the name says.
    """
    place = DEFAULT_FOLDER if folder is None else folder
    return read_named(hash_or_path, place, _read, "snapshot")


def _read(path: Path) -> SentimentSeries:
    try:
        label = pl.read_parquet_metadata(path).get(_LABEL)
        if label is None:
            raise DataError(f"expected Parquet with {_LABEL!r} in its metadata, found it without")
        frame = pl.read_parquet(path, columns=list(_COLUMNS))
        told = cast("dict[str, object]", json.loads(label))
        source, origins = str(told["source"]), cast("list[str]", told["origins"])
    except (pl.exceptions.PolarsError, OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"expected a snapshot of sentiment, found another or a damaged file ({error})"
        ) from None
    whole = {
        name: frame[name].to_numpy().astype(np.int64)
        for name in ("event_time", "observed_at", "origin")
    }
    parts = {name: frame[name].to_numpy().astype(np.float64) for name in ("score", "weight")}
    return SentimentSeries(
        event_time=whole["event_time"],
        observed_at=whole["observed_at"],
        score=parts["score"],
        source=source,
        weight=parts["weight"],
        origin=whole["origin"],
        origins=tuple(origins),
    )

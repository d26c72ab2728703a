"""Parquet files that are named by what is in them: written whole, checked on every read."""

import os
import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol, TypeVar

import polars as pl

from cryptovolt.domain.errors import DataError
from cryptovolt.market.sources import explained

_HASH = re.compile(r"[0-9a-f]{64}")


class Hashed(Protocol):
    """What knows the hash of its content."""

    def content_hash(self) -> str:
        """Return 64 hex digits."""
        ...


Content = TypeVar("Content", bound=Hashed)


def write_named(
    content: Hashed,
    folder: str | os.PathLike[str],
    frame: Callable[[], pl.DataFrame],
    metadata: Mapping[str, str],
) -> Path:
    """Write content to ``<content hash>.parquet`` and return the path.

    A file that is there already is left as it is, and no frame is made for it. The file appears
    under its name only when it is whole.
    """
    place = Path(folder)
    path = place / f"{content.content_hash()}.parquet"
    if path.exists():
        return path
    place.mkdir(parents=True, exist_ok=True)
    columns = frame()
    handle, waiting = tempfile.mkstemp(dir=place, suffix=".part")
    os.close(handle)
    try:
        columns.write_parquet(waiting, compression="lz4", metadata=dict(metadata))
        Path(waiting).replace(path)
    finally:
        Path(waiting).unlink(missing_ok=True)
    return path


def read_named(
    hash_or_path: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    read: Callable[[Path], Content],
    what: str,
) -> Content:
    """Read a file by its hash or path, and check that it holds what its name says.

    Parameters
    ----------
    hash_or_path : str or path-like
        64 hex digits, looked for in `folder`, or the path of a file.
    folder : path-like
        Where a hash is looked for.
    read : callable
        Reads the file; raises DataError where it is no such file.
    what : str
        What the file is called, e.g. ``"snapshot"``.

    Raises
    ------
    DataError
        If there is no such file, it is none of these, or its content is not what the name says.
    """
    by_hash = isinstance(hash_or_path, str) and _HASH.fullmatch(hash_or_path)
    path = Path(folder) / f"{hash_or_path}.parquet" if by_hash else Path(hash_or_path)
    with explained(path):
        if not path.is_file():
            raise DataError(f"there is no such {what} in {path.parent}")
        content = read(path)
        found = content.content_hash()
        if found != path.stem:
            raise DataError(f"the content is not what the name says, its hash is {found}")
    return content

"""Archive files: Parquet, whole on the disk before the rows in it may go."""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from cryptovolt.domain.errors import DataError

if TYPE_CHECKING:
    import polars as pl


def write_archive(frame: "pl.DataFrame", folder: Path) -> Path:
    """Write a table into a folder, named by its content, and return the path."""
    folder.mkdir(parents=True, exist_ok=True)
    handle, waiting = tempfile.mkstemp(dir=folder, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            frame.write_parquet(file, compression="zstd")
            file.flush()
            os.fsync(file.fileno())
        path = folder / f"{file_hash(Path(waiting))[:32]}.parquet"
        Path(waiting).replace(path)
        _flush_names(folder)
    finally:
        Path(waiting).unlink(missing_ok=True)
    return path


def _flush_names(folder: Path) -> None:
    if os.name == "nt":  # a folder cannot be opened there
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_archive(path: Path, expected: str) -> "pl.DataFrame":
    """Return the table of an archive, once it was found to be the file that was written.

    Raises
    ------
    DataError
        If there is no such file, or another one.
    """
    import polars as pl  # noqa: PLC0415 - slow to import, and rarely needed

    if not path.is_file():
        raise DataError(f"expected the archive {path}, found no such file")
    found = file_hash(path)
    if found != expected:
        raise DataError(
            f"expected {path} to be the file that was written, with SHA-256 {expected}, "
            f"found {found}"
        )
    return pl.read_parquet(path)


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

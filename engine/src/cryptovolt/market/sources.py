"""Opening files: what they are by their content, plain, gzipped or zipped.

Nothing here reads a whole file: a line of a gigabyte is found out from the first megabyte of it.
"""

import gzip
import zipfile
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, cast

from cryptovolt.domain.errors import DataError

LINE_LIMIT = 1 << 20
"""Longest line of a CSV file, in bytes."""

_HEAD_BYTES = 1 << 16


class FileKind(StrEnum):
    """What a file is."""

    CSV = "csv"
    JSON = "json"
    FEATHER = "feather"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True)
class Probe:
    """What the first bytes of a file say."""

    kind: FileKind
    head: bytes


@contextmanager
def explained(path: Path) -> Generator[None]:
    """Turn what libraries raise on a damaged file into one sentence that names the file."""
    try:
        yield
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file") from None
    except DataError as error:
        prefix = f"{path.name}: "
        text = str(error)
        raise type(error)(text if text.startswith(prefix) else prefix + text) from None
    except EOFError as error:
        raise DataError(f"{path.name}: the file is truncated, fetch it again") from error
    except (OSError, zlib.error, zipfile.BadZipFile, UnicodeDecodeError, ValueError) as error:
        if "straddl" in str(error):
            raise DataError(f"{path.name}: found a line longer than 1 MB") from None
        reason = " ".join(str(error).split())[:200]
        raise DataError(f"{path.name}: the file cannot be read ({reason})") from error


@contextmanager
def open_binary(path: Path) -> Generator[BinaryIO]:
    """Open a file for reading; gzip and a zip with one file in it are unpacked on the way."""
    with path.open("rb") as file:
        magic = file.read(4)
        file.seek(0)
        if magic[:2] == b"\x1f\x8b":
            with gzip.open(file) as unpacked:
                yield cast(BinaryIO, unpacked)
        elif magic == b"PK\x03\x04":
            with zipfile.ZipFile(file) as archive, archive.open(_only_member(archive)) as member:
                yield cast(BinaryIO, member)
        else:
            yield file


def _only_member(archive: zipfile.ZipFile) -> str:
    names = [name for name in archive.namelist() if not name.endswith("/")]
    if len(names) != 1:
        raise DataError(f"expected a zip with one file in it, found {len(names)} files")
    return names[0]


def probe(path: Path, what: str = "bars") -> Probe:
    """Return what a file of bars, or of something else, is by its content.

    Raises
    ------
    DataError
        If it is empty, a web page, not text, or its first line is longer than the limit.
    """
    with open_binary(path) as file:
        head = file.read(_HEAD_BYTES)
        if head.count(b"\n") < 2:
            head += file.read(LINE_LIMIT + 1 - len(head))
    if not head.strip():
        raise DataError(f"expected {what}, found an empty file")
    kind = _kind(head)
    if kind is FileKind.CSV:
        _refuse_no_table(head, what)
    return Probe(kind, head)


def _kind(head: bytes) -> FileKind:
    if head.startswith(b"PAR1"):
        return FileKind.PARQUET
    if head.startswith(b"ARROW1"):
        return FileKind.FEATHER
    if head.startswith(b"FEA1"):
        raise DataError("expected feather version 2, found version 1: write it again")
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return FileKind.JSON if text[:1] in {b"[", b"{"} else FileKind.CSV


def _refuse_no_table(head: bytes, what: str) -> None:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"<"):
        raise DataError(f"expected a table of {what}, found a web page (HTML or XML)")
    if b"\x00" in head:
        raise DataError(f"expected a table of {what}, found bytes that are no text")
    if max(len(line) for line in head.split(b"\n", 2)[:2]) > LINE_LIMIT:
        raise DataError(f"expected a table of {what}, found a line longer than 1 MB")

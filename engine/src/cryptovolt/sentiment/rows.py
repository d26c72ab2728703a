"""Rows of the files that news and indices come in: csv with a header line, or JSON lines."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from cryptovolt.domain.errors import DataError

_MAX_LINE_CHARACTERS = 1_000_000


def find_column(
    row: Mapping[str, str], wanted: str | None, usual: Iterable[str], argument: str
) -> str:
    """Return the name of the column that was asked for, or of the first usual one there is.

    Raises
    ------
    DataError
        If there is none.
    """
    names = [plain_name(wanted)] if wanted else usual
    for name in names:
        if name in row:
            return name
    raise DataError(
        f"expected a column called {wanted or ' or '.join(usual)}, found "
        f"{', '.join(sorted(row))[:200]}; name it with {argument}"
    )


def plain_name(name: str) -> str:
    """Return a column's name in lower case, spaces as underscores."""
    return "_".join(name.strip().lower().split())


def read_rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a csv or jsonl file with their line numbers, columns by plain name.

    Raises
    ------
    DataError
        If the file, or a line of it, cannot be read as such.
    """
    readers = {".csv": _csv_rows, ".jsonl": _json_rows, ".ndjson": _json_rows}
    read = readers.get(path.suffix.lower())
    if read is None:
        raise DataError(f"expected a .csv or .jsonl file of news, found {path.name!r}")
    try:
        yield from read(_lines(path), path.name)
    except FileNotFoundError:
        raise DataError(f"expected a news file, found nothing at {path}") from None
    except UnicodeDecodeError as error:
        raise DataError(
            f"expected {path.name} in UTF-8, found byte 0x{error.object[error.start]:02x} that is "
            "not; save it as UTF-8"
        ) from None
    except OSError as error:
        raise DataError(f"expected a readable news file, found {path}: {error.strerror}") from None


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        number = 0
        while line := handle.readline(_MAX_LINE_CHARACTERS):
            number += 1
            if len(line) == _MAX_LINE_CHARACTERS:
                raise DataError(
                    f"{path.name}, line {number}: expected fewer than 1,000,000 characters in a "
                    "line, found more"
                )
            yield line


def _csv_rows(lines: Iterator[str], name: str) -> Iterator[tuple[int, dict[str, str]]]:
    # csv ends with its own error on a NUL byte or an open quote.
    reader = csv.reader(lines, strict=True)
    try:
        empty: list[str] = []
        header = [plain_name(column) for column in next(reader, empty)]
        if len(set(header)) != len(header):
            raise DataError(f"expected every column of {name} once, found {', '.join(header)}")
        for fields in reader:
            if not fields:
                continue
            if len(fields) != len(header):
                raise DataError(
                    f"{name}, line {reader.line_num}: expected {len(header)} columns, found "
                    f"{len(fields)}"
                )
            yield reader.line_num, dict(zip(header, fields, strict=True))
    except csv.Error as error:
        raise DataError(f"{name}, line {reader.line_num}: not readable as csv: {error}") from None


def _json_rows(lines: Iterator[str], name: str) -> Iterator[tuple[int, dict[str, str]]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            found: object = json.loads(line)
        except (json.JSONDecodeError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise DataError(f"{name}, line {number}: expected a JSON object, found {line[:40]!r}")
        record = cast("dict[str, Any]", found)
        yield number, {plain_name(key): _as_text(value) for key, value in record.items()}


def _as_text(value: object) -> str:
    return str(value) if isinstance(value, str | int | float) else ""

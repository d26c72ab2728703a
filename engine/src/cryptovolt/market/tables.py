"""Files as a stream of frames with one column per role: ``time``, ``open`` … ``volume``.

A file is never held as a whole, except JSON, which has no rows to stop at.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import polars as pl

from cryptovolt.domain.errors import DataError
from cryptovolt.market.layouts import ROLES, Layout, csv_layout, find_columns
from cryptovolt.market.sources import LINE_LIMIT, FileKind, Probe, open_binary

BATCH_ROWS = 1 << 16

# A line that is longer than two blocks is refused by the reader.
_BLOCK_BYTES = LINE_LIMIT // 2
_JSON_LIMIT = 1 << 30
_OPTIONAL = ("symbol", "timeframe", "source")
_USED = (*ROLES, *_OPTIONAL)


def table_layout(path: Path, probe: Probe, symbol: str | None) -> Layout:
    """Return where the columns of a file are."""
    if probe.kind is FileKind.CSV:
        return csv_layout(probe.head.decode("utf-8-sig", errors="replace"), symbol)
    names = column_names(path, probe.kind)
    if names is None:
        return Layout("rows without names", dict(zip(ROLES, range(6), strict=True)), 6)
    layout = "freqtrade" if names[:6] == ["date", *ROLES[1:]] else "named columns"
    return Layout(layout, find_columns(names, symbol), len(names))


def read_tables(path: Path, kind: FileKind, layout: Layout) -> Iterator[pl.DataFrame]:
    """Yield frames of at least `BATCH_ROWS` rows, the last one shorter, in the file's order."""
    readers = {
        FileKind.CSV: _csv_frames,
        FileKind.JSON: _json_frames,
        FileKind.FEATHER: _feather_frames,
        FileKind.PARQUET: _parquet_frames,
    }
    waiting: list[pl.DataFrame] = []
    n_waiting = 0
    for frame in readers[kind](path, layout):
        waiting.append(frame)
        n_waiting += len(frame)
        if n_waiting >= BATCH_ROWS:
            yield pl.concat(waiting)
            waiting, n_waiting = [], 0
    if n_waiting:
        yield pl.concat(waiting)


def _pyarrow(module: str = "") -> Any:
    # Imported when a file is read, so that start-up stays fast; it has no types.
    return import_module(f"pyarrow.{module}" if module else "pyarrow")


def column_names(path: Path, kind: FileKind) -> list[str] | None:
    """Return the names in a typed file, that is any but CSV; None for JSON rows without names."""
    if kind is FileKind.JSON:
        first = _json_rows(path)[0]
        if not isinstance(first, dict):
            return None
        return [str(name) for name in cast(dict[str, Any], first)]
    if kind is FileKind.PARQUET:
        parquet = _pyarrow("parquet")
        with open_binary(path) as file:
            return list(parquet.ParquetFile(file).schema_arrow.names)
    ipc = _pyarrow("ipc")
    with open_binary(path) as file:
        return list(ipc.open_file(file).schema.names)


def _csv_frames(path: Path, layout: Layout) -> Iterator[pl.DataFrame]:
    csv = _pyarrow("csv")
    names = [str(position) for position in range(layout.n_columns)]
    roles = {role: names[layout.positions[role]] for role in _USED if role in layout.positions}
    with open_binary(path) as file:
        reader = csv.open_csv(
            file,
            read_options=csv.ReadOptions(
                column_names=names, skip_rows=layout.skip_lines, block_size=_BLOCK_BYTES
            ),
            parse_options=csv.ParseOptions(delimiter=layout.delimiter),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(names, _pyarrow().string()),
                include_columns=sorted(set(roles.values())),
            ),
        )
        for batch in reader:
            yield _by_role(batch, roles)


def _by_role(batch: Any, roles: Mapping[str, str]) -> pl.DataFrame:
    frame = cast(pl.DataFrame, pl.from_arrow(batch))
    return frame.select(pl.col(name).alias(role) for role, name in roles.items())


def _feather_frames(path: Path, layout: Layout) -> Iterator[pl.DataFrame]:
    ipc = _pyarrow("ipc")
    with open_binary(path) as file:
        reader = ipc.open_file(file)
        roles = _names_by_role(reader.schema.names, layout)
        for number in range(reader.num_record_batches):
            batch = reader.get_batch(number)
            for start in range(0, batch.num_rows, BATCH_ROWS):
                yield _by_role(batch.slice(start, BATCH_ROWS), roles)


def _parquet_frames(path: Path, layout: Layout) -> Iterator[pl.DataFrame]:
    parquet = _pyarrow("parquet")
    with open_binary(path) as file:
        reader = parquet.ParquetFile(file)
        roles = _names_by_role(reader.schema_arrow.names, layout)
        for batch in reader.iter_batches(BATCH_ROWS, columns=list(roles.values())):
            yield _by_role(batch, roles)


def _names_by_role(names: Sequence[str], layout: Layout) -> dict[str, str]:
    return {role: names[layout.positions[role]] for role in _USED if role in layout.positions}


def _json_frames(path: Path, layout: Layout) -> Iterator[pl.DataFrame]:
    rows = _json_rows(path)
    # An object's keys may come in any order; the first row says which name has which role.
    names = list(cast(dict[str, Any], rows[0])) if isinstance(rows[0], dict) else None
    for start in range(0, len(rows), BATCH_ROWS):
        columns: dict[str, list[str]] = {role: [] for role in layout.positions}
        for number, row in enumerate(rows[start : start + BATCH_ROWS], start + 1):
            if names is None:
                cells = _cells_of_list(row, layout, number)
            else:
                cells = _cells_of_object(row, layout, names, number)
            for role, cell in cells:
                columns[role].append(str(cell))
        yield pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))


def _cells_of_list(row: Any, layout: Layout, number: int) -> Iterator[tuple[str, Any]]:
    if not isinstance(row, list):
        raise DataError(f"row {number}: expected a list as in row 1, found {_kind(row)}")
    cells = cast(list[Any], row)
    if len(cells) < layout.n_columns:
        raise DataError(f"row {number}: expected {layout.n_columns} values, found {len(cells)}")
    return ((role, cells[position]) for role, position in layout.positions.items())


def _cells_of_object(
    row: Any, layout: Layout, names: Sequence[str], number: int
) -> Iterator[tuple[str, Any]]:
    if not isinstance(row, dict):
        raise DataError(f"row {number}: expected an object as in row 1, found {_kind(row)}")
    cells = cast(dict[str, Any], row)
    for role, position in layout.positions.items():
        name = names[position]
        if name not in cells:
            raise DataError(
                f"row {number}: expected the key {name} as in row 1, found {', '.join(cells)}"
            )
        yield role, cells[name]


def _kind(row: object) -> str:
    if isinstance(row, dict):
        return "an object"
    return "a list" if isinstance(row, list) else f"the single value {row!r}"


def _json_rows(path: Path) -> list[Any]:
    with open_binary(path) as file:
        content = file.read(_JSON_LIMIT + 1)
    if len(content) > _JSON_LIMIT:
        raise DataError("expected at most 1 GB of JSON; convert it to Parquet or CSV")
    rows: Any = json.loads(content)
    if not isinstance(rows, list) or not rows:
        raise DataError(f"expected a JSON list of rows, found {content[:40]!r}")
    return cast(list[Any], rows)

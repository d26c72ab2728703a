"""PostgreSQL's binary COPY format, written from whole columns.

A column is an array, a sequence of Python values, or one text that stands in every row. NaN and
NaT in arrays, and None in sequences, become NULL. A time without a zone is taken as UTC.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from psycopg.adapt import PyFormat, Transformer
from psycopg.types.json import Jsonb

from cryptovolt.domain.errors import DataError

Column: TypeAlias = npt.NDArray[Any] | Sequence[Any] | str
"""Values of one column, oldest row first; a str stands in every row."""

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"

Bytes: TypeAlias = npt.NDArray[np.uint8]
Lengths: TypeAlias = npt.NDArray[np.int32]

_EPOCH_2000 = np.datetime64("2000-01-01", "us")
_AWARE_2000 = datetime(2000, 1, 1, tzinfo=UTC)
_NAIVE_2000 = _AWARE_2000.replace(tzinfo=None)
_NUMBERS = {"float8": ">f8", "float4": ">f4", "int8": ">i8", "int4": ">i4", "int2": ">i2"}
_TEXTS = frozenset({"text", "varchar", "bpchar"})


@dataclass(frozen=True, slots=True)
class Field:
    """One encoded column: the bytes of its values, one after another, and how long each is."""

    payload: Bytes
    lengths: Lengths
    """Bytes of each value; −1 is NULL."""


def encode(values: Column, n_rows: int, type_name: str, oid: int) -> Field:
    """Return a column in the binary form of its type.

    Raises
    ------
    DataError
        If the number of values is wrong, or a value does not fit the type.
    """
    if isinstance(values, str):
        return _constant(values, n_rows, type_name)
    if len(values) != n_rows:
        raise DataError(f"expected {n_rows} values in every column, found {len(values)}")
    try:
        return _encoder(type_name, oid)(values)
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(f"a value does not fit a column of type {type_name}: {error}") from error


def _encoder(type_name: str, oid: int) -> Callable[[Any], Field]:
    if type_name in _NUMBERS:
        return lambda values: _numbers(values, _NUMBERS[type_name])
    if type_name == "timestamptz":
        return _times
    if type_name in _TEXTS:
        return _texts
    return lambda values: _others(values, type_name, oid)


def assemble(fields: Sequence[Field]) -> Bytes:
    """Return the rows, without header and trailer."""
    n_rows = fields[0].lengths.size
    sizes = [4 + np.maximum(field.lengths, 0).astype(np.int64) for field in fields]
    row_sizes = 2 + sum(sizes)
    ends = np.cumsum(row_sizes)
    rows = np.empty(int(ends[-1]) if n_rows else 0, np.uint8)
    position = ends - row_sizes
    _put(rows, position, np.full(n_rows, len(fields), ">i2").view(np.uint8).reshape(n_rows, 2))
    position = position + 2
    for field, size in zip(fields, sizes, strict=True):
        _put(rows, position, field.lengths.astype(">i4").view(np.uint8).reshape(n_rows, 4))
        _scatter(rows, position + 4, field)
        position = position + size
    return rows


def _put(rows: Bytes, position: npt.NDArray[np.int64], block: Bytes) -> None:
    for byte in range(block.shape[1]):
        rows[position + byte] = block[:, byte]


def _scatter(rows: Bytes, position: npt.NDArray[np.int64], field: Field) -> None:
    present = field.lengths >= 0
    lengths = field.lengths[present].astype(np.int64)
    if not lengths.size or not field.payload.size:
        return
    where = position[present]
    width = int(lengths[0])
    if (lengths == width).all():
        _put(rows, where, field.payload.reshape(lengths.size, width))
        return
    before = np.cumsum(lengths) - lengths
    within = np.arange(field.payload.size) - np.repeat(before, lengths)
    rows[np.repeat(where, lengths) + within] = field.payload


def _constant(value: str, n_rows: int, type_name: str) -> Field:
    if type_name not in _TEXTS:
        raise DataError(f"one text for every row needs a text column, found {type_name}")
    encoded = np.frombuffer(value.encode(), np.uint8)
    return Field(np.tile(encoded, n_rows), np.full(n_rows, encoded.size, np.int32))


def _fixed(values: npt.NDArray[Any], missing: npt.NDArray[np.bool_]) -> Field:
    width = values.dtype.itemsize
    lengths = np.where(missing, -1, width).astype(np.int32)
    present = values[~missing] if missing.any() else values
    return Field(np.ascontiguousarray(present).view(np.uint8), lengths)


def _numbers(values: Sequence[Any] | npt.NDArray[Any], form: str) -> Field:
    target = np.dtype(form)
    if target.kind == "f":
        floats = np.asarray(values, np.float64)
        return _fixed(floats.astype(target), np.isnan(floats))
    if isinstance(values, np.ndarray):
        missing = np.zeros(len(values), np.bool_)
        whole = values
    else:
        missing = np.fromiter((value is None for value in values), np.bool_, len(values))
        whole = np.array([0 if value is None else value for value in values])
    if whole.dtype.kind not in "iu":
        raise TypeError(f"expected whole numbers, found {whole.dtype}")
    limits = np.iinfo(target)
    if whole.size and (whole.min() < limits.min or whole.max() > limits.max):
        raise OverflowError("number out of range")
    return _fixed(whole.astype(target), missing)


def _times(values: Sequence[Any] | npt.NDArray[Any]) -> Field:
    if isinstance(values, np.ndarray) and values.dtype.kind != "O":
        if values.dtype.kind != "M":
            raise TypeError(f"expected datetime64, found {values.dtype}")
        moments = values.astype("datetime64[us]")
        return _fixed((moments - _EPOCH_2000).astype(">i8"), np.isnat(moments))
    since = [_since_2000(value) for value in values]
    missing = np.fromiter((value is None for value in since), np.bool_, len(since))
    # NumPy would take a microsecond for each datetime; whole numbers are four times as fast.
    whole = (
        0
        if value is None
        else (value.days * 86_400 + value.seconds) * 1_000_000 + value.microseconds
        for value in since
    )
    return _fixed(np.fromiter(whole, np.int64, len(since)).astype(">i8"), missing)


def _since_2000(value: object) -> timedelta | None:
    if value is None:
        return None
    if not isinstance(value, datetime):
        raise TypeError(f"expected a datetime, found {type(value).__name__}")
    return value - (_NAIVE_2000 if value.tzinfo is None else _AWARE_2000)


def _texts(values: Sequence[Any]) -> Field:
    first = values[0] if len(values) else None
    if isinstance(first, str) and isinstance(values, list) and values.count(first) == len(values):
        return _constant(first, len(values), "text")
    return _joined([None if value is None else str.encode(value) for value in values])


def _others(values: Sequence[Any], type_name: str, oid: int) -> Field:
    transformer = Transformer()

    def dump(value: object) -> bytes | None:
        if value is None:
            return None
        adapted = _adapted(value, type_name)
        dumper = transformer.get_dumper(adapted, PyFormat.BINARY)
        if dumper.oid != oid:
            raise TypeError(f"found {type(value).__name__}")
        dumped = dumper.dump(adapted)
        return None if dumped is None else bytes(dumped)

    return _joined([dump(value) for value in values])


def _adapted(value: object, type_name: str) -> object:
    if type_name == "jsonb":
        return Jsonb(value)
    if type_name == "numeric" and isinstance(value, (int, float)):
        return Decimal(str(value))
    return value


def _joined(values: Sequence[bytes | None]) -> Field:
    lengths = np.fromiter(
        (-1 if value is None else len(value) for value in values), np.int32, len(values)
    )
    payload = b"".join(value for value in values if value is not None)
    return Field(np.frombuffer(payload, np.uint8), lengths)

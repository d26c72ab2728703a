"""Bars as rows of ``market_data`` in PostgreSQL's binary formats, whole arrays at a time.

A row of one series has a fixed length, so a batch of rows is one NumPy array of records with
big-endian fields, and its bytes are what COPY reads.
"""

from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.bars import VALUE_COLUMNS, Bars

COLUMNS = (
    "symbol", "timeframe", "source", "timestamp",
    "open_price", "high_price", "low_price", "close_price", "volume",
)  # fmt: skip
"""Columns of the table in the order of a row here."""

_LABELS = ("symbol", "timeframe", "source")
_EPOCH_2000_MS = 946_684_800_000
# array_send: dimensions, flags, element type, length, lower bound; four bytes each.
_ARRAY_HEADER = 20

Records: TypeAlias = npt.NDArray[np.void]


@lru_cache(maxsize=64)
def _record(labels: tuple[bytes, ...]) -> np.dtype[Any]:
    fields: list[tuple[str, str]] = [("n_fields", ">i2")]
    for name, label in zip(_LABELS, labels, strict=True):
        fields += [(f"{name}_length", ">i4"), (name, f"S{len(label)}")]
    fields += [("timestamp_length", ">i4"), ("timestamp", ">i8")]
    for name in VALUE_COLUMNS:
        fields += [(f"{name}_length", ">i4"), (name, ">f8")]
    return np.dtype(fields)


def encode_rows(bars: Bars) -> bytes:
    """Return the bars as rows of COPY's binary format, without header and trailer."""
    labels = tuple(getattr(bars, name).encode() for name in _LABELS)
    records = np.empty(len(bars), dtype=_record(labels))
    records["n_fields"] = len(COLUMNS)
    for name, label in zip(_LABELS, labels, strict=True):
        records[f"{name}_length"] = len(label)
        records[name] = label
    records["timestamp_length"] = 8
    records["timestamp"] = (bars.timestamp - _EPOCH_2000_MS) * 1_000
    for name in VALUE_COLUMNS:
        records[f"{name}_length"] = 8
        records[name] = getattr(bars, name)
    return records.tobytes()


def decode_times(sent: bytes | None) -> IntArray:
    """Return the milliseconds UTC of ``array_send(array_agg(timestamp))``; None is no row."""
    microseconds = _elements(sent, ">i8").astype(np.int64)
    return microseconds // 1_000 + _EPOCH_2000_MS


def decode_values(sent: bytes | None) -> FloatArray:
    """Return the numbers of ``array_send(array_agg(…))`` of a column without NULL."""
    return _elements(sent, ">f8").astype(np.float64)


def _elements(sent: bytes | None, form: str) -> npt.NDArray[Any]:
    if sent is None:
        return np.empty(0, dtype=form)
    element = np.dtype([("length", ">i4"), ("value", form)])
    return np.frombuffer(sent, dtype=element, offset=_ARRAY_HEADER)["value"]

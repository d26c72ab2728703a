"""Times as files write them, turned into milliseconds UTC.

Numbers are told apart by their size, row by row: seconds below 10¹¹, milliseconds below 10¹⁴,
microseconds below 10¹⁷, nanoseconds above. Texts are ISO 8601 or one of the formats of known
archives; a text without an offset is UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from cryptovolt.domain.arrays import BoolArray, FloatArray, IntArray
from cryptovolt.domain.errors import DataError

EARLIEST_MS = 1_230_768_000_000
"""2009-01-01: no coin is older, so an earlier time is a number read in the wrong unit."""

# Upper limit (exclusive), divisor to milliseconds, numerator to milliseconds.
_UNITS: Mapping[str, tuple[int, int, int]] = {
    "seconds": (10**11, 1, 1_000),
    "milliseconds": (10**14, 1, 1),
    "microseconds": (10**17, 1_000, 1),
    "nanoseconds": (2**63 - 1, 1_000_000, 1),
}
_TEXT_FORMATS = (
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
    "%Y-%m-%d %I:%M %p",
)
_NUMBER = r"^[+-]?\d[\d.eE+]*$"
_ISO_SUFFIX = r"(?i)(?:Z|\s*UTC|[+-]00:?00)$"


@dataclass(frozen=True, slots=True)
class Times:
    """Times of one batch, and how many rows were written in each unit."""

    timestamp: IntArray
    units: Mapping[str, int]


def parse_times(column: pl.Series, first_row: int) -> Times:
    """Return the times of a column; `first_row` is the number of its first row in messages."""
    rows = np.arange(first_row, first_row + len(column))
    if column.dtype.is_temporal():
        times = _not_null(_to_ms(column), column, rows)
        return Times(times, {str(column.dtype): len(column)})
    texts = column.cast(pl.String).fill_null("").str.strip_chars()
    numeric: BoolArray = texts.str.contains(_NUMBER).to_numpy()
    if numeric.all() and not _are_dates(texts):
        parsed = _parse_numbers(texts, rows)
    elif not numeric.any() or numeric.all():
        parsed = Times(_parse_texts(texts, rows), {"text": len(texts)})
    else:
        parsed = _parse_both(texts, rows, numeric)
    _refuse_early(parsed.timestamp, texts, rows)
    return parsed


def _parse_both(texts: pl.Series, rows: IntArray, numeric: BoolArray) -> Times:
    written = _parse_texts(texts.filter(pl.Series(~numeric)), rows[~numeric])
    counted = _parse_numbers(texts.filter(pl.Series(numeric)), rows[numeric])
    times = np.empty(len(texts), dtype=np.int64)
    times[numeric], times[~numeric] = counted.timestamp, written
    return Times(times, {**counted.units, "text": written.size})


def _are_dates(texts: pl.Series) -> bool:
    return bool(texts.str.contains(r"^(?:19|20)\d{6}$").all())


def _to_ms(column: pl.Series) -> pl.Series:
    return column.cast(pl.Datetime("ms")).cast(pl.Int64)


def _parse_numbers(texts: pl.Series, rows: IntArray) -> Times:
    whole = texts.cast(pl.Int64, strict=False)
    fractions = texts.cast(pl.Float64, strict=False)
    _not_null(fractions, texts, rows)
    times = np.full(len(texts), -1, dtype=np.int64)
    values: FloatArray = fractions.to_numpy()
    exact: BoolArray = whole.is_not_null().to_numpy()
    integers: IntArray = whole.fill_null(0).to_numpy()
    counts: dict[str, int] = {}
    lower = -1.0
    for unit, (limit, divisor, factor) in _UNITS.items():
        chosen = (np.abs(values) > lower) & (np.abs(values) < limit)
        lower = np.nextafter(float(limit), 0.0)
        if not chosen.any():
            continue
        counts[unit] = int(chosen.sum())
        integer_rows = chosen & exact
        times[integer_rows] = integers[integer_rows] * factor // divisor
        other_rows = chosen & ~exact
        times[other_rows] = np.rint(values[other_rows] * factor / divisor).astype(np.int64)
    return Times(times, counts)


def _parse_texts(texts: pl.Series, rows: IntArray) -> IntArray:
    plain = texts.str.replace("T", " ", literal=True).str.replace(_ISO_SUFFIX, "")
    # CryptoDataDownload's hours without minutes, which no format string can express.
    plain = plain.str.replace(r" (\d{1,2})-([AP]M)$", " ${1}:00 ${2}")
    formats = ("%Y%m%d",) if _are_dates(texts) else _TEXT_FORMATS
    found = pl.Series([None] * len(texts), dtype=pl.Int64)
    for style in formats:
        if not found.has_nulls():
            break
        parsed = plain.str.to_datetime(style, strict=False, time_unit="ms")
        found = found.zip_with(found.is_not_null(), parsed.cast(pl.Int64))
    if found.has_nulls():
        offsets = plain.str.to_datetime(
            "%Y-%m-%d %H:%M:%S%.f%z", strict=False, time_unit="ms", time_zone="UTC"
        )
        found = found.zip_with(found.is_not_null(), offsets.cast(pl.Int64))
    return _not_null(found, texts, rows)


def _not_null(found: pl.Series, given: pl.Series, rows: IntArray) -> IntArray:
    if found.has_nulls():
        row = int(found.is_null().arg_max() or 0)
        raise DataError(
            f"row {rows[row]}: expected a time such as 1704067200000 or "
            f"'2024-01-01 00:00:00', found {_shown(given[row])}"
        )
    return found.to_numpy()


def _refuse_early(times: IntArray, texts: pl.Series, rows: IntArray) -> None:
    early = times < EARLIEST_MS
    if early.any():
        row = int(np.argmax(early))
        raise DataError(
            f"row {rows[row]}: expected a time after 2009-01-01, found {_shown(texts[row])}"
        )


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"

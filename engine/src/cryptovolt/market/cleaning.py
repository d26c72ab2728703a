"""Repairing bars, with an account of every row that was touched.

What is repaired: order, duplicates, bogus bars, bars filled in for an outage. What is not: a bar
that contradicts itself; nobody knows what it should have been.

*Which of two bars of one time is right?* The one recorded with more care: the one whose volume has
more decimals; then the one with more volume (it was recorded later in the bar's life); then the one
that comes first in the file.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import polars as pl

from cryptovolt.domain.arrays import IntArray
from cryptovolt.domain.bars import VALUE_COLUMNS, Bars
from cryptovolt.market.checking import REPAIRABLE, Fault, find_errors, raise_first
from cryptovolt.market.listings import filled_bars
from cryptovolt.market.oddities import bogus_bars, utc
from cryptovolt.market.precision import decimals

_SHOWN = 3


class Repair(StrEnum):
    """What was done to a row."""

    SORTED = "sorted by time"
    SAME_DUPLICATE = "identical duplicate dropped"
    CONFLICTING_DUPLICATE = "conflicting duplicate dropped"
    BOGUS = "bogus bar dropped"
    FILLED = "zero volume, filled in for an outage, dropped"
    UNCLOSED = "unclosed last bar dropped"


@dataclass(frozen=True, slots=True)
class Repairs:
    """What :func:`clean_bars` changed.

    Parameters
    ----------
    rows : polars.DataFrame
        One row per repair: ``repair``, ``row`` (position in the bars given), ``timestamp``
        (milliseconds UTC), the values of the dropped bar, and ``kept_row`` where another bar of the
        same time was kept. Sorting is one entry in `counts` only: it changes no bar.
    counts : mapping of str to int
        Rows per kind of repair.
    """

    rows: pl.DataFrame
    counts: Mapping[str, int]

    def __len__(self) -> int:
        return sum(self.counts.values())

    def __str__(self) -> str:
        if not self.counts:
            return "nothing to repair"
        return "\n".join(_line(self.rows, kind, n) for kind, n in self.counts.items())


def clean_bars(bars: Bars) -> tuple[Bars, Repairs]:
    """Return the bars in order of time, one per time, and what was changed.

    Parameters
    ----------
    bars : Bars
        In any order.

    Returns
    -------
    Bars, Repairs
        The same object and no repairs where there is nothing to do.

    Raises
    ------
    BadBarError
        If a bar contradicts itself (NaN, a price that is not positive, high < low …) or its time is
        off the grid: such bars are never repaired. The sentence names the first one.
    """
    errors = find_errors(bars)
    raise_first(bars, tuple(error for error in errors if error.kind not in REPAIRABLE))
    counts: dict[str, int] = {}
    notes: list[pl.DataFrame] = []
    rows = np.arange(len(bars))
    cleaned = bars
    if any(error.kind == Fault.ORDER for error in errors):
        counts[Repair.SORTED] = len(bars)
        rows = np.argsort(bars.timestamp, kind="stable")
    if any(error.kind == Fault.DUPLICATE for error in errors):
        rows, notes = _without_duplicates(bars, rows)
    if errors:
        newest_first = bool((np.diff(bars.timestamp) < 0).all())
        cleaned = bars[::-1] if newest_first else take(bars, rows)
    for repair, test in ((Repair.BOGUS, bogus_bars), (Repair.FILLED, filled_bars)):
        found = test(cleaned)
        if found.any():
            notes.append(_note(bars, repair, rows[found]))
            rows = rows[~found]
            cleaned = take(bars, rows)
    counts |= {note["repair"][0]: len(note) for note in notes}
    return cleaned, Repairs(pl.concat([_note(bars, "", rows[:0]), *notes]), counts)


def drop_unclosed(bars: Bars, as_of: int) -> tuple[Bars, Repairs]:
    """Return the bars, in order of time, without those that close after `as_of`."""
    n_closed = int(np.searchsorted(bars.timestamp, as_of - bars.interval_ms, side="right"))
    rows = np.arange(n_closed, len(bars))
    counts = {Repair.UNCLOSED.value: rows.size} if rows.size else {}
    return bars[:n_closed], Repairs(_note(bars, Repair.UNCLOSED, rows), counts)


def take(bars: Bars, rows: IntArray) -> Bars:
    """Return the bars at some positions, in that order."""
    values = {name: getattr(bars, name)[rows] for name in ("timestamp", *VALUE_COLUMNS)}
    return Bars(symbol=bars.symbol, timeframe=bars.timeframe, source=bars.source, **values)


def _without_duplicates(bars: Bars, rows: IntArray) -> tuple[IntArray, list[pl.DataFrame]]:
    volume = bars.volume[rows]
    # The last key counts most; the position in the file decides where all else is equal.
    best_first = rows[np.lexsort((rows, -volume, -decimals(volume), bars.timestamp[rows]))]
    later = np.diff(bars.timestamp[best_first], prepend=np.int64(-1)) == 0
    places = np.arange(later.size, dtype=np.int64)
    places[later] = 0
    kept = best_first[np.maximum.accumulate(places)]
    same = later.copy()
    for name in VALUE_COLUMNS:
        values = getattr(bars, name)
        same &= values[best_first] == values[kept]
    notes = [
        _note(bars, repair, best_first[which], kept[which])
        for repair, which in (
            (Repair.SAME_DUPLICATE, same),
            (Repair.CONFLICTING_DUPLICATE, later & ~same),
        )
        if which.any()
    ]
    return best_first[~later], notes


def _note(bars: Bars, repair: str, rows: IntArray, kept: IntArray | None = None) -> pl.DataFrame:
    values = {name: getattr(bars, name)[rows] for name in ("timestamp", *VALUE_COLUMNS)}
    kept_rows = pl.Series([None] * rows.size, dtype=pl.Int64) if kept is None else pl.Series(kept)
    return pl.DataFrame({"row": rows, **values, "kept_row": kept_rows}).select(
        pl.lit(str(repair)).alias("repair"), pl.all()
    )


def _line(rows: pl.DataFrame, kind: str, count: int) -> str:
    examples = rows.filter(pl.col("repair") == kind).head(_SHOWN)
    times = ", ".join(utc(time) for time in examples["timestamp"].to_list())
    more = ", …" if len(examples) < count else ""
    return f"{count:,} × {kind}" + (f": {times}{more}" if times else "")

"""What is wrong with bars.

*Errors* contradict what a bar is; nothing computes on bars that have one. *Warnings* are facts
about the market or its recorder that a person should know. Rows are positions in the bars, 0 the
first. Numbers that are missing are looked for first.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from weakref import WeakKeyDictionary

import numpy as np

from cryptovolt.domain.arrays import BoolArray, IntArray
from cryptovolt.domain.bars import VALUE_COLUMNS, Bars
from cryptovolt.domain.errors import BadBarError
from cryptovolt.domain.timeframe import alignment_ms
from cryptovolt.market.oddities import Warned, find_warnings, utc

_SHOWN = 3


class Fault(StrEnum):
    """Kinds of error, in the order they are looked for."""

    NOT_A_NUMBER = "not a number"
    PRICE = "price not positive"
    VOLUME = "volume negative"
    OHLC = "open, high, low and close contradict each other"
    MISALIGNED = "time off the grid"
    FUTURE = "time in the future"
    ORDER = "not in order of time"
    DUPLICATE = "more than one bar of a time"


REPAIRABLE = frozenset({Fault.ORDER, Fault.DUPLICATE})
"""Errors that :func:`cryptovolt.clean_bars` repairs; the others make the data unusable."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of thing found.

    Parameters
    ----------
    kind : str
        One of :class:`Fault` or of the kinds of warning.
    rows : ndarray of shape (n_found,)
        Positions in the bars, ascending.
    text : str
        One clause with numbers and the first examples.
    """

    kind: str
    rows: IntArray
    text: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


@dataclass(frozen=True, slots=True)
class Findings:
    """What :func:`check_bars` found.

    Parameters
    ----------
    errors, warnings : tuple of Finding
    n_bars : int
    title : str
        Which bars were looked at.
    """

    errors: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    n_bars: int
    title: str

    def __str__(self) -> str:
        lines = [f"{self.title}: {_verdict(self)}"]
        lines += [f"  error    {finding}" for finding in self.errors]
        lines += [f"  warning  {finding}" for finding in self.warnings]
        return "\n".join(lines)


def check_bars(bars: Bars, as_of: int | None = None) -> Findings:
    """Find what is wrong with bars, and what is worth knowing about them.

    Parameters
    ----------
    bars : Bars
    as_of : int, optional
        The present, milliseconds UTC: a bar that opens after it is an error, a last bar that closes
        after it a warning. Without it neither is looked for.

    Returns
    -------
    Findings
        Errors: numbers missing or infinite, prices not positive, negative volume, prices that
        contradict each other, times off the grid, in the future, out of order or repeated.
        Warnings: gaps, bogus bars, spikes, changes of scale, zero volume, copied opens, an unclosed
        last bar. Warnings are computed only for bars without errors.
    """
    errors = find_errors(bars, as_of)
    warnings: tuple[Finding, ...] = ()
    if not errors:
        found: tuple[Warned, ...] = find_warnings(bars, as_of)
        warnings = tuple(Finding(kind, rows, text) for kind, rows, text in found)
    return Findings(errors, warnings, len(bars), repr(bars))


_checked: WeakKeyDictionary[Bars, tuple[Finding, ...]] = WeakKeyDictionary()


def require_clean(bars: Bars) -> None:
    """Refuse bars that have errors; asked again about the same object, answer from memory.

    Raises
    ------
    BadBarError
        Naming the first wrong row.
    """
    errors = _checked.get(bars)
    if errors is None:
        errors = find_errors(bars, None)
        _checked[bars] = errors
    raise_first(bars, errors)


def raise_first(bars: Bars, errors: tuple[Finding, ...], first_row: int = 0) -> None:
    """Raise the error with the lowest row, if there is one; `first_row` is the row of bar 0."""
    if not errors:
        return
    first = min(errors, key=lambda finding: int(finding.rows[0]))
    row = int(first.rows[0])
    advice = " Call clean_bars first." if first.kind in REPAIRABLE else ""
    where = f"bar {first_row + row} ({utc(bars.timestamp[row])})"
    raise BadBarError(
        f"{bars.symbol} {bars.timeframe}, {where}: {first.kind}, "
        f"found {describe(bars, row)}.{advice}"
    )


def describe(bars: Bars, row: int) -> str:
    """Return the values of one bar."""
    values = (f"{name} {getattr(bars, name)[row]:.10g}" for name in VALUE_COLUMNS)
    return ", ".join(values)


def find_errors(bars: Bars, as_of: int | None = None) -> tuple[Finding, ...]:
    """Return the errors of :func:`check_bars` alone."""
    tests: tuple[tuple[Fault, Callable[[], BoolArray]], ...] = (
        (Fault.NOT_A_NUMBER, lambda: _not_finite(bars)),
        (Fault.PRICE, lambda: _not_positive(bars)),
        (Fault.VOLUME, lambda: bars.volume < 0.0),
        (Fault.OHLC, lambda: _contradicting(bars)),
        (Fault.MISALIGNED, lambda: _misaligned(bars)),
        (Fault.FUTURE, lambda: _after(bars, as_of)),
        (Fault.ORDER, lambda: np.diff(bars.timestamp, prepend=bars.timestamp[:1]) < 0),
        (Fault.DUPLICATE, lambda: repeated(bars.timestamp)),
    )
    found: list[Finding] = []
    for fault, test in tests:
        rows = np.flatnonzero(test())
        if rows.size:
            found.append(Finding(fault, rows, _text(bars, fault, rows)))
    return tuple(found)


def _not_finite(bars: Bars) -> BoolArray:
    wrong = ~np.isfinite(bars.open)
    for values in (bars.high, bars.low, bars.close, bars.volume):
        wrong |= ~np.isfinite(values)
    return wrong


def _not_positive(bars: Bars) -> BoolArray:
    wrong = bars.open <= 0.0
    for values in (bars.high, bars.low, bars.close):
        wrong |= values <= 0.0
    return wrong


def _contradicting(bars: Bars) -> BoolArray:
    wrong = bars.high < bars.low
    for values in (bars.open, bars.close):
        wrong |= values > bars.high
        wrong |= values < bars.low
    return wrong


def _misaligned(bars: Bars) -> BoolArray:
    return (bars.timestamp - alignment_ms(bars.timeframe)) % bars.interval_ms != 0


def _after(bars: Bars, as_of: int | None) -> BoolArray:
    if as_of is None:
        return np.zeros(len(bars), dtype=np.bool_)
    return bars.timestamp > as_of


def repeated(timestamp: IntArray) -> BoolArray:
    """Return which rows repeat the time of an earlier row."""
    later = np.zeros(timestamp.size, dtype=np.bool_)
    steps = np.diff(timestamp)
    if (steps > 0).all() or (steps < 0).all():
        return later
    order = np.argsort(timestamp, kind="stable")
    later[order[1:]] = np.diff(timestamp[order]) == 0
    return later


def _text(bars: Bars, fault: Fault, rows: IntArray) -> str:
    if fault is Fault.ORDER and (np.diff(bars.timestamp) <= 0).all():
        return "the file is sorted newest first"
    count = f"{rows.size:,} bar{'s' if rows.size > 1 else ''}"
    shown = ", ".join(f"{row} ({utc(bars.timestamp[row])})" for row in rows[:_SHOWN].tolist())
    more = ", …" if rows.size > _SHOWN else ""
    values = "" if fault in REPAIRABLE else f"; {describe(bars, int(rows[0]))}"
    return f"{count}, row {shown}{more}{values}"


def _verdict(findings: Findings) -> str:
    if not findings.errors and not findings.warnings:
        return "nothing to report"
    n_errors, n_warnings = len(findings.errors), len(findings.warnings)
    return (
        f"{n_errors} kind{'' if n_errors == 1 else 's'} of error, "
        f"{n_warnings} kind{'' if n_warnings == 1 else 's'} of warning"
    )

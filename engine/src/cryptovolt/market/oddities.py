"""What is worth knowing about bars that contradict nothing: gaps, bogus bars, spikes, halts.

All functions take bars in order of time, without duplicates and without NaN.
"""

from enum import StrEnum
from typing import Any, TypeAlias

import numpy as np

from cryptovolt.domain.arrays import BoolArray, IntArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.timeframe import DAY_MS
from cryptovolt.market.listings import PEG_WIDTH, halts, off_peg, relisted_rows, runs

BOGUS_FACTOR = 1.5
"""A price this many times away from the prices on both sides of it was never traded."""

RESCALED_FACTOR = 3.0
"""A price that opens this many times away from the last close, and stays, is on another scale."""

COPIED_SHARE = 0.95
"""Opens are copies where this share of them equals the close before."""

_COPIED_BLOCK = 1_000
_SHOWN = 3


class Oddity(StrEnum):
    """Kinds of warning."""

    GAP = "gap"
    BOGUS = "bogus bar"
    SPIKE = "spike"
    RESCALED = "price on another scale"
    RELISTED = "relisted ticker"
    HALT = "halt"
    OFF_PEG = "off its peg"
    SILENT = "zero volume"
    COPIED_OPENS = "copied opens"
    UNCLOSED = "unclosed last bar"


Warned: TypeAlias = tuple[Oddity, IntArray, str]


def find_warnings(bars: Bars, as_of: int | None) -> tuple[Warned, ...]:
    """Return kind, rows and text of every warning."""
    if not len(bars):
        return ()
    bogus = bogus_bars(bars)
    found = (
        _gaps(bars),
        _listed(bars, Oddity.BOGUS, bogus, "prices far from those on both sides"),
        _listed(
            bars,
            Oddity.SPIKE,
            _spikes(bars) & ~bogus,
            "high or low far from the prices on both sides",
        ),
        _rescaled(bars, bogus),
        _relisted(bars),
        _halts(bars),
        _off_peg(bars),
        _silent(bars),
        _copied_opens(bars),
        _unclosed(bars, as_of),
    )
    return tuple(warned for warned in found if warned is not None)


def utc(time: Any) -> str:
    """Return a time in milliseconds UTC as people read it, to the minute."""
    minute = np.datetime64(int(time), "ms").astype("datetime64[m]")
    return f"{str(minute).replace('T', ' ')} UTC"


def bogus_bars(bars: Bars) -> BoolArray:
    """Return which bars show prices the market cannot have been at.

    A market that trades without a break opens a bar near the close of the bar before. Two things
    are therefore bogus: a bar whose *whole* range lies more than `BOGUS_FACTOR` times away, on the
    same side, from the close before and from the open after it; and, where the recorder copies
    opens from the close before, a first bar whose open lies so far from its own close and from the
    next open, because there was nothing to copy. A real crash or a listing, where one price is
    extreme and the bar reaches back to its neighbours, is a spike and stays.
    """
    bogus = np.zeros(len(bars), dtype=np.bool_)
    if len(bars) < 3:
        return bogus
    before, after = bars.close[:-2], bars.open[2:]
    above = bars.low[1:-1] > BOGUS_FACTOR * np.maximum(before, after)
    below = bars.high[1:-1] * BOGUS_FACTOR < np.minimum(before, after)
    bogus[1:-1] = above | below
    own, following = bars.open[0] / bars.close[0], bars.open[0] / bars.open[1]
    lowest, highest = min(own, following), max(own, following)
    far = lowest > BOGUS_FACTOR or highest < 1.0 / BOGUS_FACTOR
    bogus[0] = far and bool(copied_opens(bars[: _COPIED_BLOCK + 1])[1:].any())
    return bogus


def gap_lengths(bars: Bars) -> IntArray:
    """Return how many bars are missing before each bar, shape ``(n_bars,)``; 0 for the first."""
    first = bars.timestamp[:1] - bars.interval_ms
    return np.diff(bars.timestamp, prepend=first) // bars.interval_ms - 1


def _gaps(bars: Bars) -> Warned | None:
    missing = gap_lengths(bars)
    rows = np.flatnonzero(missing > 0)
    if not rows.size:
        return None
    longest = rows[np.argmax(missing[rows])]
    return (
        Oddity.GAP,
        rows,
        f"{rows.size:,} gap{'s' if rows.size > 1 else ''}, {missing[rows].sum():,} bars missing, "
        f"the longest {missing[longest]:,} before {utc(bars.timestamp[longest])}",
    )


def _listed(bars: Bars, kind: Oddity, which: BoolArray, what: str) -> Warned | None:
    rows = np.flatnonzero(which)
    if not rows.size:
        return None
    shown = ", ".join(utc(bars.timestamp[row]) for row in rows[:_SHOWN].tolist())
    return kind, rows, f"{rows.size:,} with {what}: {shown}{', …' if rows.size > _SHOWN else ''}"


def _spikes(bars: Bars) -> BoolArray:
    before = np.append(bars.close[:1], bars.close[:-1])
    after = np.append(bars.open[1:], bars.open[-1:])
    # Away from the prices on both sides: the bar's own open and close may be the spike.
    top, bottom = np.maximum(before, after), np.minimum(before, after)
    return (bars.high > top * BOGUS_FACTOR) | (bars.low < bottom / BOGUS_FACTOR)


def _rescaled(bars: Bars, bogus: BoolArray) -> Warned | None:
    jumps = np.zeros(len(bars))
    jumps[1:] = np.log(bars.open[1:]) - np.log(bars.close[:-1])
    which = (np.abs(jumps) > np.log(RESCALED_FACTOR)) & ~bogus
    which[1:] &= ~bogus[:-1]
    rows = np.flatnonzero(which)
    if not rows.size:
        return None
    row = int(rows[np.argmax(np.abs(jumps[rows]))])
    return (
        Oddity.RESCALED,
        rows,
        f"from {bars.close[row - 1]:.6g} to {bars.open[row]:.6g} at {utc(bars.timestamp[row])}",
    )


def _relisted(bars: Bars) -> Warned | None:
    rows = relisted_rows(bars)
    if not rows.size:
        return None
    row = int(rows[0])
    days = (bars.timestamp[row] - bars.timestamp[row - 1] - bars.interval_ms) / DAY_MS
    others = f", and {rows.size - 1:,} more" if rows.size > 1 else ""
    return (
        Oddity.RELISTED,
        rows,
        f"{days:.0f} days without bars before {utc(bars.timestamp[row])}, from "
        f"{bars.close[row - 1]:.6g} to {bars.open[row]:.6g}{others}: another coin may trade under "
        "this name; split_listings keeps them apart",
    )


def _halts(bars: Bars) -> Warned | None:
    rows, lengths = halts(bars)
    if not rows.size:
        return None
    longest = int(np.argmax(lengths))
    return (
        Oddity.HALT,
        rows,
        f"{rows.size:,} without a trade in a market that else always trades, the longest "
        f"{lengths[longest]:,} bars from {utc(bars.timestamp[rows[longest]])}",
    )


def _off_peg(bars: Bars) -> Warned | None:
    rows = np.flatnonzero(off_peg(bars))
    if not rows.size:
        return None
    worst = int(rows[np.argmax(np.abs(np.log(bars.close[rows])))])
    return (
        Oddity.OFF_PEG,
        rows,
        f"{rows.size:,} closes more than {PEG_WIDTH:.0%} away from 1, first at "
        f"{utc(bars.timestamp[rows[0]])}, farthest {bars.close[worst]:.6g} at "
        f"{utc(bars.timestamp[worst])}: what is counted in this coin is not counted in dollars",
    )


def _silent(bars: Bars) -> Warned | None:
    silent = bars.volume == 0.0
    rows = np.flatnonzero(silent)
    if not rows.size:
        return None
    starts, lengths = runs(silent)
    longest = int(np.argmax(lengths))
    return (
        Oddity.SILENT,
        rows,
        f"{rows.size:,} of {len(bars):,} bars, the longest run {lengths[longest]:,} "
        f"from {utc(bars.timestamp[starts[longest]])}",
    )


def copied_opens(bars: Bars) -> BoolArray:
    """Return which opens are copies of the close before, judged block by block of 1,000 bars."""
    copied = np.zeros(len(bars), dtype=np.bool_)
    copied[1:] = bars.open[1:] == bars.close[:-1]
    # A bar without a trade repeats the last close by nature, and says nothing.
    spoken = bars.volume > 0.0
    starts = np.arange(0, len(bars), _COPIED_BLOCK)
    n_spoken = np.add.reduceat(spoken.astype(np.int64), starts)
    n_copied = np.add.reduceat((copied & spoken).astype(np.int64), starts)
    blocks = (n_copied >= COPIED_SHARE * n_spoken) & (n_spoken >= _COPIED_BLOCK // 2)
    return copied & np.repeat(blocks, _COPIED_BLOCK)[: len(bars)]


def _copied_opens(bars: Bars) -> Warned | None:
    rows = np.flatnonzero(copied_opens(bars))
    if not rows.size:
        return None
    return (
        Oddity.COPIED_OPENS,
        rows,
        f"{rows.size:,} opens equal the close before, between {utc(bars.timestamp[rows[0]])} and "
        f"{utc(bars.timestamp[rows[-1]])}: written by the recorder rather than traded",
    )


def _unclosed(bars: Bars, as_of: int | None) -> Warned | None:
    if as_of is None or bars.timestamp[-1] + bars.interval_ms <= as_of:
        return None
    row = len(bars) - 1
    return (
        Oddity.UNCLOSED,
        np.array([row], dtype=np.int64),
        f"the bar of {utc(bars.timestamp[-1])} closes after {utc(as_of)}",
    )

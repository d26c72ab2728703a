"""What to fetch, and from where: pure rules over ranges of time, milliseconds UTC, [start, end).

Missing is what was asked for, less what is stored, less what was fetched completely before and had
no bars. A month that is over comes from the archive's monthly file, a day that is over from a daily
one, the rest over REST, and so does what the archive does not have.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from app.core.times import milliseconds, moment_of
from cryptovolt.domain.timeframe import DAY_MS, alignment_ms, timeframe_ms

Range: TypeAlias = tuple[int, int]

FUNDING = "funding"
"""Stands in for the time frame of funding rates, which have none."""

_REST_BARS = 20_000
"""Bars of one piece over REST: what an interruption may cost."""
_REST_FUNDING_MS = 400 * DAY_MS
_FUNDING_MS = 8 * 3_600_000
_DAILY_BARS = 24
"""A daily file with fewer bars costs more than a page over REST."""
_MONTH_DAYS = 8
"""From so many missing days on, a month is one file rather than a file for each day."""
_PUBLISHED_MS = 12 * DAY_MS
"""Monthly files appear after the first Monday of the next month, daily ones the day after."""


class Origin(StrEnum):
    """Where a piece comes from."""

    MONTH = "month"
    DAY = "day"
    REST = "rest"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a series that is fetched and stored at once."""

    origin: Origin
    start_ms: int
    end_ms: int

    @property
    def first_day(self) -> date:
        """The day that names its file in the archive."""
        day = moment_of(self.start_ms).date()
        return day.replace(day=1) if self.origin is Origin.MONTH else day

    def __str__(self) -> str:
        if self.origin is Origin.MONTH:
            return f"month {self.first_day:%Y-%m}"
        if self.origin is Origin.DAY:
            return f"day {self.first_day}"
        first, last = moment_of(self.start_ms), moment_of(self.end_ms)
        return f"{first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} over REST"


def expected_rows(piece: Piece, timeframe: str) -> int:
    """Return how many bars a piece has, or payments at the usual eight hours, for progress."""
    interval = _FUNDING_MS if timeframe == FUNDING else timeframe_ms(timeframe)
    return max((piece.end_ms - piece.start_ms) // interval, 1)


def closed_end(now_ms: int, timeframe: str) -> int:
    """Return the end of the last bar that is closed."""
    length, offset = timeframe_ms(timeframe), alignment_ms(timeframe)
    return (now_ms - offset) // length * length + offset


def aligned_start(start_ms: int, timeframe: str) -> int:
    """Return the open of the first bar at or after a time."""
    length, offset = timeframe_ms(timeframe), alignment_ms(timeframe)
    return -((offset - start_ms) // length) * length + offset


def subtract(ranges: Iterable[Range], taken: Iterable[Range]) -> list[Range]:
    """Return what is left of `ranges` without `taken`, in order."""
    left = sorted(ranges)
    for start, end in taken:
        kept: list[Range] = []
        for first, last in left:
            if end <= first or start >= last:
                kept.append((first, last))
                continue
            if first < start:
                kept.append((first, start))
            if end < last:
                kept.append((end, last))
        left = kept
    return left


def missing_ranges(
    asked: Range, edges: Range | None, gaps: Iterable[Range], finished: Iterable[Range]
) -> list[Range]:
    """Return the ranges to fetch, in order.

    `edges` are the open of the first stored bar and the end of the last one, `gaps` the ranges
    without bars between them, `finished` the ranges that were fetched completely.
    """
    stored = subtract([edges], gaps) if edges else []
    return subtract([asked], [*stored, *finished])


def plan_pieces(missing: Iterable[Range], timeframe: str, now_ms: int) -> list[Piece]:
    """Return the pieces that make up the missing ranges, oldest first."""
    pieces: list[Piece] = []
    for start, end in missing:
        for month_start, month_end in _months(start, end):
            inside = (max(start, month_start), min(end, month_end))
            pieces += _of_month(inside, (month_start, month_end), timeframe, now_ms)
    return _joined(pieces, timeframe)


def rest_pieces(missing: Iterable[Range], timeframe: str) -> list[Piece]:
    """Return the pieces that make up the missing ranges where there is no archive."""
    return [piece for inside in missing for piece in _rest(inside, timeframe)]


def fallback(piece: Piece, timeframe: str, now_ms: int) -> list[Piece]:
    """Return the pieces to try where the archive has no file for one."""
    whole = (piece.start_ms, piece.end_ms)
    month_end = next_month(piece.first_day)
    unpublished = now_ms - month_end < _PUBLISHED_MS
    if piece.origin is Origin.MONTH and unpublished and _has_daily(timeframe):
        return _days(whole, timeframe, now_ms)
    # An old month without a file: the symbol was not there, or the archive never had it.
    return _rest(whole, timeframe)


def _of_month(inside: Range, month: Range, timeframe: str, now_ms: int) -> list[Piece]:
    if month[1] <= now_ms and (inside == month or (inside[1] - inside[0] >= _MONTH_DAYS * DAY_MS)):
        return [Piece(Origin.MONTH, *inside)]
    return _days(inside, timeframe, now_ms) if _has_daily(timeframe) else _rest(inside, timeframe)


def _has_daily(timeframe: str) -> bool:
    return timeframe != FUNDING and timeframe_ms(timeframe) * _DAILY_BARS <= DAY_MS


def _days(inside: Range, timeframe: str, now_ms: int) -> list[Piece]:
    pieces: list[Piece] = []
    at = inside[0]
    while at < inside[1]:
        day_end = at // DAY_MS * DAY_MS + DAY_MS
        end = min(day_end, inside[1])
        whole = end - at == DAY_MS and day_end <= now_ms
        pieces += [Piece(Origin.DAY, at, end)] if whole else _rest((at, end), timeframe)
        at = end
    return pieces


def _rest(inside: Range, timeframe: str) -> list[Piece]:
    funding = timeframe == FUNDING
    length = _REST_FUNDING_MS if funding else _REST_BARS * timeframe_ms(timeframe)
    starts = range(inside[0], inside[1], length)
    return [Piece(Origin.REST, at, min(at + length, inside[1])) for at in starts]


def _joined(pieces: Sequence[Piece], timeframe: str) -> list[Piece]:
    # Neighbours over REST are one range, cut anew.
    joined: list[Piece] = []
    for piece in pieces:
        last = joined[-1] if joined else None
        both_rest = last is not None and last.origin is piece.origin is Origin.REST
        if last is not None and both_rest and last.end_ms == piece.start_ms:
            joined.pop()
            joined += _rest((last.start_ms, piece.end_ms), timeframe)
        else:
            joined.append(piece)
    return joined


def _months(start_ms: int, end_ms: int) -> Iterable[Range]:
    month = moment_of(start_ms).date().replace(day=1)
    at = milliseconds(datetime(month.year, month.month, 1, tzinfo=UTC))
    while at < end_ms:
        following = next_month(month)
        yield at, following
        at = following
        month = (month + timedelta(days=32)).replace(day=1)


def next_day(day: date) -> int:
    """Return the end of a day."""
    following = day + timedelta(days=1)
    return milliseconds(datetime(following.year, following.month, following.day, tzinfo=UTC))


def next_month(day: date) -> int:
    """Return the end of the month that a day is in."""
    following = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return milliseconds(datetime(following.year, following.month, 1, tzinfo=UTC))

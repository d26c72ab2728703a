"""Times as news files write them: ISO 8601, e-mail dates, and seconds to microseconds since 1970.

A time without an offset is UTC. A time of exactly midnight is how files write a day alone, so it
counts as one.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from cryptovolt.domain.errors import DataError
from cryptovolt.domain.timeframe import DAY_MS

_NUMBER = re.compile(r"\d{9,17}(\.\d+)?")
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class ItemTime:
    """When an item was written, and whether only the day is known."""

    event_time: int
    day_only: bool

    def observed_at(self, delay: timedelta) -> int:
        """Return when the item counts as seen: after the delay, or that long after its day ends."""
        start = self.event_time + (DAY_MS if self.day_only else 0)
        return start + delay // _MILLISECOND


def parse_time(text: str) -> ItemTime:
    """Return the time a text stands for.

    Raises
    ------
    DataError
        If the text is no time, or lies before the year 2000.
    """
    moment = _parse_number(text) if _NUMBER.fullmatch(text) else _parse_date(text)
    if moment is None:
        raise DataError(f"expected a time such as '2022-01-31 14:05:00', found {text[:40]!r}")
    if moment < _EARLIEST:
        raise DataError(f"expected a time after the year 2000, found {text[:40]!r}")
    event_time = (moment - _EPOCH) // _MILLISECOND
    at_midnight = (moment.hour, moment.minute, moment.second, moment.microsecond) == (0, 0, 0, 0)
    return ItemTime(event_time=event_time, day_only=at_midnight)


def _parse_number(text: str) -> datetime | None:
    value = float(text)
    # Seconds have at most 11 digits until the year 5138, milliseconds at most 14.
    seconds = value if value < 1e11 else value / 1e3 if value < 1e14 else value / 1e6
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return None


def _parse_date(text: str) -> datetime | None:
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = parse(text)
        except ValueError:
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None

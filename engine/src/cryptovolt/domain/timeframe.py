"""Time frames: the length of a bar, written as a number and a unit, for example ``"1h"``.

Units are ``s`` second, ``m`` minute, ``h`` hour, ``d`` day and ``w`` week. Bars are aligned to the
Unix epoch, weeks to Monday 00:00 UTC, as exchanges do. Calendar months have no fixed length and
are not a time frame here.
"""

import re

from cryptovolt.domain.errors import ConfigurationError

_UNITS_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_PATTERN = re.compile(r"([1-9][0-9]{0,3})([smhdw])")

DAY_MS = 86_400_000
YEAR_MS = 365 * DAY_MS
"""Crypto markets never close: a year has 365 trading days."""

# 1970-01-01 was a Thursday; exchanges open weekly bars on Monday.
_WEEK_OFFSET_MS = 4 * DAY_MS


def timeframe_ms(timeframe: str) -> int:
    """Return the length of a bar in milliseconds.

    Raises
    ------
    ConfigurationError
        If the text is not a positive number followed by one of the units.
    """
    match = _PATTERN.fullmatch(timeframe)
    if match is None:
        raise ConfigurationError(
            f"expected a time frame such as '1m', '1h' or '1d', found {timeframe!r}"
        )
    return int(match.group(1)) * _UNITS_MS[match.group(2)]


def alignment_ms(timeframe: str) -> int:
    """Return the time of day, in milliseconds after the epoch, that bar opens are counted from."""
    return _WEEK_OFFSET_MS if timeframe.endswith("w") else 0


def periods_per_year(timeframe: str) -> float:
    """Return how many bars of this time frame a year of 365 days has."""
    return YEAR_MS / timeframe_ms(timeframe)

"""What time it is at the market, and how far this machine's clock is from the venue's.

Two clocks of the venue: *wall* time, which every venue tells, and *market* time, which bars and
trades carry. At a real venue they are one; a loopback venue replays at a speed. Between two
readings time is carried on by this machine's steady clock, which no step of its date moves.
All times are integer milliseconds UTC.
"""

from collections.abc import Callable
from typing import Protocol

from app.core.frames import VenueTime

WARN_OFFSET_MS = 250.0
STOP_OFFSET_MS = 750.0
CHECK_EVERY_S = 60.0
LOST_AFTER_S = 3 * CHECK_EVERY_S
"""Without an answer for so long the offset is unknown, and entries stop."""


class TimeSource(Protocol):
    """Who can be asked for the venue's time."""

    async def read_time(self) -> VenueTime:
        """Ask, and return the answer."""
        ...


class MarketClock:
    """Market time, carried on from the last reading.

    Parameters
    ----------
    steady_s, wall_s : callable
        This machine's steady clock and its date, both in seconds.
    """

    def __init__(self, steady_s: Callable[[], float], wall_s: Callable[[], float]) -> None:
        self._steady = steady_s
        self._wall = wall_s
        self._read_at_s: float | None = None
        self._market_ms = 0
        self._ahead_s = wall_s() - steady_s()
        self.speed = 1.0
        self.offset_ms: float | None = None
        """How far the venue's wall time is ahead of this machine's date."""
        self.round_trip_ms: float | None = None

    async def measure(self, source: TimeSource, attempts: int = 3) -> None:
        """Ask for the time, and keep the reading that took the shortest way."""
        best: tuple[float, float, float, VenueTime] | None = None
        for _ in range(attempts):
            wall, before = self._wall(), self._steady()
            answer = await source.read_time()
            took = self._steady() - before
            if best is None or took < best[0]:
                best = (took, before, wall, answer)
        assert best is not None
        took, before, wall, answer = best
        # The answer was made, as near as can be known, half way.
        self.offset_ms = answer.wall_ms - (wall + took / 2) * 1000
        self.round_trip_ms = took * 1000
        self._read_at_s, self._market_ms = before + took / 2, answer.market_ms
        self.speed = answer.speed
        self._ahead_s = wall - before

    @property
    def known(self) -> bool:
        """Whether the venue has ever told the time."""
        return self._read_at_s is not None

    @property
    def age_s(self) -> float:
        """Seconds since the last reading."""
        return float("inf") if self._read_at_s is None else self._steady() - self._read_at_s

    def market_ms(self) -> int:
        """Return market time now; before the first reading, this machine's date."""
        if self._read_at_s is None:
            return round(self._wall() * 1000)
        return round(self._market_ms + (self._steady() - self._read_at_s) * 1000 * self.speed)

    @property
    def stepped(self) -> bool:
        """Whether this machine's date was moved since the last reading."""
        moved_s = self._wall() - self._steady() - self._ahead_s
        return not abs(moved_s) * 1000 <= WARN_OFFSET_MS

    @property
    def warning(self) -> str | None:
        """What is worth a warning: an offset that is still bearable."""
        if self.offset_ms is None or abs(self.offset_ms) <= WARN_OFFSET_MS:
            return None
        return f"the venue's clock is {self.offset_ms:+,.0f} ms from this machine's"

    @property
    def stop_reason(self) -> str | None:
        """Why no position may be opened now, or None."""
        if self.offset_ms is None or self.age_s > LOST_AFTER_S:
            return "the venue's time is unknown: it was not told for more than three minutes"
        if not abs(self.offset_ms) <= STOP_OFFSET_MS:
            return (
                f"the venue's clock is {self.offset_ms:+,.0f} ms from this machine's, expected at "
                f"most {STOP_OFFSET_MS:.0f} ms: set this machine's clock"
            )
        return None

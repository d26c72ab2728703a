"""When a series is silent: three times the gap it is known for, within bounds.

Pure: times are seconds of a steady clock, handed in. The expected gap is the longest of the recent
ones that were no silence, so that a market that trades in bursts is not called silent between them.
"""

from collections import deque
from dataclasses import dataclass, field

MULTIPLE = 3.0
LIQUID_CAP_S = 5.0
THIN_CAP_S = 60.0
THIN_FROM_S = LIQUID_CAP_S / 2
"""A series whose mean gap is longer is thin."""
RECENT_GAPS = 32


@dataclass(slots=True)
class Pulse:
    """The frames of one series, as seconds of a steady clock.

    Parameters
    ----------
    started_s : float
        When it was subscribed.
    speed : float
        Market seconds per real second; caps are in market time.
    floor_s : float
        Real seconds below which nothing is silence: the time it takes to look.
    """

    started_s: float
    speed: float = 1.0
    floor_s: float = 1.0
    silent: bool = False
    _last_s: float = field(init=False)
    _gaps: deque[float] = field(
        default_factory=lambda: deque[float](maxlen=RECENT_GAPS), init=False
    )
    _longest_s: float = field(default=0.0, init=False)
    _sum_s: float = field(default=0.0, init=False)
    _heard: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self._last_s = self.started_s

    @property
    def limit_s(self) -> float:
        """Seconds without a frame after which the series is silent."""
        if not self._gaps:
            cap = LIQUID_CAP_S if self._heard else THIN_CAP_S
            return max(self.floor_s, cap / self.speed)
        thin = self._sum_s / len(self._gaps) * self.speed > THIN_FROM_S
        cap = (THIN_CAP_S if thin else LIQUID_CAP_S) / self.speed
        return max(self.floor_s, min(MULTIPLE * self._longest_s, cap))

    def beat(self, at_s: float) -> bool:
        """Note a frame, and say whether the series was silent until now."""
        gap = at_s - self._last_s
        self._last_s = at_s
        returned, self.silent = self.silent, False
        if self._heard and not returned:
            self._remember(gap)
        self._heard = True
        return returned

    def check(self, at_s: float) -> bool:
        """Say whether the series has just become silent."""
        if self.silent or at_s - self._last_s <= self.limit_s:
            return False
        self.silent = True
        return True

    def is_silent_since_restart(self, at_s: float) -> bool:
        """Say whether the silence goes on although the stream was subscribed again."""
        return self.silent and at_s - self._last_s > self.limit_s

    def silence_s(self, at_s: float) -> float:
        """Return how long ago the last frame came."""
        return at_s - self._last_s

    def restart(self, at_s: float) -> None:
        """Begin to wait anew, because the stream was subscribed again; a silence goes on."""
        self._last_s = at_s

    def _remember(self, gap: float) -> None:
        gaps = self._gaps
        dropped = gaps[0] if len(gaps) == RECENT_GAPS else 0.0
        gaps.append(gap)
        self._sum_s += gap - dropped
        if gap >= self._longest_s:
            self._longest_s = gap
        elif dropped >= self._longest_s:
            self._longest_s = max(gaps)

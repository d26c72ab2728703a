"""When a source is asked next, and what a failure makes of it. Pure, but for its clock."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from app.core.press import FetchResult, ItemKind, PatienceError, SourceState
from app.services.press_lease import LEASE_S, Verdict
from cryptovolt.domain.errors import ConfigurationError, CryptoVoltError, DataError

GIVE_UP_S = LEASE_S - 15.0
"""A source that has not answered by then is given up until its next turn."""

_LONGEST_PAUSE_S = 3_600.0
_FIRST_PAUSE_S = 5.0
_OFF_PAUSE_S = 3_600.0
_LEAST_INTERVAL_S = 1.0
_SPREAD = (0.95, 1.05)


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorClock:
    """The time at the market, and how much faster than real time it runs."""

    market_ms: Callable[[], int]
    speed: Callable[[], float] = lambda: 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of asking a source once."""

    name: str
    state: SourceState
    reason: str | None = None
    counts: Mapping[str, int] = field(default_factory=dict[str, int])
    cost: float = 0.0
    wait_s: float = 0.0
    """Seconds until it may be asked again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OffSource:
    """A source that is not asked, and why."""

    name: str
    kind: ItemKind
    reason: str

    def as_outcome(self) -> Outcome:
        """Return it as what became of it."""
        return Outcome(name=self.name, state=SourceState.OFF, reason=self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorOptions:
    """What to collect."""

    assets: tuple[str, ...] = ()
    """What is traded; sources that search, search for these."""
    since_ms: int | None = None
    give_up_s: float = GIVE_UP_S


@dataclass(frozen=True, slots=True)
class Pace:
    """Intervals, in this machine's seconds: a market that runs fast is asked more often."""

    clock: CollectorClock
    random: Random

    def interval_s(self, every_s: float) -> float:
        """Return the seconds between two requests."""
        return max(_LEAST_INTERVAL_S, every_s / max(self.clock.speed(), 1.0))

    def next_s(self, every_s: float, result: FetchResult) -> float:
        """Return the seconds until a source that answered is asked again."""
        interval_s = self.interval_s(every_s)
        if result.quota_left == 0 and result.quota_resets_ms is not None:
            left_s = (result.quota_resets_ms - self.clock.market_ms()) / 1000.0
            return max(interval_s, min(left_s, _LONGEST_PAUSE_S))
        return interval_s * self.random.uniform(*_SPREAD)

    def verdict(self, every_s: float, failures: int, error: CryptoVoltError) -> Verdict:
        """Return what a failure makes of a source that failed so often before."""
        if isinstance(error, ConfigurationError):
            return Verdict(SourceState.OFF, str(error), _OFF_PAUSE_S, refunded=True)
        pause_s = self._back_off_s(every_s, failures)
        if isinstance(error, PatienceError):
            told_s = error.retry_after_s
            wait_s = pause_s if told_s is None else told_s + self.random.uniform(0.0, 1.0)
            return Verdict(SourceState.WAITING, str(error), wait_s, refunded=True)
        state = SourceState.BROKEN if isinstance(error, DataError) else SourceState.WAITING
        # What was sent and not answered may have been counted all the same.
        return Verdict(state, str(error), pause_s)

    def _back_off_s(self, every_s: float, failures: int) -> float:
        # Full jitter: anywhere up to a limit that doubles with every failure.
        highest = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** min(failures, 12))
        pause_s = self.random.uniform(0.0, highest) / max(self.clock.speed(), 1.0)
        return max(_LEAST_INTERVAL_S, min(pause_s, 12 * self.interval_s(every_s)))

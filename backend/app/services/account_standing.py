"""How an account is followed at the moment: its state, since when, and why. Pure.

Only `live` may be traded: the stream is connected, REST has told everything of the time before it,
the stream tells what REST tells, and REST has answered lately. Times ending in `_s` are of the
steady clock.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.repositories.account_rows import Trouble
from app.services.account_doubts import DISCONNECTED, SILENT, UNCHECKED, Troubles

TELL_DISCONNECTED_AFTER_S = 10.0
UNCHECKED_AFTER_CHECKS = 3.0
UNCHECKED_AFTER_S = 10.0


@dataclass(slots=True)
class Standing:
    """What is known of stream and REST, and the state that follows from it."""

    started_at: datetime
    checked_s: float
    """When the last complete check was begun; at first, the start."""
    lost_s: float | None
    """Since when the stream is not connected, None while it is."""
    since: datetime = field(init=False)
    state: str = "starting"
    reason: str = ""
    lost_reason: str = "not connected yet"
    silent: str = ""
    """Why the stream is taken to be silent; empty while it speaks."""
    caught_up: bool = False
    check_error: str = ""
    connected_at: datetime | None = None
    event_at: datetime | None = None
    check_at: datetime | None = None

    def __post_init__(self) -> None:
        self.since = self.started_at

    def connect(self, at: datetime) -> None:
        """Note that the stream is connected; it has to be caught up with."""
        self.lost_s, self.connected_at, self.caught_up = None, at, False

    def lose(self, at_s: float, reason: str) -> None:
        """Note that the stream is not connected, and the newest reason."""
        self.lost_s = at_s if self.lost_s is None else self.lost_s
        self.lost_reason, self.caught_up = reason, False

    def check(self, asked_s: float, at: datetime) -> None:
        """Note that REST answered everything it was asked since a time."""
        self.checked_s, self.check_at, self.check_error = asked_s, at, ""

    def judge(self, at_s: float, at: datetime, check_every_s: float, troubles: Troubles) -> bool:
        """Find the state and the troubles now; say whether the state changed."""
        unchecked = self._unchecked(at_s - self.checked_s, check_every_s)
        long_lost = self.lost_s is not None and at_s - self.lost_s > TELL_DISCONNECTED_AFTER_S
        troubles.set(Trouble(SILENT), self.silent or None)
        troubles.set(Trouble(DISCONNECTED), self.lost_reason if long_lost else None)
        troubles.set(Trouble(UNCHECKED), unchecked)
        before = self.state
        self.state, self.reason = self._found(unchecked)
        if self.state != before:
            self.since = at
        return self.state != before

    def values(self) -> dict[str, Any]:
        """Return what its row says."""
        return {
            "state": self.state,
            "reason": self.reason or None,
            "since": self.since,
            "started_at": self.started_at,
            "connected_at": self.connected_at,
            "last_event_at": self.event_at,
            "last_check_at": self.check_at,
        }

    def _found(self, unchecked: str | None) -> tuple[str, str]:
        if self.silent:
            return "silent", self.silent
        if self.lost_s is not None:
            return ("starting" if self.connected_at is None else "disconnected"), self.lost_reason
        if unchecked is not None:
            return "unchecked", unchecked
        return ("live" if self.caught_up else "catching_up"), ""

    def _unchecked(self, age_s: float, check_every_s: float) -> str | None:
        bearable_s = max(UNCHECKED_AFTER_CHECKS * check_every_s, UNCHECKED_AFTER_S)
        if age_s <= bearable_s:
            return None
        return self.check_error or f"REST has not answered all questions for {bearable_s:.0f} s"

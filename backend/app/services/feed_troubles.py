"""Which troubles have begun and which are over since the last batch. Pure."""

from collections.abc import Iterable

from app.repositories.feed import Incident, IncidentKey

GATHER_S = 1.0
"""Troubles that begin within so many seconds are told in one alert."""


class Troubles:
    """Troubles of a feed: known ones, and what is to be told next."""

    def __init__(self) -> None:
        self._open: set[IncidentKey] = set()
        self._begun: dict[IncidentKey, str] = {}
        self._over: set[IncidentKey] = set()
        self._since_s: float | None = None

    @property
    def open(self) -> frozenset[IncidentKey]:
        """What is not over yet."""
        return frozenset(self._open)

    def adopt(self, keys: Iterable[IncidentKey]) -> None:
        """Take over what an earlier process left open; it was told already."""
        self._open.update(keys)

    def set(self, key: IncidentKey, reason: str | None, at_s: float) -> None:
        """Say that a trouble is there, for a reason, or that it is not."""
        if reason is None:
            self._end(key, at_s)
        elif key not in self._open:
            self._open.add(key)
            if key in self._over:
                # It came back before its end was told: nothing to tell.
                self._over.discard(key)
            else:
                self._begun[key] = reason
                self._since_s = at_s if self._since_s is None else self._since_s

    def due(self, at_s: float) -> tuple[list[Incident], list[IncidentKey]]:
        """Return what is to be told now, each once."""
        if self._since_s is None or at_s - self._since_s < GATHER_S:
            return [], []
        begun = [Incident(key, reason) for key, reason in self._begun.items()]
        over = sorted(self._over)
        self._begun, self._over, self._since_s = {}, set(), None
        return begun, over

    def _end(self, key: IncidentKey, at_s: float) -> None:
        if key not in self._open:
            return
        self._open.discard(key)
        # One that is over before it was told is told all the same: entries did stop.
        self._over.add(key)
        self._since_s = at_s if self._since_s is None else self._since_s

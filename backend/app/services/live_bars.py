"""The order of live bars: what one series hands on, and what it asks of REST first.

Pure: no clock, no network, no database. A series knows the open of the next bar it expects. Only
closed bars leave it, in order, once each; a bar that is missing is asked of REST before anything
newer is handed on; what REST says wins. Times are integer milliseconds UTC.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from app.core.frames import LiveBar

MAX_PENDING = 1_000
"""Closed bars kept while an older one is asked for; further ones are asked of REST later."""
MAX_UNCHECKED = 1_500
"""Bars of the stream kept until REST has confirmed them."""


class Origin(StrEnum):
    """How a bar, or the certainty that there is none, came."""

    STREAM = "stream"
    REST = "rest"
    REPLACED = "replaced"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One step of a series: a bar to store, or the open of one the venue does not have."""

    origin: Origin
    open_ms: int
    bar: LiveBar | None
    was: LiveBar | None = None


@dataclass(slots=True)
class Counts:
    """What a series has seen."""

    handed: int = 0
    repaired: int = 0
    replaced: int = 0
    absent: int = 0
    late: int = 0
    refused: int = 0


@dataclass(slots=True)
class SeriesLine:
    """Closed bars of one series in order, once each.

    Parameters
    ----------
    interval_ms : int
        Length of a bar.
    expected_ms : int
        Open of the first bar to hand on.
    """

    interval_ms: int
    expected_ms: int
    counts: Counts = field(default_factory=Counts)
    _closed_until: int = field(init=False)
    _pending: dict[int, LiveBar] = field(default_factory=dict[int, LiveBar], init=False)
    _unchecked: dict[int, LiveBar] = field(default_factory=dict[int, LiveBar], init=False)
    _lacking: frozenset[int] = field(default_factory=frozenset[int], init=False)

    def __post_init__(self) -> None:
        self._closed_until = self.expected_ms - self.interval_ms

    @property
    def wanted(self) -> tuple[int, int] | None:
        """First and last open to ask REST for before anything else can be handed on."""
        if self._closed_until < self.expected_ms:
            return None
        return self.expected_ms, self._closed_until

    @property
    def unchecked(self) -> tuple[int, int] | None:
        """First and last open of the bars that REST has not confirmed yet."""
        if not self._unchecked:
            return None
        return min(self._unchecked), max(self._unchecked)

    def on_frame(self, bar: LiveBar, *, closed: bool) -> list[Outcome]:
        """Take one frame of the stream and return what may be handed on."""
        if (bar.open_ms - self.expected_ms) % self.interval_ms or not bar.sound:
            self.counts.refused += 1
            return []
        if bar.open_ms < self.expected_ms:
            self.counts.late += 1
            return []
        if not closed:
            # A bar is forming, so the ones before it have closed, seen or not.
            self._note_closed(bar.open_ms - self.interval_ms)
            return []
        if bar.open_ms in self._pending:
            self.counts.late += 1
        elif bar.open_ms == self.expected_ms or len(self._pending) < MAX_PENDING:
            self._pending[bar.open_ms] = bar
        self._note_closed(bar.open_ms)
        return list(self._release())

    def on_time(self, closed_before_ms: int) -> None:
        """Note that bars which close at or before a time have closed, seen or not."""
        behind = (closed_before_ms - self.expected_ms) // self.interval_ms
        self._note_closed(self.expected_ms + (behind - 1) * self.interval_ms)

    def on_rest(
        self, first_ms: int, bars: Sequence[LiveBar], closed_before_ms: int
    ) -> list[Outcome]:
        """Take an answer of REST to a question that began at `first_ms`.

        A bar of the answer counts as closed where it closes at or before `closed_before_ms`, or
        where a later bar is in the answer.
        """
        found = self._closed_ones(bars, closed_before_ms)
        outcomes = self._confirm(found)
        by_open = {bar.open_ms: bar for bar in found}
        absent = self._agreed_absent(first_ms, by_open)
        while self.expected_ms in by_open or self.expected_ms in absent:
            bar = by_open.get(self.expected_ms)
            outcomes.append(self._skip() if bar is None else self._hand_on(bar, Origin.REST))
        outcomes.extend(self._release())
        return outcomes

    def _closed_ones(self, bars: Sequence[LiveBar], closed_before_ms: int) -> list[LiveBar]:
        last = max((bar.open_ms for bar in bars), default=0)
        closed = [
            bar
            for bar in bars
            if bar.open_ms < last or bar.open_ms + self.interval_ms <= closed_before_ms
        ]
        sound = [bar for bar in closed if bar.sound]
        self.counts.refused += len(closed) - len(sound)
        return sound

    def _confirm(self, found: Iterable[LiveBar]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for bar in found:
            was = self._unchecked.pop(bar.open_ms, None)
            if was is not None and was != bar:
                self.counts.replaced += 1
                outcomes.append(Outcome(Origin.REPLACED, bar.open_ms, bar, was))
        return outcomes

    def _agreed_absent(self, first_ms: int, by_open: Mapping[int, LiveBar]) -> frozenset[int]:
        # A bar that an answer lacks although it has a later one: so it must be in two answers
        # running before it counts as one that never was. A read replica may lag behind.
        newest = max(by_open, default=first_ms)
        opens = range(max(first_ms, self.expected_ms), newest, self.interval_ms)
        covers = first_ms <= self.expected_ms
        lacking = frozenset[int](opens if covers else ()) - by_open.keys()
        agreed = lacking & self._lacking - self._pending.keys()
        self._lacking = lacking
        return agreed

    def _skip(self) -> Outcome:
        outcome = Outcome(Origin.ABSENT, self.expected_ms, None)
        self.counts.absent += 1
        self.expected_ms += self.interval_ms
        return outcome

    def _release(self) -> Iterator[Outcome]:
        while (bar := self._pending.pop(self.expected_ms, None)) is not None:
            if len(self._unchecked) < MAX_UNCHECKED:
                self._unchecked[bar.open_ms] = bar
            yield self._hand_on(bar, Origin.STREAM)

    def _hand_on(self, bar: LiveBar, origin: Origin) -> Outcome:
        was = self._pending.pop(bar.open_ms, None) if origin is Origin.REST else None
        self.expected_ms = bar.open_ms + self.interval_ms
        self.counts.handed += 1
        self.counts.repaired += origin is Origin.REST
        if was is not None and was != bar:
            self.counts.replaced += 1
            return Outcome(Origin.REPLACED, bar.open_ms, bar, was)
        return Outcome(origin, bar.open_ms, bar)

    def _note_closed(self, open_ms: int) -> None:
        self._closed_until = max(self._closed_until, open_ms)

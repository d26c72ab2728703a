"""One series of the live feed: its bars in order, its pulse, and whether it may be traded.

Pure: the clock is handed in.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.core.frames import LiveBar
from app.repositories.feed import IncidentKey, StatusRow
from app.repositories.live_bars import BarRow
from app.services.feed_pulse import Pulse
from app.services.live_bars import Origin, Outcome, SeriesLine

GRACE_S = 1.5
"""Real seconds after its close within which a bar may come by the stream."""
REST_MARGIN_S = 0.5
"""Real seconds after its close before the newest bar of REST counts as closed."""
GAP_AFTER_S = 20.0
"""A bar that REST does not have for so long is an incident."""
CHECK_FROM_BARS = 5
"""Fewer bars of the stream are not worth a question to REST whether they are right."""
CHECK_EVERY_S = 60.0


class State(StrEnum):
    """Whether a series may be traded: only a live one may."""

    STARTING = "starting"
    LIVE = "live"
    REPAIRING = "repairing"
    STALE = "stale"
    HALTED = "halted"


@dataclass(slots=True)
class FedSeries:
    """One series and all that is known of its feed."""

    source: str
    symbol: str
    timeframe: str
    line: SeriesLine
    pulse: Pulse
    since: datetime
    state: State = State.STARTING
    reason: str | None = "no frame has come yet"
    halted: str | None = None
    connected: bool = False
    lost_reason: str | None = None
    last_open_ms: int | None = None
    last_trade_id: int | None = None
    missed_trades: int = 0
    asking: bool = False
    """Whether a question to REST is under way."""
    wanted_since_s: float | None = None
    next_question_s: float = 0.0
    next_check_s: float = 0.0
    failures: int = 0
    heard: bool = field(default=False)

    @property
    def key(self) -> tuple[str, str, str]:
        """Source, symbol and time frame."""
        return self.source, self.symbol, self.timeframe

    def on_frame(self, bar: LiveBar, closed: bool, at_s: float) -> list[BarRow]:
        """Take a frame of the stream, and return the bars that may be stored."""
        self.heard = True
        self.pulse.beat(at_s)
        return self.rows(self.line.on_frame(bar, closed=closed))

    def on_trade(self, trade_id: int) -> None:
        """Note a trade; the ids of a symbol follow one another."""
        last = self.last_trade_id
        if last is None or trade_id > last:
            self.missed_trades += 0 if last is None else trade_id - last - 1
            self.last_trade_id = trade_id

    def rows(self, outcomes: Sequence[Outcome]) -> list[BarRow]:
        """Return what a series handed on as rows to store."""
        return [self._row(outcome) for outcome in outcomes]

    def look(self, market_ms: int, at_s: float, speed: float) -> None:
        """Note what has closed by now, and whether the series is silent."""
        if speed > 0.0:
            self.pulse.speed = speed
        grace_s = GRACE_S if self.connected else REST_MARGIN_S
        self.line.on_time(market_ms - round(grace_s * 1000 * speed))
        self.pulse.check(at_s)
        if self.line.wanted is None:
            self.wanted_since_s = None
        elif self.wanted_since_s is None:
            self.wanted_since_s = at_s

    def judge(self, at_s: float, now: datetime) -> bool:
        """Decide the state anew, and say whether it has changed."""
        state, reason = self._judged(at_s)
        if state is self.state:
            return False
        self.state, self.reason, self.since = state, reason, now
        return True

    def in_gap(self, at_s: float) -> bool:
        """Say whether a bar has been missing for too long."""
        since = self.wanted_since_s
        return self.halted is None and since is not None and at_s - since > GAP_AFTER_S

    def question(self, at_s: float) -> tuple[int, int] | None:
        """Return the opens to ask REST for now: what is missing, else what is unconfirmed.

        One bar more than needed is asked for: where it is in the answer, the one before has closed.
        """
        if self.asking or self.halted is not None or at_s < self.next_question_s:
            return None
        wanted = self.line.wanted
        if wanted is not None:
            # What is not confirmed yet and lies before it costs no further question.
            unchecked = self.line.unchecked
            first = wanted[0] if unchecked is None else min(unchecked[0], wanted[0])
            close = wanted[0] - first < 500 * self.line.interval_ms
            return (first if close else wanted[0]), wanted[1] + self.line.interval_ms
        unchecked = self.line.unchecked
        if unchecked is None or at_s < self.next_check_s:
            return None
        if unchecked[1] - unchecked[0] < (CHECK_FROM_BARS - 1) * self.line.interval_ms:
            return None
        return unchecked[0], unchecked[1] + self.line.interval_ms

    def status(self) -> StatusRow:
        """Return the row that says how it is fed."""
        counts = self.line.counts
        return StatusRow(
            *self.key, str(self.state), self.reason, self.since, self.last_open_ms,
            self.last_trade_id, counts.handed, counts.repaired, counts.replaced, counts.absent,
            counts.late, counts.refused,
        )  # fmt: skip

    def incident(self, kind: str) -> IncidentKey:
        """Return the name of a trouble of this series."""
        return IncidentKey(*self.key, kind)

    def _judged(self, at_s: float) -> tuple[State, str | None]:
        if self.halted is not None:
            return State.HALTED, self.halted
        if self.pulse.silent:
            seconds = self.pulse.silence_s(at_s)
            return State.STALE, self.lost_reason or f"no frame for {seconds:.1f} s"
        if not self.heard:
            return State.STARTING, "no frame has come yet"
        if self.line.wanted is not None:
            return State.REPAIRING, "a bar is missing and has been asked for"
        return State.LIVE, None

    def _row(self, outcome: Outcome) -> BarRow:
        bar, was = outcome.bar, outcome.was
        if outcome.bar is not None:
            self.last_open_ms = max(outcome.open_ms, self.last_open_ms or 0)
        return BarRow(
            self.source,
            self.symbol,
            self.timeframe,
            outcome.open_ms,
            None if bar is None else bar[1:],
            outcome.origin is not Origin.STREAM,
            None if was is None else was[1:],
        )

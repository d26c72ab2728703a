"""What is wrong with a followed account: facts the stream did not tell, and troubles. Pure.

What REST tells first may be on its way in the stream as well. If the stream has not told it within
the grace, it has lost a message; when it has told of no order at all since then, it is silent.
"""

from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

from app.repositories.account_rows import Place, Trouble
from cryptovolt.execution.order_evidence import (
    Evidence,
    FillKey,
    FillReport,
    OrderKey,
    OrderStage,
)
from cryptovolt.execution.order_state import FollowedOrder

Fact: TypeAlias = tuple[OrderKey | FillKey, str]


class Late(NamedTuple):
    """Something that the stream did not tell in time; `time_ms` is when it happened."""

    symbol: str
    time_ms: int


SILENT, DISCONNECTED, UNCHECKED = "silent", "disconnected", "unchecked"
UNKNOWN, CONTRADICTION = "unknown", "contradiction"


class Untold:
    """Facts that REST told and the stream has not, with the time until which it may."""

    def __init__(self, grace_s: float) -> None:
        self._grace_s = grace_s
        self._until: dict[Fact, tuple[float, int]] = {}
        self._newest_ms = 0

    def add(self, news: Iterable[Evidence], at_s: float) -> None:
        """Wait for the stream to tell these too."""
        for evidence in news:
            until = at_s + self._grace_s, evidence.time_ms
            self._until.setdefault(_fact(evidence), until)

    def told(self, evidence: Evidence) -> None:
        """Note that the stream told something."""
        self._newest_ms = max(self._newest_ms, evidence.time_ms)
        self._until.pop(_fact(evidence), None)

    def take_late(self, at_s: float) -> list[Late]:
        """Return what the stream should have told by now, each fact once, oldest first."""
        late = [(fact, told) for fact, told in self._until.items() if told[0] <= at_s]
        for fact, _ in late:
            del self._until[fact]
        found = [Late(fact[0].symbol, time_ms) for fact, (_, time_ms) in late]
        return sorted(found, key=lambda one: one.time_ms)

    def nothing_since(self, time_ms: int) -> bool:
        """Say whether the stream told of no order at a time or after it."""
        return self._newest_ms < time_ms

    def forget(self) -> None:
        """Expect nothing: the stream was not there."""
        self._until.clear()


class Troubles:
    """Troubles that are there now, with reasons."""

    def __init__(self) -> None:
        self.now: dict[Trouble, str] = {}

    def set(self, trouble: Trouble, reason: str | None) -> None:
        """Say that a trouble is there, for a reason, or that it is not."""
        if reason is None:
            self.now.pop(trouble, None)
        else:
            self.now.setdefault(trouble, reason)

    def judge(self, orders: Iterable[FollowedOrder], refused: dict[OrderKey, str]) -> None:
        """Take over what is wrong with single orders."""
        for order in orders:
            subject = subject_of(order.key)
            word = order.report.status_text if order.report is not None else ""
            unknown = order.stage is OrderStage.UNKNOWN
            reason = f"the venue says {word!r}, a status that is not known here"
            self.set(Trouble(UNKNOWN, subject), reason if unknown else None)
            if order.key not in refused and not order.missing:
                self.set(Trouble(CONTRADICTION, subject), None)
        for key, said in refused.items():
            self.set(Trouble(CONTRADICTION, subject_of(key)), said)


def subject_of(key: OrderKey) -> str:
    """Return how an order is named in incidents."""
    return f"{key.symbol} {key.order_id}"


_BEGUN = {
    SILENT: "The user stream of {0} is silent: {2}. Orders and fills are read by REST meanwhile.",
    DISCONNECTED: "The user stream of {0} is down: {2}. Orders and fills are read by REST.",
    UNCHECKED: "{0} cannot be checked: {2}. What its orders do is not certain.",
    UNKNOWN: "Order {1} of {0} is UNKNOWN: {2}. It counts as open until the venue says more.",
    CONTRADICTION: "Order {1} of {0}: {2}.",
}
_OVER = {
    SILENT: "The user stream of {0} speaks again.",
    DISCONNECTED: "The user stream of {0} is connected again.",
    UNCHECKED: "{0} can be checked again.",
    UNKNOWN: "The status of order {1} of {0} is known.",
    CONTRADICTION: "What the venue says of order {1} of {0} agrees again.",
}


def begun_message(place: Place, trouble: Trouble, reason: str) -> str:
    """Return what an alert says when a trouble begins."""
    return _BEGUN[trouble.kind].format(_named(place), trouble.subject, reason)


def over_message(place: Place, trouble: Trouble) -> str:
    """Return what an alert says when a trouble is over."""
    return _OVER[trouble.kind].format(_named(place), trouble.subject)


def _named(place: Place) -> str:
    return f"account {place.account} ({place.source})"


def _fact(evidence: Evidence) -> Fact:
    word = "" if isinstance(evidence, FillReport) else evidence.status_text
    return evidence.key, word

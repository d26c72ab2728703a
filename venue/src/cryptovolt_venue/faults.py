"""Faults: what goes wrong, and when, decided by a seed and by counting events.

The venue asks at each *point* whether something goes wrong: before a request reaches the engine
(``rest.request``), before its answer leaves (``rest.response``), for each frame of a stream
(``stream.frame``), each connection (``stream.connection``), and so on. A rule names a point, facts
that must match, and when it applies: at the k-th matching event, at each n-th, or with a
probability. Nothing depends on the time of the machine except `after_ms` and `for_ms`, so that one
seed and one order of events give the same faults again.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from cryptovolt.domain.errors import ConfigurationError

POINTS = (
    "rest.request",
    "rest.response",
    "stream.frame",
    "stream.connection",
    "order.accept",
    "order.fill",
    "order.read",
    "clock",
    "instrument",
)
_FIELDS = {"point", "action", "match", "at", "every", "probability", "times", "after_ms", "for_ms"}


@dataclass(frozen=True, slots=True)
class Action:
    """What goes wrong: a kind such as ``"drop"``, and its numbers."""

    kind: str
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def number(self, name: str, default: float) -> float:
        """Return one of its numbers."""
        return float(self.values.get(name, default))

    def text(self, name: str, default: str) -> str:
        """Return one of its texts."""
        return str(self.values.get(name, default))


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRule:
    """One kind of fault at one point.

    Parameters
    ----------
    point : str
        One of ``POINTS``.
    action : Action
    match : mapping of str to str
        Facts that must be equal for an event to count, e.g. ``{"channel": "kline"}``.
    at : tuple of int
        Numbers of the matching events, from 1 on, that the fault hits.
    every : int, optional
        Hits each n-th matching event.
    probability : float, optional
        Hits a matching event with this chance. With none of the three every event is hit.
    times : int, optional
        How often at most.
    after_ms, for_ms : int, optional
        Real milliseconds after the rule was set when it begins to count, and how long it does.
    """

    point: str
    action: Action
    match: Mapping[str, str] = field(default_factory=dict[str, str])
    at: tuple[int, ...] = ()
    every: int | None = None
    probability: float | None = None
    times: int | None = None
    after_ms: int = 0
    for_ms: int | None = None

    def __post_init__(self) -> None:
        if self.point not in POINTS:
            raise ConfigurationError(
                f"expected a fault point among {', '.join(POINTS)}, found {self.point!r}"
            )
        if self.probability is not None and not 0.0 <= self.probability <= 1.0:
            raise ConfigurationError(f"expected a chance in [0, 1], found {self.probability}")
        if self.every is not None and self.every < 1:
            raise ConfigurationError(f"expected every at least 1, found {self.every}")
        if any(k < 1 for k in self.at):
            raise ConfigurationError(f"expected event numbers from 1 on, found {self.at}")


def parse_rule(entry: Mapping[str, Any]) -> FaultRule:
    """Return a rule from its JSON form; fields it does not know are values of the action."""
    if not {"point", "action"} <= set(entry):
        raise ConfigurationError(f"expected a fault with point and action, found {dict(entry)}")
    at = entry.get("at", ())
    return FaultRule(
        point=str(entry["point"]),
        action=Action(str(entry["action"]), {k: v for k, v in entry.items() if k not in _FIELDS}),
        match={str(k): str(v) for k, v in dict(entry.get("match", {})).items()},
        at=(int(at),) if isinstance(at, int) else tuple(int(k) for k in at),
        every=_whole(entry, "every"),
        probability=None if entry.get("probability") is None else float(entry["probability"]),
        times=_whole(entry, "times"),
        after_ms=_whole(entry, "after_ms") or 0,
        for_ms=_whole(entry, "for_ms"),
    )


def read_faults(path: Path) -> list[FaultRule]:
    """Return the rules of a JSON file: a list, or an object with the list in ``rules``."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"expected a JSON file of faults, {path}: {error}") from error
    rules = cast("dict[str, Any]", content)["rules"] if isinstance(content, dict) else content
    if not isinstance(rules, list):
        raise ConfigurationError(f"expected a list of faults in {path}, found {type(rules)}")
    return [parse_rule(entry) for entry in cast("list[dict[str, Any]]", rules)]


class _Counted:
    __slots__ = ("fired", "number", "rule", "seen", "since_ms")

    def __init__(self, rule: FaultRule, number: int, since_ms: float) -> None:
        self.rule, self.number, self.since_ms = rule, number, since_ms
        self.seen = self.fired = 0


class FaultSchedule:
    """The rules in force, with their counts.

    Parameters
    ----------
    seed : int
        Decides which events a rule with a probability hits.
    rules : iterable of FaultRule
    real_ms : callable, optional
        Real time in milliseconds, for `after_ms` and `for_ms`; without it both are refused.
    """

    def __init__(
        self,
        seed: int = 0,
        rules: Iterable[FaultRule] = (),
        real_ms: Callable[[], float] | None = None,
    ) -> None:
        self.seed = seed
        self._real_ms = real_ms or (lambda: 0.0)
        self._by_point: dict[str, list[_Counted]] = {}
        self._n_rules = 0
        self.history: list[dict[str, object]] = []
        """The newest 10,000 faults that happened: point, action, number of the event, facts."""
        self.n_fired = 0
        for rule in rules:
            self.add(rule)

    def add(self, rule: FaultRule) -> int:
        """Put a rule in force and return its number."""
        self._n_rules += 1
        counted = _Counted(rule, self._n_rules, self._real_ms())
        self._by_point.setdefault(rule.point, []).append(counted)
        return self._n_rules

    def remove(self, number: int | None = None) -> None:
        """Take one rule, or all, out of force."""
        for point, rules in list(self._by_point.items()):
            kept = [rule for rule in rules if number is not None and rule.number != number]
            if kept:
                self._by_point[point] = kept
            else:
                del self._by_point[point]

    def watches(self, point: str) -> bool:
        """Return whether any rule is in force at the point: the cheap question asked first."""
        return point in self._by_point

    def take(self, point: str, **facts: str) -> Action | None:
        """Return what goes wrong with this event, counting it for every rule that matches."""
        rules = self._by_point.get(point)
        if rules is None:
            return None
        taken: Action | None = None
        for counted in rules:
            if self._hits(counted, facts) and taken is None:
                counted.fired += 1
                taken = counted.rule.action
                self._note(counted, facts)
        return taken

    def describe(self) -> list[dict[str, object]]:
        """Return the rules in force with how many events they saw and hit."""
        rules: Sequence[_Counted] = [rule for rules in self._by_point.values() for rule in rules]
        return [
            {
                "number": counted.number,
                "point": counted.rule.point,
                "action": counted.rule.action.kind,
                "match": dict(counted.rule.match),
                "seen": counted.seen,
                "fired": counted.fired,
            }
            for counted in sorted(rules, key=lambda rule: rule.number)
        ]

    def _hits(self, counted: _Counted, facts: Mapping[str, str]) -> bool:
        rule = counted.rule
        if any(facts.get(name) != value for name, value in rule.match.items()):
            return False
        age = self._real_ms() - counted.since_ms - rule.after_ms
        if age < 0 or (rule.for_ms is not None and age > rule.for_ms):
            return False
        counted.seen += 1
        if rule.times is not None and counted.fired >= rule.times:
            return False
        return self._chosen(counted)

    def _chosen(self, counted: _Counted) -> bool:
        rule = counted.rule
        if rule.at:
            return counted.seen in rule.at
        if rule.every is not None:
            return counted.seen % rule.every == 0
        if rule.probability is not None:
            return chance(self.seed, counted.number, counted.seen) < rule.probability
        return True

    def _note(self, counted: _Counted, facts: Mapping[str, str]) -> None:
        self.n_fired += 1
        self.history.append(
            {
                "rule": counted.number,
                "point": counted.rule.point,
                "action": counted.rule.action.kind,
                "event": counted.seen,
                **facts,
            }
        )
        if len(self.history) > 10_000:
            del self.history[:5_000]


def chance(*parts: int) -> float:
    """Return a number in [0, 1) that depends on the parts only."""
    digest = hashlib.blake2b(repr(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2.0**64


def _whole(entry: Mapping[str, Any], name: str) -> int | None:
    value = entry.get(name)
    return None if value is None else int(value)

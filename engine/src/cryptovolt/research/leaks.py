"""Where a value changed first when the future was altered: the lines that read ahead."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from cryptovolt.domain.bars import Bars
from cryptovolt.market.windows import Window
from cryptovolt.research.probes import TARGET, Probe
from cryptovolt.research.statements import Source, Statement
from cryptovolt.research.tracing import RETURNED, Key, Trace, differ
from cryptovolt.trading.target_strategy import Markets, cut, moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """One line that reads ahead.

    Parameters
    ----------
    name : str
        The value that changed there first.
    function : str
        In which it is computed.
    file, line, source : str, int, str
        Where; empty and 0 where the value has no line of its own, such as a feature.
    through : tuple of str
        Single numbers the line reads that were others too, such as a mean of all bars.
    timestamp : int
        First bar whose value changed, milliseconds UTC.
    last_timestamp : int
        The bars after this one were altered.
    how : str
        What was done to them.
    n_times : int
        At how many of the bars tried.
    """

    name: str
    function: str
    file: str
    line: int
    source: str
    through: tuple[str, ...]
    timestamp: int
    last_timestamp: int
    how: str
    n_times: int

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: `{self.source}`: " if self.line else ""
        through = f" (through {', '.join(self.through)})" if self.through else ""
        return (
            f"{place}{self.name}{through} at {moment(self.timestamp)} changes when the bars after "
            f"{moment(self.last_timestamp)} are {self.how}"
        )


class Cut(NamedTuple):
    """One comparison: rows from `start` of the slice were computed, `rows` of them must agree."""

    window: Window
    row: int
    how: str


class Findings:
    """Collects what changed, and where it began."""

    def __init__(self, probe: Probe, bars: Bars) -> None:
        self.values: dict[str, None] = {}
        self.changed: dict[str, None] = {}
        self._probe, self._bars = probe, bars
        self._source = Source(probe.file or "")
        self._leaks: dict[tuple[int, str], Leak] = {}
        self._rows: dict[tuple[int, str], set[int]] = {}
        self._whole: tuple[Window, Trace] | None = None

    def whole(self, markets: Markets, window: Window) -> Trace:
        """Return the trace of a whole block, computed once."""
        if self._whole is None or self._whole[0] != window:
            self._whole = window, self._probe.look(cut(markets, window.start, window.stop))
            self.values.update(dict.fromkeys(told(key) for key in self._whole[1].values))
        return self._whole[1]

    def leaks(self) -> tuple[Leak, ...]:
        """Return what began to change, in the order of the file."""
        return tuple(self._leaks[place] for place in sorted(self._leaks))

    def compare(self, at: Cut, whole: Trace, altered: Trace) -> None:
        """Note every value of the past that is another one now."""
        begin = max(at.window.first, self._probe.warmup) - at.window.start
        end = at.row + 1 - at.window.start
        infected = Infected()
        for key, values in whole.values.items():
            now = altered.values.get(key)
            if now is None or now.shape[1:] != values.shape[1:]:
                continue
            rows = differ(values[begin:end], now[begin:end])
            if rows.any():
                self.changed[told(key)] = None
                statement = self._source.statement(abs(key.line), root_of(key.name))
                if infected.begins_at(key, statement, has_lines=self._probe.file is not None):
                    row = (
                        at.window.start
                        + begin
                        + int(np.argmax(rows.reshape(len(rows), -1).any(axis=1)))
                    )
                    self._note(at, key, statement, row, _through(key, statement, whole, altered))
                infected.add(key)

    def _note(
        self, at: Cut, key: Key, statement: Statement | None, row: int, through: tuple[str, ...]
    ) -> None:
        line = 0 if statement is None else statement.line
        place = (line, "" if line else key.name)
        rows = self._rows.setdefault(place, set())
        rows.add(at.row)
        known = self._leaks.get(place)
        self._leaks[place] = Leak(
            name=key.name if known is None else known.name,
            function=key.function,
            file=(self._probe.file or "") if line else "",
            line=line,
            source="" if statement is None else statement.text,
            through=through if known is None else known.through,
            timestamp=int(self._bars.timestamp[row]) if known is None else known.timestamp,
            last_timestamp=int(self._bars.timestamp[at.row])
            if known is None
            else known.last_timestamp,
            how=at.how if known is None else known.how,
            n_times=len(rows),
        )


class Infected:
    """What has changed so far in one comparison: what reads it, changes because of it."""

    def __init__(self) -> None:
        self._names: set[tuple[str, int, str]] = set()
        self._anywhere: set[str] = set()

    def begins_at(self, key: Key, statement: Statement | None, *, has_lines: bool) -> bool:
        """Whether nothing that is read here had changed before."""
        if not has_lines:
            return key.name != TARGET or not self._anywhere
        if statement is None or key.line <= 0:
            return not self._anywhere
        return not any(
            (key.function, key.call, name) in self._names or name in self._anywhere
            for name in statement.reads
        )

    def add(self, key: Key) -> None:
        """Note that a value changed."""
        root = root_of(key.name)
        self._names.add((key.function, key.call, root))
        if root == RETURNED:
            self._anywhere.add(key.function.rpartition(".")[2])
        elif root.startswith("self.") or key.call == 0:
            self._anywhere.add(root)
        else:
            self._anywhere.add(f"{key.function} {root}")


def root_of(name: str) -> str:
    """Return the variable, or attribute of self, that a value's name begins with."""
    head = name.partition("[")[0]
    return ".".join(head.split(".")[: 2 if head.startswith("self.") else 1])


def told(key: Key) -> str:
    """Return what a person is told of a key: function, line and name."""
    if key.line == 0:
        return key.name
    return f"{key.function.rpartition('.')[2]}:{abs(key.line)} {key.name}"


def _through(
    key: Key, statement: Statement | None, whole: Trace, altered: Trace
) -> tuple[str, ...]:
    if statement is None:
        return ()
    numbers = {
        one.name: (value, altered.scalars.get(one, value))
        for one, value in whole.scalars.items()
        if (one.function, one.call) == (key.function, key.call) and one.name in statement.reads
    }
    # Whole numbers are counts and indices, which may well differ.
    return tuple(
        name
        for name, (then, now) in numbers.items()
        if then != now and not (then.is_integer() and now.is_integer())
    )

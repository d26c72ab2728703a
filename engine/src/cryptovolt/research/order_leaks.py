"""Where two runs of the same strategy part: the first line that computes or does something else."""

from dataclasses import dataclass
from itertools import zip_longest

import numpy as np

from cryptovolt.research.leaks import Infected, root_of
from cryptovolt.research.statements import Source
from cryptovolt.research.tracing import RETURNED, Key, Trace, differ


@dataclass(frozen=True, slots=True)
class Place:
    """Where a difference began; line 0 where that is not known."""

    name: str = "the orders"
    function: str = ""
    line: int = 0
    source: str = ""
    row: int = -1


def first_place(whole: Trace, part: Trace, source: Source) -> Place | None:
    """Return where one call did something else than another that was asked the same; or None."""
    turn = _turn(whole, part)
    infected = Infected()
    for key in sorted(whole.reached, key=lambda one: whole.reached[one]):
        if whole.reached[key] > turn or not _differs(key, whole, part):
            continue
        statement = source.statement(abs(key.line), root_of(key.name))
        begins = infected.begins_at(key, statement, has_lines=True)
        # What was there before the call began elsewhere.
        if begins and key.line > 0 and statement is not None:
            name = "what is returned" if root_of(key.name) == RETURNED else key.name
            return Place(name, key.function, statement.line, statement.text)
        infected.add(key)
    if turn < max(len(whole.path), len(part.path)) and turn > 0:
        function, line = whole.path[turn - 1]
        statement = source.statement(line)
        branch = Key(function, 1, line, "")
        if statement is not None and infected.begins_at(branch, statement, has_lines=True):
            return Place("the line that follows", function, statement.line, statement.text)
    return None


def _turn(whole: Trace, part: Trace) -> int:
    # How many lines both have run before they part.
    for at, (one, other) in enumerate(zip_longest(whole.path, part.path)):
        if one != other:
            return at
    return len(whole.path)


def _differs(key: Key, whole: Trace, part: Trace) -> bool:
    if key in whole.scalars and key in part.scalars:
        one, other = whole.scalars[key], part.scalars[key]
        return one != other and not (np.isnan(one) and np.isnan(other))
    if key in whole.values and key in part.values:
        first, second = whole.values[key], part.values[key]
        return first.shape == second.shape and bool(differ(first, second).any())
    return False

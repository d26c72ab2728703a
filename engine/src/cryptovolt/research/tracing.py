"""What a strategy computed on its way: every array with one value a bar, and the line that made it.

The strategy runs under Python's line tracer. After each line of its own file the local variables
and attributes are looked at; what has one value a bar and has changed is kept, together with the
line. Frames and dicts are looked into, so that each column counts.
"""

import sys
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, is_dataclass
from types import FrameType
from typing import Any, NamedTuple, TypeAlias, cast

import numpy as np

from cryptovolt.domain.arrays import BoolArray, FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.orders import Order

RETURNED = "return"
_HOT = 20
_MAX_CALLS = 100
_LONGEST_PATH = 10_000
_DEPTH = 3
_MOST_PARTS = 64
_NUMBERS = bool | int | float | np.integer | np.floating


class Key(NamedTuple):
    """Where a value was computed: function, its how-manieth call, line and name.

    The line of an argument is that of the call, as a negative number.
    """

    function: str
    call: int
    line: int
    name: str


@dataclass(slots=True)
class Trace:
    """What one run computed, in the order of the first assignment.

    Parameters
    ----------
    values : dict of Key to ndarray
        With one row a bar.
    scalars : dict of Key to float
        Single numbers.
    path : list of (str, int)
        The first lines that were run, with their functions.
    reached : dict of Key to int
        How many of them had been run when a value was first computed.
    """

    values: dict[Key, FloatArray] = field(default_factory=dict[Key, FloatArray])
    scalars: dict[Key, float] = field(default_factory=dict[Key, float])
    path: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    reached: dict[Key, int] = field(default_factory=dict[Key, int])

    def keep(self, key: Key, value: FloatArray | float) -> None:
        """Keep the newest value of a key."""
        self.reached.setdefault(key, len(self.path))
        if isinstance(value, np.ndarray):
            self.values[key] = value
        else:
            self.scalars[key] = value


class Call(NamedTuple):
    """One call of one function."""

    function: str
    number: int


@dataclass(slots=True)
class _Visit:
    """One call of a function that is under way."""

    call: Call
    line: int
    hits: dict[int, int] = field(default_factory=dict[int, int])
    seen: dict[str, FloatArray | float] = field(default_factory=dict[str, FloatArray | float])


_Local: TypeAlias = Callable[[FrameType, str, Any], Any]


@contextmanager
def traced(file: str, n_rows: int) -> Generator[Trace]:
    """Follow every line of a file that runs meanwhile in this thread.

    Parameters
    ----------
    file : str
        As the code object names it.
    n_rows : int
        Arrays of this length have one value a bar.
    """
    trace, calls, before = Trace(), dict[str, int](), sys.gettrace()

    def on_call(frame: FrameType, event: str, argument: Any) -> _Local | None:
        del event, argument
        if frame.f_code.co_filename != file:
            return None
        name = frame.f_code.co_qualname
        calls[name] = calls.get(name, 0) + 1
        if calls[name] > _MAX_CALLS:
            return None
        visit = _Visit(Call(name, calls[name]), -_caller(frame, file))
        return _follow(trace, visit, frame, n_rows)

    sys.settrace(on_call)
    try:
        yield trace
    finally:
        sys.settrace(before)


def _caller(frame: FrameType, file: str) -> int:
    back = frame.f_back
    known = back is not None and back.f_code.co_filename == file
    return back.f_lineno if back is not None and known else frame.f_lineno


def _follow(trace: Trace, visit: _Visit, frame: FrameType, n_rows: int) -> _Local:
    _look(trace, visit, frame, n_rows)

    def on_event(frame: FrameType, event: str, argument: Any) -> _Local:
        hits = visit.hits.get(visit.line, 0)
        # A loop over bars runs the same lines thousands of times. What it has done counts when it
        # is left, not in between: it may run from the last bar to the first.
        left = event == "return" or frame.f_lineno not in visit.hits
        if hits == _HOT + 1:
            _forget_line(trace, visit)
        if hits <= _HOT or left:
            _look(trace, visit, frame, n_rows)
        if event == "return":
            for name, value in _rows(RETURNED, argument, n_rows, _DEPTH):
                trace.keep(Key(*visit.call, visit.line, name), value)
        elif len(trace.path) < _LONGEST_PATH:
            trace.path.append((visit.call.function, frame.f_lineno))
        visit.line = frame.f_lineno
        visit.hits[visit.line] = visit.hits.get(visit.line, 0) + 1
        return on_event

    return on_event


def _forget_line(trace: Trace, visit: _Visit) -> None:
    for key in [key for key in trace.values if key[:3] == (*visit.call, visit.line)]:
        del trace.values[key]
        visit.seen.pop(key.name, None)


def _look(trace: Trace, visit: _Visit, frame: FrameType, n_rows: int) -> None:
    for root, found in frame.f_locals.items():
        for name, value in _rows(root, found, n_rows, _DEPTH):
            if name not in visit.seen or not _same(visit.seen[name], value):
                visit.seen[name] = value
                trace.keep(Key(*visit.call, visit.line, name), value)


def _same(first: FloatArray | float, second: FloatArray | float) -> bool:
    if isinstance(first, np.ndarray) and isinstance(second, np.ndarray):
        return first.shape == second.shape and not bool(differ(first, second).any())
    return bool(first == second)


def differ(first: FloatArray, second: FloatArray) -> BoolArray:
    """Return where two arrays of one shape differ; NaN equals NaN."""
    return (first != second) & ~(np.isnan(first) & np.isnan(second))


def _rows(
    name: str, value: Any, n_rows: int, depth: int
) -> Iterator[tuple[str, FloatArray | float]]:
    if isinstance(value, np.ndarray):
        array = cast("np.ndarray[Any, Any]", value)
        if array.ndim in (1, 2) and len(array) == n_rows and array.dtype.kind in "iufbM":
            yield name, array.astype(np.float64)
    elif isinstance(value, _NUMBERS):
        yield name, float(cast("float", value))
    elif depth:
        for part, inside in _parts(name, value, n_rows):
            yield from _rows(part, inside, n_rows, depth - 1)


def _parts(name: str, value: Any, n_rows: int) -> Iterator[tuple[str, Any]]:
    if hasattr(value, "to_numpy"):
        yield from _columns(name, value)
    elif isinstance(value, Mapping):
        for key, inside in cast("Mapping[Any, Any]", value).items():
            yield f"{name}[{key!r}]", inside
    elif isinstance(value, list | tuple):
        yield from _items(name, cast("list[Any] | tuple[Any, ...]", value), n_rows)
    elif isinstance(value, Order):
        yield from ((f"{name}.{key.name}", getattr(value, key.name)) for key in fields(value))
    elif name == "self" or is_dataclass(value):
        # The bars themselves are what all is computed from.
        inside: dict[str, Any] = {} if isinstance(value, Bars) else getattr(value, "__dict__", {})
        for key, found in inside.items():
            yield f"{name}.{key}", found


def _columns(name: str, frame: Any) -> Iterator[tuple[str, Any]]:
    if not hasattr(frame, "columns"):
        yield name, frame.to_numpy()
        return
    for column in frame.columns:
        yield f"{name}[{column!r}]", frame[column].to_numpy()


def _items(name: str, value: list[Any] | tuple[Any, ...], n_rows: int) -> Iterator[tuple[str, Any]]:
    names: tuple[str, ...] = getattr(value, "_fields", ())
    if names:
        yield from ((f"{name}.{key}", getattr(value, key)) for key in names)
    elif len(value) == n_rows and all(isinstance(x, _NUMBERS | None) for x in value):
        yield name, np.array([np.nan if x is None else float(x) for x in value])
    elif len(value) <= _MOST_PARTS:
        yield from ((f"{name}[{index}]", inside) for index, inside in enumerate(value))

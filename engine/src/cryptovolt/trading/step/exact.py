"""Arithmetic on whole numbers that can neither wrap nor lose a unit."""

from collections.abc import Callable
from typing import Any, Protocol, cast, overload

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from cryptovolt.trading.step.compiled import beyond, inlined
from cryptovolt.trading.step.layout import CELL, HEADER, N_SYMBOL, SCALE, WIDTH, Numbers

# Numba would compile a function for each of Python's own `min`, `max` and `int`. It has no type
# hints.
_types: Any = types
_integer, _number = _types.int64, _types.float64
_intrinsic: Any = intrinsic
_INT64: Any = ir.IntType(64)


class _Choice(Protocol):
    @overload
    def __call__(self, one: int, other: int) -> int: ...
    @overload
    def __call__(self, one: float, other: float) -> float: ...


def _chosen(comparison: str) -> Any:
    def typed(_context: Any, one: Any, other: Any) -> Any:
        kind = _number if _number in (one, other) else _integer

        def generate(_context: Any, builder: Any, _signature: Any, pair: Any) -> Any:
            compare = builder.fcmp_ordered if kind == _number else builder.icmp_signed
            return builder.select(compare(comparison, *pair), *pair)

        return kind(kind, kind), generate

    return _intrinsic(typed)


def _converted(prepare: Callable[[Any, Any], Any]) -> Any:
    def typed(_context: Any, _value: Any) -> Any:
        def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            return builder.fptosi(prepare(builder, arguments[0]), _INT64)

        return _integer(_number), generate

    return _intrinsic(typed)


def _rounded(builder: Any, value: Any) -> Any:
    rounding = builder.module.declare_intrinsic("llvm.rint", [value.type])
    return builder.call(rounding, [value])


smaller = cast("_Choice", _chosen("<"))
"""Return the smaller of two numbers."""

larger = cast("_Choice", _chosen(">"))
"""Return the larger of two numbers."""

nearest = cast("Callable[[float], int]", _converted(_rounded))
"""Return the whole number nearest to one below 2**63, the even one of two."""

whole = cast("Callable[[float], int]", _converted(lambda _builder, value: value))
"""Return the whole part of a number below 2**63."""


@inlined
def within(room: int, wanted: int) -> int:
    """Return what is wanted, bought or sold, but no more than there is room for."""
    return smaller(room, larger(-room, wanted))


@inlined
def part_up(amount: int, fraction: int) -> int:
    """Return amount × fraction, rounded up; amount ≥ 0."""
    # Split so that the product cannot wrap.
    return amount // SCALE * fraction + (amount % SCALE * fraction + SCALE - 1) // SCALE


@inlined
def part_down(amount: int, fraction: int) -> int:
    """Return amount × fraction, rounded down; amount ≥ 0."""
    return amount // SCALE * fraction + amount % SCALE * fraction // SCALE


@inlined
def sign(number: int) -> int:
    """Return 1, 0 or −1."""
    return (number > 0) - (number < 0)


@inlined
def reduces(lots: int, after: int) -> bool:
    """Return whether going from `lots` to `after` only makes the position smaller."""
    return after == 0 or (sign(after) == sign(lots) and abs(after) < abs(lots))


@inlined
def bar_of(s: int, bars: Numbers, books: Numbers) -> Numbers:
    """Return the bar of a symbol."""
    return beyond(bars, books[CELL] + s * WIDTH)


@inlined
def record(s: int, books: Numbers) -> Numbers:
    """Return the record of a symbol."""
    return beyond(books, HEADER + s * N_SYMBOL)

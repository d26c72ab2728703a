"""Arithmetic on whole numbers that can neither wrap nor lose a unit."""

from cryptovolt.trading.step.compiled import inlined
from cryptovolt.trading.step.layout import CELL, SCALE, WIDTH, Numbers


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
def cell_of(s: int, books: Numbers) -> int:
    """Return where the bar of a symbol begins."""
    return books[CELL] + s * WIDTH

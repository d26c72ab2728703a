"""Arithmetic of money: exact decimals, and one place where digits are cut.

Sums and products are exact (the context holds more digits than any price times any quantity has).
What the venue books has at most eight decimals; a function that cuts says which way.
"""

from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)

ZERO = Decimal(0)
_UNIT = Decimal("0.00000001")
_EXACT = Context(prec=96, traps=[InvalidOperation, DivisionByZero, Overflow])


def add(left: Decimal, right: Decimal) -> Decimal:
    """Return the exact sum."""
    return _EXACT.add(left, right)


def subtract(left: Decimal, right: Decimal) -> Decimal:
    """Return the exact difference."""
    return _EXACT.subtract(left, right)


def multiply(left: Decimal, right: Decimal) -> Decimal:
    """Return the exact product."""
    return _EXACT.multiply(left, right)


def divide(left: Decimal, right: Decimal) -> Decimal:
    """Return the quotient to 96 digits."""
    return _EXACT.divide(left, right)


def cut(amount: Decimal) -> Decimal:
    """Return an amount with digits beyond the eighth decimal dropped, toward zero."""
    return amount.quantize(_UNIT, rounding=ROUND_DOWN, context=_EXACT)


def cut_up(amount: Decimal) -> Decimal:
    """Return an amount raised to the next eighth decimal, as locks are."""
    return amount.quantize(_UNIT, rounding=ROUND_CEILING, context=_EXACT)


def round_even(amount: Decimal) -> Decimal:
    """Return an amount rounded to eight decimals, halves to even, as profits are."""
    return amount.quantize(_UNIT, rounding=ROUND_HALF_EVEN, context=_EXACT)


def floor_to(amount: Decimal, step: Decimal) -> Decimal:
    """Return the largest multiple of a step that is not above the amount."""
    return multiply(_EXACT.divide_int(amount, step), step)


def is_multiple(amount: Decimal, step: Decimal) -> bool:
    """Return whether an amount is a whole number of steps; a step of zero asks for nothing."""
    return step == 0 or _EXACT.remainder(amount, step) == 0


def decimals_of(amount: Decimal) -> int:
    """Return how many decimals an amount needs, trailing zeros not counted."""
    exponent = amount.normalize(_EXACT).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def plain(amount: Decimal) -> str:
    """Return an amount without exponent and without trailing zeros."""
    if amount == 0:
        return "0"
    return format(amount.normalize(_EXACT), "f")


def eight(amount: Decimal) -> str:
    """Return an amount with eight decimals, as the spot venue writes it."""
    return format(cut(amount), "f")

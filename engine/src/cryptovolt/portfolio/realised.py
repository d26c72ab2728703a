"""Realised profit after fees: what belongs in a ledger beside the fill that reduces a position.

The fee of an entry is realised with the exit, in proportion to the quantity that is closed; the
last part takes what is left, so that nothing is lost to rounding.
"""

from decimal import ROUND_DOWN, Decimal
from typing import NamedTuple

from cryptovolt.domain.orders import Fill, Side

_UNIT = Decimal("1e-8")
_NOTHING = Decimal(0)


class Held(NamedTuple):
    """What is held before or after a fill.

    `quantity` in base currency, negative when short; `fees` in quote currency, paid for entering
    what is held and not yet realised.
    """

    quantity: Decimal = _NOTHING
    fees: Decimal = _NOTHING


class Booked(NamedTuple):
    """A fill and what it realised after fees, quote currency; None where it reduced nothing."""

    fill: Fill
    pnl: Decimal | None


def book(held: Held, fill: Fill) -> tuple[Held, Booked]:
    """Return what is held after a fill, and the fill with its realised profit."""
    change = fill.quantity if fill.side is Side.BUY else -fill.quantity
    quantity = held.quantity + change
    if held.quantity * change >= 0:
        return Held(quantity, held.fees + fill.fee), Booked(fill, None)
    closing = min(abs(change), abs(held.quantity))
    entry_fees = _share(held.fees, closing, abs(held.quantity))
    exit_fees = _share(fill.fee, closing, abs(change))
    left = held.fees - entry_fees + fill.fee - exit_fees
    return Held(quantity, left), Booked(fill, fill.pnl - entry_fees - exit_fees)


def _share(fees: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    if part == whole:
        return fees
    return (fees * part / whole).quantize(_UNIT, rounding=ROUND_DOWN)

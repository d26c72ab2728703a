"""Positions of the USD-M market, their profit and their margin: arithmetic only.

One-way mode: one position per symbol, long if its amount is positive, short if negative. `cost` is
what the position was entered for, with the sign of the amount; a part that is closed takes its
share of it and the last part takes what is left, so that profits add up to the unit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from cryptovolt_venue.money import ZERO, add, divide, multiply, round_even, subtract
from cryptovolt_venue.orders import Side


@dataclass(slots=True)
class Position:
    """One position. `fees` and `realized` are totals since it was last flat."""

    symbol: str
    amount: Decimal = ZERO
    cost: Decimal = ZERO
    fees: Decimal = ZERO
    realized: Decimal = ZERO
    updated_ms: int = 0

    @property
    def entry_price(self) -> Decimal:
        """The average price it was entered at, to eight decimals; zero when flat."""
        return round_even(divide(self.cost, self.amount)) if self.amount else ZERO

    @property
    def break_even_price(self) -> Decimal:
        """The price at which closing returns fees and what was realized on the way."""
        if not self.amount:
            return ZERO
        owed = subtract(add(self.cost, self.fees), self.realized)
        return round_even(divide(owed, self.amount))

    def unrealized(self, mark: Decimal) -> Decimal:
        """Return the profit at a mark price."""
        return round_even(subtract(multiply(self.amount, mark), self.cost))

    def notional(self, mark: Decimal) -> Decimal:
        """Return the signed value at a mark price."""
        return multiply(self.amount, mark)

    def trade(self, side: Side, price: Decimal, quantity: Decimal) -> Decimal:
        """Change the position by a trade and return the profit realized, to eight decimals."""
        change = quantity if side is Side.BUY else -quantity
        realized = ZERO
        if self.amount and (self.amount > 0) != (change > 0):
            realized, change = self._reduce(price, change)
            self.realized = add(self.realized, realized)
        if change:
            if not self.amount:
                self.fees = self.realized = ZERO
            self.amount = add(self.amount, change)
            self.cost = add(self.cost, multiply(change, price))
        return realized

    def preview(self, side: Side, price: Decimal, quantity: Decimal) -> Decimal:
        """Return the profit a trade would realize, changing nothing."""
        return replace(self).trade(side, price, quantity)

    def _reduce(self, price: Decimal, change: Decimal) -> tuple[Decimal, Decimal]:
        closed = min(abs(change), abs(self.amount))
        signed = closed if self.amount > 0 else -closed
        if closed == abs(self.amount):
            share = self.cost
        else:
            share = round_even(divide(multiply(self.cost, signed), self.amount))
        realized = round_even(subtract(multiply(signed, price), share))
        self.amount = subtract(self.amount, signed)
        self.cost = subtract(self.cost, share)
        return realized, add(change, signed)


@dataclass(frozen=True, slots=True)
class Bracket:
    """A range of notional with its highest leverage and its maintenance margin."""

    number: int
    leverage: int
    floor: Decimal
    cap: Decimal
    rate: Decimal
    deduction: Decimal


def _brackets() -> tuple[Bracket, ...]:
    rows = (
        (125, 50_000, "0.004"),
        (100, 250_000, "0.005"),
        (50, 1_000_000, "0.01"),
        (20, 10_000_000, "0.025"),
        (10, 20_000_000, "0.05"),
        (5, 50_000_000, "0.1"),
        (4, 100_000_000, "0.125"),
        (3, 200_000_000, "0.15"),
        (2, 300_000_000, "0.25"),
        (1, 500_000_000, "0.5"),
    )
    found: list[Bracket] = []
    floor, rate, deduction = ZERO, ZERO, ZERO
    for number, (leverage, cap, text) in enumerate(rows, start=1):
        higher = Decimal(text)
        deduction = add(deduction, multiply(floor, subtract(higher, rate)))
        rate = higher
        found.append(Bracket(number, leverage, floor, Decimal(cap), rate, deduction))
        floor = Decimal(cap)
    return tuple(found)


BRACKETS: Sequence[Bracket] = _brackets()


def bracket_of(notional: Decimal) -> Bracket:
    """Return the bracket an absolute notional falls into."""
    return next((found for found in BRACKETS if notional <= found.cap), BRACKETS[-1])


def maintenance_margin(notional: Decimal) -> Decimal:
    """Return what must be left in the account for a position, from its notional of either sign."""
    size = abs(notional)
    found = bracket_of(size)
    return round_even(subtract(multiply(size, found.rate), found.deduction))


def highest_notional(leverage: int) -> Decimal:
    """Return the largest notional that a leverage allows."""
    return max(found.cap for found in BRACKETS if found.leverage >= leverage)


def liquidation_price(position: Position, mark: Decimal, other: Decimal) -> Decimal:
    """Return the mark price at which the account is liquidated; zero where there is none.

    `other` is the wallet plus the unrealized profit of the other positions less their maintenance
    margin.
    """
    if not position.amount:
        return ZERO
    found = bracket_of(abs(position.notional(mark)))
    above = subtract(add(other, found.deduction), position.cost)
    below = subtract(multiply(abs(position.amount), found.rate), position.amount)
    price = round_even(divide(above, below)) if below else ZERO
    return max(price, ZERO)

"""What the book offers, and when an order's price is reached.

The tape tells the best prices and what is offered there. Behind them lie nineteen more levels: the
k-th is k basis points (at least k ticks) further away and offers k + 1 times the quantity. What an
order took from a level stays taken until the tape tells a new book.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from cryptovolt_venue.money import ZERO, add, divide, floor_to, multiply, subtract
from cryptovolt_venue.orders import OrderType, Side
from cryptovolt_venue.tape import BookTop

N_LEVELS = 20
_BASIS_POINT = Decimal("0.0001")
_PROFIT_TYPES = (OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT, OrderType.TAKE_PROFIT_MARKET)


@dataclass(frozen=True, slots=True)
class Piece:
    """A quantity at a price."""

    price: Decimal
    quantity: Decimal


def levels(top: BookTop, side: Side, tick: Decimal) -> list[Piece]:
    """Return what a taker of a side meets, best first: asks for a buyer, bids for a seller."""
    up = side is Side.BUY
    best, quantity = (top.ask, top.ask_quantity) if up else (top.bid, top.bid_quantity)
    found: list[Piece] = []
    for number in range(N_LEVELS):
        away = max(multiply(best, _BASIS_POINT * number), tick * number)
        price = add(best, away) if up else subtract(best, away)
        ticks = divide(price, tick).to_integral_value(ROUND_CEILING if up else ROUND_FLOOR)
        price = multiply(ticks, tick)
        if price > 0:
            found.append(Piece(price, quantity * (number + 1)))
    return found


def walk(
    book: Iterable[Piece], side: Side, quantity: Decimal, step: Decimal, limit: Decimal = ZERO
) -> list[Piece]:
    """Return the pieces a quantity would get, down to its limit price (zero: any price)."""
    pieces: list[Piece] = []
    for level in book:
        if quantity <= 0 or (limit and crosses(side, level.price, limit)):
            break
        got = min(quantity, floor_to(level.quantity, step))
        if got > 0:
            pieces.append(Piece(level.price, got))
            quantity = subtract(quantity, got)
    return pieces


def walk_quote(book: Iterable[Piece], quote: Decimal, step: Decimal) -> list[Piece]:
    """Return the pieces that an amount of quote currency pays for, in whole steps."""
    pieces: list[Piece] = []
    for level in book:
        got = min(floor_to(divide(quote, level.price), step), floor_to(level.quantity, step))
        if got > 0:
            pieces.append(Piece(level.price, got))
            quote = subtract(quote, multiply(level.price, got))
        if got < floor_to(level.quantity, step):
            break
    return pieces


def total(pieces: Iterable[Piece]) -> Decimal:
    """Return the quantity of some pieces together."""
    return sum((piece.quantity for piece in pieces), ZERO)


def cost(pieces: Iterable[Piece]) -> Decimal:
    """Return the quote amount of some pieces together, exactly."""
    return sum((multiply(piece.price, piece.quantity) for piece in pieces), ZERO)


def crosses(side: Side, price: Decimal, limit: Decimal) -> bool:
    """Return whether a price is worse than an order's limit."""
    return price > limit if side is Side.BUY else price < limit


def traded_through(side: Side, limit: Decimal, traded: Decimal) -> bool:
    """Return whether a trade went beyond a resting limit, so that the limit must have filled."""
    return traded < limit if side is Side.BUY else traded > limit


def triggered(type_: OrderType, side: Side, stop: Decimal, price: Decimal) -> bool:
    """Return whether a price reaches a stop or take-profit trigger."""
    rising = (side is Side.BUY) != (type_ in _PROFIT_TYPES)
    return price >= stop if rising else price <= stop


class Liquidity:
    """What earlier orders left of the book of one market."""

    def __init__(self) -> None:
        self._taken: dict[tuple[str, Side], tuple[int, dict[Decimal, Decimal]]] = {}

    def left(self, top: BookTop, side: Side, tick: Decimal) -> list[Piece]:
        """Return what a taker meets now."""
        update, taken = self._taken.get((top.symbol, side), (top.update_id, {}))
        if update != top.update_id or not taken:
            return levels(top, side, tick)
        return [
            Piece(level.price, max(ZERO, subtract(level.quantity, taken.get(level.price, ZERO))))
            for level in levels(top, side, tick)
        ]

    def take(self, top: BookTop, side: Side, piece: Piece) -> None:
        """Remember that a piece is gone from the book."""
        update, taken = self._taken.get((top.symbol, side), (top.update_id, {}))
        if update != top.update_id:
            taken = {}
        taken[piece.price] = add(taken.get(piece.price, ZERO), piece.quantity)
        self._taken[top.symbol, side] = (top.update_id, taken)

"""What the book offers, and when an order's price is reached.

The book is the one the venue shows. What an order took from a level stays taken until the tape
tells a new book.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from cryptovolt_venue.money import ZERO, add, divide, floor_to, multiply, subtract
from cryptovolt_venue.orders import OrderType, Side

_PROFIT_TYPES = (OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT, OrderType.TAKE_PROFIT_MARKET)


@dataclass(frozen=True, slots=True)
class Piece:
    """A quantity at a price."""

    price: Decimal
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Book:
    """Bids and asks of a symbol, best first, as they stood after an update."""

    symbol: str
    update_id: int
    bids: tuple[Piece, ...]
    asks: tuple[Piece, ...]

    def touch(self, side: Side) -> Decimal:
        """Return the best price that a taker of a side meets, zero where nobody offers."""
        offered = self.asks if side is Side.BUY else self.bids
        return offered[0].price if offered else ZERO


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

    def left(self, book: Book, side: Side) -> list[Piece]:
        """Return what a taker of a side meets now."""
        update, taken = self._taken.get((book.symbol, side), (book.update_id, {}))
        offered = book.asks if side is Side.BUY else book.bids
        if update != book.update_id or not taken:
            return list(offered)
        return [
            Piece(level.price, max(ZERO, subtract(level.quantity, taken.get(level.price, ZERO))))
            for level in offered
        ]

    def take(self, book: Book, side: Side, piece: Piece) -> None:
        """Remember that a piece is gone from the book."""
        update, taken = self._taken.get((book.symbol, side), (book.update_id, {}))
        if update != book.update_id:
            taken = {}
        taken[piece.price] = add(taken.get(piece.price, ZERO), piece.quantity)
        self._taken[book.symbol, side] = (book.update_id, taken)

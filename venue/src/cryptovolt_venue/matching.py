"""Orders against the tape: the part of an engine that both markets share.

Market orders and limits that cross take what the book offers, best price first. A resting limit
fills only when the tape trades *through* its price, best price and oldest order first, together no
more than the quantity that was traded; a trade at the price itself may have been others' turn.
Stops wait for the last trade. Everything follows from the order of events: same tape and requests,
same fills.
"""

import heapq
import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable
from decimal import Decimal

from cryptovolt_venue.faults import Action
from cryptovolt_venue.floor import Floor
from cryptovolt_venue.instruments import Instrument
from cryptovolt_venue.liquidity import Liquidity, Piece, total, traded_through, triggered, walk
from cryptovolt_venue.money import ZERO, divide, floor_to, multiply, subtract
from cryptovolt_venue.orders import Fill, Order, OrderStore, Side, Status, TimeInForce
from cryptovolt_venue.tape import Market, Trade
from cryptovolt_venue.web.errors import VenueError, invalid_symbol


class Engine(ABC):
    """Matches the orders of one market; a market adds how fills are booked and told."""

    market: Market

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        self.store = OrderStore()
        self.liquidity = Liquidity()
        self._due: list[tuple[int, int, Callable[[], None]]] = []
        self._due_number = itertools.count()

    @abstractmethod
    def make_fill(self, order: Order, piece: Piece, *, is_maker: bool) -> Fill:
        """Return an execution with its fee and profit; books nothing."""

    @abstractmethod
    def book(self, order: Order, fill: Fill) -> None:
        """Book an execution that the order has taken."""

    @abstractmethod
    def release(self, order: Order) -> None:
        """Give back what an ended order still holds."""

    @abstractmethod
    def tell(
        self, order: Order, execution: str, fill: Fill | None = None, cancel_id: str = ""
    ) -> None:
        """Tell the account what happened to an order."""

    def allowed(self, order: Order) -> Decimal:
        """Return how much of an order may fill now."""
        return order.remaining

    def before_working(self, order: Order) -> bool:
        """Prepare an order whose trigger was reached; return whether it may work."""
        return order.is_open

    @abstractmethod
    def after_change(self, order: Order) -> None:
        """Do what follows from a fill or an end of an order."""

    def instrument(self, symbol: str) -> Instrument:
        """Return a listed instrument, or refuse."""
        found = self.floor.view.instrument(self.market, symbol)
        if found is None:
            raise invalid_symbol()
        return found

    def now(self) -> int:
        """Return market time."""
        return self.floor.view.market_ms()

    def offered(self, symbol: str, side: Side) -> list[Piece]:
        """Return what a taker of a side meets now; nothing before the tape told a book."""
        book = self.floor.view.book(self.market, symbol)
        return [] if book is None else self.liquidity.left(book, side)

    def accept(self, order: Order) -> None:
        """Take a checked order: it is NEW from here on, and may fill at once."""
        self.store.add(order)
        self.floor.follow(self.market, order.symbol)
        self.tell(order, "NEW")
        action = self._fault(order, "new")
        if action is not None:
            self._disturb(order, action)
        if order.is_open and order.working and not order.held_back:
            self.match(order)

    def match(self, order: Order) -> None:
        """Let an order take what the book offers, and end it where it may not rest."""
        instrument = self.instrument(order.symbol)
        offered = self.offered(order.symbol, order.side)
        wanted = self.allowed(order)
        pieces = walk(offered, order.side, wanted, instrument.step, order.price)
        if order.time_in_force is TimeInForce.FOK and total(pieces) < order.remaining:
            self.end(order, Status.EXPIRED, "UNFILLED_FOK_ORDER_EXPIRED")
            return
        self.take(order, pieces)
        if not order.is_open:
            return
        if order.price == 0:
            self.end(order, Status.EXPIRED, "INSUFFICIENT_LIQUIDITY")
        elif order.time_in_force is TimeInForce.IOC:
            self.end(order, Status.EXPIRED, "UNFILLED_IOC_QUANTITY_EXPIRED")

    def take(self, order: Order, pieces: list[Piece], execution: str = "TRADE") -> None:
        """Fill an order with pieces of the book."""
        book = self.floor.view.book(self.market, order.symbol)
        for piece in pieces:
            if not order.is_open:
                return
            if book is not None:
                self.liquidity.take(book, order.side, piece)
            self.fill(order, piece, is_maker=False, execution=execution)

    def fill(self, order: Order, piece: Piece, *, is_maker: bool, execution: str = "TRADE") -> None:
        """Execute a piece of an order: take it, book it, tell it."""
        fill = self.make_fill(order, piece, is_maker=is_maker)
        order.take(fill)
        if not order.is_open:
            self.store.close(order)
        self.book(order, fill)
        self.tell(order, execution, fill)
        self.after_change(order)

    def end(
        self, order: Order, status: Status, reason: str | None = None, cancel_id: str = ""
    ) -> None:
        """End an order, give back what it holds, and tell it."""
        order.end(status, self.now(), reason)
        self.store.close(order)
        self.release(order)
        self.tell(order, "CANCELED" if status is Status.CANCELED else "EXPIRED", None, cancel_id)
        self.after_change(order)

    def cancel(
        self,
        account: str,
        symbol: str,
        order_id: int | None,
        client_id: str | None,
        cancel_id: str = "",
    ) -> Order:
        """Cancel an open order, or refuse: it is unknown or has ended."""
        self.instrument(symbol)
        order = self.store.find(account, symbol, order_id, client_id)
        if order is None or not order.is_open:
            raise VenueError(400, -2011, "Unknown order sent.")
        action = self._fault(order, "cancel")
        if action is not None and action.kind == "fill_first":
            self.fill(order, self._piece(order, order.remaining), is_maker=True)
            raise VenueError(400, -2011, "Unknown order sent.")
        if action is not None and action.kind == "late_fill":
            self._cancel_with_late_fill(order, action, cancel_id)
        else:
            self.end(order, Status.CANCELED, None, cancel_id)
        return order

    def on_trade(self, trade: Trade) -> None:
        """Fill and trigger what a trade on the tape reaches."""
        self.run_due()
        orders = [order for order in self.store.working(trade.symbol) if not order.held_back]
        if orders:
            self._fill_resting(orders, trade)
            self._trigger(orders, trade.price)

    def expire_all(self, symbol: str) -> None:
        """End every order of a symbol that leaves the market."""
        for order in self.store.working(symbol):
            if order.is_open:
                self.end(order, Status.EXPIRED, "EXCHANGE_CANCELED")

    def later(self, delay_ms: float, action: Callable[[], None]) -> None:
        """Do something once market time has passed."""
        due = self.now() + int(delay_ms)
        heapq.heappush(self._due, (due, next(self._due_number), action))

    def run_due(self) -> None:
        """Do what has become due."""
        while self._due and self._due[0][0] <= self.now():
            heapq.heappop(self._due)[2]()

    def _fill_resting(self, orders: list[Order], trade: Trade) -> None:
        reached = [
            order
            for order in orders
            if order.working
            and order.price
            and traded_through(order.side, order.price, trade.price)
        ]
        reached.sort(key=_priority)
        left = floor_to(trade.quantity, self.instrument(trade.symbol).step)
        for order in reached:
            quantity = min(left, self.allowed(order))
            if order.is_open and quantity > 0:
                left = subtract(left, quantity)
                self.fill(order, Piece(order.price, quantity), is_maker=True)

    def _trigger(self, orders: list[Order], price: Decimal) -> None:
        for order in orders:
            waits = order.is_open and not order.working
            if waits and triggered(order.type, order.side, order.stop_price, price):
                order.working, order.working_ms = True, self.now()
                if self.before_working(order):
                    self.tell(order, "NEW")
                    self.match(order)

    def _fault(self, order: Order, operation: str) -> Action | None:
        return self.floor.faults.take(
            "order.accept",
            market=self.market,
            symbol=order.symbol,
            side=order.side,
            type=order.type,
            account=order.account,
            operation=operation,
        )

    def _disturb(self, order: Order, action: Action) -> None:
        if action.kind == "expire_in_match":
            self.end(order, Status.EXPIRED_IN_MATCH)
        elif action.kind == "new_status":
            order.reported_status = action.text("status", "PENDING_REVIEW")
        elif action.kind == "hold":
            order.held_back = True
        elif action.kind == "partials":
            self._fill_in_parts(order, action)

    def _fill_in_parts(self, order: Order, action: Action) -> None:
        count = int(action.number("count", 3))
        share = Decimal(action.text("fraction", "0.6"))
        step = self.instrument(order.symbol).step
        part = floor_to(divide(multiply(order.remaining, share), Decimal(count)), step)
        for _ in range(count):
            if part > 0 and order.is_open and order.working:
                self.fill(order, self._piece(order, part), is_maker=order.price != 0)

    def _cancel_with_late_fill(self, order: Order, action: Action, cancel_id: str) -> None:
        share = Decimal(action.text("fraction", "0.5"))
        quantity = floor_to(multiply(order.remaining, share), self.instrument(order.symbol).step)
        piece = self._piece(order, quantity)
        order.end(Status.CANCELED, self.now())
        self.store.close(order)
        self.tell(order, "CANCELED", None, cancel_id)
        self.later(action.number("delay_ms", 10_000), lambda: self._fill_late(order, piece))

    def _fill_late(self, order: Order, piece: Piece) -> None:
        if piece.quantity > 0:
            self.fill(order, piece, is_maker=True)
        self.release(order)
        self.after_change(order)

    def _piece(self, order: Order, quantity: Decimal) -> Piece:
        if order.price:
            return Piece(order.price, quantity)
        book = self.floor.view.book(self.market, order.symbol)
        return Piece(ZERO if book is None else book.touch(order.side), quantity)


def _priority(order: Order) -> tuple[Decimal, int]:
    return (-order.price if order.side is Side.BUY else order.price, order.order_id)

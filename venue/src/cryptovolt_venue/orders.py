"""Orders of the venue and their life.

An order is NEW when the venue has accepted it, may become PARTIALLY_FILLED and ends once: FILLED,
CANCELED, EXPIRED or EXPIRED_IN_MATCH. A refused order leaves no trace here, as on the real venue.
Client order ids are unique among *open* orders of an account and market, and may be used again.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from cryptovolt.domain.errors import OrderError
from cryptovolt_venue.money import ZERO, add, subtract

SPOT = "spot"
USDM = "usdm"


class Side(StrEnum):
    """The side of an order."""

    BUY = "BUY"
    SELL = "SELL"


class OrderType(StrEnum):
    """What the venue calls the kinds of orders, of both markets."""

    LIMIT = "LIMIT"
    MARKET = "MARKET"
    LIMIT_MAKER = "LIMIT_MAKER"
    STOP_LOSS = "STOP_LOSS"
    STOP_LOSS_LIMIT = "STOP_LOSS_LIMIT"
    TAKE_PROFIT = "TAKE_PROFIT"
    TAKE_PROFIT_LIMIT = "TAKE_PROFIT_LIMIT"
    STOP = "STOP"
    STOP_MARKET = "STOP_MARKET"
    TAKE_PROFIT_MARKET = "TAKE_PROFIT_MARKET"
    TRAILING_STOP_MARKET = "TRAILING_STOP_MARKET"


class TimeInForce(StrEnum):
    """How long an order works; GTX is a USD-M order that may only make."""

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"
    GTX = "GTX"


class Status(StrEnum):
    """Where an order is in its life."""

    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    EXPIRED_IN_MATCH = "EXPIRED_IN_MATCH"

    @property
    def is_open(self) -> bool:
        """Whether the order may still fill."""
        return self in (Status.NEW, Status.PARTIALLY_FILLED)


ENDINGS = (Status.CANCELED, Status.EXPIRED, Status.EXPIRED_IN_MATCH)


@dataclass(frozen=True, slots=True)
class Acceptance:
    """When the venue took an order: market time, wall time and the host's monotonic clock."""

    market_ms: int
    wall_ms: int
    monotonic_ns: int


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution; `realized` is the profit it made on a position (zero on spot)."""

    trade_id: int
    order_id: int
    symbol: str
    side: Side
    time_ms: int
    price: Decimal
    quantity: Decimal
    quote: Decimal
    fee: Decimal
    fee_asset: str
    is_maker: bool
    realized: Decimal = ZERO


@dataclass(slots=True, kw_only=True)
class Order:
    """One order.

    `locked` is what it still holds of the account's funds (spot). `working` is false while a stop
    waits for its trigger; `held_back` is true when a fault keeps it from ever working.
    """

    order_id: int
    account: str
    market: str
    symbol: str
    side: Side
    type: OrderType
    quantity: Decimal
    client_id: str
    accepted: Acceptance
    time_in_force: TimeInForce = TimeInForce.GTC
    price: Decimal = ZERO
    stop_price: Decimal = ZERO
    quote_quantity: Decimal = ZERO
    reduce_only: bool = False
    close_position: bool = False
    original_type: OrderType | None = None
    list_id: int = -1
    working: bool = True
    held_back: bool = False
    status: Status = Status.NEW
    filled: Decimal = ZERO
    quote_filled: Decimal = ZERO
    locked: Decimal = ZERO
    updated_ms: int = 0
    working_ms: int = -1
    expiry_reason: str | None = None
    reported_status: str | None = None
    fills: list[Fill] = field(default_factory=list[Fill])

    @property
    def remaining(self) -> Decimal:
        """What may still fill."""
        return subtract(self.quantity, self.filled)

    @property
    def is_open(self) -> bool:
        """Whether the order may still fill."""
        return self.status.is_open

    @property
    def status_text(self) -> str:
        """The status as the venue tells it: its own, or a new word when a fault says so."""
        return self.reported_status or str(self.status)

    def take(self, fill: Fill) -> None:
        """Add an execution; refuse one that fills more than was ordered."""
        filled = add(self.filled, fill.quantity)
        if not 0 < fill.quantity <= self.remaining:
            raise OrderError(
                f"order {self.order_id} has {self.remaining} left, a fill brought {fill.quantity}"
            )
        self.fills.append(fill)
        self.filled = filled
        self.quote_filled = add(self.quote_filled, fill.quote)
        self.updated_ms = max(self.updated_ms, fill.time_ms)
        if filled == self.quantity:
            self.status = Status.FILLED
        elif self.is_open:
            self.status = Status.PARTIALLY_FILLED

    def end(self, status: Status, time_ms: int, reason: str | None = None) -> None:
        """End the order without further fills; an order ends once."""
        if not self.is_open or status not in ENDINGS:
            raise OrderError(f"order {self.order_id} is {self.status} and cannot become {status}")
        self.status = status
        self.expiry_reason = reason
        self.updated_ms = max(self.updated_ms, time_ms)


class OrderStore:
    """The orders of one market: by id, by client id, and the open ones by symbol."""

    def __init__(self) -> None:
        self._by_id: dict[int, Order] = {}
        self._by_client: dict[tuple[str, str], list[Order]] = defaultdict(list)
        self._open: dict[str, dict[int, Order]] = defaultdict(dict)

    def add(self, order: Order) -> None:
        """Take an accepted order."""
        if self.open_with_client_id(order.account, order.client_id) is not None:
            raise OrderError(f"client id {order.client_id} belongs to an open order already")
        self._by_id[order.order_id] = order
        self._by_client[order.account, order.client_id].append(order)
        self._open[order.symbol][order.order_id] = order

    def close(self, order: Order) -> None:
        """Forget that an order is open, once it has ended."""
        self._open[order.symbol].pop(order.order_id, None)

    def open_with_client_id(self, account: str, client_id: str) -> Order | None:
        """Return the open order with a client id."""
        found = self._by_client.get((account, client_id), [])
        return found[-1] if found and found[-1].is_open else None

    def find(
        self, account: str, symbol: str, order_id: int | None, client_id: str | None
    ) -> Order | None:
        """Return an order of an account by id, else the newest by client id; both must agree."""
        if order_id is not None:
            order = self._by_id.get(order_id)
        else:
            order = next(iter(reversed(self._by_client.get((account, client_id or ""), []))), None)
        if order is None or (order.account, order.symbol) != (account, symbol):
            return None
        return order if client_id is None or order.client_id == client_id else None

    def working(self, symbol: str) -> list[Order]:
        """Return the open orders of a symbol, oldest first."""
        return list(self._open[symbol].values()) if symbol in self._open else []

    def open_of(self, account: str, symbol: str | None = None) -> list[Order]:
        """Return an account's open orders, oldest first."""
        if symbol is not None:
            return [order for order in self.working(symbol) if order.account == account]
        found = [
            o for orders in self._open.values() for o in orders.values() if o.account == account
        ]
        return sorted(found, key=lambda order: order.order_id)

    def all_of(self, account: str, symbol: str | None = None) -> Iterator[Order]:
        """Yield an account's orders, oldest first."""
        for order in self._by_id.values():
            if order.account == account and symbol in (None, order.symbol):
                yield order

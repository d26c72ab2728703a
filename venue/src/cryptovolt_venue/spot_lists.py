"""Order lists of the spot market: two orders of which one cancels the other.

The first leg holds the funds of both. When a leg's trigger is reached it takes them over and the
other expires; when a leg fills, the other expires; when one is cancelled, both are.
"""

import secrets
from decimal import Decimal
from typing import TYPE_CHECKING

from cryptovolt_venue.money import ZERO
from cryptovolt_venue.orders import Order, OrderType, Status
from cryptovolt_venue.requests import NewOrder
from cryptovolt_venue.spot_reports import OrderList
from cryptovolt_venue.web.errors import VenueError

if TYPE_CHECKING:
    from cryptovolt_venue.spot import SpotEngine

_STOP_LEGS = (OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT)
_OTHER_LEGS = (OrderType.LIMIT_MAKER, OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT)


class ListBook:
    """The order lists of all accounts."""

    def __init__(self) -> None:
        self.by_id: dict[int, OrderList] = {}

    def of(self, order: Order) -> OrderList | None:
        """Return the list an order belongs to."""
        return self.by_id.get(order.list_id)

    def find(self, account: str, list_id: int | None, client_id: str | None) -> OrderList | None:
        """Return a list of an account by id, else the newest by client id."""
        for found in reversed(self.by_id.values()):
            if found.account != account:
                continue
            if list_id == found.list_id or (list_id is None and client_id == found.client_id):
                return found
        return None

    def of_account(self, account: str) -> list[OrderList]:
        """Return an account's lists, oldest first."""
        return [found for found in self.by_id.values() if found.account == account]

    def place(
        self,
        engine: "SpotEngine",
        account: str,
        legs: tuple[NewOrder, NewOrder],
        client_id: str | None,
    ) -> OrderList:
        """Accept both legs (above and below the market), or refuse them and change nothing."""
        _check_legs(engine, legs)
        for leg in legs:
            engine.check(account, leg, n_new=2)
        if legs[0].client_id and legs[0].client_id == legs[1].client_id:
            raise VenueError(400, -2010, "Duplicate order sent.")
        list_id = next(engine.floor.ids.order_list)
        orders = [engine.make_order(account, leg, list_id) for leg in legs]
        engine.lock(orders[0], max(engine.needs(order) for order in orders))
        name = client_id or secrets.token_urlsafe(16)[:22]
        found = OrderList(list_id, name, account, legs[0].symbol, engine.now(), orders)
        self.by_id[list_id] = found
        engine.tell_list(list_id)
        for order in orders:
            if order.is_open:
                engine.accept(order)
        return found

    def trigger(self, engine: "SpotEngine", found: OrderList, order: Order) -> None:
        """Let a leg work alone: it takes over the funds, the other leg expires."""
        if found.done:
            return
        found.done = True
        other = _other(found, order)
        order.locked, other.locked = max(order.locked, other.locked), ZERO
        if other.is_open:
            engine.end(other, Status.EXPIRED, "OCO_TRIGGER")
        engine.tell_list(found.list_id)

    def settle(self, engine: "SpotEngine", found: OrderList, order: Order) -> None:
        """End the other leg once this one has filled or ended."""
        if found.done:
            return
        found.done = True
        other = _other(found, order)
        order.locked, other.locked = max(order.locked, other.locked), ZERO
        engine.unlock(order, engine.needs(order) if order.is_open else ZERO)
        self._end_other(engine, order, other)
        engine.tell_list(found.list_id)

    def _end_other(self, engine: "SpotEngine", order: Order, other: Order) -> None:
        if not other.is_open:
            return
        if order.status is Status.CANCELED:
            engine.end(other, Status.CANCELED)
        else:
            engine.end(other, Status.EXPIRED, "OCO_TRIGGER")


def _other(found: OrderList, order: Order) -> Order:
    return found.orders[1] if found.orders[0] is order else found.orders[0]


def _check_legs(engine: "SpotEngine", legs: tuple[NewOrder, NewOrder]) -> None:
    above, below = legs
    kinds = {above.type in _STOP_LEGS, below.type in _STOP_LEGS}
    if not all(leg.type in (*_STOP_LEGS, *_OTHER_LEGS) for leg in legs):
        raise VenueError(400, -1158, "Order type not supported in OCO.")
    if kinds != {True, False}:
        raise VenueError(400, -1168, "At least one OCO order must be contingent.")
    last = engine.floor.view.last("spot", above.symbol)
    if last is not None and not _reach(below) < last < _reach(above):
        raise VenueError(
            400, -2010, "The relationship of the prices for the orders is not correct."
        )


def _reach(leg: NewOrder) -> Decimal:
    return leg.price if leg.type is OrderType.LIMIT_MAKER else leg.stop_price

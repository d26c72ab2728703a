"""What queries share: which orders a replica shows yet, and how lists are cut.

The fault point ``order.read`` makes a query lag: kind ``lag`` with ``ms`` hides orders accepted
within that time, ``not_found`` hides all of them.
"""

import time
from collections.abc import Iterable

from cryptovolt_venue.accounts import Account, Accounts
from cryptovolt_venue.matching import Engine
from cryptovolt_venue.orders import Fill, Order
from cryptovolt_venue.requests import Parameters, client_id, text, whole
from cryptovolt_venue.web.errors import VenueError


def visible(accounts: Accounts, orders: Iterable[Order], endpoint: str) -> list[Order]:
    """Return the orders that a replica shows."""
    orders = list(orders)
    faults = accounts.exchange.faults
    if not faults.watches("order.read"):
        return orders
    symbol = orders[0].symbol if orders else ""
    market = orders[0].market if orders else ""
    action = faults.take("order.read", market=market, symbol=symbol, endpoint=endpoint)
    if action is None:
        return orders
    if action.kind == "not_found":
        return []
    newest = time.monotonic_ns() - int(action.number("ms", 1_000) * 1_000_000)
    return [order for order in orders if order.accepted.monotonic_ns <= newest]


def find_order(
    accounts: Accounts, engine: Engine, account: Account, parameters: Parameters
) -> Order:
    """Return the order a query asks for by id or client id, as far as a replica shows it."""
    symbol = text(parameters, "symbol")
    engine.instrument(symbol)
    order_id, name = which(parameters, "orderId", "origClientOrderId")
    found = engine.store.find(account.name, symbol, order_id, name)
    shown = visible(accounts, [] if found is None else [found], "get_order")
    if not shown:
        raise VenueError(400, -2013, "Order does not exist.")
    return shown[0]


def which(parameters: Parameters, id_name: str, client_name: str) -> tuple[int | None, str | None]:
    """Return the id and the client id of a request, of which one must be there."""
    number, name = whole(parameters, id_name), client_id(parameters, client_name)
    if number is None and name is None:
        raise VenueError(
            400,
            -1102,
            f"Param '{client_name}' or '{id_name}' must be sent, but both were empty/null!",
        )
    return number, name


def window(orders: Iterable[Order], parameters: Parameters) -> list[Order]:
    """Return orders by `orderId`, `startTime` and `endTime`, and no more than `limit` of them."""
    start, stop = whole(parameters, "startTime"), whole(parameters, "endTime")
    first = whole(parameters, "orderId")
    found = [
        order
        for order in orders
        if (first is None or order.order_id >= first)
        and (start is None or order.accepted.market_ms >= start)
        and (stop is None or order.accepted.market_ms <= stop)
    ]
    limit = min(whole(parameters, "limit") or 500, 1000)
    return found[-limit:] if first is None and start is None else found[:limit]


def fills(orders: Iterable[Order], parameters: Parameters) -> list[tuple[Order, Fill]]:
    """Return executions by `orderId`, `fromId`, `startTime`, `endTime`, oldest first."""
    order_id, first = whole(parameters, "orderId"), whole(parameters, "fromId")
    start, stop = whole(parameters, "startTime"), whole(parameters, "endTime")
    found = [
        (order, fill)
        for order in orders
        for fill in order.fills
        if (order_id is None or order.order_id == order_id)
        and (first is None or fill.trade_id >= first)
        and (start is None or fill.time_ms >= start)
        and (stop is None or fill.time_ms <= stop)
    ]
    found.sort(key=lambda pair: pair[1].trade_id)
    limit = min(whole(parameters, "limit") or 500, 1000)
    return found[:limit] if first is not None or start is not None else found[-limit:]

"""How spot orders, executions and balances read in JSON, as the venue's clients know them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from cryptovolt_venue.floor import Frame
from cryptovolt_venue.money import eight
from cryptovolt_venue.orders import Fill, Order, OrderType, Side, Status

_STOPPED = (
    OrderType.STOP_LOSS,
    OrderType.STOP_LOSS_LIMIT,
    OrderType.TAKE_PROFIT,
    OrderType.TAKE_PROFIT_LIMIT,
)


@dataclass(slots=True)
class OrderList:
    """Two orders of which one cancels the other."""

    list_id: int
    client_id: str
    account: str
    symbol: str
    created_ms: int
    orders: list[Order] = field(default_factory=list[Order])
    done: bool = False


def order_json(order: Order) -> Frame:
    """Return an order as queries tell it."""
    told = _core(order)
    told |= {
        "stopPrice": eight(order.stop_price),
        "icebergQty": "0.00000000",
        "time": order.accepted.market_ms,
        "updateTime": order.updated_ms,
        "isWorking": order.working,
        "workingTime": order.working_ms,
        "selfTradePreventionMode": "NONE",
    }
    return told | _expiry(order)


def placed_json(order: Order, detail: str) -> Frame:
    """Return the answer to a new order: ACK, RESULT or FULL."""
    head = {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": order.list_id,
        "clientOrderId": order.client_id,
        "transactTime": order.updated_ms,
    }
    if detail == "ACK":
        return head
    told = head | _core(order)
    if order.type in _STOPPED:
        told["stopPrice"] = eight(order.stop_price)
    told |= {"workingTime": order.working_ms, "selfTradePreventionMode": "NONE"} | _expiry(order)
    if detail == "FULL":
        told["fills"] = [
            {
                "price": eight(fill.price),
                "qty": eight(fill.quantity),
                "commission": eight(fill.fee),
                "commissionAsset": fill.fee_asset,
                "tradeId": fill.trade_id,
            }
            for fill in order.fills
        ]
    return told


def canceled_json(order: Order, cancel_id: str) -> Frame:
    """Return the answer to a cancellation."""
    told = {"symbol": order.symbol, "origClientOrderId": order.client_id} | _core(order)
    told["clientOrderId"] = cancel_id
    told["transactTime"] = order.updated_ms
    if order.type in _STOPPED:
        told["stopPrice"] = eight(order.stop_price)
    told["selfTradePreventionMode"] = "NONE"
    return told


def trade_json(order: Order, fill: Fill) -> Frame:
    """Return an execution as the account's trade list tells it."""
    return {
        "symbol": fill.symbol,
        "id": fill.trade_id,
        "orderId": fill.order_id,
        "orderListId": order.list_id,
        "price": eight(fill.price),
        "qty": eight(fill.quantity),
        "quoteQty": eight(fill.quote),
        "commission": eight(fill.fee),
        "commissionAsset": fill.fee_asset,
        "time": fill.time_ms,
        "isBuyer": fill.side is Side.BUY,
        "isMaker": fill.is_maker,
        "isBestMatch": True,
    }


def execution_report(
    order: Order,
    execution: str,
    event_ms: int,
    execution_id: int,
    fill: Fill | None,
    cancel_id: str,
) -> Frame:
    """Return what the user stream tells about an order; see the venue's table of fields."""
    status = order.status_text
    if fill is not None and order.reported_status is None:
        status = Status.PARTIALLY_FILLED if order.remaining else Status.FILLED
    told: Frame = {
        "e": "executionReport",
        "E": event_ms,
        "s": order.symbol,
        "c": cancel_id or order.client_id,
        "S": str(order.side),
        "o": str(order.type),
        "f": str(order.time_in_force),
        "q": eight(order.quantity),
        "p": eight(order.price),
        "P": eight(order.stop_price),
        "F": "0.00000000",
        "g": order.list_id,
        "C": order.client_id if cancel_id else "",
        "x": execution,
        "X": str(status),
        "r": "NONE",
        "i": order.order_id,
        "l": eight(fill.quantity) if fill else "0.00000000",
        "z": eight(order.filled),
        "L": eight(fill.price) if fill else "0.00000000",
        "n": eight(fill.fee) if fill else "0",
        "N": fill.fee_asset if fill else None,
        "T": fill.time_ms if fill else order.updated_ms,
        "t": fill.trade_id if fill else -1,
        "I": execution_id,
        "w": order.is_open and order.working,
        "m": fill.is_maker if fill else False,
        "M": False,
        "O": order.accepted.market_ms,
        "Z": eight(order.quote_filled),
        "Y": eight(fill.quote) if fill else "0.00000000",
        "Q": eight(order.quote_quantity),
        "V": "NONE",
    }
    if order.working:
        told["W"] = order.working_ms
    if order.expiry_reason is not None:
        told["eR"] = order.expiry_reason
    return told


def account_position(event_ms: int, balances: Sequence[tuple[str, str, str]]) -> Frame:
    """Return what the user stream tells about balances that may have changed."""
    return {
        "e": "outboundAccountPosition",
        "E": event_ms,
        "u": event_ms,
        "B": [{"a": asset, "f": free, "l": locked} for asset, free, locked in balances],
    }


def balance_update(event_ms: int, asset: str, change: Decimal) -> Frame:
    """Return what the user stream tells about a deposit or a withdrawal."""
    return {"e": "balanceUpdate", "E": event_ms, "a": asset, "d": eight(change), "T": event_ms}


def list_json(orders: OrderList, detail: str | None = None) -> Frame:
    """Return an order list, with its orders' reports where a detail is asked for."""
    told: Frame = {
        "orderListId": orders.list_id,
        "contingencyType": "OCO",
        "listStatusType": "ALL_DONE" if orders.done else "EXEC_STARTED",
        "listOrderStatus": "ALL_DONE" if orders.done else "EXECUTING",
        "listClientOrderId": orders.client_id,
        "transactionTime": max(order.updated_ms for order in orders.orders),
        "symbol": orders.symbol,
        "orders": [_leg(order) for order in orders.orders],
    }
    if detail is not None:
        told["orderReports"] = [placed_json(order, detail) for order in orders.orders]
    return told


def list_status(orders: OrderList, event_ms: int) -> Frame:
    """Return what the user stream tells about an order list."""
    return {
        "e": "listStatus",
        "E": event_ms,
        "s": orders.symbol,
        "g": orders.list_id,
        "c": "OCO",
        "l": "ALL_DONE" if orders.done else "EXEC_STARTED",
        "L": "ALL_DONE" if orders.done else "EXECUTING",
        "r": "NONE",
        "C": orders.client_id,
        "T": event_ms,
        "O": [{"s": o.symbol, "i": o.order_id, "c": o.client_id} for o in orders.orders],
    }


def _leg(order: Order) -> Frame:
    return {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "clientOrderId": order.client_id,
    }


def _core(order: Order) -> Frame:
    return {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": order.list_id,
        "clientOrderId": order.client_id,
        "price": eight(order.price),
        "origQty": eight(order.quantity),
        "executedQty": eight(order.filled),
        "origQuoteOrderQty": eight(order.quote_quantity),
        "cummulativeQuoteQty": eight(order.quote_filled),
        "status": order.status_text,
        "timeInForce": str(order.time_in_force),
        "type": str(order.type),
        "side": str(order.side),
    }


def _expiry(order: Order) -> Frame:
    return {} if order.expiry_reason is None else {"expiryReason": order.expiry_reason}

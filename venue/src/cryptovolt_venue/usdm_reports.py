"""How USD-M orders, executions and updates read in JSON, as the venue's clients know them."""

from collections.abc import Sequence
from decimal import Decimal

from cryptovolt_venue.algos import Algo
from cryptovolt_venue.floor import Frame
from cryptovolt_venue.money import ZERO, divide, plain, round_even
from cryptovolt_venue.orders import Fill, Order, Side, Status
from cryptovolt_venue.positions import Position


def average_price(order: Order) -> Decimal:
    """Return the average price of an order's fills, zero without any."""
    return round_even(divide(order.quote_filled, order.filled)) if order.filled else ZERO


def order_json(order: Order) -> Frame:
    """Return an order as answers and queries tell it."""
    return {
        "orderId": order.order_id,
        "symbol": order.symbol,
        "status": order.status_text,
        "clientOrderId": order.client_id,
        "price": plain(order.price),
        "avgPrice": plain(average_price(order)),
        "origQty": plain(order.quantity),
        "executedQty": plain(order.filled),
        "cumQty": plain(order.filled),
        "cumQuote": plain(order.quote_filled),
        "timeInForce": str(order.time_in_force),
        "type": str(order.type),
        "reduceOnly": order.reduce_only,
        "closePosition": order.close_position,
        "side": str(order.side),
        "positionSide": "BOTH",
        "stopPrice": plain(order.stop_price),
        "workingType": "CONTRACT_PRICE",
        "priceProtect": False,
        "origType": str(order.original_type or order.type),
        "priceMatch": "NONE",
        "selfTradePreventionMode": "NONE",
        "goodTillDate": 0,
        "time": order.accepted.market_ms,
        "updateTime": order.updated_ms,
    }


def trade_json(fill: Fill, margin_asset: str) -> Frame:
    """Return an execution as the account's trade list tells it."""
    return {
        "buyer": fill.side is Side.BUY,
        "commission": plain(fill.fee),
        "commissionAsset": fill.fee_asset,
        "id": fill.trade_id,
        "maker": fill.is_maker,
        "orderId": fill.order_id,
        "price": plain(fill.price),
        "qty": plain(fill.quantity),
        "quoteQty": plain(fill.quote),
        "realizedPnl": plain(fill.realized),
        "marginAsset": margin_asset,
        "side": str(fill.side),
        "positionSide": "BOTH",
        "symbol": fill.symbol,
        "time": fill.time_ms,
    }


def order_trade_update(
    order: Order,
    execution: str,
    event_ms: int,
    fill: Fill | None,
    notionals: tuple[Decimal, Decimal],
) -> Frame:
    """Return what the user stream tells about an order; see the venue's table of fields."""
    status = order.status_text
    if fill is not None and order.reported_status is None:
        status = Status.PARTIALLY_FILLED if order.remaining else Status.FILLED
    told: Frame = {
        "s": order.symbol,
        "c": order.client_id,
        "S": str(order.side),
        "o": str(order.type),
        "f": str(order.time_in_force),
        "q": plain(order.quantity),
        "p": plain(order.price),
        "ap": plain(average_price(order)),
        "sp": plain(order.stop_price),
        "x": execution,
        "X": str(status),
        "i": order.order_id,
        "l": plain(fill.quantity) if fill else "0",
        "z": plain(order.filled),
        "L": plain(fill.price) if fill else "0",
        "T": fill.time_ms if fill else order.updated_ms,
        "t": fill.trade_id if fill else 0,
        "b": plain(notionals[0]),
        "a": plain(notionals[1]),
        "m": fill.is_maker if fill else False,
        "R": order.reduce_only,
        "wt": "CONTRACT_PRICE",
        "ot": str(order.original_type or order.type),
        "ps": "BOTH",
        "cp": order.close_position,
        "rp": plain(fill.realized) if fill else "0",
        "pP": False,
        "si": 0,
        "ss": 0,
        "V": "NONE",
        "pm": "NONE",
        "gtd": 0,
    }
    if fill is not None:
        told |= {"n": plain(fill.fee), "N": fill.fee_asset}
    if order.expiry_reason is not None:
        told["er"] = order.expiry_reason
    return {"e": "ORDER_TRADE_UPDATE", "E": event_ms, "T": told["T"], "o": told}


def account_update(
    event_ms: int,
    reason: str,
    wallets: Sequence[tuple[str, Decimal, Decimal]],
    positions: Sequence[tuple[Position, Decimal, str]],
) -> Frame:
    """Return what the user stream tells about wallets (with their change) and positions."""
    return {
        "e": "ACCOUNT_UPDATE",
        "E": event_ms,
        "T": event_ms,
        "a": {
            "m": reason,
            "B": [
                {"a": asset, "wb": plain(wallet), "cw": plain(wallet), "bc": plain(change)}
                for asset, wallet, change in wallets
            ],
            "P": [_position_update(*found) for found in positions],
        },
    }


def leverage_update(event_ms: int, symbol: str, leverage: int) -> Frame:
    """Return what the user stream tells about a changed leverage."""
    return {
        "e": "ACCOUNT_CONFIG_UPDATE",
        "E": event_ms,
        "T": event_ms,
        "ac": {"s": symbol, "l": leverage},
    }


def algo_json(algo: Algo) -> Frame:
    """Return a conditional order as answers and queries tell it."""
    return {
        "algoId": algo.algo_id,
        "clientAlgoId": algo.client_id,
        "algoType": "CONDITIONAL",
        "orderType": str(algo.request.type),
        "symbol": algo.request.symbol,
        "side": str(algo.request.side),
        "positionSide": "BOTH",
        "timeInForce": str(algo.request.time_in_force),
        "quantity": plain(algo.request.quantity),
        "algoStatus": algo.status,
        "actualOrderId": "" if algo.order is None else str(algo.order.order_id),
        "actualPrice": "0" if algo.order is None else plain(average_price(algo.order)),
        "triggerPrice": plain(algo.trigger_price),
        "price": plain(algo.request.price),
        "icebergQuantity": None,
        "selfTradePreventionMode": "NONE",
        "workingType": algo.request.working_type,
        "priceMatch": "NONE",
        "closePosition": algo.request.close_position,
        "priceProtect": False,
        "reduceOnly": algo.request.reduce_only,
        "activatePrice": plain(algo.request.activation_price),
        "callbackRate": plain(algo.request.callback_rate),
        "createTime": algo.created_ms,
        "updateTime": algo.updated_ms,
        "triggerTime": algo.triggered_ms,
        "goodTillDate": 0,
    }


def algo_update(algo: Algo, event_ms: int) -> Frame:
    """Return what the user stream tells about a conditional order."""
    order = algo.order
    told: Frame = {
        "caid": algo.client_id,
        "aid": algo.algo_id,
        "at": "CONDITIONAL",
        "o": str(algo.request.type),
        "s": algo.request.symbol,
        "S": str(algo.request.side),
        "ps": "BOTH",
        "f": str(algo.request.time_in_force),
        "q": plain(algo.request.quantity),
        "X": algo.status,
        "ai": "" if order is None else str(order.order_id),
        "ap": "0" if order is None else plain(average_price(order)),
        "aq": "0" if order is None else plain(order.filled),
        "act": "0" if order is None else str(order.type),
        "tp": plain(algo.trigger_price),
        "p": plain(algo.request.price),
        "V": "NONE",
        "wt": algo.request.working_type,
        "pm": "NONE",
        "cp": algo.request.close_position,
        "pP": False,
        "R": algo.request.reduce_only,
        "tt": algo.triggered_ms,
        "gtd": 0,
        "rm": algo.refusal,
    }
    return {"e": "ALGO_UPDATE", "E": event_ms, "T": algo.updated_ms, "o": told}


def _position_update(position: Position, mark: Decimal, margin_asset: str) -> Frame:
    return {
        "s": position.symbol,
        "pa": plain(position.amount),
        "ep": plain(position.entry_price),
        "bep": plain(position.break_even_price),
        "cr": plain(position.realized),
        "up": plain(position.unrealized(mark)),
        "mt": "cross",
        "iw": "0",
        "ps": "BOTH",
        "ma": margin_asset,
    }

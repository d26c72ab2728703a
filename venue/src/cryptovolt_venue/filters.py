"""The checks an order passes before the engine sees it, with the venue's codes and texts.

Limits come from the instrument's own filters, so that what ``exchangeInfo`` tells is what is
checked; a filter that is not there checks nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from cryptovolt_venue.instruments import Instrument
from cryptovolt_venue.money import decimals_of, is_multiple, multiply, plain
from cryptovolt_venue.orders import OrderType, Side
from cryptovolt_venue.requests import NewOrder, Parameters
from cryptovolt_venue.web.errors import VenueError, missing

SPOT_STOPS = (
    OrderType.STOP_LOSS,
    OrderType.STOP_LOSS_LIMIT,
    OrderType.TAKE_PROFIT,
    OrderType.TAKE_PROFIT_LIMIT,
)
_SPOT_NEEDS: Mapping[OrderType, tuple[str, ...]] = {
    OrderType.LIMIT: ("timeInForce", "quantity", "price"),
    OrderType.MARKET: (),
    OrderType.LIMIT_MAKER: ("quantity", "price"),
    OrderType.STOP_LOSS: ("quantity", "stopPrice"),
    OrderType.STOP_LOSS_LIMIT: ("timeInForce", "quantity", "price", "stopPrice"),
    OrderType.TAKE_PROFIT: ("quantity", "stopPrice"),
    OrderType.TAKE_PROFIT_LIMIT: ("timeInForce", "quantity", "price", "stopPrice"),
}
_USDM_NEEDS: Mapping[OrderType, tuple[str, ...]] = {
    OrderType.LIMIT: ("timeInForce", "quantity", "price"),
    OrderType.MARKET: ("quantity",),
    OrderType.STOP: ("quantity", "price", "triggerPrice"),
    OrderType.TAKE_PROFIT: ("quantity", "price", "triggerPrice"),
    OrderType.STOP_MARKET: ("triggerPrice",),
    OrderType.TAKE_PROFIT_MARKET: ("triggerPrice",),
    OrderType.TRAILING_STOP_MARKET: ("callbackRate",),
}
_NUMBERS = ("timeInForce", "price", "stopPrice", "quoteOrderQty")


@dataclass(frozen=True, slots=True)
class Standing:
    """What filters compare an order with: a reference price, and how many orders are open."""

    reference: Decimal | None
    n_orders: int
    n_stops: int


def check_spot_parameters(parameters: Parameters) -> None:
    """Refuse a spot order without what its type needs, or with what it must not carry."""
    type_ = _known_type(parameters, _SPOT_NEEDS)
    needs = _SPOT_NEEDS[type_]
    for name in needs:
        if not parameters.get(name):
            raise missing(name)
    if type_ is OrderType.MARKET and bool(parameters.get("quantity")) == bool(
        parameters.get("quoteOrderQty")
    ):
        raise _market_quantity(parameters)
    allowed = {*needs, "quoteOrderQty"} if type_ is OrderType.MARKET else set(needs)
    for name in _NUMBERS:
        if name not in allowed and parameters.get(name):
            raise VenueError(400, -1106, f"Parameter '{name}' sent when not required.")


def check_usdm_parameters(parameters: Parameters) -> None:
    """Refuse a USD-M order without what its type needs."""
    type_ = _known_type(parameters, _USDM_NEEDS)
    closes = parameters.get("closePosition", "").lower() == "true"
    for name in _USDM_NEEDS[type_]:
        if not parameters.get(name):
            raise missing(name)
    if not parameters.get("quantity") and not closes:
        raise missing("quantity")


def check_spot(instrument: Instrument, order: NewOrder, standing: Standing) -> None:
    """Refuse a spot order that breaks a filter."""
    for name, amount in (("price", order.price), ("quantity", order.quantity)):
        if decimals_of(amount) > 8:
            raise VenueError(400, -1111, f"Parameter '{name}' has too much precision.")
    filters = _by_type(instrument)
    prices = [price for price in (order.price, order.stop_price) if price]
    rule = filters.get("PRICE_FILTER")
    if not all(_in_steps(price, rule, "Price", "tickSize") for price in prices):
        raise _failure("PRICE_FILTER")
    lots = ["LOT_SIZE", "MARKET_LOT_SIZE"] if order.price == 0 else ["LOT_SIZE"]
    for name in lots:
        if not order.quote_quantity and not _in_steps(
            order.quantity, filters.get(name), "Qty", "stepSize"
        ):
            raise _failure(name)
    if not _near(order, filters.get("PERCENT_PRICE_BY_SIDE"), standing.reference):
        raise _failure("PERCENT_PRICE_BY_SIDE")
    if not _notional_fits(order, filters.get("NOTIONAL"), standing.reference):
        raise _failure("NOTIONAL")
    _check_counts(order.type in SPOT_STOPS, filters, standing)


def check_usdm(instrument: Instrument, order: NewOrder, reference: Decimal | None) -> None:
    """Refuse a USD-M order that breaks a filter."""
    filters = _by_type(instrument)
    _check_usdm_prices(instrument, order, filters)
    if not order.close_position:
        _check_usdm_quantity(instrument, order, filters)
    price = order.price or order.stop_price or reference
    if order.close_position or order.reduce_only or price is None:
        return
    smallest = Decimal(str(filters.get("MIN_NOTIONAL", {}).get("notional", "0")))
    if multiply(price, order.quantity) < smallest:
        raise VenueError(
            400,
            -4164,
            f"Order's notional must be no smaller than {plain(smallest)} "
            "(unless you choose reduce only).",
        )


def usdm_limit(instrument: Instrument, name: str) -> int:
    """Return how many orders of a kind a USD-M account may have open on a symbol."""
    return int(_by_type(instrument).get(name, {}).get("limit", 1_000_000))


def _check_usdm_prices(
    instrument: Instrument, order: NewOrder, filters: Mapping[str, Mapping[str, Any]]
) -> None:
    rule = filters.get("PRICE_FILTER", {})
    for price in (order.price, order.stop_price, order.activation_price):
        if not price:
            continue
        if decimals_of(price) > instrument.price_decimals:
            raise VenueError(400, -1111, "Precision is over the maximum defined for this asset.")
        if price < Decimal(str(rule.get("minPrice", "0"))):
            raise VenueError(400, -4013, "Price less than min price.")
        if price > Decimal(str(rule.get("maxPrice", "Infinity"))):
            raise VenueError(400, -4002, "Price greater than max price.")
        if not is_multiple(price, Decimal(str(rule.get("tickSize", "0")))):
            raise VenueError(400, -4014, "Price not increased by tick size.")


def _check_usdm_quantity(
    instrument: Instrument, order: NewOrder, filters: Mapping[str, Mapping[str, Any]]
) -> None:
    rule = filters.get("MARKET_LOT_SIZE" if order.price == 0 else "LOT_SIZE", {})
    if order.quantity <= 0:
        raise VenueError(400, -4003, "Quantity less than or equal to zero.")
    if decimals_of(order.quantity) > instrument.quantity_decimals:
        raise VenueError(400, -1111, "Precision is over the maximum defined for this asset.")
    if order.quantity < Decimal(str(rule.get("minQty", "0"))):
        raise VenueError(400, -4004, "Quantity less than min quantity.")
    if order.quantity > Decimal(str(rule.get("maxQty", "Infinity"))):
        raise VenueError(400, -4005, "Quantity greater than max quantity.")
    if not is_multiple(order.quantity, Decimal(str(rule.get("stepSize", "0")))):
        raise VenueError(400, -4023, "Qty not increased by step size.")


def _known_type(parameters: Parameters, needs: Mapping[OrderType, tuple[str, ...]]) -> OrderType:
    sent = parameters.get("type", "")
    if not sent:
        raise missing("type")
    found = next((type_ for type_ in needs if type_.value == sent), None)
    if found is None:
        raise VenueError(400, -1116, "Invalid orderType.")
    return found


def _market_quantity(parameters: Parameters) -> VenueError:
    if parameters.get("quantity"):
        return VenueError(400, -1106, "Parameter 'quoteOrderQty' sent when not required.")
    return VenueError(
        400,
        -1102,
        "Param 'quantity' or 'quoteOrderQty' must be sent, but both were empty/null!",
    )


def _by_type(instrument: Instrument) -> dict[str, Mapping[str, Any]]:
    return {str(found["filterType"]): found for found in instrument.filters()}


def _failure(name: str) -> VenueError:
    return VenueError(400, -1013, f"Filter failure: {name}")


def _in_steps(amount: Decimal, rule: Mapping[str, Any] | None, what: str, step_name: str) -> bool:
    if rule is None:
        return True
    lowest, highest = Decimal(str(rule[f"min{what}"])), Decimal(str(rule[f"max{what}"]))
    if amount <= 0 or amount < lowest or (highest and amount > highest):
        return False
    return is_multiple(amount, Decimal(str(rule[step_name])))


def _near(order: NewOrder, rule: Mapping[str, Any] | None, reference: Decimal | None) -> bool:
    if rule is None or reference is None or not order.price:
        return True
    side = "bid" if order.side is Side.BUY else "ask"
    lowest = multiply(reference, Decimal(str(rule[f"{side}MultiplierDown"])))
    highest = multiply(reference, Decimal(str(rule[f"{side}MultiplierUp"])))
    return lowest <= order.price <= highest


def _notional_fits(
    order: NewOrder, rule: Mapping[str, Any] | None, reference: Decimal | None
) -> bool:
    price = order.price or reference
    if rule is None or (price is None and not order.quote_quantity):
        return True
    notional = order.quote_quantity or multiply(price or Decimal(0), order.quantity)
    market = order.price == 0
    low, high = Decimal(str(rule["minNotional"])), Decimal(str(rule["maxNotional"]))
    too_small = notional < low and (not market or bool(rule["applyMinToMarket"]))
    too_large = notional > high and (not market or bool(rule["applyMaxToMarket"]))
    return not (too_small or too_large)


def _check_counts(
    is_stop: bool, filters: Mapping[str, Mapping[str, Any]], standing: Standing
) -> None:
    orders = filters.get("MAX_NUM_ORDERS")
    if orders is not None and standing.n_orders >= int(orders["maxNumOrders"]):
        raise _failure("MAX_NUM_ORDERS")
    stops = filters.get("MAX_NUM_ALGO_ORDERS")
    if is_stop and stops is not None and standing.n_stops >= int(stops["maxNumAlgoOrders"]):
        raise _failure("MAX_NUM_ALGO_ORDERS")

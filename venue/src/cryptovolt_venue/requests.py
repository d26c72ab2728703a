"""What a client asks for, read from the texts it sent.

Numbers are plain decimals (no exponent, no sign); everything else is refused as the venue does.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from cryptovolt_venue.money import ZERO
from cryptovolt_venue.orders import OrderType, Side, TimeInForce
from cryptovolt_venue.web.errors import VenueError, missing

_NUMBER = re.compile(r"\d{1,20}(\.\d{1,20})?")
_CLIENT_ID = re.compile(r"[.A-Z:/a-z0-9_-]{1,36}")
_Enum = TypeVar("_Enum", bound=StrEnum)

Parameters = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
    """An order as it was asked for; zero where a number was not sent."""

    symbol: str
    side: Side
    type: OrderType
    client_id: str | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    quantity: Decimal = ZERO
    quote_quantity: Decimal = ZERO
    price: Decimal = ZERO
    stop_price: Decimal = ZERO
    reduce_only: bool = False
    close_position: bool = False
    callback_rate: Decimal = ZERO
    activation_price: Decimal = ZERO
    working_type: str = "CONTRACT_PRICE"


def text(parameters: Parameters, name: str) -> str:
    """Return a parameter that must be there."""
    value = parameters.get(name, "")
    if not value:
        raise missing(name)
    return value


def number(parameters: Parameters, name: str, *, required: bool = False) -> Decimal:
    """Return a decimal parameter, zero where it was not sent."""
    value = parameters.get(name, "")
    if not value:
        if required:
            raise missing(name)
        return ZERO
    if _NUMBER.fullmatch(value) is None:
        legal = r"^([0-9]{1,20})(\.[0-9]{1,20})?$"
        raise VenueError(
            400,
            -1100,
            f"Illegal characters found in parameter '{name}'; legal range is '{legal}'.",
        )
    return Decimal(value)


def whole(parameters: Parameters, name: str) -> int | None:
    """Return an integer parameter, None where it was not sent."""
    value = parameters.get(name, "")
    if not value:
        return None
    if not value.isascii() or not value.isdigit() or len(value) > 20:
        raise VenueError(
            400,
            -1100,
            f"Illegal characters found in parameter '{name}'; legal range is '^[0-9]{{1,20}}$'.",
        )
    return int(value)


def flag(parameters: Parameters, name: str) -> bool:
    """Return a yes-or-no parameter, no where it was not sent."""
    return parameters.get(name, "").lower() == "true"


def client_id(parameters: Parameters, name: str) -> str | None:
    """Return a client id, None where it was not sent."""
    value = parameters.get(name)
    if value is None or value == "":
        return None
    if _CLIENT_ID.fullmatch(value) is None:
        raise VenueError(
            400,
            -1100,
            f"Illegal characters found in parameter '{name}'; "
            r"legal range is '^[\.A-Z\:/a-z0-9_-]{1,36}$'.",
        )
    return value


def new_order(parameters: Parameters) -> NewOrder:
    """Read the parameters of a new order of either market."""
    algo = "algoType" in parameters
    return NewOrder(
        symbol=text(parameters, "symbol"),
        side=_one_of(parameters, "side", Side, -1117, "Invalid side."),
        type=_one_of(parameters, "type", OrderType, -1116, "Invalid orderType."),
        client_id=client_id(parameters, "clientAlgoId" if algo else "newClientOrderId"),
        time_in_force=time_in_force(parameters, "timeInForce"),
        quantity=number(parameters, "quantity"),
        quote_quantity=number(parameters, "quoteOrderQty"),
        price=number(parameters, "price"),
        stop_price=number(parameters, "triggerPrice" if algo else "stopPrice"),
        reduce_only=flag(parameters, "reduceOnly"),
        close_position=flag(parameters, "closePosition"),
        callback_rate=number(parameters, "callbackRate"),
        activation_price=number(parameters, "activatePrice" if algo else "activationPrice"),
        working_type=parameters.get("workingType") or "CONTRACT_PRICE",
    )


def time_in_force(parameters: Parameters, name: str) -> TimeInForce:
    """Return a time in force, GTC where it was not sent."""
    if not parameters.get(name):
        return TimeInForce.GTC
    return _one_of(parameters, name, TimeInForce, -1115, "Invalid timeInForce.")


def require(parameters: Parameters, *names: str) -> None:
    """Refuse a request in which one of the parameters is missing or zero."""
    for name in names:
        if not parameters.get(name):
            raise missing(name)


def _one_of(parameters: Parameters, name: str, kind: type[_Enum], code: int, message: str) -> _Enum:
    value = text(parameters, name)
    try:
        return kind(value)
    except ValueError:
        raise VenueError(400, code, message) from None

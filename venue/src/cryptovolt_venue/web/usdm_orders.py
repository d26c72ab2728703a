"""Signed requests of the USD-M market that place, change and cancel orders."""

import json
from collections.abc import Callable, Mapping
from typing import cast

from aiohttp import web

from cryptovolt_venue.accounts import Account, Accounts
from cryptovolt_venue.filters import check_usdm_parameters
from cryptovolt_venue.floor import Frame
from cryptovolt_venue.orders import OrderType, Status
from cryptovolt_venue.requests import Parameters, new_order, number, text, whole
from cryptovolt_venue.usdm_reports import algo_json, order_json
from cryptovolt_venue.web.endpoints import answer
from cryptovolt_venue.web.errors import VenueError
from cryptovolt_venue.web.order_counts import OrderCounts
from cryptovolt_venue.web.reading import which

_DONE: Frame = {"code": 200, "msg": "The operation of cancel all open order is done."}
_MOST_IN_BATCH = 5


class UsdmOrders:
    """New orders, amendments, conditional orders and cancellations."""

    def __init__(self, accounts: Accounts) -> None:
        self._engine, self._algos = accounts.usdm, accounts.algos
        self.counts = OrderCounts(accounts, "usdm")
        self._countdowns: dict[tuple[str, str], int] = {}

    def create(self, account: Account, parameters: Parameters) -> web.Response:
        """Place an order."""
        headers = self.counts.take(account.name)
        response = answer(self._create(account, parameters))
        response.headers.update(headers)
        return response

    def test(self, account: Account, parameters: Parameters) -> Frame:
        """Check an order without placing it."""
        check_usdm_parameters(parameters)
        self._engine.check(account.name, new_order(parameters))
        return {}

    def create_batch(self, account: Account, parameters: Parameters) -> list[Frame]:
        """Place up to five orders; each succeeds or fails alone."""
        sent = cast("list[Mapping[str, object]]", _json(parameters, "batchOrders"))
        if not 0 < len(sent) <= _MOST_IN_BATCH:
            raise VenueError(400, -4082, "Invalid number of batch place orders.")
        self.counts.take(account.name, len(sent))
        told: list[Frame] = []
        for each in sent:
            texts = {name: _text(value) for name, value in each.items()}
            told.append(_either(lambda texts=texts: self._create(account, texts)))
        return told

    def amend(self, account: Account, parameters: Parameters) -> Frame:
        """Change price and quantity of an open limit order."""
        symbol = text(parameters, "symbol")
        order_id, name = which(parameters, "orderId", "origClientOrderId")
        price = number(parameters, "price", required=True)
        quantity = number(parameters, "quantity", required=True)
        self.counts.take(account.name)
        order = self._engine.amend(account.name, symbol, (order_id, name), price, quantity)
        return order_json(order)

    def cancel(self, account: Account, parameters: Parameters) -> Frame:
        """Cancel an order."""
        symbol = text(parameters, "symbol")
        order_id, name = which(parameters, "orderId", "origClientOrderId")
        return order_json(self._engine.cancel(account.name, symbol, order_id, name))

    def cancel_all(self, account: Account, parameters: Parameters) -> Frame:
        """Cancel every open order of a symbol."""
        symbol = text(parameters, "symbol")
        self._engine.instrument(symbol)
        for order in self._engine.store.open_of(account.name, symbol):
            if order.is_open:
                self._engine.end(order, Status.CANCELED)
        return _DONE

    def cancel_batch(self, account: Account, parameters: Parameters) -> list[Frame]:
        """Cancel up to ten orders by id or client id; each succeeds or fails alone."""
        symbol = text(parameters, "symbol")
        lowered = {name.lower(): value for name, value in parameters.items()}
        told: list[Frame] = []
        for each in cast("list[object]", _json(lowered, "orderidlist", "[]")):
            order_id = int(str(each))
            told.append(
                _either(
                    lambda order_id=order_id: order_json(
                        self._engine.cancel(account.name, symbol, order_id, None)
                    )
                )
            )
        for each in cast("list[object]", _json(lowered, "origclientorderidlist", "[]")):
            name = str(each)
            told.append(
                _either(
                    lambda name=name: order_json(
                        self._engine.cancel(account.name, symbol, None, name)
                    )
                )
            )
        return told

    def create_algo(self, account: Account, parameters: Parameters) -> Frame:
        """Place a conditional order."""
        if text(parameters, "algoType") != "CONDITIONAL":
            raise VenueError(400, -1130, "Data sent for parameter 'algoType' is not valid.")
        self._engine.instrument(text(parameters, "symbol"))
        check_usdm_parameters(parameters)
        request = new_order(parameters)
        if request.type in (OrderType.LIMIT, OrderType.MARKET):
            raise VenueError(400, -1116, "Invalid orderType.")
        _check_one_way(parameters)
        self.counts.take(account.name)
        return algo_json(self._algos.place(account.name, request))

    def cancel_algo(self, account: Account, parameters: Parameters) -> Frame:
        """Cancel a conditional order."""
        algo_id, name = which(parameters, "algoId", "clientAlgoId")
        algo = self._algos.cancel(account.name, algo_id, name)
        return {
            "algoId": algo.algo_id,
            "clientAlgoId": algo.client_id,
            "code": "200",
            "msg": "success",
        }

    def cancel_all_algos(self, account: Account, parameters: Parameters) -> Frame:
        """Cancel every conditional order of a symbol."""
        symbol = text(parameters, "symbol")
        self._engine.instrument(symbol)
        for algo in self._algos.open_of(account.name, symbol):
            self._algos.cancel(account.name, algo.algo_id, None)
        return _DONE

    def countdown(self, account: Account, parameters: Parameters) -> Frame:
        """Cancel a symbol's orders unless this is asked again in time (market time); 0 ends it."""
        symbol, delay = text(parameters, "symbol"), whole(parameters, "countdownTime")
        self._engine.instrument(symbol)
        key = account.name, symbol
        ticket = self._countdowns[key] = self._countdowns.get(key, 0) + 1

        def fire() -> None:
            if self._countdowns[key] == ticket:
                self.cancel_all(account, {"symbol": symbol})

        if delay:
            self._engine.later(delay, fire)
        return {"symbol": symbol, "countdownTime": str(delay or 0)}

    def _create(self, account: Account, parameters: Parameters) -> Frame:
        self._engine.instrument(text(parameters, "symbol"))
        sent = text(parameters, "type")
        if sent not in (OrderType.LIMIT, OrderType.MARKET) and sent in set(OrderType):
            raise VenueError(
                400,
                -4120,
                "Order type not supported for this endpoint. "
                "Please use the Algo Order API endpoints instead.",
            )
        check_usdm_parameters(parameters)
        _check_one_way(parameters)
        request = new_order(parameters)
        if request.type is OrderType.MARKET and request.price:
            raise VenueError(400, -1106, "Parameter 'price' sent when not required.")
        return order_json(self._engine.place(account.name, request))


def _check_one_way(parameters: Parameters) -> None:
    if parameters.get("positionSide", "BOTH") != "BOTH":
        raise VenueError(400, -4061, "Order's position side does not match user's setting.")


def _either(action: Callable[[], Frame]) -> Frame:
    try:
        return action()
    except VenueError as error:
        return error.body()


def _json(parameters: Parameters, name: str, default: str = "") -> object:
    content = parameters.get(name, default) or default
    try:
        found: object = json.loads(content)
    except ValueError:
        found = None
    if not isinstance(found, list):
        raise VenueError(400, -1135, f"JSON sent for parameter '{name}' is not valid")
    return cast("object", found)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)

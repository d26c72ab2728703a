"""Signed requests of the spot market that place and cancel orders."""

import secrets
from collections.abc import Mapping

from aiohttp import web

from cryptovolt_venue.accounts import Account, Accounts
from cryptovolt_venue.filters import check_spot_parameters
from cryptovolt_venue.floor import Frame
from cryptovolt_venue.orders import OrderType, Side, Status
from cryptovolt_venue.requests import NewOrder, Parameters, client_id, new_order, text, whole
from cryptovolt_venue.spot_reports import OrderList, canceled_json, list_json, placed_json
from cryptovolt_venue.web.endpoints import answer
from cryptovolt_venue.web.errors import VenueError
from cryptovolt_venue.web.order_counts import OrderCounts
from cryptovolt_venue.web.reading import which

_FULL_BY_DEFAULT = (OrderType.MARKET, OrderType.LIMIT)
_LEG_FIELDS = ("Type", "ClientOrderId", "Price", "StopPrice", "TimeInForce")
_RESTRICTIONS: Mapping[str, Status] = {
    "ONLY_NEW": Status.NEW,
    "ONLY_PARTIALLY_FILLED": Status.PARTIALLY_FILLED,
}


class SpotOrders:
    """New orders, order lists, cancellations and replacements."""

    def __init__(self, accounts: Accounts) -> None:
        self._engine = accounts.spot
        self.counts = OrderCounts(accounts, "spot")

    def create(self, account: Account, parameters: Parameters) -> web.Response:
        """Place an order."""
        self._engine.instrument(text(parameters, "symbol"))
        check_spot_parameters(parameters)
        request = new_order(parameters)
        headers = self.counts.take(account.name)
        order = self._engine.place(account.name, request)
        response = answer(placed_json(order, _detail(parameters, request)))
        response.headers.update(headers)
        return response

    def test(self, account: Account, parameters: Parameters) -> Frame:
        """Check an order without placing it."""
        check_spot_parameters(parameters)
        self._engine.check(account.name, new_order(parameters))
        return {}

    def cancel(self, account: Account, parameters: Parameters) -> Frame:
        """Cancel an order."""
        return self._cancel(account, parameters, "orderId", "origClientOrderId", "newClientOrderId")

    def cancel_all(self, account: Account, parameters: Parameters) -> list[Frame]:
        """Cancel every open order of a symbol."""
        symbol = text(parameters, "symbol")
        self._engine.instrument(symbol)
        orders = self._engine.store.open_of(account.name, symbol)
        if not orders:
            raise VenueError(400, -2011, "Unknown order sent.")
        told: list[Frame] = []
        lists: list[OrderList] = []
        for order in orders:
            found = self._engine.lists.of(order)
            cancel_id = secrets.token_urlsafe(16)[:22]
            if order.is_open:
                self._engine.end(order, Status.CANCELED, None, cancel_id)
            if found is None:
                told.append(canceled_json(order, cancel_id))
            elif found not in lists:
                lists.append(found)
        return told + [list_json(found, "RESULT") for found in lists]

    def replace(self, account: Account, parameters: Parameters) -> Frame:
        """Cancel an order and place another."""
        mode = text(parameters, "cancelReplaceMode")
        if mode not in ("STOP_ON_FAILURE", "ALLOW_FAILURE"):
            raise VenueError(
                400, -1130, "Data sent for parameter 'cancelReplaceMode' is not valid."
            )
        check_spot_parameters(parameters)
        request = new_order(parameters)
        self.counts.take(account.name)
        canceled: Frame | None = None
        cancel_error: VenueError | None = None
        try:
            canceled = self._cancel(
                account,
                parameters,
                "cancelOrderId",
                "cancelOrigClientOrderId",
                "cancelNewClientOrderId",
            )
        except VenueError as error:
            cancel_error = error
        if cancel_error is not None and mode == "STOP_ON_FAILURE":
            raise _partly(400, -2022, "Order cancel-replace failed.", cancel_error, None, None)
        try:
            order = self._engine.place(account.name, request)
        except VenueError as error:
            if cancel_error is not None:
                raise _partly(
                    400, -2022, "Order cancel-replace failed.", cancel_error, error, None
                ) from None
            raise _partly(
                409, -2021, "Order cancel-replace partially failed.", canceled, error, None
            ) from None
        placed = placed_json(order, _detail(parameters, request))
        if cancel_error is not None:
            raise _partly(
                409, -2021, "Order cancel-replace partially failed.", cancel_error, None, placed
            )
        return {
            "cancelResult": "SUCCESS",
            "newOrderResult": "SUCCESS",
            "cancelResponse": canceled,
            "newOrderResponse": placed,
        }

    def create_list(self, account: Account, parameters: Parameters) -> Frame:
        """Place two orders of which one cancels the other, told as above and below."""
        legs = _leg(parameters, "above"), _leg(parameters, "below")
        return self._place_list(account, parameters, legs)

    def create_old_list(self, account: Account, parameters: Parameters) -> Frame:
        """Place two orders of which one cancels the other, told as a limit and a stop."""
        limit = {
            "type": "LIMIT_MAKER",
            "price": text(parameters, "price"),
            "newClientOrderId": parameters.get("limitClientOrderId", ""),
        }
        stop = {
            "type": "STOP_LOSS",
            "stopPrice": text(parameters, "stopPrice"),
            "newClientOrderId": parameters.get("stopClientOrderId", ""),
        }
        if parameters.get("stopLimitPrice"):
            stop |= {
                "type": "STOP_LOSS_LIMIT",
                "price": parameters["stopLimitPrice"],
                "timeInForce": text(parameters, "stopLimitTimeInForce"),
            }
        sells = text(parameters, "side") == Side.SELL
        first, second = (limit, stop) if sells else (stop, limit)
        legs = _read_leg(parameters, first), _read_leg(parameters, second)
        return self._place_list(account, parameters, legs)

    def cancel_list(self, account: Account, parameters: Parameters) -> Frame:
        """Cancel both orders of a list."""
        list_id, name = which(parameters, "orderListId", "listClientOrderId")
        found = self._engine.lists.find(account.name, list_id, name)
        if found is None or found.done:
            raise VenueError(400, -2011, "Unknown order sent.")
        first = next(order for order in found.orders if order.is_open)
        self._engine.end(first, Status.CANCELED, None, secrets.token_urlsafe(16)[:22])
        return list_json(found, "RESULT")

    def _place_list(
        self, account: Account, parameters: Parameters, legs: tuple[NewOrder, NewOrder]
    ) -> Frame:
        self._engine.instrument(text(parameters, "symbol"))
        self.counts.take(account.name, 2)
        name = client_id(parameters, "listClientOrderId")
        found = self._engine.lists.place(self._engine, account.name, legs, name)
        return list_json(found, parameters.get("newOrderRespType") or "RESULT")

    def _cancel(
        self, account: Account, parameters: Parameters, id_name: str, orig_name: str, new_name: str
    ) -> Frame:
        symbol = text(parameters, "symbol")
        self._engine.instrument(symbol)
        number, name = which(parameters, id_name, orig_name)
        cancel_id = client_id(parameters, new_name) or secrets.token_urlsafe(16)[:22]
        self._check_restriction(account, parameters, symbol, number, name)
        order = self._engine.cancel(account.name, symbol, number, name, cancel_id)
        return canceled_json(order, cancel_id)

    def _check_restriction(
        self,
        account: Account,
        parameters: Parameters,
        symbol: str,
        number: int | None,
        name: str | None,
    ) -> None:
        asked = parameters.get("cancelRestrictions")
        if not asked:
            return
        if asked not in _RESTRICTIONS:
            raise VenueError(400, -1145, "Invalid cancelRestrictions")
        order = self._engine.store.find(account.name, symbol, number, name)
        if order is not None and order.is_open and order.status is not _RESTRICTIONS[asked]:
            raise VenueError(400, -2011, "Order was not canceled due to cancel restrictions.")


def _detail(parameters: Parameters, request: NewOrder) -> str:
    default = "FULL" if request.type in _FULL_BY_DEFAULT else "ACK"
    return parameters.get("newOrderRespType") or default


def _leg(parameters: Parameters, name: str) -> NewOrder:
    sent = {field: parameters.get(name + field, "") for field in _LEG_FIELDS}
    text(parameters, f"{name}Type")
    return _read_leg(
        parameters,
        {
            "type": sent["Type"],
            "newClientOrderId": sent["ClientOrderId"],
            "price": sent["Price"],
            "stopPrice": sent["StopPrice"],
            "timeInForce": sent["TimeInForce"],
        },
    )


def _read_leg(parameters: Parameters, leg: Mapping[str, str]) -> NewOrder:
    whole(parameters, "timestamp")
    shared = {name: parameters.get(name, "") for name in ("symbol", "side", "quantity")}
    sent = shared | dict(leg)
    check_spot_parameters(sent)
    return new_order(sent)


class _PartlyError(VenueError):
    """A cancel-replace of which one half or both failed, with what each half answered."""

    def __init__(self, status: int, code: int, message: str, data: Frame) -> None:
        super().__init__(status, code, message)
        self._data = data

    def body(self) -> dict[str, object]:
        return {**super().body(), "data": self._data}


def _partly(
    status: int,
    code: int,
    message: str,
    cancel: Frame | VenueError | None,
    refused: VenueError | None,
    placed: Frame | None,
) -> VenueError:
    attempted = "FAILURE" if refused is not None else "NOT_ATTEMPTED"
    data: Frame = {
        "cancelResult": "FAILURE" if isinstance(cancel, VenueError) else "SUCCESS",
        "newOrderResult": "SUCCESS" if placed is not None else attempted,
        "cancelResponse": cancel.body() if isinstance(cancel, VenueError) else cancel,
        "newOrderResponse": refused.body() if refused is not None else placed,
    }
    return _PartlyError(status, code, message, data)

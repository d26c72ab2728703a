"""Conditional orders of the USD-M market: they wait beside the engine and place an order in time.

Since they left the order endpoint they have ids and states of their own: NEW, TRIGGERED when the
order was placed, FINISHED when that order has ended, CANCELED, REJECTED when the engine refused it.
A trigger watches the last trade or the mark price; a trailing stop follows the best price since its
activation and triggers when the price has come back by its callback rate (per cent).
"""

import secrets
from collections import defaultdict
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from cryptovolt_venue.filters import usdm_limit
from cryptovolt_venue.liquidity import triggered
from cryptovolt_venue.money import ZERO, divide, multiply
from cryptovolt_venue.orders import USDM, Order, OrderType, Side, TimeInForce
from cryptovolt_venue.requests import NewOrder
from cryptovolt_venue.tape import Trade
from cryptovolt_venue.web.errors import VenueError

if TYPE_CHECKING:
    from cryptovolt_venue.usdm import UsdmEngine

_LIMITS = (OrderType.STOP, OrderType.TAKE_PROFIT)
_HUNDRED = Decimal(100)


@dataclass(slots=True)
class Algo:
    """One conditional order. `best` is the best price a trailing stop has seen."""

    algo_id: int
    account: str
    request: NewOrder
    client_id: str
    created_ms: int
    updated_ms: int
    status: str = "NEW"
    order: Order | None = None
    triggered_ms: int = 0
    refusal: str = ""
    active: bool = True
    best: Decimal = ZERO

    @property
    def is_open(self) -> bool:
        """Whether it still waits."""
        return self.status == "NEW"

    @property
    def trigger_price(self) -> Decimal:
        """The price that triggers it now."""
        if self.request.type is not OrderType.TRAILING_STOP_MARKET:
            return self.request.stop_price
        back = divide(self.request.callback_rate, _HUNDRED)
        return multiply(self.best, 1 - back if self.request.side is Side.SELL else 1 + back)


class AlgoBook:
    """The conditional orders of all accounts."""

    def __init__(self, engine: "UsdmEngine") -> None:
        self._engine = engine
        self._by_id: dict[int, Algo] = {}
        self._waiting: dict[str, dict[int, Algo]] = defaultdict(dict)
        self._placed: dict[int, Algo] = {}
        engine.on_end.append(self._order_ended)

    def place(self, account: str, request: NewOrder) -> Algo:
        """Accept a conditional order, or refuse it and change nothing."""
        engine = self._engine
        instrument = engine.instrument(request.symbol)
        engine.check(account, replace(request, client_id=None))
        client_id = request.client_id or secrets.token_urlsafe(16)[:22]
        waiting = [algo for algo in self.open_of(account) if algo.request.symbol == request.symbol]
        if any(algo.client_id == client_id for algo in self.open_of(account)):
            raise VenueError(400, -4116, "ClientOrderId is duplicated.")
        if len(waiting) >= usdm_limit(instrument, "MAX_NUM_ALGO_ORDERS"):
            raise VenueError(400, -4045, "Reach max stop order limit.")
        now = engine.now()
        algo = Algo(next(engine.floor.ids.algo), account, request, client_id, now, now)
        self._start(algo)
        self._by_id[algo.algo_id] = algo
        self._waiting[request.symbol][algo.algo_id] = algo
        engine.floor.follow(USDM, request.symbol)
        self._tell(algo)
        return algo

    def find(self, account: str, algo_id: int | None, client_id: str | None) -> Algo | None:
        """Return a conditional order by id, else the newest by client id."""
        for algo in reversed(self._by_id.values()):
            if algo.account != account:
                continue
            if algo_id == algo.algo_id or (algo_id is None and client_id == algo.client_id):
                return algo
        return None

    def open_of(self, account: str, symbol: str | None = None) -> list[Algo]:
        """Return an account's waiting conditional orders, oldest first."""
        return [algo for algo in self.all_of(account, symbol) if algo.is_open]

    def all_of(self, account: str, symbol: str | None = None) -> list[Algo]:
        """Return an account's conditional orders, oldest first."""
        return [
            algo
            for algo in self._by_id.values()
            if algo.account == account and symbol in (None, algo.request.symbol)
        ]

    def waits_for(self, symbol: str) -> bool:
        """Return whether any conditional order waits for a symbol's price."""
        return bool(self._waiting.get(symbol))

    def cancel(self, account: str, algo_id: int | None, client_id: str | None) -> Algo:
        """Cancel a waiting conditional order, or refuse."""
        algo = self.find(account, algo_id, client_id)
        if algo is None or not algo.is_open:
            raise VenueError(400, -2011, "Unknown order sent.")
        self._change(algo, "CANCELED")
        return algo

    def on_trade(self, trade: Trade) -> None:
        """Trigger what the last price or the mark price reaches."""
        for algo in list(self._waiting.get(trade.symbol, {}).values()):
            price = self._price(algo, trade.price)
            if algo.is_open and price is not None and self._reached(algo, price):
                self._trigger(algo)

    def expire_all(self, symbol: str) -> None:
        """End every conditional order of a symbol that leaves the market."""
        for algo in list(self._waiting.get(symbol, {}).values()):
            self._change(algo, "EXPIRED")

    def _start(self, algo: Algo) -> None:
        request = algo.request
        last = self._engine.floor.view.last(USDM, request.symbol)
        price = None if last is None else self._price(algo, last)
        if request.type is not OrderType.TRAILING_STOP_MARKET:
            if price is not None and triggered(
                request.type, request.side, request.stop_price, price
            ):
                raise VenueError(400, -2021, "Order would immediately trigger.")
            return
        if not Decimal("0.1") <= request.callback_rate <= Decimal(10):
            raise VenueError(400, -2007, "Invalid callBack rate.")
        algo.active = request.activation_price == 0
        algo.best = price if algo.active and price is not None else ZERO

    def _price(self, algo: Algo, last: Decimal) -> Decimal | None:
        if algo.request.working_type == "MARK_PRICE":
            return self._engine.floor.view.mark(algo.request.symbol)
        return last

    def _reached(self, algo: Algo, price: Decimal) -> bool:
        request = algo.request
        if request.type is not OrderType.TRAILING_STOP_MARKET:
            return triggered(request.type, request.side, request.stop_price, price)
        sells = request.side is Side.SELL
        if not algo.active:
            activation = request.activation_price
            algo.active = price >= activation if sells else price <= activation
        if not algo.active:
            return False
        if not algo.best or (price > algo.best if sells else price < algo.best):
            algo.best = price
        return price <= algo.trigger_price if sells else price >= algo.trigger_price

    def _trigger(self, algo: Algo) -> None:
        request = algo.request
        limit = request.type in _LIMITS
        quantity = request.quantity
        if request.close_position:
            quantity = self._engine.reducible(algo.account, request.symbol, request.side)
        algo.triggered_ms = self._engine.now()
        wanted = replace(
            request,
            type=OrderType.LIMIT if limit else OrderType.MARKET,
            client_id=algo.client_id,
            quantity=quantity,
            price=request.price if limit else ZERO,
            time_in_force=request.time_in_force if limit else TimeInForce.GTC,
            reduce_only=request.reduce_only or request.close_position,
        )
        algo.status = "TRIGGERED"
        try:
            algo.order = self._engine.place(algo.account, wanted, request.type)
        except VenueError as refusal:
            algo.refusal = refusal.message
            self._change(algo, "REJECTED")
            return
        if algo.order.is_open:
            self._placed[algo.order.order_id] = algo
        self._change(algo, "TRIGGERED" if algo.order.is_open else "FINISHED")

    def _order_ended(self, order: Order) -> None:
        algo = self._placed.pop(order.order_id, None)
        if algo is not None:
            self._change(algo, "FINISHED")

    def _change(self, algo: Algo, status: str) -> None:
        algo.status = status
        algo.updated_ms = self._engine.now()
        if not algo.is_open:
            self._waiting[algo.request.symbol].pop(algo.algo_id, None)
        self._tell(algo)

    def _tell(self, algo: Algo) -> None:
        self._engine.tell_algo(algo)

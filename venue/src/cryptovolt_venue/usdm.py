"""The USD-M market: orders, positions, fees, realized profit and funding.

One-way mode and cross margin. A fill changes the position; the profit it realizes and its fee go to
and from the wallet as rows of the ledger. Orders that only reduce never turn a position around:
they fill no more than what is held, and expire when nothing is.
"""

import secrets
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from cryptovolt_venue.algos import Algo
from cryptovolt_venue.filters import check_usdm, usdm_limit
from cryptovolt_venue.floor import Floor
from cryptovolt_venue.ledger import FEES, PROFITS, Pocket, Reason, signed_move
from cryptovolt_venue.liquidity import Piece
from cryptovolt_venue.margin import MarginBook, order_notionals
from cryptovolt_venue.matching import Engine
from cryptovolt_venue.money import ZERO, add, cut, multiply, subtract
from cryptovolt_venue.orders import (
    USDM,
    Fill,
    Order,
    OrderType,
    Side,
    Status,
    TimeInForce,
)
from cryptovolt_venue.positions import Position, bracket_of, highest_notional
from cryptovolt_venue.requests import NewOrder
from cryptovolt_venue.usdm_reports import (
    account_update,
    algo_update,
    leverage_update,
    order_trade_update,
)
from cryptovolt_venue.web.errors import VenueError


class UsdmEngine(Engine):
    """The perpetual contracts' orders and positions, of all accounts."""

    market = USDM

    def __init__(self, floor: Floor) -> None:
        super().__init__(floor)
        self.margin = MarginBook(floor, self.store.open_of)
        self.on_end: list[Callable[[Order], None]] = []

    def place(self, account: str, request: NewOrder, original: OrderType | None = None) -> Order:
        """Accept an order, or refuse it and change nothing."""
        self.check(account, request)
        self._check_standing(account, request)
        order = self._make_order(account, request, original)
        self._check_margin(order)
        self.accept(order)
        return order

    def check(self, account: str, request: NewOrder) -> None:
        """Refuse an order that breaks a filter or repeats the id of an open order."""
        instrument = self.instrument(request.symbol)
        if not instrument.trading:
            raise VenueError(
                400,
                -4108,
                "This symbol is on delivering or delivered or settling or closed or pre-trading.",
            )
        check_usdm(instrument, request, self.floor.view.mark(request.symbol))
        if request.client_id and self.store.open_with_client_id(account, request.client_id):
            raise VenueError(400, -4116, "ClientOrderId is duplicated.")
        n_open = len(self.store.open_of(account, request.symbol))
        if n_open >= usdm_limit(instrument, "MAX_NUM_ORDERS"):
            raise VenueError(400, -2025, "Reach max open order limit.")

    def position(self, account: str, symbol: str) -> Position:
        """Return the position of an account in a symbol."""
        return self.margin.of(account).position(symbol)

    def reducible(self, account: str, symbol: str, side: Side) -> Decimal:
        """Return how much an order of a side can reduce the position by."""
        amount = self.position(account, symbol).amount
        held = -amount if side is Side.BUY else amount
        return max(ZERO, held)

    def amend(
        self,
        account: str,
        symbol: str,
        names: tuple[int | None, str | None],
        price: Decimal,
        quantity: Decimal,
    ) -> Order:
        """Change price and quantity of an open limit order, or refuse; it keeps its ids."""
        self.instrument(symbol)
        order = self.store.find(account, symbol, *names)
        if order is None or not order.is_open or order.price == 0:
            raise VenueError(400, -2013, "Order does not exist.")
        if (price, quantity) == (order.price, order.quantity):
            raise VenueError(400, -5027, "No need to modify the order.")
        request = NewOrder(
            symbol=symbol, side=order.side, type=order.type, price=price, quantity=quantity
        )
        check_usdm(self.instrument(symbol), request, self.floor.view.mark(symbol))
        if quantity <= order.filled:
            self.end(order, Status.CANCELED)
            return order
        added = max(ZERO, subtract(quantity, order.quantity))
        self._check_margin(replace(order, price=price, quantity=added, filled=ZERO))
        order.price, order.quantity, order.updated_ms = price, quantity, self.now()
        self.tell(order, "AMENDMENT")
        self.match(order)
        return order

    def set_leverage(self, account: str, symbol: str, leverage: int) -> None:
        """Change the leverage of a symbol, or refuse."""
        self.instrument(symbol)
        if not 1 <= leverage <= bracket_of(ZERO).leverage:
            raise VenueError(400, -4028, f"Leverage {leverage} is not valid")
        owner, asset = self.margin.of(account), self.margin.asset_of(symbol)
        position = owner.position(symbol)
        if abs(position.notional(self.margin.mark(position))) > highest_notional(leverage):
            raise VenueError(
                400, -2027, "Exceeded the maximum allowable position at current leverage."
            )
        before = owner.leverage_of(symbol)
        owner.leverage[symbol] = leverage
        if leverage < before and self._overdrawn(account, asset):
            owner.leverage[symbol] = before
            raise VenueError(400, -2019, "Margin is insufficient.")
        self.floor.publish(account, USDM, leverage_update(self.now(), symbol, leverage))

    def allowed(self, order: Order) -> Decimal:
        """Return how much of an order may fill now: a reducing order no more than is held."""
        if not order.reduce_only:
            return order.remaining
        return min(order.remaining, self.reducible(order.account, order.symbol, order.side))

    def make_fill(self, order: Order, piece: Piece, *, is_maker: bool) -> Fill:
        """Return an execution with its fee and the profit it realizes."""
        action = self.floor.faults.take(
            "order.fill", market=USDM, symbol=order.symbol, side=order.side, account=order.account
        )
        owner = self.margin.of(order.account)
        quote = cut(multiply(piece.price, piece.quantity))
        reuse = action is not None and action.kind == "reuse_trade_id"
        return Fill(
            trade_id=self.floor.ids.trade(order.symbol, reuse=reuse),
            order_id=order.order_id,
            symbol=order.symbol,
            side=order.side,
            time_ms=self.now(),
            price=piece.price,
            quantity=piece.quantity,
            quote=quote,
            fee=cut(multiply(quote, owner.maker if is_maker else owner.taker)),
            fee_asset=self.margin.asset_of(order.symbol),
            is_maker=is_maker,
            realized=owner.position(order.symbol).preview(order.side, piece.price, piece.quantity),
        )

    def book(self, order: Order, fill: Fill) -> None:
        """Change the position, and book profit and fee."""
        owner = self.margin.of(order.account)
        position = owner.position(order.symbol)
        position.trade(order.side, fill.price, fill.quantity)
        position.fees = add(position.fees, fill.fee)
        position.updated_ms = fill.time_ms
        wallet = Pocket(order.account, USDM, "wallet")
        asset = self.margin.asset_of(order.symbol)
        owner.wallet_ms[asset] = fill.time_ms
        self.floor.ledger.book(
            fill.time_ms,
            f"trade {fill.symbol} {fill.trade_id} of order {order.order_id}",
            [
                *signed_move(PROFITS, wallet, asset, fill.realized, Reason.REALIZED_PNL),
                *signed_move(FEES, wallet, asset, -fill.fee, Reason.FEE),
            ],
        )

    def release(self, order: Order) -> None:
        """Nothing is locked: margin follows from positions and open orders."""

    def after_change(self, order: Order) -> None:
        """Expire reducing orders when nothing is left to reduce."""
        if not order.is_open:
            for ended in self.on_end:
                ended(order)
        if not self.position(order.account, order.symbol).amount:
            for each in self.store.open_of(order.account, order.symbol):
                if each.reduce_only and each.is_open and each is not order:
                    self.end(each, Status.EXPIRED)
        if order.is_open and order.reduce_only and self.allowed(order) == 0:
            self.end(order, Status.EXPIRED)

    def tell(
        self, order: Order, execution: str, fill: Fill | None = None, cancel_id: str = ""
    ) -> None:
        """Publish the execution, and after a fill the wallet and the position."""
        del cancel_id
        now = self.now()
        notionals = order_notionals(self.store.open_of(order.account, order.symbol))
        if fill is not None:
            self.tell_account(order.account, order.symbol, "ORDER", ZERO)
        update = order_trade_update(order, execution, now, fill, notionals)
        self.floor.publish(order.account, USDM, update)

    def tell_account(
        self, account: str, symbol: str, reason: str, change: Decimal, *, position: bool = True
    ) -> None:
        """Publish the wallet of a symbol's margin asset, and the position."""
        asset = self.margin.asset_of(symbol)
        wallets = [(asset, self.margin.wallet(account, asset), change)]
        held = self.position(account, symbol)
        positions = [(held, self.margin.mark(held), asset)] if position else []
        self.floor.publish(account, USDM, account_update(self.now(), reason, wallets, positions))

    def tell_wallet(self, account: str, asset: str, reason: str, change: Decimal) -> None:
        """Publish a wallet alone."""
        wallets = [(asset, self.margin.wallet(account, asset), change)]
        update = account_update(self.now(), reason, wallets, [])
        self.floor.publish(account, USDM, update)

    def tell_algo(self, algo: Algo) -> None:
        """Publish the state of a conditional order."""
        self.floor.publish(algo.account, USDM, algo_update(algo, self.now()))

    def _check_standing(self, account: str, request: NewOrder) -> None:
        if request.reduce_only and not self.reducible(account, request.symbol, request.side):
            raise VenueError(400, -2022, "ReduceOnly Order is rejected.")
        if request.time_in_force is TimeInForce.GTX and request.price:
            book = self.floor.view.book(USDM, request.symbol)
            touch = ZERO if book is None else book.touch(request.side)
            buys = request.side is Side.BUY
            if touch and (request.price >= touch if buys else request.price <= touch):
                raise VenueError(
                    400,
                    -5022,
                    "Due to the order could not be executed as maker, the Post Only order will be "
                    "rejected. The order will not be recorded in the order history",
                )

    def _check_margin(self, order: Order) -> None:
        if order.reduce_only:
            return
        asset = self.margin.asset_of(order.symbol)
        priced = order
        if order.price == 0:
            offered = self.offered(order.symbol, order.side)
            worst = offered[0].price if offered else self.floor.view.mark(order.symbol)
            priced = replace(order, price=worst or ZERO)
        position = self.position(order.account, order.symbol)
        opens = order.quantity - self.reducible(order.account, order.symbol, order.side)
        if opens > 0 and self._overdrawn(order.account, asset, priced):
            raise VenueError(400, -2019, "Margin is insufficient.")
        change = order.quantity if order.side is Side.BUY else -order.quantity
        after = multiply(add(position.amount, change), priced.price)
        leverage = self.margin.of(order.account).leverage_of(order.symbol)
        if opens > 0 and abs(after) > highest_notional(leverage):
            raise VenueError(
                400, -2027, "Exceeded the maximum allowable position at current leverage."
            )

    def _overdrawn(self, account: str, asset: str, planned: Order | None = None) -> bool:
        needed = self.margin.initial(account, asset, [] if planned is None else [planned])
        return subtract(self.margin.balance(account, asset), needed) < 0

    def _make_order(self, account: str, request: NewOrder, original: OrderType | None) -> Order:
        accepted = self.floor.acceptance()
        return Order(
            order_id=next(self.floor.ids.order),
            account=account,
            market=USDM,
            symbol=request.symbol,
            side=request.side,
            type=request.type,
            quantity=request.quantity,
            client_id=request.client_id or secrets.token_urlsafe(16)[:22],
            accepted=accepted,
            time_in_force=request.time_in_force,
            price=request.price,
            stop_price=request.stop_price,
            reduce_only=request.reduce_only or request.close_position,
            close_position=request.close_position,
            original_type=original,
            working_ms=accepted.market_ms,
            updated_ms=accepted.market_ms,
        )

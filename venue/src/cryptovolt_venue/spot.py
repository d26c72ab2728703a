"""Spot accounts: funds free and locked, orders, and what each fill moves.

A buy locks quote currency at its limit price, a sell locks base; a fill pays out of the lock and
gives back what a better price saved; an order that ends gives back the rest. All of it is rows of
the ledger, so that locks are released exactly.
"""

import secrets
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from cryptovolt_venue.filters import SPOT_STOPS, Standing, check_spot
from cryptovolt_venue.floor import Floor
from cryptovolt_venue.ledger import COUNTERPARTY, FEES, Move, Pocket, Reason
from cryptovolt_venue.liquidity import Piece, cost, total, triggered, walk, walk_quote
from cryptovolt_venue.matching import Engine
from cryptovolt_venue.money import ZERO, add, cut, cut_up, eight, multiply, subtract
from cryptovolt_venue.orders import SPOT, Fill, Order, OrderType, Side, Status
from cryptovolt_venue.requests import NewOrder
from cryptovolt_venue.spot_fees import FeeTerms, fee_of
from cryptovolt_venue.spot_lists import ListBook
from cryptovolt_venue.spot_reports import account_position, execution_report, list_status
from cryptovolt_venue.web.errors import VenueError


def rejected(message: str) -> VenueError:
    """Return the engine's refusal of an order."""
    return VenueError(400, -2010, message)


class SpotEngine(Engine):
    """The spot market's orders and funds, of all accounts."""

    market = SPOT

    def __init__(self, floor: Floor) -> None:
        super().__init__(floor)
        self.terms: dict[str, FeeTerms] = {}
        self.lists = ListBook()

    def terms_of(self, account: str) -> FeeTerms:
        """Return what an account pays for fills."""
        return self.terms.setdefault(account, FeeTerms())

    def balances(self, account: str, assets: Iterable[str]) -> list[tuple[str, str, str]]:
        """Return asset, free and locked, as the venue writes them."""
        free, locked = Pocket(account, SPOT, "free"), Pocket(account, SPOT, "locked")
        ledger = self.floor.ledger
        return [
            (asset, eight(ledger.balance(free, asset)), eight(ledger.balance(locked, asset)))
            for asset in assets
        ]

    def place(self, account: str, request: NewOrder) -> Order:
        """Accept an order, or refuse it and change nothing."""
        self.check(account, request)
        self._check_prices(request)
        if request.type is OrderType.MARKET:
            return self._place_market(account, request)
        order = self.make_order(account, request)
        self.lock(order, self.needs(order))
        self.accept(order)
        return order

    def check(self, account: str, request: NewOrder, n_new: int = 1) -> None:
        """Refuse an order that breaks a filter or repeats the id of an open order."""
        instrument = self.instrument(request.symbol)
        if not instrument.trading:
            raise VenueError(400, -1013, "Market is closed.")
        orders = self.store.open_of(account, request.symbol)
        stops = sum(order.type in SPOT_STOPS for order in orders)
        reference = self.floor.view.average(SPOT, request.symbol)
        standing = Standing(reference, len(orders) + n_new - 1, stops)
        check_spot(instrument, request, standing)
        if request.client_id and self.store.open_with_client_id(account, request.client_id):
            raise rejected("Duplicate order sent.")

    def make_order(self, account: str, request: NewOrder, list_id: int = -1) -> Order:
        """Return a new order, not yet accepted."""
        waits = request.type in SPOT_STOPS
        accepted = self.floor.acceptance()
        return Order(
            order_id=next(self.floor.ids.order),
            account=account,
            market=SPOT,
            symbol=request.symbol,
            side=request.side,
            type=request.type,
            quantity=request.quantity,
            client_id=request.client_id or secrets.token_urlsafe(16)[:22],
            accepted=accepted,
            time_in_force=request.time_in_force,
            price=request.price,
            stop_price=request.stop_price,
            quote_quantity=request.quote_quantity,
            list_id=list_id,
            working=not waits,
            working_ms=-1 if waits else accepted.market_ms,
            updated_ms=accepted.market_ms,
        )

    def needs(self, order: Order) -> Decimal:
        """Return what the rest of an order must keep locked."""
        if order.side is Side.SELL:
            return order.remaining
        return cut_up(multiply(order.price or order.stop_price, order.remaining))

    def lock(self, order: Order, amount: Decimal) -> None:
        """Lock funds for an order, or refuse it."""
        free, locked, asset = self._pockets(order)
        if self.floor.ledger.balance(free, asset) < amount:
            raise rejected("Account has insufficient balance for requested action.")
        move = Move(free, locked, asset, amount, Reason.LOCK)
        self.floor.ledger.book(self.now(), f"order {order.order_id}", [move])
        order.locked = amount

    def unlock(self, order: Order, keep: Decimal) -> None:
        """Give back what an order holds beyond what it still needs."""
        spare = subtract(order.locked, keep)
        if spare <= 0:
            return
        free, locked, asset = self._pockets(order)
        move = Move(locked, free, asset, spare, Reason.RELEASE)
        self.floor.ledger.book(self.now(), f"order {order.order_id}", [move])
        order.locked = keep

    def make_fill(self, order: Order, piece: Piece, *, is_maker: bool) -> Fill:
        """Return an execution with its fee."""
        instrument = self.instrument(order.symbol)
        action = self.floor.faults.take(
            "order.fill", market=SPOT, symbol=order.symbol, side=order.side, account=order.account
        )
        terms = self.terms_of(order.account)
        rate = terms.rate(is_maker=is_maker)
        fee, asset = fee_of(self.floor, instrument, order, piece, rate, terms, action)
        reuse = action is not None and action.kind == "reuse_trade_id"
        return Fill(
            trade_id=self.floor.ids.trade(order.symbol, reuse=reuse),
            order_id=order.order_id,
            symbol=order.symbol,
            side=order.side,
            time_ms=self.now(),
            price=piece.price,
            quantity=piece.quantity,
            quote=cut(multiply(piece.price, piece.quantity)),
            fee=fee,
            fee_asset=asset,
            is_maker=is_maker,
        )

    def book(self, order: Order, fill: Fill) -> None:
        """Pay from the lock (and beyond it from free funds), receive, and pay the fee."""
        instrument = self.instrument(order.symbol)
        free, locked, given = self._pockets(order)
        buys = order.side is Side.BUY
        paid, got = (fill.quote, fill.quantity) if buys else (fill.quantity, fill.quote)
        from_lock = min(paid, order.locked)
        received = instrument.base if buys else instrument.quote
        self.floor.ledger.book(
            fill.time_ms,
            f"trade {fill.symbol} {fill.trade_id} of order {order.order_id}",
            [
                Move(locked, COUNTERPARTY, given, from_lock, Reason.TRADE),
                Move(free, COUNTERPARTY, given, subtract(paid, from_lock), Reason.TRADE),
                Move(COUNTERPARTY, free, received, got, Reason.TRADE),
                Move(free, FEES, fill.fee_asset, fill.fee, Reason.FEE),
            ],
        )
        order.locked = subtract(order.locked, from_lock)
        found = self.lists.of(order)
        if order.remaining == 0:
            self.unlock(order, ZERO)
        elif order.price and (found is None or found.done):
            self.unlock(order, self.needs(order))

    def release(self, order: Order) -> None:
        """Give back all that an ended order holds."""
        self.unlock(order, ZERO)

    def before_working(self, order: Order) -> bool:
        """Take over the funds of the other leg, and expire an order that cannot be paid for."""
        found = self.lists.of(order)
        if found is not None:
            self.lists.trigger(self, found, order)
        if order.side is Side.SELL or order.price:
            return order.is_open
        offered = self.offered(order.symbol, order.side)
        step = self.instrument(order.symbol).step
        price = cost(walk(offered, order.side, order.remaining, step))
        free, _, asset = self._pockets(order)
        if price > add(order.locked, self.floor.ledger.balance(free, asset)):
            self.end(order, Status.EXPIRED, "REJECTED")
        return order.is_open

    def after_change(self, order: Order) -> None:
        """End the other leg of a list once one leg has filled or ended."""
        found = self.lists.of(order)
        if found is not None:
            self.lists.settle(self, found, order)

    def tell(
        self, order: Order, execution: str, fill: Fill | None = None, cancel_id: str = ""
    ) -> None:
        """Publish the execution, then the balances it may have changed."""
        now = self.now()
        number = next(self.floor.ids.execution)
        report = execution_report(order, execution, now, number, fill, cancel_id)
        self.floor.publish(order.account, SPOT, report)
        instrument = self.instrument(order.symbol)
        assets = [instrument.base, instrument.quote]
        if fill is not None and fill.fee_asset not in assets:
            assets.append(fill.fee_asset)
        position = account_position(now, self.balances(order.account, assets))
        self.floor.publish(order.account, SPOT, position)

    def tell_list(self, list_id: int) -> None:
        """Publish the state of an order list."""
        found = self.lists.by_id[list_id]
        self.floor.publish(found.account, SPOT, list_status(found, self.now()))

    def _check_prices(self, request: NewOrder) -> None:
        last = self.floor.view.last(SPOT, request.symbol)
        stops = request.type in SPOT_STOPS and last is not None
        if stops and triggered(request.type, request.side, request.stop_price, last or ZERO):
            raise rejected("Stop price would trigger immediately.")
        if request.type is OrderType.LIMIT_MAKER:
            book = self.floor.view.book(SPOT, request.symbol)
            touch = ZERO if book is None else book.touch(request.side)
            buys = request.side is Side.BUY
            if touch and (request.price >= touch if buys else request.price <= touch):
                raise rejected("Order would immediately match and take.")

    def _place_market(self, account: str, request: NewOrder) -> Order:
        offered = self.offered(request.symbol, request.side)
        step = self.instrument(request.symbol).step
        if request.quote_quantity:
            pieces = walk_quote(offered, request.quote_quantity, step)
            if not pieces:
                raise rejected(
                    "Order book liquidity is less than `LOT_SIZE` filter minimum quantity."
                )
            request = replace(request, quantity=total(pieces))
        else:
            pieces = walk(offered, request.side, request.quantity, step)
        order = self.make_order(account, request)
        buys = request.side is Side.BUY
        self.lock(order, cut_up(cost(pieces)) if buys else order.quantity)
        self.accept(order)
        return order

    def _pockets(self, order: Order) -> tuple[Pocket, Pocket, str]:
        instrument = self.instrument(order.symbol)
        asset = instrument.quote if order.side is Side.BUY else instrument.base
        return (
            Pocket(order.account, SPOT, "free"),
            Pocket(order.account, SPOT, "locked"),
            asset,
        )

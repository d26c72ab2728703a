"""Liquidation: what the venue does when an account's margin no longer carries its positions.

When the margin balance has fallen to the maintenance margin, the account's open orders expire and
its positions are closed, the one with the largest maintenance margin first, at the prices of the
book (at the mark price beyond its depth), until the margin balance is above the maintenance margin
again. Each closing costs the liquidation fee as far as the wallet reaches; the insurance fund pays
what is missing when all is closed.
"""

from decimal import Decimal

from cryptovolt_venue.ledger import INSURANCE, Move, Pocket, Reason
from cryptovolt_venue.liquidity import Piece, total, walk
from cryptovolt_venue.money import ZERO, cut, multiply, subtract
from cryptovolt_venue.orders import USDM, Order, OrderType, Side, Status, TimeInForce
from cryptovolt_venue.positions import Position, maintenance_margin
from cryptovolt_venue.usdm import UsdmEngine

LIQUIDATION_FEE = Decimal("0.0125")


class Liquidator:
    """Watches the margin of all accounts."""

    def __init__(self, engine: UsdmEngine) -> None:
        self._engine = engine

    def check(self, symbol: str) -> None:
        """Liquidate every account that holds a symbol and whose margin is used up."""
        for account, owner in list(self._engine.margin.accounts.items()):
            position = owner.positions.get(symbol)
            if position is not None and position.amount:
                asset = self._engine.margin.asset_of(symbol)
                if self._is_due(account, asset):
                    self._liquidate(account, asset)

    def settle(self, symbol: str) -> None:
        """Close every position of a symbol that leaves the market, at its last mark price."""
        for account, owner in list(self._engine.margin.accounts.items()):
            position = owner.positions.get(symbol)
            if position is not None and position.amount:
                order = self._order(account, position, "settlement_autoclose-")
                mark = self._engine.margin.mark(position)
                self._engine.take(order, [Piece(mark, order.quantity)])

    def _is_due(self, account: str, asset: str) -> bool:
        margin = self._engine.margin
        needed = margin.maintenance(account, asset)
        return needed > 0 and margin.balance(account, asset) <= needed

    def _liquidate(self, account: str, asset: str) -> None:
        engine, margin = self._engine, self._engine.margin
        for order in engine.store.open_of(account):
            if order.is_open and margin.asset_of(order.symbol) == asset:
                engine.end(order, Status.EXPIRED, "LIQUIDATION")
        while self._is_due(account, asset):
            positions = margin.positions(account, asset)
            self._close(account, max(positions, key=self._weight))
        if not margin.positions(account, asset):
            self._insure(account, asset)

    def _weight(self, position: Position) -> tuple[Decimal, str]:
        mark = self._engine.margin.mark(position)
        return maintenance_margin(position.notional(mark)), position.symbol

    def _close(self, account: str, position: Position) -> None:
        engine, mark = self._engine, self._engine.margin.mark(position)
        order = self._order(account, position, "autoclose-")
        offered = engine.offered(order.symbol, order.side)
        step = engine.instrument(order.symbol).step
        pieces = walk(offered, order.side, order.quantity, step)
        rest = subtract(order.quantity, total(pieces))
        if rest > 0:
            pieces.append(Piece(mark, rest))
        engine.take(order, pieces, "CALCULATED")
        self._charge(account, order)

    def _order(self, account: str, position: Position, prefix: str) -> Order:
        engine = self._engine
        side = Side.SELL if position.amount > 0 else Side.BUY
        quantity, mark = abs(position.amount), engine.margin.mark(position)
        accepted = engine.floor.acceptance()
        order = Order(
            order_id=next(engine.floor.ids.order),
            account=account,
            market=USDM,
            symbol=position.symbol,
            side=side,
            type=OrderType.LIMIT,
            quantity=quantity,
            client_id="",
            accepted=accepted,
            time_in_force=TimeInForce.IOC,
            price=mark,
            reduce_only=True,
            working_ms=accepted.market_ms,
            updated_ms=accepted.market_ms,
        )
        order.client_id = f"{prefix}{accepted.market_ms}{order.order_id}"
        engine.store.add(order)
        engine.tell(order, "NEW")
        return order

    def _charge(self, account: str, order: Order) -> None:
        engine, asset = self._engine, self._engine.margin.asset_of(order.symbol)
        left = max(ZERO, engine.margin.wallet(account, asset))
        fee = min(cut(multiply(order.quote_filled, LIQUIDATION_FEE)), left)
        wallet = Pocket(account, USDM, "wallet")
        move = Move(wallet, INSURANCE, asset, fee, Reason.LIQUIDATION_FEE)
        engine.floor.ledger.book(engine.now(), f"order {order.order_id}", [move])
        engine.tell_account(account, order.symbol, "INSURANCE_CLEAR", -fee)

    def _insure(self, account: str, asset: str) -> None:
        engine = self._engine
        missing = -engine.margin.wallet(account, asset)
        if missing > 0:
            wallet = Pocket(account, USDM, "wallet")
            move = Move(INSURANCE, wallet, asset, missing, Reason.INSURANCE)
            engine.floor.ledger.book(engine.now(), f"liquidation of {account}", [move])

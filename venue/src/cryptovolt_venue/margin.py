"""Margin of USD-M accounts: wallets, positions, what they tie up, and what is left.

Cross margin, one margin asset at a time (the quote asset of the contracts). The margin balance is
the wallet plus unrealized profit at mark prices; positions and open orders tie up their notional
divided by the leverage of their symbol.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from cryptovolt_venue.floor import Floor
from cryptovolt_venue.ledger import Pocket
from cryptovolt_venue.money import ZERO, add, divide, multiply, round_even, subtract
from cryptovolt_venue.orders import USDM, Order, Side
from cryptovolt_venue.positions import Position, liquidation_price, maintenance_margin

DEFAULT_LEVERAGE = 20


@dataclass(slots=True)
class MarginAccount:
    """What a USD-M account has besides its wallets: positions and chosen leverages."""

    positions: dict[str, Position] = field(default_factory=dict[str, Position])
    leverage: dict[str, int] = field(default_factory=dict[str, int])
    wallet_ms: dict[str, int] = field(default_factory=dict[str, int])
    maker: Decimal = Decimal("0.0002")
    taker: Decimal = Decimal("0.0005")

    def position(self, symbol: str) -> Position:
        """Return the position in a symbol, flat where there never was one."""
        return self.positions.setdefault(symbol, Position(symbol))

    def open_positions(self) -> list[Position]:
        """Return the positions that are not flat, by symbol."""
        return [found for _, found in sorted(self.positions.items()) if found.amount]

    def leverage_of(self, symbol: str) -> int:
        """Return the leverage of a symbol."""
        return self.leverage.get(symbol, DEFAULT_LEVERAGE)


class MarginBook:
    """The margin of all accounts."""

    def __init__(self, floor: Floor, open_orders: Callable[[str, str | None], list[Order]]) -> None:
        self._floor = floor
        self._open_orders = open_orders
        self.accounts: dict[str, MarginAccount] = defaultdict(MarginAccount)

    def of(self, account: str) -> MarginAccount:
        """Return an account."""
        return self.accounts[account]

    def asset_of(self, symbol: str) -> str:
        """Return the margin asset of a symbol."""
        found = self._floor.view.instrument(USDM, symbol)
        return "USDT" if found is None else found.quote

    def assets(self, account: str) -> list[str]:
        """Return the margin assets an account ever held."""
        return self._floor.ledger.assets(account, USDM)

    def mark(self, position: Position) -> Decimal:
        """Return the mark price of a position; its entry price before there is a mark."""
        found = self._floor.view.mark(position.symbol)
        return position.entry_price if found is None else found

    def wallet(self, account: str, asset: str) -> Decimal:
        """Return the wallet balance: deposits, realized profit, fees and funding."""
        return self._floor.ledger.balance(Pocket(account, USDM, "wallet"), asset)

    def positions(self, account: str, asset: str) -> list[Position]:
        """Return the open positions that are margined in an asset."""
        found = self.of(account).open_positions()
        return [position for position in found if self.asset_of(position.symbol) == asset]

    def unrealized(self, account: str, asset: str) -> Decimal:
        """Return the unrealized profit of all positions."""
        return _sum(p.unrealized(self.mark(p)) for p in self.positions(account, asset))

    def maintenance(self, account: str, asset: str) -> Decimal:
        """Return the maintenance margin of all positions."""
        found = self.positions(account, asset)
        return _sum(maintenance_margin(p.notional(self.mark(p))) for p in found)

    def balance(self, account: str, asset: str) -> Decimal:
        """Return the margin balance."""
        return add(self.wallet(account, asset), self.unrealized(account, asset))

    def position_margin(self, account: str, position: Position) -> Decimal:
        """Return the initial margin of a position at its mark price."""
        leverage = self.of(account).leverage_of(position.symbol)
        return round_even(divide(abs(position.notional(self.mark(position))), Decimal(leverage)))

    def initial(self, account: str, asset: str, planned: Iterable[Order] = ()) -> Decimal:
        """Return the initial margin of positions and open orders, and of planned ones."""
        planned = list(planned)
        orders = [*self._open_orders(account, None), *planned]
        symbols = {position.symbol for position in self.of(account).open_positions()}
        symbols |= {order.symbol for order in orders}
        return _sum(
            self._symbol_margin(account, symbol, [o for o in orders if o.symbol == symbol])
            for symbol in sorted(symbols)
            if self.asset_of(symbol) == asset
        )

    def available(self, account: str, asset: str) -> Decimal:
        """Return what may still be used as margin, never below zero."""
        left = subtract(self.balance(account, asset), self.initial(account, asset))
        return max(ZERO, min(left, self.balance(account, asset)))

    def liquidation(self, account: str, position: Position) -> Decimal:
        """Return the mark price at which a position's account is liquidated."""
        asset, mark = self.asset_of(position.symbol), self.mark(position)
        others = [p for p in self.positions(account, asset) if p is not position]
        other = self.wallet(account, asset)
        for each in others:
            price = self.mark(each)
            other = add(other, each.unrealized(price))
            other = subtract(other, maintenance_margin(each.notional(price)))
        return liquidation_price(position, mark, other)

    def _symbol_margin(self, account: str, symbol: str, orders: list[Order]) -> Decimal:
        position = self.of(account).position(symbol)
        held = position.notional(self.mark(position)) if position.amount else ZERO
        bids, asks = order_notionals(orders)
        needed = max(abs(add(held, bids)), abs(subtract(held, asks)))
        return round_even(divide(needed, Decimal(self.of(account).leverage_of(symbol))))


def order_notionals(orders: Iterable[Order]) -> tuple[Decimal, Decimal]:
    """Return the notional of buying and of selling orders; those that only reduce count nothing."""
    bids = asks = ZERO
    for order in orders:
        if order.reduce_only or order.close_position:
            continue
        notional = multiply(order.price, order.remaining)
        if order.side is Side.BUY:
            bids = add(bids, notional)
        else:
            asks = add(asks, notional)
    return bids, asks


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    total = ZERO
    for amount in amounts:
        total = add(total, amount)
    return total

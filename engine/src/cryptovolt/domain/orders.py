"""Orders, fills and positions: what is wanted, what was traded, and what is held because of it.

Money, prices and quantities are `Decimal` here: these records go to the ledger.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from cryptovolt.domain.errors import ConfigurationError


class Side(StrEnum):
    """Which way a fill changes the position."""

    BUY = "BUY"
    SELL = "SELL"


class FillReason(StrEnum):
    """Why a fill happened."""

    TARGET = "target"
    STOP_LOSS = "stop_loss"
    TAKE_PROFIT = "take_profit"
    TRAILING_STOP = "trailing_stop"
    DAILY_LOSS = "daily_loss"
    RUIN = "ruin"
    LIQUIDATION = "liquidation"
    FEE = "fee"
    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"


class OrderKind(StrEnum):
    """How an order of a strategy waits for its price."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"
    TRAILING_STOP = "trailing_stop"
    TAKE_PROFIT = "take_profit"


class TimeInForce(StrEnum):
    """How long an order works."""

    GTC = "good_till_cancelled"
    IOC = "immediate_or_cancel"
    FOK = "fill_or_kill"


class OrderStatus(StrEnum):
    """What became of an order."""

    NEW = "new"
    WORKING = "working"
    TRIGGERED = "triggered"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    TOO_SMALL = "too_small"
    NO_MARGIN = "no_margin"
    LOCKED = "locked"
    NOTHING_TO_REDUCE = "nothing_to_reduce"

    @property
    def is_open(self) -> bool:
        """Whether it can still trade."""
        return self in (OrderStatus.NEW, OrderStatus.WORKING, OrderStatus.TRIGGERED)


_NEEDS = {
    OrderKind.MARKET: frozenset[str](),
    OrderKind.LIMIT: frozenset({"limit_price"}),
    OrderKind.STOP: frozenset({"stop_price"}),
    OrderKind.STOP_LIMIT: frozenset({"limit_price", "stop_price"}),
    OrderKind.TRAILING_STOP: frozenset({"trail"}),
    OrderKind.TAKE_PROFIT: frozenset({"limit_price"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a strategy asks for at the close of a bar; it works from the next open on.

    Parameters
    ----------
    symbol : str
        Venue form.
    side : Side
        BUY or SELL.
    quantity : float
        Base currency, positive; rounded down to the step size.
    kind : OrderKind, default=MARKET
        A take profit is a limit order that only reduces.
    limit_price : float or None
        Worst price, quote currency; of limit, stop-limit and take-profit orders. Rounded to the
        tick size in the trader's disfavour.
    stop_price : float or None
        Price that triggers it, quote currency; of stop and stop-limit orders.
    trail : float or None
        Distance of a trailing stop from the best price since it was given, as a fraction in (0, 1).
    reduce_only : bool, default=False
        Never opens or adds: it waits while there is nothing to reduce, and ends with the position.
    time_in_force : TimeInForce, default=GTC
        IOC and FOK are for market and limit orders.
    good_for : int or None
        Bars after which it expires; None for never.
    group : str or None
        Orders of one group cancel one another: the first that trades ends the others.

    Raises
    ------
    ConfigurationError
        If a price is missing, superfluous or not positive.
    """

    symbol: str
    side: Side
    quantity: float
    kind: OrderKind = OrderKind.MARKET
    limit_price: float | None = None
    stop_price: float | None = None
    trail: float | None = None
    reduce_only: bool = False
    time_in_force: TimeInForce = TimeInForce.GTC
    good_for: int | None = None
    group: str | None = None

    def __post_init__(self) -> None:
        if not 0.0 < self.quantity < float("inf"):
            raise ConfigurationError(f"expected a positive quantity, found {self.quantity}")
        for name in ("limit_price", "stop_price", "trail"):
            value = getattr(self, name)
            if (value is not None) != (name in _NEEDS[self.kind]):
                wanted = "a" if value is None else "no"
                raise ConfigurationError(
                    f"expected {wanted} {name} for a {self.kind} order, found {value}"
                )
            if value is not None and not 0.0 < value < float("inf"):
                raise ConfigurationError(f"expected a positive {name}, found {value}")
        if self.trail is not None and not 1e-8 <= self.trail < 1.0:
            raise ConfigurationError(f"expected trail as a fraction in (0, 1), found {self.trail}")
        if self.good_for is not None and self.good_for < 1:
            raise ConfigurationError(f"expected good_for of at least 1 bar, found {self.good_for}")
        immediate = self.time_in_force is not TimeInForce.GTC
        if immediate and self.kind not in (OrderKind.MARKET, OrderKind.LIMIT):
            raise ConfigurationError(
                f"expected time in force GTC for a {self.kind} order, found {self.time_in_force}"
            )


@dataclass(frozen=True, slots=True)
class Cancel:
    """What a strategy returns beside its orders to take one back."""

    order_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderState:
    """An order and what has become of it.

    Parameters
    ----------
    order_id : int
        Counted from 1 in the order in which the account was given them.
    order : Order
        As it was given.
    status : OrderStatus
        As of the last bar.
    filled : Decimal
        Base currency.
    """

    order_id: int
    order: Order
    status: OrderStatus
    filled: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One execution.

    A fill of the reason FEE is no trade of its own: it is the quantity that was taken to pay fees,
    at the price at which they were counted.

    Parameters
    ----------
    time : int
        Open of the bar in which it happened, milliseconds UTC.
    symbol : str
        Venue form.
    side : Side
        BUY or SELL.
    quantity : Decimal
        Base currency, positive.
    price : Decimal
        Quote currency, after slippage.
    notional : Decimal
        Quantity × price, quote currency.
    fee : Decimal
        Quote currency, ≥ 0.
    reason : FillReason
        What asked for it.
    pnl : Decimal
        Realised by the part that reduces a position, against its average entry price, before fees;
        quote currency, 0 where nothing was reduced.
    order_id : int
        The strategy's order that was filled, 0 for any other reason.
    """

    time: int
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    notional: Decimal
    fee: Decimal
    reason: FillReason
    pnl: Decimal
    order_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """What is held of one symbol.

    Parameters
    ----------
    symbol : str
        Venue form.
    quantity : Decimal
        Base currency, negative when short, 0 when flat.
    entry_value : Decimal
        What the held quantity was bought (or sold) for, quote currency, before fees.
    """

    symbol: str
    quantity: Decimal
    entry_value: Decimal

    @property
    def entry_price(self) -> Decimal | None:
        """Average entry price in quote currency, None when flat."""
        return self.entry_value / abs(self.quantity) if self.quantity else None

"""What happens on the market: the events that the replay hands to those who listen.

Times are market time in milliseconds UTC, prices in quote currency and quantities in base currency,
both exact Decimals. `market` is ``"spot"`` or ``"usdm"``.
"""

from decimal import Decimal
from typing import Literal, NamedTuple, TypeAlias

Market: TypeAlias = Literal["spot", "usdm"]
MARKETS: tuple[Market, ...] = ("spot", "usdm")


class Trade(NamedTuple):
    """Somebody traded with somebody, who are not the accounts of this venue."""

    market: Market
    symbol: str
    trade_id: int
    time_ms: int
    price: Decimal
    quantity: Decimal
    buyer_is_maker: bool


class BarUpdate(NamedTuple):
    """A bar as it stands; `closed` when nothing can be added to it any more."""

    market: Market
    symbol: str
    timeframe: str
    open_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    quote_volume: Decimal
    n_trades: int
    closed: bool


class BookTop(NamedTuple):
    """The best prices and what is offered there."""

    market: Market
    symbol: str
    update_id: int
    time_ms: int
    bid: Decimal
    bid_quantity: Decimal
    ask: Decimal
    ask_quantity: Decimal


class MarkPrice(NamedTuple):
    """The price that a perpetual contract is valued at, and the next funding payment."""

    symbol: str
    time_ms: int
    mark_price: Decimal
    index_price: Decimal
    funding_rate: Decimal
    next_funding_ms: int


class FundingDue(NamedTuple):
    """Longs pay shorts `rate` of the notional at `mark_price`; shorts pay if it is negative."""

    symbol: str
    time_ms: int
    rate: Decimal
    mark_price: Decimal

"""What the streams of a venue carry, as it walks from the socket to the database.

Prices and quantities were decimal texts and became float64 once. Times are integer milliseconds
UTC; ids may be larger than 2^53 and leave in JSON as texts.
"""

from math import isfinite
from typing import NamedTuple


class LiveBar(NamedTuple):
    """One bar: its open in milliseconds UTC and its five values."""

    open_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: float

    @property
    def sound(self) -> bool:
        """Whether the values can be those of a bar; a bar without any trade can."""
        prices = self[1:5]
        return (
            all(isfinite(value) for value in self[1:])
            and min(prices) > 0.0
            and self.volume >= 0.0
            and self.high == max(prices)
            and self.low == min(prices)
        )


class TradeRow(NamedTuple):
    """One public trade."""

    source: str
    symbol: str
    trade_id: int
    time_ms: int
    price: float
    quantity: float
    buyer_is_maker: bool


class TickerRow(NamedTuple):
    """The best prices of one symbol; `update_id` grows with every change."""

    source: str
    symbol: str
    update_id: int
    bid: float
    bid_quantity: float
    ask: float
    ask_quantity: float
    received_ms: int


class VenueTime(NamedTuple):
    """What a venue answered when asked for the time: its date, and the time its market is at."""

    wall_ms: int
    market_ms: int
    speed: float

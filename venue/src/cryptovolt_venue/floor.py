"""The trading floor: what the engines of both markets share."""

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol, TypeAlias

from cryptovolt_venue.faults import FaultSchedule
from cryptovolt_venue.instruments import Instrument
from cryptovolt_venue.ledger import Ledger
from cryptovolt_venue.liquidity import Book
from cryptovolt_venue.orders import Acceptance
from cryptovolt_venue.tape import Market

Frame: TypeAlias = dict[str, Any]
Publish: TypeAlias = Callable[[str, Market, Frame], None]
Follow: TypeAlias = Callable[[Market, str], None]


def nobody_follows(market: Market, symbol: str) -> None:
    """Follow nothing: whoever holds the tape hands over its trades anyway."""
    del market, symbol


class MarketView(Protocol):
    """What the engines need to know of the market; prices are None before the first trade."""

    def market_ms(self) -> int:
        """Return market time."""
        ...

    def wall_ms(self) -> int:
        """Return what the venue says the time is."""
        ...

    def instrument(self, market: Market, symbol: str) -> Instrument | None:
        """Return a listed instrument."""
        ...

    def book(self, market: Market, symbol: str) -> Book | None:
        """Return the order book, None before the first trade."""
        ...

    def last(self, market: Market, symbol: str) -> Decimal | None:
        """Return the price of the last trade."""
        ...

    def average(self, market: Market, symbol: str) -> Decimal | None:
        """Return the volume-weighted price of the last five minutes."""
        ...

    def mark(self, symbol: str) -> Decimal | None:
        """Return the mark price of a perpetual contract."""
        ...


@dataclass(slots=True)
class Ids:
    """Ids of orders, trades, executions, order lists and conditional orders, counting up."""

    first: int = 1
    order: Iterator[int] = field(init=False)
    execution: Iterator[int] = field(init=False)
    order_list: Iterator[int] = field(init=False)
    algo: Iterator[int] = field(init=False)
    _trade: Iterator[int] = field(init=False)
    _last_trade: dict[str, int] = field(default_factory=dict[str, int], init=False)

    def __post_init__(self) -> None:
        self.order = itertools.count(self.first)
        self.execution = itertools.count(self.first)
        self.order_list = itertools.count(self.first)
        self.algo = itertools.count(self.first)
        self._trade = itertools.count(self.first)

    def trade(self, symbol: str, *, reuse: bool = False) -> int:
        """Return a trade id; with `reuse` one that another symbol has had, where there is one."""
        others = [found for name, found in self._last_trade.items() if name != symbol]
        before = max(others, default=-1)
        if not (reuse and before > self._last_trade.get(symbol, -1)):
            before = next(self._trade)
        self._last_trade[symbol] = before
        return before


@dataclass(slots=True)
class Floor:
    """The market, the ledger, the ids, the faults, and the way to tell an account something."""

    view: MarketView
    ledger: Ledger
    ids: Ids
    faults: FaultSchedule
    publish: Publish
    follow: Follow = nobody_follows
    """Asks for the trades of a symbol, from now on until nothing waits for them."""

    def acceptance(self) -> Acceptance:
        """Return the moment now, on all three clocks."""
        return Acceptance(self.view.market_ms(), self.view.wall_ms(), time.monotonic_ns())

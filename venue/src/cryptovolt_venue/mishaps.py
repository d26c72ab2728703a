"""Faults of the clock (``offset``, ``drift``) and of symbols (``delist``, ``filter``, ``status``).

Both points are asked once per second of market time, the one of instruments for each of them.
"""

from decimal import Decimal
from typing import Protocol

from cryptovolt_venue.clock import VenueClock
from cryptovolt_venue.faults import Action
from cryptovolt_venue.instruments import Instrument
from cryptovolt_venue.tape import Market

RULES = ("tick", "step", "min_qty", "max_qty", "min_notional")
"""Trading rules of an instrument that may change while it trades."""


class Listing(Protocol):
    """Who changes instruments: the exchange."""

    def change(self, market: Market, symbol: str, **values: object) -> Instrument:
        """Change fields of an instrument."""
        ...

    def delist(self, market: Market, symbol: str) -> Instrument:
        """End the trading of an instrument."""
        ...


def move_clock(clock: VenueClock, action: Action | None) -> None:
    """Move wall time by ``ms``, or let it drift by ``ppm``."""
    if action is None:
        return
    if action.kind == "offset":
        clock.offset_ms = action.number("ms", 0)
    elif action.kind == "drift":
        clock.drift(action.number("ppm", 0))


def alter(listing: Listing, market: Market, symbol: str, action: Action | None) -> None:
    """Delist an instrument, change its trading rules, or give it another status."""
    if action is None:
        return
    if action.kind == "delist":
        listing.delist(market, symbol)
    elif action.kind == "filter":
        named = [name for name in RULES if name in action.values]
        values = {name: Decimal(str(action.values[name])) for name in named}
        listing.change(market, symbol, **values)
    elif action.kind == "status":
        listing.change(market, symbol, status=action.text("status", "PRE_SETTLE"))

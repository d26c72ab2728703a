"""Fills and positions: what was traded, and what is held because of it.

Money, prices and quantities are `Decimal` here: these records go to the ledger.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One execution.

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

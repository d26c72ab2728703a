"""Trades. Money is exact, so prices and quantities are decimal texts."""

from datetime import datetime
from decimal import Decimal

from app.schemas.common import (
    Given,
    Id,
    Money,
    Returned,
    Symbol,
    TradeStatus,
    TradeType,
    UtcTime,
)


class TradeIn(Given):
    """A paper trade the user made on one of their own signals; it must agree with the signal."""

    signal_id: Id
    symbol: Symbol
    trade_type: TradeType
    price: Money
    quantity: Money
    timestamp: UtcTime


class TradeOut(Returned):
    """An order that traded; `pnl` stands on the one that reduced a position."""

    trade_id: int
    signal_id: int | None
    session_id: int | None
    symbol: str | None
    trade_type: TradeType | None
    price: Decimal | None
    quantity: Decimal | None
    status: TradeStatus | None
    is_paper_trade: bool
    pnl: Decimal | None
    fee: Decimal | None
    fee_asset: str | None
    reason: str | None
    order_id: str | None
    timestamp: datetime
    created_at: datetime

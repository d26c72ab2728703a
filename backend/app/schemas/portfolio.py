"""What a paper session is worth, and how it came to it. Money is in quote currency."""

from datetime import datetime
from decimal import Decimal

from app.schemas.common import Returned
from app.schemas.sessions import SessionOut


class EquityCurve(Returned):
    """The equity curve as columns, oldest first.

    `timestamp` in milliseconds UTC; `drawdown` is the fraction below the highest equity so far,
    the starting cash included.
    """

    timestamp: list[int]
    equity: list[float]
    cash: list[float]
    position: list[float]
    price: list[float]
    drawdown: list[float | None]


class PortfolioOut(Returned):
    """The latest session at its last closed bar; null where no bar was closed yet.

    `unrealised_pnl` is what the equity gained since the start and the closed trades do not hold:
    the open position's profit, its entry fee taken off.
    """

    session: SessionOut
    as_of: datetime | None
    equity: Decimal | None
    cash: Decimal | None
    position: Decimal | None
    price: float | None
    total_pnl: Decimal | None
    realised_pnl: Decimal
    unrealised_pnl: Decimal | None
    drawdown: float | None
    max_drawdown: float | None
    curve: EquityCurve

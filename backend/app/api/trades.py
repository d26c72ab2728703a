"""Trades of the user's signals and sessions."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.api.dependencies import CurrentActor, Paging, RowId, Unit
from app.models.database import Trade
from app.repositories.trades import TradeFilter
from app.schemas.common import MAX_ID, Symbol, TradeStatus
from app.schemas.trades import TradeIn, TradeOut
from app.services import trades

router = APIRouter(prefix="/trades", tags=["trades"])


@router.get("", response_model=list[TradeOut])
def list_trades(
    db: Unit,
    actor: CurrentActor,
    page: Paging,
    symbol: Symbol | None = None,
    status: TradeStatus | None = None,
    session_id: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
) -> list[Trade]:
    """List trades, newest first."""
    wanted = TradeFilter(symbol=symbol, status=status, session_id=session_id)
    return trades.list_all(db, actor, wanted, page.skip, page.limit)


@router.post("", response_model=TradeOut, status_code=201)
def record_trade(db: Unit, actor: CurrentActor, given: TradeIn) -> Trade:
    """Record a paper trade made by hand on one of the user's signals."""
    return trades.record(db, actor, **given.model_dump())


@router.get("/{trade_id}", response_model=TradeOut)
def read_trade(db: Unit, actor: CurrentActor, trade_id: RowId) -> Trade:
    """Return one trade."""
    return trades.read(db, actor, trade_id)

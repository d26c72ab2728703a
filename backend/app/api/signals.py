"""Signals of the user's strategies and sessions."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.api.dependencies import CurrentActor, Paging, RowId, Unit
from app.models.database import Signal
from app.repositories.signals import SignalFilter
from app.schemas.common import MAX_ID, Symbol
from app.schemas.signals import SignalIn, SignalOut
from app.services import signals

router = APIRouter(prefix="/signals", tags=["signals"])


@router.get("", response_model=list[SignalOut])
def list_signals(
    db: Unit,
    actor: CurrentActor,
    page: Paging,
    symbol: Symbol | None = None,
    strategy_id: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    session_id: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
) -> list[Signal]:
    """List signals, newest first."""
    wanted = SignalFilter(symbol=symbol, strategy_id=strategy_id, session_id=session_id)
    return signals.list_all(db, actor, wanted, page.skip, page.limit)


@router.post("", response_model=SignalOut, status_code=201)
def create_signal(db: Unit, actor: CurrentActor, given: SignalIn) -> Signal:
    """Store a signal of one of the user's strategies."""
    return signals.create(db, actor, **given.model_dump())


@router.get("/{signal_id}", response_model=SignalOut)
def read_signal(db: Unit, actor: CurrentActor, signal_id: RowId) -> Signal:
    """Return one signal, with its votes and reasons."""
    return signals.read(db, actor, signal_id)

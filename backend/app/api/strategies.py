"""Trading strategies of the user."""

from fastapi import APIRouter

from app.api.dependencies import CurrentActor, Paging, RowId, Unit
from app.models.database import TradingStrategy
from app.schemas.strategies import StrategyIn, StrategyOut, StrategyUpdate
from app.services import strategies

router = APIRouter(prefix="/strategies", tags=["strategies"])


@router.get("", response_model=list[StrategyOut])
def list_strategies(db: Unit, actor: CurrentActor, page: Paging) -> list[TradingStrategy]:
    """List the user's strategies, newest first."""
    return strategies.list_all(db, actor, page.skip, page.limit)


@router.post("", response_model=StrategyOut, status_code=201)
def create_strategy(db: Unit, actor: CurrentActor, given: StrategyIn) -> TradingStrategy:
    """Create a strategy; it starts inactive."""
    return strategies.create(db, actor, **given.model_dump())


@router.get("/{strategy_id}", response_model=StrategyOut)
def read_strategy(db: Unit, actor: CurrentActor, strategy_id: RowId) -> TradingStrategy:
    """Return one strategy."""
    return strategies.read(db, actor, strategy_id)


@router.patch("/{strategy_id}", response_model=StrategyOut)
def update_strategy(
    db: Unit, actor: CurrentActor, strategy_id: RowId, given: StrategyUpdate
) -> TradingStrategy:
    """Change a strategy; what is left out stays."""
    return strategies.update(db, actor, strategy_id, given.model_dump(exclude_unset=True))


@router.delete("/{strategy_id}", status_code=204)
def delete_strategy(db: Unit, actor: CurrentActor, strategy_id: RowId) -> None:
    """Delete a strategy that no signal or session refers to."""
    strategies.delete(db, actor, strategy_id)

"""What the user's paper session is worth."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.api.dependencies import CurrentActor, Unit
from app.core.times import milliseconds
from app.repositories.sessions import CurvePoint
from app.schemas.common import MAX_ID
from app.schemas.portfolio import EquityCurve, PortfolioOut
from app.schemas.sessions import SessionOut
from app.services import sessions

router = APIRouter(prefix="/portfolio", tags=["portfolio"])


@router.get("", response_model=PortfolioOut)
def read_portfolio(
    db: Unit,
    actor: CurrentActor,
    session_id: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    points: Annotated[int, Query(ge=2, le=5_000)] = 1_000,
) -> PortfolioOut:
    """Return equity, cash, position, profit and drawdown of one session, or of the newest."""
    found = sessions.portfolio(db, actor, session_id, points)
    standing, last = found.standing, found.standing.last
    total = last.equity - found.session.cash if last else None
    return PortfolioOut(
        session=SessionOut.model_validate(found.session),
        as_of=last.timestamp if last else None,
        equity=last.equity if last else None,
        cash=last.cash if last else None,
        position=last.position if last else None,
        price=last.price if last else None,
        total_pnl=total,
        realised_pnl=standing.realised,
        unrealised_pnl=None if total is None else total - standing.realised,
        drawdown=standing.drawdown,
        max_drawdown=standing.max_drawdown,
        curve=_columns(found.curve),
    )


def _columns(points: list[CurvePoint]) -> EquityCurve:
    return EquityCurve(
        timestamp=[milliseconds(point.timestamp) for point in points],
        equity=[point.equity for point in points],
        cash=[point.cash for point in points],
        position=[point.position for point in points],
        price=[point.price for point in points],
        drawdown=[point.drawdown for point in points],
    )

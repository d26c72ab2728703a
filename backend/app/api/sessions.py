"""Paper sessions of the user."""

from fastapi import APIRouter

from app.api.dependencies import CurrentActor, Paging, RowId, Unit
from app.models.paper import PaperSession
from app.schemas.sessions import SessionOut
from app.services import sessions

router = APIRouter(prefix="/sessions", tags=["sessions"])


@router.get("", response_model=list[SessionOut])
def list_sessions(db: Unit, actor: CurrentActor, page: Paging) -> list[PaperSession]:
    """List paper sessions, newest first."""
    return sessions.list_all(db, actor, page.skip, page.limit)


@router.get("/latest", response_model=SessionOut)
def read_latest_session(db: Unit, actor: CurrentActor) -> PaperSession:
    """Return the newest paper session."""
    return sessions.read_latest(db, actor)


@router.get("/{session_id}", response_model=SessionOut)
def read_session(db: Unit, actor: CurrentActor, session_id: RowId) -> PaperSession:
    """Return one paper session."""
    return sessions.read(db, actor, session_id)

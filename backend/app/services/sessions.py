"""Paper sessions of a user, and what they are worth."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.models.paper import PaperSession
from app.repositories import sessions
from app.repositories.sessions import CurvePoint, Standing
from app.services.access import Actor, NotFoundError


@dataclass(frozen=True, slots=True)
class Portfolio:
    """A session, where it stands, and its equity curve."""

    session: PaperSession
    standing: Standing
    curve: list[CurvePoint]


def list_all(db: Session, actor: Actor, skip: int, limit: int) -> list[PaperSession]:
    """Return a page of the user's sessions."""
    return sessions.list_visible(db, actor.owner, skip, limit)


def read(db: Session, actor: Actor, session_id: int) -> PaperSession:
    """Return one of the user's sessions."""
    session = sessions.find(db, actor.owner, session_id)
    if session is None:
        raise NotFoundError(f"there is no session {session_id}")
    return session


def read_latest(db: Session, actor: Actor) -> PaperSession:
    """Return the user's newest session."""
    session = sessions.find_latest(db, actor.owner)
    if session is None:
        raise NotFoundError("there is no paper session yet: start one with `cryptovolt demo`")
    return session


def portfolio(db: Session, actor: Actor, session_id: int | None, points: int) -> Portfolio:
    """Return what a session is worth; None means the newest."""
    session = read_latest(db, actor) if session_id is None else read(db, actor, session_id)
    return Portfolio(session, sessions.standing(db, session), sessions.curve(db, session, points))

"""What this installation does now: its database and the sessions that run."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.models.paper import PaperSession


@dataclass(frozen=True, slots=True)
class Installation:
    """Database and running sessions, as they are shown."""

    database: dict[str, Any]
    sessions: list[dict[str, Any]]


def installation(db: Session) -> Installation:
    """Return what is shown of the database and of the sessions that were not stopped."""
    version, size, revision = db.execute(
        text(
            "SELECT split_part(version(), ' ', 2), pg_size_pretty(pg_database_size("
            "current_database())), (SELECT version_num FROM alembic_version)"
        )
    ).one()
    running = select(PaperSession).where(PaperSession.stopped_at.is_(None))
    sessions = [_session(row) for row in db.scalars(running.order_by(PaperSession.session_id))]
    about = {"version": f"PostgreSQL {version}", "size": size, "revision": revision}
    return Installation(about, sessions)


def _session(row: PaperSession) -> dict[str, Any]:
    as_of = None if row.as_of is None else f"{row.as_of:%Y-%m-%d %H:%M}"
    what = f"{row.symbol} {row.timeframe} from {row.source}"
    return {
        "session_id": row.session_id,
        "kind": row.kind,
        "series": what,
        "as_of": row.as_of,
        "line": f"{row.session_id} ({row.kind}) on {what}, newest bar closed {as_of or 'none yet'}",
    }

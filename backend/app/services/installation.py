"""What this installation does now: its database, sessions that run and accounts it follows."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.models.orders import AccountStatus
from app.models.paper import PaperSession
from app.repositories.account_rows import list_accounts


@dataclass(frozen=True, slots=True)
class Installation:
    """Database, running sessions and followed accounts, as they are shown."""

    database: dict[str, Any]
    sessions: list[dict[str, Any]]
    accounts: list[dict[str, Any]]


def installation(db: Session) -> Installation:
    """Return what is shown of the database, of sessions not stopped, and of accounts."""
    version, size, revision = db.execute(
        text(
            "SELECT split_part(version(), ' ', 2), pg_size_pretty(pg_database_size("
            "current_database())), (SELECT version_num FROM alembic_version)"
        )
    ).one()
    running = select(PaperSession).where(PaperSession.stopped_at.is_(None))
    sessions = [_session(row) for row in db.scalars(running.order_by(PaperSession.session_id))]
    about = {"version": f"PostgreSQL {version}", "size": size, "revision": revision}
    return Installation(about, sessions, [_account(row) for row in list_accounts(db)])


def _account(row: AccountStatus) -> dict[str, Any]:
    reason = f": {row.reason}" if row.reason else ""
    return {
        "account": row.account,
        "source": row.source,
        "state": row.state,
        "reason": row.reason,
        "heartbeat_at": row.heartbeat_at,
        "last_check_at": row.last_check_at,
        "line": f"{row.account} at {row.source} is {row.state.replace('_', ' ')}{reason}",
    }


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

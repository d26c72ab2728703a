"""Jobs as the view ``jobs`` shows them, and the notes that are kept of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, func, text, update
from sqlalchemy.orm import Session

from app.models.learning import JobNote

STATUSES = ("waiting", "running", "succeeded", "failed", "cancelled")

_LIST = text(
    "SELECT * FROM jobs WHERE (CAST(:owner AS integer) IS NULL OR user_id = :owner) "
    "AND (CAST(:status AS text) IS NULL OR status = :status) "
    "ORDER BY job_id DESC OFFSET :skip LIMIT :limit"
)
_FIND = text(
    "SELECT * FROM jobs WHERE job_id = :job_id "
    "AND (CAST(:owner AS integer) IS NULL OR user_id = :owner)"
)
_STARTED_BEFORE = text(
    "SELECT * FROM jobs WHERE status = 'running' AND queue = :queue "
    "AND started_at < now() - :seconds * interval '1 second' ORDER BY job_id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job: what was asked for, how far it has come, and what came of it."""

    job_id: int
    kind: str
    queue: str
    title: str
    status: str
    arguments: Mapping[str, Any]
    user_id: int | None
    done: int
    total: int
    step: str | None
    losses: int
    result: Mapping[str, Any] | None
    reason: str | None
    is_cancelling: bool
    scheduled_at: datetime | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status not in {"waiting", "running"}


def list_visible(
    db: Session, owner: int | None, status: str | None, skip: int, limit: int
) -> list[Job]:
    """Return a page of the jobs of an owner (None: everybody's), newest first."""
    given = {"owner": owner, "status": status, "skip": skip, "limit": limit}
    return [_job(row) for row in db.execute(_LIST, given).mappings()]


def find(db: Session, owner: int | None, job_id: int) -> Job | None:
    """Return one job, or None where it does not exist for this owner."""
    row = db.execute(_FIND, {"owner": owner, "job_id": job_id}).mappings().one_or_none()
    return None if row is None else _job(row)


def running_for(db: Session, queue: str, seconds: float) -> list[Job]:
    """Return the running jobs of a queue that were begun at least so long ago."""
    given = {"queue": queue, "seconds": seconds}
    return [_job(row) for row in db.execute(_STARTED_BEFORE, given).mappings()]


def add_note(db: Session, job_id: int, user_id: int | None, title: str) -> None:
    """Store what a job is called and whose it is."""
    db.add(JobNote(job_id=job_id, user_id=user_id, title=title))
    db.flush()


def change_note(db: Session, job_id: int, **values: Any) -> None:
    """Change what is known of a job."""
    query = update(JobNote).where(JobNote.job_id == job_id)
    db.execute(query.values(**values, updated_at=func.clock_timestamp()))


def _job(row: RowMapping) -> Job:
    return Job(**dict(row))

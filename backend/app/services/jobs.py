"""Jobs: adding them to the queue, looking at them, cancelling them.

A job belongs to whoever asked for it; an administrator sees all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import structlog
from procrastinate.exceptions import AlreadyEnqueued
from sqlalchemy.orm import Session

from app.core.jobs import on_queue, queue_app
from app.repositories import jobs
from app.repositories.jobs import Job
from app.services.access import ConflictError, NotFoundError
from cryptovolt.domain.errors import TransientError

log = structlog.get_logger(__name__)

LEARNING: Final = "learning"
"""The queue of what learns; one job at a time on a machine."""

MOST_LOSSES = 3
"""So often a job may lose its worker before it is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """What is to be done.

    Parameters
    ----------
    kind : str
        Which task, e.g. ``"model.train"``.
    title : str
        What people read.
    arguments : mapping
        As JSON knows them.
    lock : str, optional
        Jobs with the same one run one after another, on whatever machine.
    once : str, optional
        While a job with the same one waits, another is refused.
    at : datetime, optional
        Not before.
    """

    kind: str
    title: str
    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])
    queue: str = LEARNING
    lock: str | None = None
    once: str | None = None
    at: datetime | None = None


def add(db: Session, request: JobRequest, user_id: int | None) -> int:
    """Add a job to the queue in the session's transaction, and return its id.

    Raises
    ------
    ConflictError
        If a job that may wait only once is waiting already.
    """
    with on_queue(db) as connection:
        deferrer = queue_app().configure_task(
            request.kind,
            queue=request.queue,
            lock=request.lock,
            queueing_lock=request.once,
            schedule_at=request.at,
            connection=connection,
        )
        try:
            job_id = deferrer.defer(**request.arguments)
        except AlreadyEnqueued:
            raise ConflictError(f"{request.title}: the same is waiting to be done") from None
        jobs.add_note(db, job_id, user_id, request.title)
    log.info("job.added", job_id=job_id, kind=request.kind)
    return job_id


def list_all(
    db: Session, owner: int | None, status: str | None, skip: int, limit: int
) -> list[Job]:
    """Return a page of jobs, newest first."""
    return jobs.list_visible(db, owner, status, skip, limit)


def read(db: Session, owner: int | None, job_id: int) -> Job:
    """Return one job."""
    found = jobs.find(db, owner, job_id)
    if found is None:
        raise NotFoundError(f"there is no job {job_id}")
    return found


def cancel(db: Session, owner: int | None, job_id: int) -> Job:
    """Cancel a job that waits, or ask the worker of one that runs to stop.

    Raises
    ------
    ConflictError
        If it is over.
    """
    found = read(db, owner, job_id)
    with on_queue(db) as connection:
        told = queue_app().job_manager.cancel_job_by_id(job_id, abort=True, connection=connection)
    if not told:
        raise ConflictError(f"job {job_id} is over ({found.status}), so it cannot be cancelled")
    log.info("job.cancelled", job_id=job_id, was=found.status)
    return read(db, owner, job_id)


class LostJobError(TransientError):
    """The connection that says that a job is being worked on is gone; somebody else may take it."""

"""Jobs in the background: seen by whoever asked for them, all of them by administrators."""

from fastapi import APIRouter

from app.api.dependencies import CurrentActor, Paging, RowId, Unit
from app.repositories.jobs import Job
from app.schemas.jobs import JobOut, JobStatus
from app.services import jobs

router = APIRouter(prefix="/jobs", tags=["jobs"])


@router.get("", response_model=list[JobOut])
def list_jobs(
    db: Unit, actor: CurrentActor, page: Paging, status: JobStatus | None = None
) -> list[Job]:
    """List jobs, newest first."""
    return jobs.list_all(db, actor.owner, status, page.skip, page.limit)


@router.get("/{job_id}", response_model=JobOut)
def read_job(db: Unit, actor: CurrentActor, job_id: RowId) -> Job:
    """Return one job: how far it has come, and what came of it."""
    return jobs.read(db, actor.owner, job_id)


@router.post("/{job_id}/cancel", response_model=JobOut)
def cancel_job(db: Unit, actor: CurrentActor, job_id: RowId) -> Job:
    """Cancel a job that waits, or ask the worker of one that runs to stop."""
    return jobs.cancel(db, actor.owner, job_id)

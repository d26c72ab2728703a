"""Jobs: what is done in the background."""

from datetime import datetime
from typing import Literal, TypeAlias

from pydantic import JsonValue

from app.schemas.common import Returned

JobStatus: TypeAlias = Literal["waiting", "running", "succeeded", "failed", "cancelled"]


class JobOut(Returned):
    """A job: how far it has come, and what came of it or why nothing did."""

    job_id: int
    kind: str
    title: str
    status: JobStatus
    done: int
    total: int
    step: str | None
    losses: int
    result: dict[str, JsonValue] | None
    reason: str | None
    is_cancelling: bool
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class JobAdded(Returned):
    """A job that waits to be done."""

    job_id: int

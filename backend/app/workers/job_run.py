"""One job under way: it says how far it has come, stops when asked to, and is nobody else's.

Whoever works on a job holds an advisory lock of PostgreSQL. The lock ends with the connection, and
so with the process, however that ends: a job marked as running whose lock is free has lost its
worker. A worker that merely sleeps keeps it.
"""

import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, TypeAlias

import psycopg
import structlog
from procrastinate import JobContext
from procrastinate.exceptions import JobAborted

from app.core.database import SessionLocal, libpq_url
from app.core.errors import advice
from app.core.jobs import JOB_LOCK
from app.repositories import jobs
from app.services.jobs import LostJobError

log = structlog.get_logger(__name__)

_TELL_EVERY_S = 1.0

Work: TypeAlias = "Callable[[Mapping[str, Any], JobRun], Mapping[str, Any]]"
"""What a task does: takes its arguments and the job, and returns the result as JSON knows it."""


class JobRun:
    """The job while it is worked on; called as :class:`cryptovolt.domain.ports.Progress`."""

    def __init__(self, context: JobContext) -> None:
        assert context.job.id is not None
        self.job_id = context.job.id
        self._context = context
        self._told_at = 0.0
        self._connection: psycopg.Connection[Any] | None = None

    def __enter__(self) -> "JobRun":
        self._connection = psycopg.connect(libpq_url(), autocommit=True)
        if not try_lock(self._connection, self.job_id):
            self._connection.close()
            raise LostJobError(f"job {self.job_id} is being worked on by another process")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._connection is not None
        self._connection.close()

    def __call__(self, done: int, total: int, message: str) -> None:
        """Note how far it has come, about once a second.

        Raises
        ------
        JobAborted
            If somebody cancelled it, or its worker is to end.
        LostJobError
            If its lock is gone.
        """
        self.check()
        now = time.monotonic()
        if now - self._told_at < _TELL_EVERY_S and done < total:
            return
        self._told_at = now
        with SessionLocal.begin() as db:
            jobs.change_note(db, self.job_id, done=done, total=total, step=message)

    def check(self) -> None:
        """Stop where the job is not to go on."""
        if self._context.should_abort():
            raise JobAborted
        assert self._connection is not None
        try:
            self._connection.execute("SELECT 1")
        except psycopg.Error as error:
            raise LostJobError(f"job {self.job_id} lost its connection: {advice(error)}") from error


def perform(context: JobContext, work: Work, arguments: Mapping[str, Any]) -> None:
    """Do the work of a job and note its result, or why there is none."""
    with JobRun(context) as run:
        with SessionLocal.begin() as db:
            jobs.change_note(db, run.job_id, reason=None, result=None, done=0, step=None)
        try:
            result = work(arguments, run)
            run.check()
        except JobAborted:
            raise
        except BaseException as error:
            log.warning("job.failed", job_id=run.job_id, reason=advice(error))
            _note(run.job_id, reason=advice(error))
            raise
        _note(run.job_id, result=dict(result), step=None)


def try_lock(connection: psycopg.Connection[Any], job_id: int) -> bool:
    """Take the lock of a job, unless another process has it."""
    row = connection.execute(
        "SELECT pg_try_advisory_lock(%s, %s)", [JOB_LOCK, job_id % 2**31]
    ).fetchone()
    return row is not None and bool(row[0])


def _note(job_id: int, **values: Any) -> None:
    with SessionLocal.begin() as db:
        jobs.change_note(db, job_id, **values)

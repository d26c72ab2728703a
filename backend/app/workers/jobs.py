"""The worker of the queue ``learning``: one job at a time on this machine.

Run as ``python -m app.workers.jobs``, it ends when its standard input does; a job that it was
working on then is begun again by the next worker. A job whose worker was killed is taken up again
within seconds, and after the third time marked as failed.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import psycopg
import structlog
from procrastinate import App, BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.exceptions import ConnectorException, JobAborted
from procrastinate.jobs import Job as QueuedJob
from procrastinate.jobs import Status
from sqlalchemy.exc import SQLAlchemyError

from app.core.database import SessionLocal, libpq_url
from app.core.errors import advice
from app.core.jobs import PLACE_LOCK, bring_up_to_date, queue_app
from app.core.logging import configure_logging
from app.repositories import jobs
from app.services.jobs import LEARNING, MOST_LOSSES
from app.workers import BAD_INPUT
from app.workers.job_run import Work, perform, try_lock
from app.workers.job_tasks import TASKS
from cryptovolt.domain.errors import CryptoVoltError, TransientError

log = structlog.get_logger(__name__)

RECOVER_EVERY_S = 3.0
_SETTLES_WITHIN_S = 2.0
"""Between being marked as running and being locked, a job belongs to its worker all the same."""
_MOST_ATTEMPTS, _TRY_AGAIN_S = 5, 20
_GIVES_UP_AFTER_S = 5.0
_LOOK_EVERY_S = 0.1


class Again(BaseRetryStrategy):
    """A job that was interrupted is begun again, one that met an outage a few times."""

    def get_retry_decision(
        self, *, exception: BaseException, job: QueuedJob
    ) -> RetryDecision | None:
        """Return when it is begun again, or None."""
        if isinstance(exception, JobAborted):
            return RetryDecision(retry_in={"seconds": 0})
        if isinstance(exception, TransientError) and job.attempts < _MOST_ATTEMPTS:
            return RetryDecision(retry_in={"seconds": _TRY_AGAIN_S})
        return None


def working_app() -> App:
    """Return the queue with every task that a worker can do."""
    app = queue_app()
    for name, work in TASKS.items():
        app.task(name=name, pass_context=True, retry=Again())(_task(work))
    return app


async def work(stopping: threading.Event, *, until_empty: bool = False) -> None:
    """Do one job after another until asked to stop, or until none is left."""
    with psycopg.connect(libpq_url(), autocommit=True) as connection:
        bring_up_to_date(connection)
        if not await _alone_here(connection, stopping):
            return
        app = working_app()
        async with app.open_async():
            await recover(app)
            worker = asyncio.create_task(
                app.run_worker_async(
                    queues=[LEARNING],
                    name=socket.gethostname(),
                    wait=not until_empty,
                    install_signal_handlers=False,
                    shutdown_graceful_timeout=_GIVES_UP_AFTER_S,
                    fetch_job_polling_interval=2.0,
                    abort_job_polling_interval=1.0,
                )
            )
            side = asyncio.create_task(_look_after(app, stopping, worker))
            try:
                await worker
            except asyncio.CancelledError:
                log.info("jobs.stopped")
            side.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                # What went wrong while looking after the queue is said here.
                await side
    if not until_empty and not stopping.is_set():
        raise TransientError("the worker of the queue of jobs has ended by itself")


async def recover(app: App, settles_s: float = _SETTLES_WITHIN_S) -> list[int]:
    """Put jobs whose worker died back into the queue, or mark them as failed, and return them."""
    found: list[int] = []
    with SessionLocal() as db:
        running = jobs.running_for(db, LEARNING, settles_s)
    for job in running:
        with psycopg.connect(libpq_url(), autocommit=True) as connection:
            if not try_lock(connection, job.job_id):
                continue
            with SessionLocal() as db:
                now = jobs.find(db, None, job.job_id)
            if now is None or (now.status, now.started_at) != ("running", job.started_at):
                # It ended, or another worker was quicker.
                continue
            await _take_up(app, now)
            found.append(job.job_id)
    return found


async def _take_up(app: App, job: jobs.Job) -> None:
    losses = job.losses + 1
    reason = f"its worker died {losses} times" if losses > 1 else "its worker died"
    with SessionLocal.begin() as db:
        jobs.change_note(db, job.job_id, losses=losses, reason=reason, done=0, step=None)
    manager = app.job_manager
    if job.is_cancelling:
        await manager.finish_job_by_id_async(job.job_id, Status.ABORTED, delete_job=False)
    elif losses >= MOST_LOSSES:
        await manager.finish_job_by_id_async(job.job_id, Status.FAILED, delete_job=False)
    else:
        await manager.retry_job_by_id_async(job.job_id, retry_at=datetime.now(UTC))
    log.warning("job.worker_died", job_id=job.job_id, losses=losses)


async def _look_after(app: App, stopping: threading.Event, worker: "asyncio.Task[None]") -> None:
    try:
        while not await _waited(stopping, RECOVER_EVERY_S):
            await recover(app)
    finally:
        worker.cancel()


async def _alone_here(connection: psycopg.Connection[object], stopping: threading.Event) -> bool:
    # One worker of a queue on a machine; another waits until the first has ended.
    place = f"{LEARNING}@{socket.gethostname()}"
    told = False
    while True:
        row = connection.execute(
            "SELECT pg_try_advisory_lock(%s, hashtext(%s))", [PLACE_LOCK, place]
        ).fetchone()
        if row == (True,):
            return True
        if not told:
            log.info("jobs.waits_for_another_worker", place=place)
            told = True
        if await _waited(stopping, 1.0):
            return False


async def _waited(stopping: threading.Event, seconds: float) -> bool:
    for _ in range(round(seconds / _LOOK_EVERY_S)):
        if stopping.is_set():
            return True
        await asyncio.sleep(_LOOK_EVERY_S)
    return stopping.is_set()


def _task(done: Work) -> Callable[..., None]:
    def task(context: JobContext, **arguments: Any) -> None:
        perform(context, done, arguments)

    return task


def _stop_with_parent(stopping: threading.Event) -> None:
    # Read without Python's buffer, whose lock a waiting thread would hold at the end.
    while os.read(sys.stdin.fileno(), 1):
        pass
    stopping.set()


def run(stopping: threading.Event, *, until_empty: bool = False) -> int:
    """Work until asked to stop, and return the exit status."""
    # What became of a job is in its row; a stack trace of bad input helps nobody.
    logging.getLogger("procrastinate").setLevel(logging.CRITICAL)
    try:
        asyncio.run(work(stopping, until_empty=until_empty))
    except KeyboardInterrupt:
        return 0
    except (TransientError, SQLAlchemyError, psycopg.Error, ConnectorException) as error:
        log.warning("jobs.interrupted", reason=advice(error))
        return 1
    except CryptoVoltError as error:
        sys.stderr.write(f"error: {error}\n")
        return BAD_INPUT
    return 0


def main(arguments: Sequence[str]) -> int:
    """Work until standard input is closed."""
    configure_logging(quiet=True)
    argparse.ArgumentParser(prog="python -m app.workers.jobs").parse_args(arguments)
    stopping = threading.Event()
    threading.Thread(target=_stop_with_parent, args=(stopping,), daemon=True).start()
    return run(stopping)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

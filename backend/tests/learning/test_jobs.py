"""Jobs: done once, never lost, not even where their worker is killed at any moment."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy.orm import Session

from app.core.database import SessionLocal, libpq_url
from app.repositories.jobs import Job
from app.services import jobs
from app.services.access import ConflictError, NotFoundError
from app.services.jobs import JobRequest
from app.workers import job_tasks
from app.workers.job_run import JobRun, try_lock
from app.workers.jobs import recover, run, working_app
from cryptovolt.domain.errors import ModelError, TransientError

pytestmark = pytest.mark.usefixtures("database_url")

# A worker of its own process, whose only task waits; as `model.train` is, it is ours in the queue.
WAITING_WORKER = """
import sys, time
from app.workers import job_tasks
def wait(arguments, run):
    for step in range(arguments["steps"]):
        run(step, arguments["steps"], "waiting")
        time.sleep(0.05)
    return {"pid": __import__("os").getpid()}
job_tasks.TASKS = {"test.wait": wait}
from app.workers.jobs import main
sys.exit(main([]))
"""


def added(**given: Any) -> int:
    with SessionLocal.begin() as db:
        return jobs.add(db, JobRequest(title="A test", **given), None)


def job(job_id: int) -> Job:
    with SessionLocal() as db:
        return jobs.read(db, None, job_id)


def until(job_id: int, holds: Callable[[Job], bool], seconds: float = 30.0) -> Job:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = job(job_id)
        if holds(found):
            return found
        time.sleep(0.05)
    raise AssertionError(f"it did not come to that: {job(job_id)}")


def started() -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", WAITING_WORKER], stdin=subprocess.PIPE)


def done_here(monkeypatch: pytest.MonkeyPatch, **tasks: Any) -> None:
    monkeypatch.setattr("app.workers.jobs.TASKS", tasks)
    assert run(threading.Event(), until_empty=True) == 0


def test_a_job_is_part_of_the_transaction_that_asks_for_it(db: Session) -> None:
    job_id = jobs.add(db, JobRequest(kind="test.none", title="Never"), None)
    assert jobs.read(db, None, job_id).status == "waiting"
    db.rollback()
    with pytest.raises(NotFoundError, match=f"there is no job {job_id}"):
        jobs.read(db, None, job_id)


def test_a_result_and_its_progress_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def work(arguments: Mapping[str, Any], told: JobRun) -> Mapping[str, Any]:
        told(3, 3, "the end")
        return {"twice": 2 * arguments["number"]}

    job_id = added(kind="test.work", arguments={"number": 21})
    done_here(monkeypatch, **{"test.work": work})
    found = job(job_id)
    assert (found.status, found.result) == ("succeeded", {"twice": 42})
    assert (found.done, found.total) == (3, 3)
    assert found.finished_at is not None
    assert found.started_at is not None
    assert found.created_at <= found.started_at <= found.finished_at


def test_a_job_that_fails_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def work(arguments: Mapping[str, Any], told: JobRun) -> Mapping[str, Any]:
        del arguments, told
        raise ModelError("expected at least 500 labelled rows, found 3")

    job_id = added(kind="test.fails")
    done_here(monkeypatch, **{"test.fails": work})
    assert (job(job_id).status, job(job_id).reason) == (
        "failed",
        "expected at least 500 labelled rows, found 3",
    )


def test_an_outage_is_tried_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    def work(arguments: Mapping[str, Any], told: JobRun) -> Mapping[str, Any]:
        del arguments, told
        raise TransientError("the venue does not answer")

    job_id = added(kind="test.outage")
    done_here(monkeypatch, **{"test.outage": work})
    found = job(job_id)
    assert (found.status, found.reason) == ("waiting", "the venue does not answer")
    assert found.scheduled_at is not None
    assert found.scheduled_at > datetime.now(UTC)
    with SessionLocal.begin() as db:
        assert jobs.cancel(db, None, job_id).status == "cancelled"
        with pytest.raises(ConflictError, match="is over"):
            jobs.cancel(db, None, job_id)


def test_what_may_wait_once_waits_once() -> None:
    later = datetime.now(UTC) + timedelta(hours=1)
    first = added(kind="test.once", once="retrain BTCUSDT", at=later)
    with pytest.raises(ConflictError, match="the same is waiting"):
        added(kind="test.once", once="retrain BTCUSDT", at=later)
    with SessionLocal.begin() as db:
        jobs.cancel(db, None, first)


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_a_killed_worker_loses_no_job_and_a_stopped_one_gives_it_back() -> None:
    job_id = added(kind="test.wait", arguments={"steps": 400})
    first = started()
    until(job_id, lambda one: one.done > 0)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    assert job(job_id).status == "running"
    second = started()
    assert second.stdin is not None
    found = until(job_id, lambda one: one.losses == 1 and one.done > 0)
    assert found.status == "running"
    # It is told to end in good order: what it was doing goes back into the queue.
    second.stdin.close()
    assert second.wait(30) == 0
    assert job(job_id).status == "waiting"
    third = started()
    assert third.stdin is not None
    until(job_id, lambda one: one.status == "running" and one.done > 0)
    with SessionLocal.begin() as db:
        jobs.cancel(db, None, job_id)
    assert until(job_id, lambda one: one.is_over).status == "cancelled"
    last = added(kind="test.wait", arguments={"steps": 1})
    assert until(last, lambda one: one.is_over).result == {"pid": third.pid}
    third.stdin.close()
    assert third.wait(30) == 0


def marked_as_running(kind: str) -> int:
    """Return a job that a worker took and then died, as the database sees it."""
    job_id = added(kind=kind)
    with psycopg.connect(libpq_url(), options="-c search_path=procrastinate") as connection:
        connection.execute("UPDATE procrastinate_jobs SET status = 'doing' WHERE id = %s", [job_id])
    return job_id


def recovered() -> list[int]:
    async def ask() -> list[int]:
        app = working_app()
        async with app.open_async():
            return await recover(app, settles_s=0.0)

    return asyncio.run(ask())


def test_a_job_that_somebody_still_works_on_is_left_alone() -> None:
    job_id = marked_as_running("test.held")
    with psycopg.connect(libpq_url(), autocommit=True) as holder:
        assert try_lock(holder, job_id)
        # A worker that sleeps, or is slow, holds its lock: nobody takes its job away.
        assert recovered() == []
        assert job(job_id).status == "running"
    assert recovered() == [job_id]
    assert (job(job_id).status, job(job_id).reason) == ("waiting", "its worker died")


def test_a_job_that_kills_its_worker_three_times_is_given_up() -> None:
    job_id = marked_as_running("test.deadly")
    for _ in range(2):
        assert recovered() == [job_id]
        assert job(job_id).status == "waiting"
        with psycopg.connect(libpq_url(), options="-c search_path=procrastinate") as connection:
            connection.execute(
                "UPDATE procrastinate_jobs SET status = 'doing' WHERE id = %s", [job_id]
            )
    assert recovered() == [job_id]
    found = job(job_id)
    assert (found.status, found.losses) == ("failed", 3)
    assert found.reason == "its worker died 3 times"


def test_only_known_tasks_are_done() -> None:
    assert set(job_tasks.TASKS) == {"model.train", "model.verify"}

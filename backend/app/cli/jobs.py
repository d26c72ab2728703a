"""``cryptovolt jobs``: what is done in the background, and the worker that does it."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.output import print_json

if TYPE_CHECKING:
    from app.repositories.jobs import Job

app = typer.Typer(help="Jobs in the background: training, verifying.", no_args_is_help=True)

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_Id = Annotated[int, typer.Argument(metavar="ID", min=1)]


@app.command("list")
def list_jobs(
    status: Annotated[
        str | None, typer.Option(help="waiting, running, succeeded, failed or cancelled.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000)] = 20,
    as_json: _Json = False,
) -> None:
    """List jobs, newest first."""
    from rich.console import Console
    from rich.table import Table

    from app.core.database import SessionLocal
    from app.repositories.jobs import STATUSES
    from app.services import jobs
    from cryptovolt.domain.errors import ConfigurationError

    if status is not None and status not in STATUSES:
        raise ConfigurationError(f"expected --status {', '.join(STATUSES)}, found {status!r}")
    with SessionLocal() as db:
        found = jobs.list_all(db, None, status, 0, limit)
    if as_json:
        print_json([record(job) for job in found])
        return
    if not found:
        typer.echo("There are no jobs.")
        return
    table = Table()
    for column in ("id", "what", "status", "how far", "since"):
        table.add_column(column)
    for job in found:
        since = job.finished_at or job.started_at or job.created_at
        table.add_row(
            str(job.job_id), job.title, job.status, _far(job), f"{since:%Y-%m-%d %H:%M:%S}"
        )
    Console().print(table)


@app.command()
def show(job_id: _Id, as_json: _Json = False) -> None:
    """Show a job: how far it has come, what came of it, or why not."""
    from app.core.database import SessionLocal
    from app.services import jobs

    with SessionLocal() as db:
        job = jobs.read(db, None, job_id)
    if as_json:
        print_json(record(job))
        return
    typer.echo(f"job {job.job_id}: {job.title}\nstatus: {job.status}")
    for name, value in (
        ("how far", _far(job)),
        ("reason", job.reason),
        ("asked for", job.created_at),
        ("began", job.started_at),
        ("ended", job.finished_at),
        ("its worker died", f"{job.losses} times" if job.losses else None),
    ):
        if value:
            typer.echo(f"{name}: {value}")
    for name, value in (job.result or {}).items():
        typer.echo(f"{name}: {value}")


@app.command()
def cancel(job_id: _Id) -> None:
    """Cancel a job that waits, or ask the worker of one that runs to stop."""
    from app.core.database import SessionLocal
    from app.services import jobs

    with SessionLocal.begin() as db:
        job = jobs.cancel(db, None, job_id)
    told = "is cancelled" if job.is_over else "will stop at its next step"
    typer.echo(f"job {job.job_id} {told}")


@app.command("run")
def run_jobs(
    until_empty: Annotated[
        bool, typer.Option("--until-empty", help="End when no job waits any more.")
    ] = False,
) -> None:
    """Work on jobs until interrupted; one at a time on this machine."""
    import threading

    from app.core.init_db import init_db
    from app.workers.jobs import run

    init_db()
    if not until_empty:
        typer.echo("Working on jobs; stop with Ctrl-C.", err=True)
    sys.exit(run(threading.Event(), until_empty=until_empty))


def record(job: "Job") -> dict[str, Any]:
    """Return a job as JSON knows it."""
    from dataclasses import asdict

    return asdict(job)


def _far(job: "Job") -> str:
    if job.status == "running":
        return f"{job.done} of {job.total} {job.step or ''}".strip() if job.total else "begun"
    if job.status == "failed":
        return job.reason or "it failed; the log of the worker says why"
    return ""

"""The commands ``cryptovolt db`` and ``python manage_db.py``."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from app.cli.output import print_json

app = typer.Typer(help="The database.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@app.command()
def init() -> None:
    """Create the database and its tables where they are missing, and migrate older ones."""
    from app.core.init_db import init_db
    from app.services.administration import verify

    init_db()
    typer.echo(f"Database {verify().database} is initialised.")


@app.command()
def stats(as_json: AsJson = False) -> None:
    """Show how many rows each table holds."""
    from app.services.administration import statistics

    counts = statistics()
    if as_json:
        print_json(counts)
        return
    for table, rows in counts.items():
        typer.echo(f"{table:<20} {rows:>12,}")


@app.command()
def verify(as_json: AsJson = False) -> None:
    """Say whether the database answers; if not, why, and what to do."""
    from app.services import administration

    answer = administration.verify()
    if as_json:
        print_json({"database": answer.database, "server_version": answer.server_version})
        return
    typer.echo(f"Connected to database {answer.database}, PostgreSQL {answer.server_version}.")


@app.command()
def seed() -> None:
    """Make the administrator; the password is asked for, or made and shown once."""
    from app.core.database import SessionLocal
    from app.core.init_db import init_db
    from app.services import administration

    init_db()
    with SessionLocal() as db:
        if administration.has_admin(db):
            typer.echo(f"The user {administration.ADMIN} is there already; nothing was changed.")
            return
        db.rollback()
        given = _ask_for_password() if sys.stdin.isatty() else None
        password = administration.seed(db, given)
    typer.echo(f"Made the administrator {administration.ADMIN}.")
    if not given:
        typer.echo(f"Password, shown only now: {password}")


def _ask_for_password() -> str | None:
    return typer.prompt(
        "Password of admin (empty: make one)",
        default="",
        show_default=False,
        hide_input=True,
        confirmation_prompt="Once more",
    )


@app.command()
def clean(as_json: AsJson = False) -> None:
    """Archive and delete sentiment after 30 days, market data after 90, public trades after 7."""
    from app.core.config import settings
    from app.core.database import SessionLocal
    from app.services import maintenance

    with SessionLocal() as db:
        done = maintenance.clean(db, settings.home)
    if as_json:
        print_json(
            {
                "sentiment_data": done.sentiment_archived,
                "market_data": done.bars_archived,
                "public_trades": done.trades_archived,
                "kept_for_snapshots": done.bars_kept_for_snapshots,
                "sentiment_kept_for_snapshots": done.sentiment_kept_for_snapshots,
                "files": [str(path) for path in done.files],
            }
        )
        return
    typer.echo(f"sentiment_data: {done.sentiment_archived:,} rows archived and deleted")
    typer.echo(f"market_data: {done.bars_archived:,} rows archived and deleted")
    if done.trades_archived:
        typer.echo(f"public_trades: {done.trades_archived:,} rows archived and deleted")
    if done.sentiment_kept_for_snapshots:
        kept = done.sentiment_kept_for_snapshots
        typer.echo(f"sentiment_data: {kept:,} rows kept for snapshots")
    if done.bars_kept_for_snapshots:
        typer.echo(f"market_data: {done.bars_kept_for_snapshots:,} rows kept for snapshots")
    for path in done.files:
        typer.echo(f"archive: {path}")


@app.command()
def reset(yes: Yes = False) -> None:
    """Delete ALL data and make the tables anew; refused in production."""
    from app.core.config import settings
    from app.services import administration

    if not yes and not settings.in_production:
        typer.confirm("Delete ALL data of the database?", abort=True)
    administration.reset()
    typer.echo("All tables were emptied and made anew.")


@app.command()
def backup(file: Annotated[Path, typer.Argument()] = Path("backup.sql")) -> None:
    """Write everything to a file of SQL, which `restore` and psql read."""
    from app.services import administration

    administration.backup(file)
    typer.echo(f"Wrote {file} ({file.stat().st_size:,} bytes).")


@app.command()
def restore(file: Annotated[Path, typer.Argument()] = Path("backup.sql"), yes: Yes = False) -> None:
    """Replace all tables by those of a backup, all or nothing."""
    from app.services import administration

    if not yes:
        typer.confirm(f"Replace all tables by those of {file}?", abort=True)
    administration.restore(file)
    typer.echo(f"Restored {file}.")


@app.command()
def status(as_json: AsJson = False) -> None:
    """Show where the database is, and whether the embedded server runs; starts nothing."""
    from app.core.config import settings
    from app.core.database import embedded_server, normalised_url

    if settings.DATABASE_URL:
        shown = normalised_url(settings.DATABASE_URL).set(drivername="postgresql")
        found: dict[str, object] = {"embedded": False, "url": str(shown)}
    else:
        server = embedded_server()
        found = {
            "embedded": True,
            "pid": server.pid(),
            "port": server.url().port if server.known() else None,
            "data": str(server.data),
            "log": str(server.log),
        }
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        typer.echo(f"{name}: {'-' if value is None else value}")


@app.command()
def stop() -> None:
    """Stop the embedded server; the next connection starts it again."""
    from app.core.database import embedded_server

    server = embedded_server()
    stopped = server.known() and server.stop()
    typer.echo("Stopped." if stopped else "The embedded server is not running.")


@app.command()
def url() -> None:
    """Print the URL for psql, pgAdmin or DBeaver, with the password."""
    from app.core.database import libpq_url

    typer.echo(libpq_url())


@app.command(context_settings={"ignore_unknown_options": True})
def shell(arguments: Annotated[list[str] | None, typer.Argument(metavar="[PSQL]")] = None) -> None:
    """Open psql on the database; what follows is handed to it."""
    from app.services.administration import psql_command

    command, variables = psql_command(arguments or [])
    done = subprocess.run(command, env={**os.environ, **variables}, check=False)  # noqa: S603
    raise typer.Exit(done.returncode)

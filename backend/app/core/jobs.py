"""The queue of jobs: procrastinate on the same PostgreSQL, in the schema ``procrastinate``.

Its functions find its tables by the search path, so only connections made or prepared here may
write there; everybody may read the view ``jobs``.
"""

from collections.abc import Generator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg
from procrastinate import App, PsycopgConnector
from procrastinate.schema import SchemaManager
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.database import libpq_url
from cryptovolt.domain.errors import ConfigurationError

SCHEMA = "procrastinate"
JOB_LOCK, PLACE_LOCK = 7_236_511, 7_236_512
"""Classes of advisory locks: a job that is worked on, and a queue on a machine."""

_OPTIONS = f"-c search_path={SCHEMA},public -c timezone=UTC"


def queue_app() -> App:
    """Return the queue; whoever works on it opens it, whoever adds to it need not."""
    connector = PsycopgConnector(
        conninfo=libpq_url(),
        kwargs={"options": _OPTIONS, "application_name": "cryptovolt-jobs"},
        min_size=1,
        max_size=4,
    )
    return App(connector=connector)


@contextmanager
def on_queue(db: Session) -> Generator[psycopg.Connection[Any]]:
    """Give the connection of a session, able to write to the queue; part of its transaction."""
    before = db.execute(text("SHOW search_path")).scalar_one()
    _set_path(db, f"{SCHEMA}, public")
    connection = db.connection().connection.driver_connection
    if not isinstance(connection, psycopg.Connection):
        raise ConfigurationError("expected a connection of psycopg for the queue of jobs")
    yield connection
    _set_path(db, str(before))


def bring_up_to_date(connection: psycopg.Connection[Any]) -> None:
    """Apply what a newer procrastinate has changed in its schema; nothing where it is the same.

    Raises
    ------
    ConfigurationError
        If there is no queue in the database.
    """
    with connection.transaction():
        # Two workers that start together: one waits, and then has nothing left to do.
        connection.execute("SELECT pg_advisory_xact_lock(%s, 0)", [PLACE_LOCK])
        row = connection.execute(
            "SELECT obj_description(to_regnamespace(%s)::oid, 'pg_namespace')", [SCHEMA]
        ).fetchone()
        if row is None or row[0] is None:
            raise ConfigurationError("there is no queue of jobs: run `python manage_db.py init`")
        known, installed = str(row[0]), version("procrastinate")
        if known == installed:
            return
        connection.execute(f"SET LOCAL search_path = {SCHEMA}".encode())
        for name, statements in _migrations():
            if _numbers(name.partition("_")[0]) > _numbers(known):
                connection.execute(statements.encode())
        connection.execute(f"COMMENT ON SCHEMA {SCHEMA} IS '{installed}'".encode())


def _migrations() -> list[tuple[str, str]]:
    folder = Path(SchemaManager.get_migrations_path())
    return [(path.name, path.read_text("utf-8")) for path in sorted(folder.glob("*.sql"))]


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(int(part) for part in release.split(".")[:3])


def _set_path(db: Session, path: str) -> None:
    db.execute(text("SELECT set_config('search_path', :path, true)"), {"path": path})

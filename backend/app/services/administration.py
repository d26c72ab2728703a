"""What an operator does to the whole database: look, seed, reset, back up, restore."""

import os
import re
import secrets
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.orm import Session

from app.core.config import settings
from app.core.database import SessionLocal, libpq_url
from app.core.embedded_binaries import client_programs
from app.core.init_db import create_database_if_missing, init_db
from app.models.base import Base
from app.models.database import (
    Alert,
    MarketData,
    Model,
    SentimentData,
    Signal,
    Trade,
    TradingStrategy,
    User,
)
from app.repositories import tables, users
from app.services import auth
from app.services.database_service import DatabaseStats
from cryptovolt.domain.errors import ConfigurationError, DataError

TABLES: Sequence[type[Base]] = (
    User, TradingStrategy, MarketData, SentimentData, Signal, Trade, Model, Alert,
)  # fmt: skip

ADMIN = "admin"
_ADMIN_EMAIL = "admin@cryptovolt.local"

# Written by pg_dump 17 and later; servers before 17 do not know it.
_NEW_SETTING = re.compile(rb"^SET transaction_timeout = 0;$", re.MULTILINE)
_HEAD_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Answer:
    """What a database that can be used says of itself."""

    database: str
    server_version: str


def verify() -> Answer:
    """Ask the database; raise what is wrong with it."""
    with SessionLocal() as db:
        return Answer(tables.database_name(db), tables.server_version(db))


def statistics() -> dict[str, int]:
    """Return the number of rows of each documented table."""
    with SessionLocal() as db:
        return DatabaseStats.get_all_table_stats(db, TABLES)


def has_admin(db: Session) -> bool:
    """Say whether the account that `seed` makes is there."""
    return users.is_taken(db, ADMIN, _ADMIN_EMAIL)


def seed(db: Session, password: str | None) -> str:
    """Make an administrator and return the password: the given one, or a new random one."""
    chosen = password or secrets.token_urlsafe(18)
    auth.add_account(db, ADMIN, _ADMIN_EMAIL, chosen, role="admin")
    db.commit()
    return chosen


def reset() -> None:
    """Drop all tables with everything in them, and make them anew.

    Raises
    ------
    ConfigurationError
        In production.
    """
    if settings.in_production:
        raise ConfigurationError("reset deletes all data and is refused in production")
    with SessionLocal() as db:
        tables.drop_all(db)
        db.commit()
    init_db()


def backup(path: Path) -> None:
    """Write everything to a file of SQL that psql reads."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, waiting = tempfile.mkstemp(dir=path.parent, suffix=".part")
    os.close(handle)
    try:
        arguments = ("--no-owner", "--no-privileges", "--clean", "--if-exists", "--file", waiting)
        _run("pg_dump", *arguments)
        Path(waiting).replace(path)
    finally:
        Path(waiting).unlink(missing_ok=True)


def restore(path: Path) -> None:
    """Replace the tables by those of a backup, all or nothing, then migrate them."""
    if not path.is_file():
        raise DataError(f"expected a backup, found no file {path}")
    create_database_if_missing()
    with SessionLocal() as db:
        old_server = int(tables.server_version(db).split(".", maxsplit=1)[0]) < 17
    with tempfile.TemporaryDirectory() as folder:
        script = _without_new_settings(path, Path(folder)) if old_server else path
        options = ("--quiet", "--no-psqlrc", "--single-transaction", "-v", "ON_ERROR_STOP=1")
        _run("psql", *options, "--output", os.devnull, "--file", str(script))
    init_db()


def psql_command(arguments: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Return the command line of psql on our database, and the variables it needs."""
    url, environment = _client_url()
    program = client_programs(settings.POSTGRES_BIN).folder / "psql"
    return [str(program), url, *arguments], environment | {"PGTZ": "UTC"}


def _without_new_settings(path: Path, folder: Path) -> Path:
    with path.open("rb") as source, (folder / "backup.sql").open("wb") as target:
        target.write(_NEW_SETTING.sub(b"", source.read(_HEAD_BYTES)))
        while block := source.read(1 << 20):
            target.write(block)
    return folder / "backup.sql"


def _run(program: str, *arguments: str) -> None:
    url, environment = _client_url()
    done = client_programs(settings.POSTGRES_BIN).run(
        program, "--dbname", url, *arguments, timeout=86_400.0, environment=environment
    )
    if done.returncode != 0:
        raise DataError(f"{program} failed: {done.stdout.strip() or 'without a word'}")


def _client_url() -> tuple[str, dict[str, str]]:
    # The command line of a process can be read by everybody, so the password is not in it.
    url: URL = make_url(libpq_url())
    shown = URL.create(url.drivername, url.username, None, url.host, url.port, url.database)
    password = {} if url.password is None else {"PGPASSWORD": str(url.password)}
    return shown.update_query_dict(url.query).render_as_string(hide_password=False), password

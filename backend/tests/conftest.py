"""One embedded PostgreSQL for all tests of the server, and a database of its own per module.

The server lives in a temporary CRYPTOVOLT_HOME and is stopped at the end. Set POSTGRES_BIN to the
programs of another PostgreSQL (15 to 18) to run the same tests on it.

Within a test module, ``engine`` and ``SessionLocal`` of `app.core.database` are bound to the
module's database, and so are programs it starts (by DATABASE_URL in their environment).
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

# Before anything of ours is imported: settings are read once.
_HOME = Path(tempfile.mkdtemp(prefix="cryptovolt-tests-"))
os.environ["CRYPTOVOLT_HOME"] = str(_HOME)
for _name in ("DATABASE_URL", "REDIS_URL"):
    os.environ[_name] = ""
# Nothing is ever asked of a real source of texts: nobody listens there.
os.environ["PRESS_URL"] = "http://127.0.0.1:9/press"
for _name in ("ENVIRONMENT", "DEBUG", "SECRET_KEY"):
    os.environ[_name] = {"ENVIRONMENT": "development", "DEBUG": "false"}.get(_name, "")

import psycopg  # noqa: E402
import pytest  # noqa: E402
from sqlalchemy import URL, Engine, create_engine  # noqa: E402
from sqlalchemy.orm import Session  # noqa: E402

from app.core import database, init_db  # noqa: E402
from app.core.config import settings  # noqa: E402
from app.core.embedded import EmbeddedServer  # noqa: E402

_numbers = count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedServer]:
    """The running server; removed with everything in it at the end."""
    server = database.embedded_server()
    server.start()
    yield server
    server.stop()
    # As root the data may lie outside the home.
    shutil.rmtree(server.folder, ignore_errors=True)
    shutil.rmtree(_HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def template(server: EmbeddedServer) -> str:
    """The name of a migrated, empty database that others are copied from."""
    name = "template_cryptovolt"
    run_sql(server, f"CREATE DATABASE {name}")
    engine = create_engine(server.url().set(database=name))
    with engine.connect() as connection:
        init_db.migrate(connection)
    engine.dispose()
    return name


@pytest.fixture(scope="session")
def make_database(server: EmbeddedServer, template: str) -> Iterator[Callable[[bool], str]]:
    """Return a function that makes a database, migrated or empty, and returns its URL."""
    made: list[str] = []

    def make(migrated: bool = True) -> str:
        name = f"test_{next(_numbers)}"
        run_sql(server, f"CREATE DATABASE {name} TEMPLATE {template if migrated else 'template0'}")
        made.append(name)
        return as_text(server.url().set(database=name))

    yield make
    for name in made:
        run_sql(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def database_url(make_database: Callable[[bool], str]) -> Iterator[str]:
    """The URL of this module's database, migrated; all of the server's code uses it."""
    with bound_to(make_database(True)) as url:
        yield url


@pytest.fixture
def fresh_database_url(make_database: Callable[[bool], str]) -> Iterator[str]:
    """The URL of a migrated database of this test alone."""
    with bound_to(make_database(True)) as url:
        yield url


@pytest.fixture
def empty_database_url(make_database: Callable[[bool], str]) -> Iterator[str]:
    """The URL of a database of this test alone, without any table."""
    with bound_to(make_database(False)) as url:
        yield url


@pytest.fixture
def engine(database_url: str) -> Engine:
    """The engine of `app.core.database`, bound to this module's database."""
    del database_url
    return database.engine


@pytest.fixture
def db(database_url: str) -> Iterator[Session]:
    """A session on this module's database; what a test commits, the module's next tests see."""
    del database_url
    with database.SessionLocal() as session:
        yield session


class bound_to:  # noqa: N801 - used as a statement
    """Binds settings, environment and engine to one database for a while."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._before = settings.DATABASE_URL

    def __enter__(self) -> str:
        self._bind(self._url)
        return self._url

    def __exit__(self, *error: object) -> None:
        self._bind(self._before)

    @staticmethod
    def _bind(url: str) -> None:
        database.engine.dispose()
        settings.DATABASE_URL = url
        os.environ["DATABASE_URL"] = url


def run_sql(server: EmbeddedServer, statement: str) -> None:
    """Run one statement on the server, outside any transaction."""
    url = as_text(server.url().set(drivername="postgresql", database="postgres"))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


def as_text(url: URL) -> str:
    """Return the URL with its password, as DATABASE_URL has it."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)

"""The connection to PostgreSQL: ``engine``, ``SessionLocal``, ``Base``, ``get_db``.

Importing this module starts nothing and connects to nothing. Where ``DATABASE_URL`` is unset, the
first connection starts the embedded server, and so does the first one after that server was killed.
Every connection is in UTC.
"""

from collections.abc import Generator
from functools import cache
from typing import Any

import psycopg
import structlog
from sqlalchemy import URL, Dialect, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from app.core.config import settings
from app.core.embedded import EmbeddedServer
from app.models.base import Base
from cryptovolt.domain.errors import ConfigurationError

__all__ = [
    "Base",
    "SessionLocal",
    "database_url",
    "embedded_server",
    "engine",
    "get_db",
    "libpq_url",
    "normalised_url",
]

log = structlog.get_logger(__name__)

_DRIVER = "postgresql+psycopg"
_WEAK_PASSWORDS = frozenset(
    {"", "password", "postgres", "admin", "secret", "changeme", "changethis", "cryptovolt"}
)
_CONNECT_SECONDS = 10


def normalised_url(given: str) -> URL:
    """Return a documented form of ``DATABASE_URL`` as one that every client reads alike.

    A user name may contain an ``@`` (Azure), ``postgres://`` is taken for ``postgresql://``.

    Raises
    ------
    ConfigurationError
        If it is no PostgreSQL URL. The message does not repeat it: it may hold a password.
    """
    expected = "postgresql://user:password@host:port/name"
    try:
        url = make_url(given)
    except (ArgumentError, ValueError):
        raise ConfigurationError(
            f"DATABASE_URL: expected {expected}, found text that is no URL"
        ) from None
    scheme = url.drivername.partition("+")[0]
    if scheme not in {"postgresql", "postgres"}:
        raise ConfigurationError(f"DATABASE_URL: expected {expected}, found {scheme}://…")
    if not url.database:
        raise ConfigurationError(f"DATABASE_URL: expected {expected}, found no database name")
    return url.set(drivername=_DRIVER)


def embedded_server() -> EmbeddedServer:
    """Return the server below this installation's home, running or not."""
    return EmbeddedServer(settings.home, settings.POSTGRES_BIN)


def database_url() -> URL:
    """Return where the database is; this may start the embedded server.

    Raises
    ------
    ConfigurationError
        If ``DATABASE_URL`` cannot be read, or names a weak password in production.
    """
    if not settings.DATABASE_URL:
        server = embedded_server()
        return server.url() if server.known() else server.start()
    url = normalised_url(settings.DATABASE_URL)
    _refuse_weak_password(url.password, settings.in_production)
    return url


def libpq_url() -> str:
    """Return the database's URL for psql, pg_dump and ADBC; the embedded server is running then."""
    if settings.DATABASE_URL:
        url = database_url()
    else:
        server = embedded_server()
        url = server.start() if server.pid() is None else server.url()
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


@cache
def _warn_of_weak_password() -> None:
    log.warning("database.weak_password_accepted", environment="development")


def forget_warnings() -> None:
    """Give every warning again."""
    _warn_of_weak_password.cache_clear()


def _refuse_weak_password(password: object, in_production: bool) -> None:
    if password is None or str(password).lower() not in _WEAK_PASSWORDS:
        return
    if in_production:
        raise ConfigurationError(
            "DATABASE_URL has a password everybody knows; in production choose a strong one"
        )
    _warn_of_weak_password()


def _shown_url() -> URL:
    if settings.DATABASE_URL:
        try:
            return normalised_url(settings.DATABASE_URL)
        except ConfigurationError:
            # Raised again at the first connection, to somebody who can show it.
            return URL.create(_DRIVER)
    return URL.create(_DRIVER)


engine = create_engine(
    _shown_url(),
    pool_pre_ping=True,
    echo=settings.DEBUG,
    pool_size=10,
    max_overflow=20,
)


@event.listens_for(engine, "do_connect")
def _connect(
    dialect: Dialect,
    entry: ConnectionPoolEntry,
    arguments: tuple[Any, ...],
    parameters: dict[str, Any],
) -> Any:
    del entry, arguments, parameters
    url = database_url()
    try:
        return dialect.connect(**_parameters(dialect, url))
    except psycopg.OperationalError:
        if settings.DATABASE_URL:
            raise
    # The embedded server was stopped, killed, or is another one on our old port.
    return dialect.connect(**_parameters(dialect, embedded_server().start()))


def _parameters(dialect: Dialect, url: URL) -> dict[str, Any]:
    _, found = dialect.create_connect_args(url)
    parameters: dict[str, Any] = dict(found)
    parameters.setdefault("connect_timeout", _CONNECT_SECONDS)
    parameters.setdefault("application_name", "cryptovolt")
    parameters["options"] = f"{parameters.get('options', '')} -c timezone=UTC".strip()
    if not settings.DATABASE_URL:
        # A stranger on our port must not be sent the password in the clear.
        parameters["require_auth"] = "scram-sha-256"
    return parameters


SessionLocal = sessionmaker(bind=engine)


def get_db() -> Generator[Session]:
    """Yield a session for one request and close it; what was not committed is rolled back."""
    with SessionLocal() as session:
        yield session

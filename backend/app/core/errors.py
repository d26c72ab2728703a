"""What to do about an error of the database, in one sentence: the documented advice."""

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from cryptovolt.domain.errors import CryptoVoltError

UNREACHABLE = (
    "could not connect to server: check if PostgreSQL is running, verify host, port, and "
    "credentials in DATABASE_URL, and check firewall settings"
)
MISSING = (
    "the database does not exist: run `python manage_db.py init`, or `createdb -U postgres {}`"
)
DENIED = (
    "permission denied: check user credentials in DATABASE_URL, verify that the PostgreSQL user "
    'exists and has permissions, or run `psql -U postgres -c "GRANT ALL ON DATABASE {} TO {};"`'
)
UNMIGRATED = "a table or column is missing: run `python manage_db.py init`"
BUSY = "every database connection is in use: try again, or use a pooler such as pgbouncer"


def advice(error: BaseException, database: str = "cryptovolt", user: str = "postgres") -> str:
    """Return what was wrong and what to do, without any secret of the connection."""
    if isinstance(error, CryptoVoltError):
        return str(error)
    if isinstance(error, PoolTimeoutError):
        return BUSY
    cause = error.orig if isinstance(error, DBAPIError) else error
    text = str(cause)
    if _is_missing_database(cause, text):
        return MISSING.format(database)
    if _is_denied(cause, text):
        return DENIED.format(database, user)
    if isinstance(cause, (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn)):
        return UNMIGRATED
    if is_unavailable(error):
        return UNREACHABLE
    return text.strip().splitlines()[0] if text.strip() else type(error).__name__


def is_unavailable(error: BaseException) -> bool:
    """Say whether the database cannot be used now, so that the API answers 503."""
    if isinstance(error, PoolTimeoutError):
        return True
    cause = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(cause, (psycopg.OperationalError, psycopg.InterfaceError))


def _is_missing_database(cause: BaseException | None, text: str) -> bool:
    # A refused connection carries no SQLSTATE, only the server's text.
    if isinstance(cause, psycopg.errors.InvalidCatalogName):
        return True
    return 'FATAL:  database "' in text and "does not exist" in text


def _is_denied(cause: BaseException | None, text: str) -> bool:
    if isinstance(cause, (psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidPassword)):
        return True
    refused = (
        "password authentication failed",
        "permission denied",
        "no password supplied",
        "no pg_hba.conf entry",
        "Peer authentication failed",
    )
    missing_role = 'FATAL:  role "' in text and "does not exist" in text
    return missing_role or any(word in text for word in refused)

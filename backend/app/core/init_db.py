"""Bringing a database to the tables this version needs."""

from pathlib import Path

import psycopg
import structlog
from alembic import command
from alembic.config import Config
from psycopg import sql
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from app.core.database import database_url, engine
from app.core.errors import advice
from cryptovolt.domain.errors import CryptoVoltError

log = structlog.get_logger(__name__)

DOCUMENTED = "0001"
"""The migration that makes the documented tables and nothing else."""

_MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"
# Any number will do, as long as no other program locks the same one for something else.
_MIGRATION_LOCK = 7_236_511_004


def init_db() -> None:
    """Create the database and its tables where they are missing, and migrate older ones.

    Two programs may do so at the same time: one waits for the other.
    """
    create_database_if_missing()
    with engine.connect() as connection:
        migrate(connection)


def migrate(connection: Connection, revision: str = "head") -> None:
    """Bring the database of this connection to a revision, and commit."""
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _MIGRATION_LOCK})
    connection.commit()
    try:
        config = alembic_config(connection)
        tables = set(inspect(connection).get_table_names())
        if "market_data" in tables and "alembic_version" not in tables:
            # Made by hand from the documentation, before there were migrations.
            command.stamp(config, DOCUMENTED)
        command.upgrade(config, revision)
        connection.commit()
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _MIGRATION_LOCK})
        connection.commit()
    log.info("database.migrated", revision=revision)


def alembic_config(connection: Connection) -> Config:
    """Return alembic's configuration for one connection."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def create_database_if_missing() -> bool:
    """Create the database named by ``DATABASE_URL``; say whether that was needed.

    Raises
    ------
    sqlalchemy.exc.OperationalError
        If the server cannot be reached or refuses us.
    """
    try:
        engine.connect().close()
    except DBAPIError:
        if not _created():
            raise
        return True
    return False


def _created() -> bool:
    # Servers translate their messages, so "does not exist" is asked of the catalogue.
    url = database_url().set(drivername="postgresql", database="postgres")
    name = database_url().database
    try:
        connection = psycopg.connect(
            url.render_as_string(hide_password=False), autocommit=True, connect_timeout=10
        )
    except psycopg.OperationalError:
        return False
    with connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if found.fetchone() is not None:
            return False
        statement = sql.SQL("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0")
        connection.execute(statement.format(sql.Identifier(str(name))))
    log.info("database.created", database=name)
    return True


def verify_database_connection() -> bool:
    """Say whether the database answers; the reason why not, and what to do, is logged."""
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except (SQLAlchemyError, CryptoVoltError) as error:
        log.error("database.unreachable", advice=advice(error))  # noqa: TRY400 - advice says it
        return False
    return True

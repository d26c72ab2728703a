"""The ASGI application: ``uvicorn app.main:app``."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import structlog
from anyio import to_thread
from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError

from app.api.application import create_app
from app.core.errors import advice
from app.core.init_db import init_db, verify_database_connection
from app.core.logging import configure_logging
from app.core.security import check_secret
from cryptovolt.domain.errors import CryptoVoltError

log = structlog.get_logger(__name__)


def initialise_database() -> None:
    """Create what is missing in the database; without one the server starts all the same.

    It then answers 503 until the database is there, and /ready says what to do.
    """
    try:
        if verify_database_connection():
            init_db()  # Creates all tables if they don't exist
    except (SQLAlchemyError, CryptoVoltError) as error:
        log.error("database.not_initialised", advice=advice(error))  # noqa: TRY400


@asynccontextmanager
async def lifespan(application: FastAPI) -> AsyncGenerator[None]:
    """Prepare what the application needs before the first request."""
    check_secret()
    await to_thread.run_sync(initialise_database)
    log.info("server.started", title=application.title)
    yield


configure_logging()
app = create_app(lifespan)

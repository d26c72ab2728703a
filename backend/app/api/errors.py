"""The one place where errors become HTTP status codes.

Every error is answered as ``{"detail": sentence}``. What a client did wrong is said to them; what
went wrong inside is logged, and the answer stays general.
"""

from http import HTTPStatus

import psycopg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy import exc
from starlette.exceptions import HTTPException

from app.core.errors import advice, is_unavailable
from app.core.security import TokenError
from app.services.access import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    TooManyAttemptsError,
    UnauthenticatedError,
)
from cryptovolt.domain.errors import (
    ConfigurationError,
    CryptoVoltError,
    DataError,
    ModelError,
    OrderError,
    TransientError,
)

log = structlog.get_logger(__name__)

# The first match counts, so the more special comes first.
STATUS: tuple[tuple[type[CryptoVoltError], HTTPStatus], ...] = (
    (UnauthenticatedError, HTTPStatus.UNAUTHORIZED),
    (TokenError, HTTPStatus.UNAUTHORIZED),
    (ForbiddenError, HTTPStatus.FORBIDDEN),
    (NotFoundError, HTTPStatus.NOT_FOUND),
    (ConflictError, HTTPStatus.CONFLICT),
    (TooManyAttemptsError, HTTPStatus.TOO_MANY_REQUESTS),
    (DataError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (ConfigurationError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (ModelError, HTTPStatus.CONFLICT),
    (OrderError, HTTPStatus.CONFLICT),
    (TransientError, HTTPStatus.SERVICE_UNAVAILABLE),
)
# The database answers, but is not set up for us; the advice says what to do.
UNPREPARED = (
    psycopg.errors.UndefinedTable,
    psycopg.errors.UndefinedColumn,
    psycopg.errors.InsufficientPrivilege,
)
INTERNAL = "something went wrong on the server; it was written to its log"


def add_error_handlers(app: FastAPI) -> None:
    """Register the handlers of this module."""
    app.add_exception_handler(CryptoVoltError, _on_purpose)
    app.add_exception_handler(exc.SQLAlchemyError, _of_the_database)
    app.add_exception_handler(RequestValidationError, _of_the_request)
    app.add_exception_handler(HTTPException, _of_the_framework)
    app.add_exception_handler(Exception, _unknown)


def status_of(error: CryptoVoltError) -> HTTPStatus:
    """Return the status code that an error of ours is answered with."""
    for kind, status in STATUS:
        if isinstance(error, kind):
            return status
    return HTTPStatus.INTERNAL_SERVER_ERROR


def answer(status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """Return an error's answer."""
    return JSONResponse({"detail": detail}, status_code=status, headers=headers)


async def _on_purpose(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, CryptoVoltError)
    status = status_of(error)
    if status is HTTPStatus.INTERNAL_SERVER_ERROR:
        return await _unknown(request, error)
    headers: dict[str, str] = {}
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, TooManyAttemptsError):
        headers["Retry-After"] = str(error.retry_after)
    return answer(status, str(error), headers)


async def _of_the_database(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, exc.SQLAlchemyError)
    if isinstance(error, exc.IntegrityError):
        log.info("request.conflicted", path=request.url.path, error=_first_line(error))
        return answer(HTTPStatus.CONFLICT, "the change contradicts rows that are stored")
    if isinstance(getattr(error, "orig", None), psycopg.errors.NumericValueOutOfRange):
        # Other numbers have bounds in their schemas; ids have those of JSON, columns their own.
        return answer(HTTPStatus.NOT_FOUND, "there is no row with an id this large")
    if isinstance(error, exc.DataError):
        log.info("request.refused", path=request.url.path, error=_first_line(error))
        return answer(
            HTTPStatus.UNPROCESSABLE_ENTITY, "a value does not fit into its column; see /docs"
        )
    if is_unavailable(error) or isinstance(getattr(error, "orig", None), UNPREPARED):
        log.error("database.failed", path=request.url.path, error=_first_line(error))
        detail = f"the database cannot be used: {advice(error)}"
        return answer(HTTPStatus.SERVICE_UNAVAILABLE, detail, {"Retry-After": "5"})
    return await _unknown(request, error)


async def _of_the_request(request: Request, error: Exception) -> JSONResponse:
    del request
    assert isinstance(error, RequestValidationError)
    # Only where and what: the value itself may be a password.
    faults = [
        f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
        for fault in error.errors()[:5]
    ]
    text = "; ".join(faults).encode("utf-8", "replace").decode()
    return answer(HTTPStatus.UNPROCESSABLE_ENTITY, text[:2_000])


async def _of_the_framework(request: Request, error: Exception) -> JSONResponse:
    del request
    assert isinstance(error, HTTPException)
    return answer(error.status_code, str(error.detail), dict(error.headers or {}))


async def _unknown(request: Request, error: Exception) -> JSONResponse:
    log.error("request.failed", path=request.url.path, method=request.method, exc_info=error)
    return answer(HTTPStatus.INTERNAL_SERVER_ERROR, INTERNAL)


def _first_line(error: exc.SQLAlchemyError) -> str:
    # Further lines hold the statement and its values.
    cause = error.orig if isinstance(error, exc.DBAPIError) else error
    return str(cause).partition("\n")[0]

"""All routes. Whatever is not registered as open below needs a login."""

from typing import Final

from fastapi import APIRouter, Depends

from app.api import (
    alerts,
    auth,
    feeds,
    jobs,
    market,
    models,
    operations,
    portfolio,
    sentiment,
    sessions,
    signals,
    strategies,
    trades,
    users,
)
from app.api.dependencies import current_actor
from app.schemas.common import Message

PREFIX: Final = "/api/v1"
_RESOURCES: Final = (
    auth, users, strategies, market, feeds, sentiment, signals, trades, portfolio, models, jobs,
    alerts, sessions,
)  # fmt: skip
_ERRORS: Final = {code: {"model": Message} for code in (401, 403, 404, 409, 413, 422, 429, 503)}


def api_router() -> APIRouter:
    """Return every route but documentation and dashboard."""
    router = APIRouter()
    router.include_router(operations.router)
    open_routes = APIRouter(prefix=PREFIX, responses={**_ERRORS})
    open_routes.include_router(auth.open_router)
    router.include_router(open_routes)
    closed = APIRouter(prefix=PREFIX, dependencies=[Depends(current_actor)], responses={**_ERRORS})
    for resource in _RESOURCES:
        closed.include_router(resource.router)
    router.include_router(closed)
    return router

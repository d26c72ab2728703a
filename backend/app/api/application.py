"""The application: routes, error handlers and middleware put together."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from importlib.metadata import version
from typing import TypeAlias

from fastapi import FastAPI
from fastapi.routing import APIRoute
from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp

from app.api.dashboard import dashboard_router
from app.api.docs import docs_router
from app.api.errors import add_error_handlers
from app.api.middleware import BodyLimit, RequestMetrics, SecurityHeaders
from app.api.routes import api_router
from app.services.throttle import Throttle

Lifespan: TypeAlias = Callable[[FastAPI], AbstractAsyncContextManager[None]]


class Application(FastAPI):
    """An application whose every answer carries the security headers."""

    def build_middleware_stack(self) -> ASGIApp:
        """Put the headers around everything, also around the answer to an unknown error."""
        return SecurityHeaders(super().build_middleware_stack())


def create_app(lifespan: Lifespan | None = None) -> FastAPI:
    """Return a new application with counts of its own; opens no database."""
    application = Application(
        title="CryptoVolt",
        version=version("cryptovolt-server"),
        description="Research and trade crypto markets: one engine for backtest, paper and live.",
        lifespan=lifespan,
        # Served by app.api.docs, from this host alone.
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        generate_unique_id_function=_operation_id,
        redirect_slashes=False,
    )
    registry = CollectorRegistry()
    application.state.throttle = Throttle()
    application.state.registry = registry
    add_error_handlers(application)
    application.include_router(api_router())
    application.include_router(docs_router(application))
    application.include_router(dashboard_router())
    # The last one added is the first to see a request.
    application.add_middleware(BodyLimit)
    application.add_middleware(RequestMetrics, registry=registry)
    return application


def _operation_id(route: APIRoute) -> str:
    return route.name

"""The description of the API, and a page to try it on; in production both need a login.

Swagger UI is served from here, so the page works offline and loads nothing from other hosts.
"""

from collections.abc import Callable
from importlib.resources import files
from typing import Annotated, Final

from fastapi import APIRouter, Depends, FastAPI
from fastapi.responses import HTMLResponse, JSONResponse, Response
from fastapi.security import HTTPAuthorizationCredentials

from app.api.auth import RefreshCookie
from app.api.dependencies import Unit, bearer
from app.core.config import settings
from app.services import auth

# Swagger UI styles its elements with inline styles and draws its icons from data URLs.
POLICY: Final = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>CryptoVolt API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="page"></div>
<script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script>
</body></html>
"""
_START: Final = """SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#page",
  deepLinking: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset],
});
"""


def reader(
    db: Unit,
    given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
    cookie: RefreshCookie,
) -> None:
    """Refuse who is not logged in; a page's address cannot carry a token, so a cookie will do."""
    if given is not None:
        auth.identify(db, given.credentials)
    else:
        auth.require_live(db, cookie)


def docs_router(application: FastAPI) -> APIRouter:
    """Return the routes of the description."""
    access = [Depends(reader)] if settings.in_production else []
    router = APIRouter(include_in_schema=False, dependencies=access)

    def description() -> Response:
        return JSONResponse(application.openapi())

    router.add_api_route("/openapi.json", description, methods=["GET"])
    router.add_api_route("/docs", _page, methods=["GET"])
    router.add_api_route("/docs/start.js", _start, methods=["GET"])
    for name, kind in (("swagger-ui-bundle.js", "text/javascript"), ("swagger-ui.css", "text/css")):
        router.add_api_route(f"/docs/{name}", _asset(name, kind), methods=["GET"])
    return router


def _page() -> Response:
    return HTMLResponse(_PAGE, headers={"Content-Security-Policy": POLICY})


def _start() -> Response:
    return Response(_START, media_type="text/javascript")


def _asset(name: str, kind: str) -> Callable[[], Response]:
    def read() -> Response:
        content = files("fastapi_swagger.resources").joinpath(name).read_bytes()
        return Response(content, media_type=kind, headers={"Cache-Control": "max-age=86400"})

    return read

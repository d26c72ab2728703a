"""The dashboard: files of its build, and its page for every path that is not the API's."""

from pathlib import Path
from typing import Final

from fastapi import APIRouter
from fastapi.responses import FileResponse, HTMLResponse, Response

from app.services.access import NotFoundError

STATIC: Final = Path(__file__).resolve().parents[1] / "static"
_RESERVED: Final = ("api", "docs", "openapi.json", "health", "ready", "metrics", "ws")
_FOREVER: Final = "public, max-age=31536000, immutable"
_UNBUILT: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>CryptoVolt</title></head><body>
<h1>CryptoVolt</h1>
<p>The API is running; its description is at <a href="/docs">/docs</a>.</p>
<p>The dashboard has not been built: run <code>npm ci</code> and <code>npm run build</code>
in the folder <code>frontend</code>, then reload this page.</p>
</body></html>
"""


def dashboard_router(static: Path = STATIC) -> APIRouter:
    """Return the routes that serve the dashboard's build; they come after all others."""
    router = APIRouter(include_in_schema=False)
    root = static.resolve()

    def read_page() -> Response:
        return _page(root)

    def read_file(path: str) -> Response:
        return _file(root, path)

    router.add_api_route("/", read_page, methods=["GET", "HEAD"])
    router.add_api_route("/{path:path}", read_file, methods=["GET", "HEAD"])
    return router


def _page(root: Path) -> Response:
    index = root / "index.html"
    if not index.is_file():
        return HTMLResponse(_UNBUILT)
    return FileResponse(index, headers={"Cache-Control": "no-cache"})


def _file(root: Path, path: str) -> Response:
    if path.split("/", 1)[0] in _RESERVED or "\x00" in path:
        raise NotFoundError("there is nothing at this path")
    file = (root / path).resolve()
    # Resolved first: neither `..` nor a link leads out of the folder.
    if file.is_relative_to(root) and file.is_file():
        cache = _FOREVER if path.startswith("assets/") else "no-cache"
        return FileResponse(file, headers={"Cache-Control": cache})
    if "." in path.rsplit("/", 1)[-1]:
        raise NotFoundError("there is no such file")
    return _page(root)

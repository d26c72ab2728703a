"""Every route is closed, but those that the design names as open."""

from collections.abc import Iterator

import httpx
import pytest
from fastapi.routing import iter_route_contexts
from tests.api.live import Live, Person, running

from app.api.application import create_app
from app.core.config import settings

OPEN = {
    ("GET", "/"),
    ("GET", "/{path:path}"),
    ("GET", "/health"),
    ("GET", "/ready"),
    ("GET", "/metrics"),  # on loopback, or with its token: see test_operations
    ("POST", "/api/v1/auth/register"),
    ("POST", "/api/v1/auth/login"),
    ("POST", "/api/v1/auth/refresh"),
    ("GET", "/docs"),
    ("GET", "/docs/start.js"),
    ("GET", "/docs/swagger-ui-bundle.js"),
    ("GET", "/docs/swagger-ui.css"),
    ("GET", "/openapi.json"),
}

IN_PRODUCTION = {route for route in OPEN if not route[1].startswith(("/docs", "/openapi"))}

_IDS = ("user", "strategy", "signal", "trade", "model", "alert", "session", "sentiment", "job")


def routes(live: Live) -> Iterator[tuple[str, str]]:
    for route in iter_route_contexts(live.app.routes):
        for method in route.methods or ():
            if method != "HEAD":
                yield method, route.path or ""


def answer(client: httpx.Client, method: str, path: str) -> httpx.Response:
    for name in (
        "user",
        "strategy",
        "signal",
        "trade",
        "model",
        "alert",
        "session",
        "sentiment",
        "job",
    ):
        path = path.replace(f"{{{name}_id}}", "1")
    return client.request(method, path.replace("{path:path}", "any/page"), json={})


def found_open(live: Live) -> set[tuple[str, str]]:
    with live.client() as client:
        return {
            (method, path)
            for method, path in routes(live)
            # The three that log in answer 401 themselves, with a sentence of their own.
            if answer(client, method, path).status_code != 401 or path == "/api/v1/auth/refresh"
        }


def test_only_the_open_list_is_served_without_a_login(live: Live) -> None:
    found = list(routes(live))
    assert len(found) >= 45
    assert len(set(found)) == len(found)
    assert found_open(live) == OPEN


def test_in_production_the_documentation_needs_a_login_too(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "ENVIRONMENT", "production")
    application = create_app()
    monkeypatch.setattr(settings, "ENVIRONMENT", "development")
    with running(application) as production:
        assert found_open(production) == IN_PRODUCTION
        with production.client(Authorization=alice.client.headers["Authorization"]) as client:
            assert client.get("/docs").status_code == 200
            assert client.get("/openapi.json").json()["info"]["title"] == "CryptoVolt"


@pytest.mark.parametrize("header", ["", "Bearer", "Basic YTpi", "Bearer null", "bearer"])
def test_an_unusable_authorization_is_no_login(anonymous: httpx.Client, header: str) -> None:
    found = anonymous.get("/api/v1/strategies", headers={"Authorization": header})
    assert found.status_code == 401
    assert found.headers["www-authenticate"] == "Bearer"
    assert "log in" in found.json()["detail"]


def test_the_description_names_every_route_and_its_errors(live: Live) -> None:
    described = create_app().openapi()
    operations = {
        (method.upper(), path) for path, methods in described["paths"].items() for method in methods
    }
    assert operations == {route for route in routes(live) if route[1].startswith("/api")} | {
        ("GET", "/health"),
        ("GET", "/ready"),
        ("GET", "/metrics"),
    }
    ids = [op["operationId"] for path in described["paths"].values() for op in path.values()]
    assert len(ids) == len(set(ids))
    listed = described["paths"]["/api/v1/strategies"]["get"]["parameters"]
    limits = {parameter["name"]: parameter["schema"] for parameter in listed}
    assert limits["skip"]["minimum"] == 0
    assert (limits["limit"]["minimum"], limits["limit"]["maximum"]) == (1, 1000)

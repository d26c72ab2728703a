"""What goes wrong is answered with a sentence and the right code; nothing of the inside shows."""

import socket
import time
from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session
from tests.api.live import PASSWORD, Live, Person, running

from app.api.application import create_app
from app.core import database
from app.core.config import settings
from app.core.database import SessionLocal
from app.main import lifespan

HEADERS = {
    "content-security-policy": "default-src 'self'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}
ANSWERS = [
    # method, path, code
    ("GET", "/", 200),
    ("GET", "/health", 200),
    ("GET", "/ready", 200),
    ("GET", "/docs", 200),
    ("GET", "/openapi.json", 200),
    ("GET", "/any/page", 200),
    ("GET", "/api/v1/none", 404),
    ("GET", "/missing.js", 404),
    ("GET", "/api/v1/users", 401),
    ("PUT", "/api/v1/users", 405),
    ("POST", "/api/v1/auth/login", 403),
    ("TRACE", "/health", 405),
    ("OPTIONS", "/api/v1/users", 405),
]


@pytest.mark.parametrize(("method", "path", "code"), ANSWERS)
def test_every_answer_carries_the_security_headers(
    anonymous: httpx.Client, method: str, path: str, code: int
) -> None:
    answer = anonymous.request(method, path, headers={"Origin": "http://evil.example"})
    assert answer.status_code == code
    for name, value in HEADERS.items():
        assert answer.headers[name].startswith(value)
    policy = answer.headers["content-security-policy"]
    assert "unsafe-eval" not in policy
    assert "script-src" not in policy, "scripts are our own files, by default-src"
    assert ("unsafe-inline" in policy) == (path == "/docs")
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    if path.startswith("/api"):
        assert answer.headers["cache-control"] == "no-store"
    if code >= 400:
        assert list(answer.json()) == ["detail"]


def test_the_documentation_loads_nothing_from_elsewhere(anonymous: httpx.Client) -> None:
    page = anonymous.get("/docs").text
    assert "http" not in page
    for name in ("swagger-ui-bundle.js", "swagger-ui.css", "start.js"):
        assert f"/docs/{name}" in page
        assert anonymous.get(f"/docs/{name}").status_code == 200


def test_a_body_over_a_megabyte_is_refused(alice: Person) -> None:
    large = b'{"message": "' + b"x" * 1_000_000 + b'"}'
    headers = {"Content-Type": "application/json"}
    path = "/api/v1/alerts"
    assert alice.client.post(path, content=large, headers=headers).status_code == 413

    def unannounced() -> Iterator[bytes]:
        for start in range(0, len(large), 100_000):
            yield large[start : start + 100_000]

    answer = alice.client.post(path, content=unannounced(), headers=headers)
    assert answer.status_code == 413
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert alice.client.get(path).status_code == 200


INJECTIONS = [
    "' OR '1'='1",
    "'; DROP TABLE users; --",
    "\" OR \"\"=\"",
    "1; SELECT pg_sleep(3)",
    "'||pg_sleep(3)||'",
    "1' AND 1=CAST((SELECT version()) AS int)--",
    "' UNION SELECT password_hash FROM users--",
    "%27%20OR%201%3D1",
    "\\'; SELECT 1;--",
    "$$; SELECT pg_sleep(3); $$",
    "%", "_", "%%", "\\", "\x00", "\r\nSet-Cookie: a=b", "{}", "%(id)s", ":id", "{0}",
    "../../etc/passwd", "\u202e", "🦊" * 50, "A" * 5_000, "NULL", "nan", "-1", "1e309",
]  # fmt: skip
PARAMETERS = [
    ("market/bars", "symbol"), ("market/bars?symbol=X", "timeframe"),
    ("market/bars?symbol=X", "source"), ("market/bars?symbol=X", "end"),
    ("market/coverage", "symbol"), ("sentiment", "symbol"), ("sentiment", "source"),
    ("signals", "symbol"), ("signals", "strategy_id"), ("trades", "symbol"), ("trades", "status"),
    ("trades", "session_id"), ("models", "status"), ("alerts", "is_read"), ("portfolio", "points"),
    ("strategies", "skip"), ("strategies", "limit"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "name"), PARAMETERS)
def test_parameters_never_become_statements(
    alice: Person, db: Session, path: str, name: str
) -> None:
    before = db.scalar(text("SELECT count(*) FROM users"))
    url = httpx.URL(f"/api/v1/{path}")
    for payload in INJECTIONS:
        started = time.perf_counter()
        answer = alice.client.get(url.copy_merge_params({name: payload}))
        assert answer.status_code in {200, 404, 422}, (payload, answer.text)
        assert time.perf_counter() - started < 2
        assert "set-cookie" not in answer.headers
        if answer.status_code == 200:
            assert answer.json() == [] or name in {"skip", "limit", "is_read"}
    db.rollback()
    assert db.scalar(text("SELECT count(*) FROM users")) == before


def test_payloads_in_bodies_are_stored_as_they_are(alice: Person, db: Session) -> None:
    for payload in INJECTIONS:
        if "\x00" in payload or len(payload) > 100:
            continue
        answer = alice.client.post("/api/v1/alerts", json={"message": payload})
        assert answer.json()["message"] == payload.strip()
        given = {"username": payload, "password": PASSWORD}
        code = alice.client.post("/api/v1/auth/login", json=given).status_code
        assert code in {401, 422, 429}
    db.rollback()
    assert db.scalar(text("SELECT count(*) FROM users")) is not None


PATHS = [
    "/../pyproject.toml", "/..%2f..%2fpyproject.toml", "/%2e%2e/%2e%2e/main.py",
    "/assets/../../main.py",
    "/assets/..%2f..%2fmain.py", "//etc/passwd", "/%2fetc%2fpasswd", "/..\\..\\main.py", "/%00",
    "/assets/%c0%ae%c0%ae/main.py", "/main.py", "/../.env", "/.env",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_no_path_leads_out_of_the_dashboards_folder(live: Live, path: str) -> None:
    # By hand, since a client would tidy the path first.
    host, port = live.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        request = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n"
        connection.sendall(request.encode())
        received = b"".join(iter(lambda: connection.recv(65_536), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    code = int(head.split()[1])
    assert code in {200, 400, 404}
    for inside in (b"root:", b"create_app", b"[project]", b"DATABASE_URL"):
        assert inside not in body
    if code == 200:
        assert b"<!doctype html>" in body.lower()


@pytest.mark.usefixtures("database_url")
def test_an_error_of_ours_shows_nothing_of_the_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    # A registry that cannot be read is a defect no handler knows.
    with running(create_app(lifespan)) as other, other.client() as client:
        monkeypatch.setattr(other.app.state, "registry", "no registry")
        answer = client.get("/metrics")
        assert answer.status_code == 500
        assert "written to its log" in answer.json()["detail"]
        assert "registry" not in answer.text
        assert answer.headers["x-content-type-options"] == "nosniff"
        # The connection of a failed request is closed.
        with other.client() as next_client:
            assert next_client.get("/health").status_code == 200


def test_metrics_are_read_on_loopback_or_with_their_token(
    anonymous: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = anonymous.get("/metrics")
    assert "cryptovolt_http_requests_total" in counted.text
    # Somebody else, for whom a proxy on this machine asks.
    from_afar = {"X-Forwarded-For": "203.0.113.9"}
    assert anonymous.get("/metrics", headers=from_afar).status_code == 401
    token = "a-token-of-thirty-two-characters"
    monkeypatch.setattr(settings, "METRICS_TOKEN", type(settings.METRICS_TOKEN)(token))
    right = from_afar | {"Authorization": f"Bearer {token}"}
    assert anonymous.get("/metrics", headers=right).status_code == 200
    wrong = from_afar | {"Authorization": "Bearer other"}
    assert anonymous.get("/metrics", headers=wrong).status_code == 401


def unused_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def test_a_database_that_is_down_is_answered_with_503_and_advice(alice: Person) -> None:
    before = settings.DATABASE_URL
    database.engine.dispose()
    settings.DATABASE_URL = f"postgresql://postgres:secret9@127.0.0.1:{unused_port()}/cryptovolt"
    try:
        for method, path in (
            ("GET", "/ready"), ("GET", "/api/v1/strategies"), ("POST", "/api/v1/auth/refresh"),
            ("GET", "/api/v1/market/symbols"), ("DELETE", "/api/v1/alerts/1"),
        ):  # fmt: skip
            alice.client.cookies.set("cryptovolt_refresh", "any", path="/api/v1/auth")
            answer = alice.client.request(method, path)
            assert answer.status_code == 503, (path, answer.text)
            assert "check if PostgreSQL is running" in answer.json()["detail"]
            assert "DATABASE_URL" in answer.json()["detail"]
            assert "secret9" not in answer.text
            assert answer.headers["x-content-type-options"] == "nosniff"
        given = {"username": "alice", "password": PASSWORD}
        assert alice.client.post("/api/v1/auth/login", json=given).status_code == 503
        assert alice.client.get("/health").status_code == 200
        # An application started now serves, says so, and recovers by itself.
        with running(create_app(lifespan)) as other, other.client() as client:
            assert client.get("/health").status_code == 200
            assert client.get("/ready").status_code == 503
            settings.DATABASE_URL = before
            assert client.get("/ready").status_code == 200
    finally:
        settings.DATABASE_URL = before
        database.engine.dispose()
    assert alice.client.get("/api/v1/strategies").status_code == 200


def test_a_database_that_goes_away_between_requests_is_noticed(alice: Person, db: Session) -> None:
    assert alice.client.get("/api/v1/strategies").status_code == 200
    db.execute(
        text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    )
    db.rollback()
    assert alice.client.get("/api/v1/strategies").status_code == 200


def test_a_database_without_tables_is_filled_at_the_start(empty_database_url: str) -> None:
    assert empty_database_url
    with running(create_app()) as bare, bare.client() as client:
        answer = client.get("/ready")
        assert answer.status_code == 503
        assert "manage_db.py init" in answer.json()["detail"]
    with running(create_app(lifespan)) as filled, filled.client() as client:
        assert client.get("/ready").status_code == 200
    with SessionLocal() as session:
        assert session.scalar(text("SELECT count(*) FROM users")) == 0

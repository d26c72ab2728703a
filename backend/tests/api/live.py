"""The application served over real HTTP, and people with accounts on it."""

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import uvicorn
from fastapi import FastAPI
from sqlalchemy import update

from app.core import database
from app.models.database import User

PASSWORD = "a Quiet harbour 41"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account: a client that sends their access token, and their id."""

    user_id: int
    username: str
    client: httpx.Client


@dataclass(frozen=True, slots=True)
class Live:
    """A running application."""

    app: FastAPI
    url: str

    def client(self, **headers: str) -> httpx.Client:
        """Return a client of a browser of its own: it keeps its own cookies."""
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, trust_env=False)


@contextmanager
def running(app: FastAPI) -> Generator[Live]:
    """Serve an application on a free port of loopback."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_config=None, ws="none", timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 30
    while not server.started:
        if not thread.is_alive() or time.monotonic() > until:
            raise RuntimeError("the application did not start")
        time.sleep(0.01)
    port: int = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Live(app, f"http://127.0.0.1:{port}")
    finally:
        server.should_exit = True
        thread.join(30)


def register(client: httpx.Client, username: str, role: str = "viewer") -> Person:
    """Register an account over HTTP, set its role in the database, and log in."""
    given = {"username": username, "email": f"{username}@example.org", "password": PASSWORD}
    answer = client.post("/api/v1/auth/register", json=given)
    assert answer.status_code == 201, answer.text
    user_id: int = answer.json()["user_id"]
    with database.SessionLocal() as db:
        db.execute(update(User).where(User.user_id == user_id).values(role=role))
        db.commit()
    log_in(client, username)
    return Person(user_id, username, client)


def log_in(client: httpx.Client, username: str, password: str = PASSWORD) -> None:
    """Log in, and send the access token from now on."""
    given = {"username": username, "password": password}
    answer = client.post("/api/v1/auth/login", json=given)
    assert answer.status_code == 200, answer.text
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

"""The application over real HTTP, on real PostgreSQL, and people who use it."""

from collections.abc import Callable, Iterator
from itertools import count

import httpx
import pytest
from tests.api.live import Live, Person, register, running

from app.api.application import create_app
from app.main import lifespan

_numbers = count(1)


@pytest.fixture(scope="module")
def live(database_url: str) -> Iterator[Live]:
    """The application on this module's database."""
    del database_url
    with running(create_app(lifespan)) as found:
        yield found


@pytest.fixture(scope="module")
def anonymous(live: Live) -> Iterator[httpx.Client]:
    """A client that is not logged in."""
    with live.client() as client:
        yield client


@pytest.fixture(scope="module")
def enter(live: Live) -> Iterator[Callable[[str], Person]]:
    """Return a function that registers somebody, gives them a role and logs them in."""
    clients: list[httpx.Client] = []

    def make(role: str) -> Person:
        client = live.client()
        clients.append(client)
        return register(client, f"{role}{next(_numbers)}", role)

    yield make
    for client in clients:
        client.close()


@pytest.fixture(scope="module")
def alice(enter: Callable[[str], Person]) -> Person:
    """A trader."""
    return enter("trader")


@pytest.fixture(scope="module")
def bob(enter: Callable[[str], Person]) -> Person:
    """Another trader."""
    return enter("trader")


@pytest.fixture(scope="module")
def admin(enter: Callable[[str], Person]) -> Person:
    """An administrator."""
    return enter("admin")

"""What belongs to somebody else does not exist: every route with an id, every verb."""

from collections.abc import Callable

import httpx
import pytest
from fastapi.routing import iter_route_contexts
from sqlalchemy import text
from sqlalchemy.orm import Session
from tests.api.live import Live, Person
from tests.api.rows import Owned, add_rows

from app.core.database import SessionLocal

TABLES = (
    "users", "trading_strategies", "signals", "trades", "alerts", "paper_sessions",
    "equity_snapshots", "models", "job_notes",
)  # fmt: skip
BODIES: dict[tuple[str, str], dict[str, object]] = {
    ("PATCH", "/api/v1/strategies/{strategy_id}"): {"name": "taken"},
    ("PATCH", "/api/v1/alerts/{alert_id}"): {"is_read": True},
    ("PATCH", "/api/v1/users/{user_id}"): {"role": "viewer", "is_active": False},
}
# Models and texts belong to nobody: whoever is logged in reads them.
SHARED = {
    "/api/v1/models/{model_id}", "/api/v1/models/{model_id}/card",
    "/api/v1/models/{model_id}/promote", "/api/v1/sentiment/{sentiment_id}",
}  # fmt: skip
VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@pytest.fixture(scope="module")
def rows(live: Live, alice: Person) -> Owned:
    del live
    with SessionLocal() as db:
        return add_rows(db, alice.user_id)


def id_routes(live: Live) -> list[tuple[str, str]]:
    found = {
        (method, route.path)
        for route in iter_route_contexts(live.app.routes)
        for method in route.methods or ()
        if route.path and "_id}" in route.path and route.path not in SHARED
    }
    return sorted(found)


def paths(template: str, rows: Owned, user_id: int) -> list[str]:
    ids: dict[str, tuple[int, ...]] = {
        "user_id": (user_id,),
        "strategy_id": (rows.strategy,),
        "session_id": (rows.session,),
        "signal_id": (rows.signal, rows.session_signal),
        "trade_id": (rows.trade, rows.session_trade),
        "alert_id": (rows.alert,),
        "job_id": (rows.job,),
    }
    name = template.partition("{")[2].partition("}")[0]
    return [template.replace(f"{{{name}}}", str(value)) for value in ids[name]]


def contents(db: Session) -> dict[str, list[str]]:
    db.rollback()
    return {
        table: sorted(db.scalars(text(f"SELECT CAST({table} AS text) FROM {table}")).all())
        for table in TABLES
    }


def test_the_rows_of_another_user_do_not_exist(
    live: Live, db: Session, alice: Person, bob: Person, rows: Owned
) -> None:
    before = contents(db)
    routes = id_routes(live)
    assert len(routes) >= 12
    for method, template in routes:
        for path in paths(template, rows, alice.user_id):
            body = BODIES.get((method, template)) if method in {"POST", "PATCH"} else None
            answer = bob.client.request(method, path, json=body)
            assert answer.status_code == 404, (method, path, answer.text)
            named = template.partition("{")[0]
            own_id = path.removeprefix(named).partition("/")[0]
            unknown = path.replace(f"{named}{own_id}", f"{named}999999")
            same = bob.client.request(method, unknown, json=body)
            assert same.status_code == 404
            assert same.text.replace("999999", own_id) == answer.text
    assert contents(db) == before


def test_verbs_without_a_route_change_nothing(
    live: Live, db: Session, alice: Person, bob: Person, rows: Owned
) -> None:
    before = contents(db)
    known = set(id_routes(live))
    for template in {path for _, path in known}:
        for method in VERBS:
            if (method, template) in known:
                continue
            for path in paths(template, rows, alice.user_id):
                answer = bob.client.request(method, path, json={})
                assert answer.status_code in {404, 405}, (method, path, answer.text)
    assert contents(db) == before


def test_the_owner_reaches_every_row(live: Live, alice: Person, rows: Owned) -> None:
    for method, template in id_routes(live):
        if method == "GET":
            for path in paths(template, rows, alice.user_id):
                assert alice.client.get(path).status_code == 200, path


def test_an_administrator_reaches_every_row(
    live: Live, alice: Person, admin: Person, rows: Owned
) -> None:
    for method, template in id_routes(live):
        if method == "GET":
            for path in paths(template, rows, alice.user_id):
                assert admin.client.get(path).status_code == 200, path


LISTS = ["users", "strategies", "signals", "trades", "alerts", "sessions"]


@pytest.mark.parametrize("resource", LISTS)
def test_lists_hold_only_own_rows(
    resource: str, alice: Person, bob: Person, admin: Person, rows: Owned
) -> None:
    assert rows.strategy
    name = {"users": "user_id", "strategies": "strategy_id"}.get(resource, f"{resource[:-1]}_id")

    def ids(client: httpx.Client) -> set[int]:
        answer = client.get(f"/api/v1/{resource}", params={"limit": 1000})
        return {row[name] for row in answer.json()}

    mine, other, all_rows = ids(alice.client), ids(bob.client), ids(admin.client)
    assert mine
    assert not mine & other
    assert mine <= all_rows


def test_filters_do_not_reach_into_the_rows_of_others(bob: Person, rows: Owned) -> None:
    for resource in ("signals", "trades"):
        for name, value in (("session_id", rows.session), ("strategy_id", rows.strategy)):
            answer = bob.client.get(f"/api/v1/{resource}", params={name: value})
            assert answer.json() == []
    answer = bob.client.get("/api/v1/portfolio", params={"session_id": rows.session})
    assert answer.status_code == 404


def test_new_rows_cannot_be_hung_onto_the_rows_of_others(
    db: Session, bob: Person, rows: Owned
) -> None:
    before = contents(db)
    signal = {
        "strategy_id": rows.strategy, "symbol": "BTCUSDT", "signal_type": "BUY",
        "confidence": 0.5, "timestamp": "2024-05-01T12:00:00Z",
    }  # fmt: skip
    trade = {
        "symbol": "BTCUSDT", "trade_type": "BUY", "price": "1", "quantity": "1",
        "timestamp": "2024-05-01T12:00:00Z",
    }  # fmt: skip
    assert bob.client.post("/api/v1/signals", json=signal).status_code == 404
    for signal_id in (rows.signal, rows.session_signal):
        given = trade | {"signal_id": signal_id}
        assert bob.client.post("/api/v1/trades", json=given).status_code == 404
    assert contents(db) == before


def test_marking_all_alerts_marks_only_own_ones(
    db: Session, alice: Person, bob: Person, admin: Person, rows: Owned
) -> None:
    before = contents(db)
    assert bob.client.post("/api/v1/alerts/read").json() == {"changed": 0}
    assert admin.client.post("/api/v1/alerts/read").json() == {"changed": 0}
    assert contents(db) == before
    assert alice.client.post("/api/v1/alerts/read").json()["changed"] >= 1
    assert alice.client.get(f"/api/v1/alerts/{rows.alert}").json()["is_read"] is True


# role, route, allowed
BARS = {
    "symbol": "BTCUSDT", "timeframe": "1h", "timestamp": [3_600_000], "open": [1.0],
    "high": [1.0], "low": [1.0], "close": [1.0], "volume": [1.0],
}  # fmt: skip
TEXT = {
    "symbol": "BTCUSDT", "source": "news", "text": "Bitcoin rises",
    "timestamp": "2024-05-01T12:00:00Z",
}  # fmt: skip
MODEL = {"name": "m", "model_type": "xgboost", "version": "1"}
USER = {"username": "made", "email": "made@example.org", "password": "a Quiet harbour 41"}
ROLES: list[tuple[str, dict[str, object], set[str]]] = [
    ("/api/v1/market/bars", dict(BARS), {"trader", "admin"}),
    ("/api/v1/sentiment", dict(TEXT), {"trader", "admin"}),
    ("/api/v1/models", dict(MODEL), {"admin"}),
    ("/api/v1/users", dict(USER), {"admin"}),
    ("/api/v1/strategies", {"name": "own"}, {"viewer", "trader", "admin"}),
    ("/api/v1/alerts", {"message": "own"}, {"viewer", "trader", "admin"}),
]


@pytest.fixture(scope="module")
def team(enter: Callable[[str], Person], bob: Person, admin: Person) -> dict[str, Person]:
    return {"viewer": enter("viewer"), "trader": bob, "admin": admin}


@pytest.mark.parametrize(("path", "body", "allowed"), ROLES)
def test_roles_decide_who_writes(
    team: dict[str, Person], path: str, body: dict[str, object], allowed: set[str]
) -> None:
    for role, person in team.items():
        # Another text each time: a text is stored once.
        given = body | ({"text": f"Bitcoin rises, says the {role}"} if "text" in body else {})
        answer = person.client.post(path, json=given)
        assert answer.status_code == (201 if role in allowed else 403), (role, answer.text)


def test_nobody_but_an_administrator_changes_access(
    enter: Callable[[str], Person], admin: Person
) -> None:
    person = enter("trader")
    path = f"/api/v1/users/{person.user_id}"
    for body in ({"role": "admin"}, {"is_active": True}, {}):
        assert person.client.patch(path, json=body).status_code == 403
    assert person.client.delete(path).status_code == 403
    assert admin.client.patch(path, json={"role": "viewer"}).json()["role"] == "viewer"
    own = f"/api/v1/users/{admin.user_id}"
    assert admin.client.patch(own, json={"role": "viewer"}).status_code == 409
    assert admin.client.delete(own).status_code == 409
    assert admin.client.delete(path).status_code == 204
    assert admin.client.get(path).status_code == 404

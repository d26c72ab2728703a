"""What clients may write: each field is named, and nothing else is taken."""

from collections.abc import Callable

import httpx
import pytest
from sqlalchemy.orm import Session
from tests.api.live import Person
from tests.api.rows import Owned, add_rows

from app.core.database import SessionLocal
from app.models.database import Trade, TradingStrategy, User

TIME = "2024-05-01T12:00:00Z"


@pytest.fixture(scope="module")
def rows(alice: Person) -> Owned:
    with SessionLocal() as db:
        return add_rows(db, alice.user_id)


@pytest.fixture(scope="module")
def bodies(rows: Owned) -> dict[tuple[str, str], dict[str, object]]:
    """A right body for every route that takes one."""
    return {
        ("POST", "/api/v1/strategies"): {"name": "s", "parameters": {"threshold": 0.2}},
        ("PATCH", f"/api/v1/strategies/{rows.strategy}"): {"name": "renamed"},
        ("POST", "/api/v1/signals"): {
            "strategy_id": rows.strategy,
            "symbol": "BTCUSDT",
            "signal_type": "BUY",
            "confidence": 0.5,
            "timestamp": TIME,
        },
        ("POST", "/api/v1/trades"): {
            "signal_id": rows.signal,
            "symbol": "BTCUSDT",
            "trade_type": "BUY",
            "price": "50000.10",
            "quantity": "0.1",
            "timestamp": TIME,
        },
        ("POST", "/api/v1/alerts"): {"message": "note"},
        ("PATCH", f"/api/v1/alerts/{rows.alert}"): {"is_read": True},
        ("PATCH", "/api/v1/users/me"): {"current_password": "a Quiet harbour 41"},
    }


FORBIDDEN: dict[str, object] = {
    "user_id": 1,
    "role": "admin",
    "password_hash": "x",
    "is_paper_trade": False,
    "pnl": "1000000",
    "status": "champion",
    "session_id": 1,
    "created_at": TIME,
    "strategy_id": 1,
    "trade_id": 1,
    "alert_id": 1,
    "gates": {"passed": True},
    "votes": [],
    "order_id": "x",
    "__class__": "Trade",
    "metadata": {},
}


@pytest.mark.parametrize("field", FORBIDDEN)
def test_fields_that_are_not_the_clients_are_refused(
    alice: Person, bodies: dict[tuple[str, str], dict[str, object]], field: str
) -> None:
    for (method, path), body in bodies.items():
        if field in body:
            continue
        answer = alice.client.request(method, path, json=body | {field: FORBIDDEN[field]})
        assert answer.status_code == 422, (method, path, answer.text)
        assert field in answer.json()["detail"]


def test_the_same_bodies_without_them_are_taken(
    alice: Person, bodies: dict[tuple[str, str], dict[str, object]]
) -> None:
    for (method, path), body in bodies.items():
        assert alice.client.request(method, path, json=body).is_success, (method, path)


def test_a_strategy_is_its_authors_and_starts_inactive(alice: Person, db: Session) -> None:
    given = {"name": "Trend", "description": "follows", "parameters": {"deep": {"a": [1, 2.5]}}}
    made = alice.client.post("/api/v1/strategies", json=given).json()
    assert (made["user_id"], made["is_active"]) == (alice.user_id, False)
    path = f"/api/v1/strategies/{made['strategy_id']}"
    changed = alice.client.patch(path, json={"is_active": True, "description": None}).json()
    assert (changed["is_active"], changed["description"]) == (True, None)
    assert (changed["name"], changed["parameters"]) == ("Trend", given["parameters"])
    assert changed["updated_at"] > made["updated_at"]
    for gone in ({"name": None}, {"is_active": None}):
        assert alice.client.patch(path, json=gone).status_code == 409
    assert alice.client.delete(path).status_code == 204
    assert db.get(TradingStrategy, made["strategy_id"]) is None


def test_a_strategy_that_signals_refer_to_stays(alice: Person, rows: Owned) -> None:
    answer = alice.client.delete(f"/api/v1/strategies/{rows.strategy}")
    assert answer.status_code == 409
    assert "stored" in answer.json()["detail"]
    assert alice.client.get(f"/api/v1/strategies/{rows.strategy}").status_code == 200


def test_a_trade_made_by_hand_is_on_paper_exact_and_without_profit(
    alice: Person, db: Session, bodies: dict[tuple[str, str], dict[str, object]]
) -> None:
    exact = {"price": "50000.123456789012345678", "quantity": "0.000000000000000001"}
    body = bodies["POST", "/api/v1/trades"] | exact
    made = alice.client.post("/api/v1/trades", json=body).json()
    assert {name: made[name] for name in exact} == {
        "price": exact["price"],
        "quantity": "1E-18",
    }
    assert (made["is_paper_trade"], made["status"], made["pnl"]) == (True, "EXECUTED", None)
    stored = db.get(Trade, made["trade_id"])
    assert stored is not None
    assert stored.is_paper_trade


DIFFERENT: list[tuple[dict[str, object], int]] = [
    ({"symbol": "ETHUSDT"}, 409),
    ({"trade_type": "SELL"}, 409),
    ({"trade_type": "HOLD"}, 422),
    ({"price": "0"}, 422),
    ({"price": "-1"}, 422),
    ({"price": "NaN"}, 422),
    ({"price": "Infinity"}, 422),
    ({"price": "1e400"}, 422),
    ({"quantity": "1e-19"}, 422),
    ({"timestamp": "0001-01-01T00:00:00+14:00"}, 422),
    ({"timestamp": "9999-12-31T23:59:59-14:00"}, 422),
    ({"timestamp": "yesterday"}, 422),
    ({"signal_id": 0}, 422),
    ({"signal_id": 2**53}, 422),
    ({"signal_id": 2**31}, 404),
]


@pytest.mark.parametrize(("change", "code"), DIFFERENT)
def test_a_trade_that_makes_no_sense_is_refused(
    alice: Person,
    bodies: dict[tuple[str, str], dict[str, object]],
    change: dict[str, object],
    code: int,
) -> None:
    answer = alice.client.post("/api/v1/trades", json=bodies["POST", "/api/v1/trades"] | change)
    assert answer.status_code == code, answer.text


def test_a_signal_of_a_session_is_traded_by_its_session(
    alice: Person, rows: Owned, bodies: dict[tuple[str, str], dict[str, object]]
) -> None:
    body = bodies["POST", "/api/v1/trades"] | {"signal_id": rows.session_signal}
    answer = alice.client.post("/api/v1/trades", json=body)
    assert answer.status_code == 409
    assert "session" in answer.json()["detail"]


JSON_FAULTS = [
    '{"name": "x", "parameters": {"a": NaN}}',
    '{"name": "x", "parameters": {"a": [1, Infinity]}}',
    '{"name": "x", "parameters": {"a": 1e999}}',
    '{"name": "x", "parameters": {"a": "\\u0000"}}',
    '{"name": "x", "parameters": {"\\u0000": 1}}',
    '{"name": "x\\u0000", "parameters": {}}',
    '{"name": "\\ud800", "parameters": {}}',
    '{"name": "x", "parameters": {"a": "\\ud800"}}',
    '{"name": "x", "parameters": ' + '{"a":' * 40 + "1" + "}" * 40 + "}",
    '{"name": "x", "parameters": ' + "[" * 5_000 + "]" * 5_000 + "}",
    '{"name": "", "parameters": {}}',
    '{"name": "   ", "parameters": {}}',
    '{"name": "' + "x" * 101 + '"}',
    '{"name": "x", "parameters": []}',
    '{"name": "x", "parameters": null}',
    '{"name": "x"',
    "[]",
    "null",
    "",
]


@pytest.mark.parametrize("body", JSON_FAULTS)
def test_json_that_cannot_be_stored_is_refused(alice: Person, body: str) -> None:
    headers = {"Content-Type": "application/json"}
    answer = alice.client.post("/api/v1/strategies", content=body.encode(), headers=headers)
    assert answer.status_code in {400, 422}, answer.text
    assert isinstance(answer.json()["detail"], str)


PAGES = [
    ("skip=0&limit=1", 200),
    ("skip=0&limit=1000", 200),
    ("skip=9007199254740991", 200),
    ("skip=-1", 422),
    ("limit=0", 422),
    ("limit=1001", 422),
    ("limit=ten", 422),
    ("skip=1e3", 422),
    ("limit=99999999999999999999", 422),
]


@pytest.mark.parametrize(("query", "code"), PAGES)
def test_pages_have_bounds(alice: Person, query: str, code: int) -> None:
    for resource in (
        "users", "strategies", "market/symbols", "sentiment", "signals", "trades", "models",
        "alerts", "sessions",
    ):  # fmt: skip
        assert alice.client.get(f"/api/v1/{resource}?{query}").status_code == code, resource


def test_pages_put_together_are_the_whole_list(enter: Callable[[str], Person]) -> None:
    client = enter("viewer").client
    for number in range(7):
        client.post("/api/v1/strategies", json={"name": f"s{number}"})
    whole = [row["name"] for row in client.get("/api/v1/strategies").json()]
    assert whole == [f"s{number}" for number in reversed(range(7))]
    pages = [
        row["name"]
        for skip in range(0, 9, 3)
        for row in client.get("/api/v1/strategies", params={"skip": skip, "limit": 3}).json()
    ]
    assert pages == whole


def test_an_administrator_stores_a_model_as_a_candidate(admin: Person, alice: Person) -> None:
    given = {
        "name": "btc", "model_type": "xgboost", "version": "1.0", "auc": 0.53,
        "trained_on": "2024-01-01T00:00:00", "extra_data": {"features": ["rsi_14"]},
    }  # fmt: skip
    made = admin.client.post("/api/v1/models", json=given).json()
    assert (made["status"], made["auc"]) == ("candidate", 0.53)
    assert made["trained_on"] == "2024-01-01T00:00:00Z"
    path = f"/api/v1/models/{made['model_id']}"
    assert alice.client.get(path).json()["extra_data"] == {"features": ["rsi_14"]}
    changes: list[dict[str, object]] = [
        {"status": "champion"}, {"auc": 1.5}, {"auc": "NaN"}, {"gates": {}},
    ]  # fmt: skip
    for change in changes:
        assert admin.client.post("/api/v1/models", json=given | change).status_code == 422


def test_what_cannot_be_committed_is_answered_as_an_error(
    anonymous: httpx.Client, db: Session, alice: Person
) -> None:
    # Two users take one e-mail address: the second is refused by the database itself.
    user = db.get(User, alice.user_id)
    assert user is not None
    before = user.email
    given = {"username": "twin", "email": before, "password": "a Quiet harbour 41"}
    assert anonymous.post("/api/v1/auth/register", json=given).status_code == 409
    given = given | {"email": "twin@example.org"}
    assert anonymous.post("/api/v1/auth/register", json=given).status_code == 201
    anonymous_login = anonymous.post(
        "/api/v1/auth/login", json={"username": "twin", "password": given["password"]}
    ).json()
    answer = anonymous.patch(
        "/api/v1/users/me",
        json={"current_password": given["password"], "email": before},
        headers={"Authorization": f"Bearer {anonymous_login['access_token']}"},
    )
    assert answer.status_code == 409

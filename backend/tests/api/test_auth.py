"""Registering, logging in, staying logged in, logging out: over HTTP."""

import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from tests.api.live import PASSWORD, Live, Person, log_in, register

from app.core.database import SessionLocal
from app.models.auth import LoginLink, RefreshToken
from app.models.database import Alert, User
from app.services import auth
from app.services.throttle import Throttle

COOKIE = "cryptovolt_refresh"
LOGIN = "/api/v1/auth/login"
REFRESH = "/api/v1/auth/refresh"


@pytest.fixture(autouse=True)
def unthrottled(live: Live) -> None:
    """Each test starts with no failures counted."""
    live.app.state.throttle = Throttle()


@pytest.fixture
def browser(live: Live) -> Iterator[httpx.Client]:
    """A browser that nobody used yet."""
    with live.client() as client:
        yield client


def token_of(client: httpx.Client) -> str:
    found = client.cookies.get(COOKIE)
    assert found
    return found


def refresh_with(live: Live, token: str) -> httpx.Response:
    with live.client(Cookie=f"{COOKIE}={token}") as client:
        return client.post(REFRESH)


def test_a_new_account_reads_and_has_no_secrets_in_its_answer(browser: httpx.Client) -> None:
    given = {"username": "Dora", "email": "Dora@Example.org", "password": PASSWORD}
    answer = browser.post("/api/v1/auth/register", json=given)
    assert answer.status_code == 201
    found = answer.json()
    assert (found["username"], found["email"]) == ("dora", "dora@example.org")
    assert (found["role"], found["is_active"]) == ("viewer", True)
    assert set(found) == {
        "user_id", "username", "email", "role", "is_active", "created_at", "updated_at",
    }  # fmt: skip
    for again in (given, given | {"username": "dora2"}, given | {"email": "d@example.org"}):
        refused = browser.post("/api/v1/auth/register", json=again)
        assert refused.status_code == 409
    assert browser.post(LOGIN, json={"username": "DORA", "password": PASSWORD}).status_code == 200
    by_mail = {"username": "dora@example.org", "password": PASSWORD}
    assert browser.post(LOGIN, json=by_mail).status_code == 200


REFUSED = [
    {"password": "short"},
    {"password": "x" * 129},
    {"password": "passwordpassword"},
    {"password": "zed's harbour 41", "username": "zed's"},
    {"username": "ab"},
    {"username": "a b c"},
    {"username": "a" * 51},
    {"username": "zoë"},
    {"username": "<script>"},
    {"email": "nobody"},
    {"email": "a b@example.org"},
    {"email": "x" * 95 + "@ab.de"},
    {"role": "admin"},
    {"is_active": True},
    {"user_id": 1},
]


@pytest.mark.parametrize("change", REFUSED)
def test_a_registration_out_of_form_is_refused(
    browser: httpx.Client, change: dict[str, object]
) -> None:
    right = {"username": "zora", "email": "zora@example.org", "password": PASSWORD}
    answer = browser.post("/api/v1/auth/register", json=right | change)
    assert answer.status_code == 422
    assert isinstance(answer.json()["detail"], str)
    assert str(change.get("password", "not sent")) not in answer.text


@pytest.mark.parametrize("name", ["local", "admin", "root", "LOCAL"])
def test_names_of_the_system_cannot_be_registered(browser: httpx.Client, name: str) -> None:
    given = {"username": name, "email": "someone@example.org", "password": PASSWORD}
    assert browser.post("/api/v1/auth/register", json=given).status_code == 409


def test_unknown_wrong_and_disabled_are_answered_alike(
    live: Live, db: Session, browser: httpx.Client
) -> None:
    register(browser, "erin")
    register(browser, "erin_off")
    db.execute(update(User).where(User.username == "erin_off").values(is_active=False))
    db.commit()
    attempts = {
        "unknown": {"username": "nobody-here", "password": PASSWORD},
        "wrong": {"username": "erin", "password": PASSWORD + "!"},
        "disabled": {"username": "erin_off", "password": PASSWORD},
    }
    seconds: dict[str, list[float]] = {name: [] for name in attempts}
    answers: set[tuple[int, str]] = set()
    with live.client() as client:
        for _ in range(5):
            live.app.state.throttle = Throttle()
            for name, given in attempts.items():
                started = time.perf_counter()
                answer = client.post(LOGIN, json=given)
                seconds[name].append(time.perf_counter() - started)
                answers.add((answer.status_code, answer.text))
    assert len(answers) == 1
    assert answers.pop()[0] == 401
    # All three hash once: leaving that out would answer some ten times faster.
    fastest = {name: min(values) for name, values in seconds.items()}
    assert min(fastest.values()) > 0.4 * statistics.median(fastest.values())


def test_the_refresh_token_is_a_cookie_no_script_reads(browser: httpx.Client, db: Session) -> None:
    register(browser, "fay")
    answer = browser.post(LOGIN, json={"username": "fay", "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    parts = {part.strip().lower() for part in cookie.split(";")}
    assert {"httponly", "samesite=strict", "path=/api/v1/auth"} <= parts
    assert "secure" not in parts
    token = cookie.partition("=")[2].partition(";")[0]
    assert token not in answer.text
    stored = db.scalars(select(RefreshToken.token_hash)).all()
    assert token not in stored
    assert all(len(value) == 64 for value in stored)
    assert answer.json()["expires_in"] == 600


def test_over_https_the_cookie_is_secure_and_bound_to_the_host(live: Live, alice: Person) -> None:
    given = {"username": alice.username, "password": PASSWORD}
    # A proxy on this machine says how the browser came.
    with live.client(**{"X-Forwarded-Proto": "https"}) as client:
        answer = client.post(LOGIN, json=given)
        parts = {part.strip().lower() for part in answer.headers["set-cookie"].split(";")}
        assert answer.headers["set-cookie"].startswith("__Host-cryptovolt_refresh=")
        assert {"secure", "httponly", "samesite=strict", "path=/"} <= parts
        assert "max-age=31536000" in answer.headers["strict-transport-security"]


def test_a_refresh_replaces_the_token_and_a_replaced_one_closes_the_login(
    live: Live, browser: httpx.Client, db: Session
) -> None:
    person = register(browser, "gus")
    first = token_of(browser)
    answer = browser.post(REFRESH)
    assert answer.status_code == 200
    second = token_of(browser)
    assert second != first
    access = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert browser.get("/api/v1/auth/me", headers=access).json()["user_id"] == person.user_id

    stolen = refresh_with(live, first)
    assert stolen.status_code == 401
    assert "used twice" in stolen.json()["detail"]
    assert refresh_with(live, second).status_code == 401
    assert browser.get("/api/v1/auth/me", headers=access).status_code == 401
    told = db.scalars(select(Alert).where(Alert.user_id == person.user_id)).all()
    assert [(alert.alert_type, alert.level) for alert in told] == [("SYSTEM", "warning")]

    log_in(browser, "gus")
    assert browser.get("/api/v1/auth/me").status_code == 200


def test_of_many_refreshes_at_once_at_most_one_lives_on(
    live: Live, browser: httpx.Client, db: Session
) -> None:
    person = register(browser, "hal")
    token = token_of(browser)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(refresh_with, [live] * 20, [token] * 20))
    assert sorted({answer.status_code for answer in answers}) == [200, 401]
    assert sum(answer.status_code == 200 for answer in answers) == 1
    rows = db.scalars(select(RefreshToken).where(RefreshToken.user_id == person.user_id)).all()
    assert all(row.revoked_at is not None for row in rows)


def test_a_login_ends_when_it_was_said_to_end(
    live: Live, browser: httpx.Client, db: Session
) -> None:
    person = register(browser, "ida")
    ends = db.scalar(select(RefreshToken.expires_at).where(RefreshToken.user_id == person.user_id))
    assert ends is not None
    assert abs(ends - datetime.now(UTC) - timedelta(days=14)) < timedelta(minutes=1)
    browser.post(REFRESH)
    rows = db.scalars(select(RefreshToken).where(RefreshToken.user_id == person.user_id)).all()
    assert {row.expires_at for row in rows} == {ends}, "refreshing must not prolong a login"
    db.execute(
        update(RefreshToken)
        .where(RefreshToken.user_id == person.user_id)
        .values(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    )
    db.commit()
    assert browser.get("/api/v1/auth/me").status_code == 401
    assert refresh_with(live, token_of(browser)).status_code == 401


def test_logging_out_ends_access_at_once_and_leaves_other_logins(
    live: Live, browser: httpx.Client
) -> None:
    register(browser, "jan")
    token = token_of(browser)
    with live.client() as elsewhere:
        log_in(elsewhere, "jan")
        answer = browser.post("/api/v1/auth/logout")
        assert answer.status_code == 204
        assert f'{COOKIE}=""' in answer.headers["set-cookie"]
        assert browser.get("/api/v1/auth/me").status_code == 401
        assert refresh_with(live, token).status_code == 401
        assert elsewhere.get("/api/v1/auth/me").status_code == 200


def test_a_disabled_user_is_out_at_once(live: Live, browser: httpx.Client, admin: Person) -> None:
    person = register(browser, "kim")
    path = f"/api/v1/users/{person.user_id}"
    assert admin.client.patch(path, json={"is_active": False}).status_code == 200
    assert browser.get("/api/v1/auth/me").status_code == 401
    assert refresh_with(live, token_of(browser)).status_code == 401
    given = {"username": "kim", "password": PASSWORD}
    assert browser.post(LOGIN, json=given).status_code == 401


def test_a_role_taken_away_in_the_database_is_gone_at_the_next_request(
    browser: httpx.Client, db: Session
) -> None:
    person = register(browser, "leo", "admin")
    assert len(browser.get("/api/v1/users").json()) > 1
    db.execute(update(User).where(User.user_id == person.user_id).values(role="viewer"))
    db.commit()
    assert [user["user_id"] for user in browser.get("/api/v1/users").json()] == [person.user_id]


def test_a_new_password_needs_the_old_one_and_closes_every_login(
    live: Live, browser: httpx.Client
) -> None:
    register(browser, "mia")
    renewed = "another Calm lake 52"
    wrong = {"current_password": "not this one 41", "new_password": renewed}
    assert browser.patch("/api/v1/users/me", json=wrong).status_code == 403
    weak = {"current_password": PASSWORD, "new_password": "mia mia mia mia"}
    assert browser.patch("/api/v1/users/me", json=weak).status_code == 422
    right = {"current_password": PASSWORD, "new_password": renewed}
    assert browser.patch("/api/v1/users/me", json=right).status_code == 200
    assert browser.get("/api/v1/auth/me").status_code == 401
    assert refresh_with(live, token_of(browser)).status_code == 401
    old = {"username": "mia", "password": PASSWORD}
    assert browser.post(LOGIN, json=old).status_code == 401
    log_in(browser, "mia", renewed)


def test_wrong_passwords_are_slowed_down_and_others_are_not(
    live: Live, browser: httpx.Client, alice: Person
) -> None:
    register(browser, "ned")
    wrong = {"username": "ned", "password": "not the password"}
    with live.client() as attacker:
        codes = [attacker.post(LOGIN, json=wrong).status_code for _ in range(5)]
        assert codes == [401] * 5
        blocked = attacker.post(LOGIN, json=wrong)
        assert blocked.status_code == 429
        assert 1 <= int(blocked.headers["retry-after"]) <= 61
        assert attacker.post(LOGIN, json=wrong | {"password": PASSWORD}).status_code == 429
        assert attacker.post(LOGIN, json=wrong | {"username": "NED"}).status_code == 429
        by_mail = wrong | {"username": "ned@example.org"}
        assert attacker.post(LOGIN, json=by_mail).status_code == 429
        log_in(attacker, alice.username)
    # The owner's browser holds a login of the account, so it is counted apart.
    log_in(browser, "ned")


def test_an_unknown_name_is_slowed_down_like_a_known_one(browser: httpx.Client) -> None:
    wrong = {"username": "nobody-at-all", "password": "not the password"}
    codes = [browser.post(LOGIN, json=wrong).status_code for _ in range(6)]
    assert codes == [401] * 5 + [429]


def test_many_names_from_one_address_are_slowed_down(browser: httpx.Client) -> None:
    codes = [
        browser.post(LOGIN, json={"username": f"n{i}", "password": "wrong"}).status_code
        for i in range(31)
    ]
    assert codes == [401] * 30 + [429]
    assert browser.post(LOGIN, json={"link": "x"}).status_code == 429


def test_registrations_from_one_address_are_limited(browser: httpx.Client) -> None:
    given = {"username": "local", "email": "x@example.org", "password": PASSWORD}
    path = "/api/v1/auth/register"
    codes = [browser.post(path, json=given).status_code for _ in range(21)]
    assert codes == [409] * 20 + [429]


def test_a_link_logs_in_once(db: Session, browser: httpx.Client) -> None:
    user = auth.ensure_local_user(db)
    code = auth.create_login_link(db, user)
    db.commit()
    assert code not in {link.token_hash for link in db.scalars(select(LoginLink))}
    answer = browser.post(LOGIN, json={"link": code})
    assert answer.status_code == 200
    assert answer.json()["user"]["role"] == "admin"
    access = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert browser.get("/api/v1/auth/me", headers=access).json()["username"] == "local"
    assert browser.post(LOGIN, json={"link": code}).status_code == 401
    assert auth.ensure_local_user(db).user_id == user.user_id


@pytest.mark.usefixtures("fresh_database_url")
def test_programs_that_start_at_once_share_one_local_user() -> None:
    def ask(_: int) -> int:
        with SessionLocal() as session:
            user_id = auth.ensure_local_user(session).user_id
            session.commit()
            return user_id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(8)))) == 1


def test_of_many_uses_of_a_link_at_once_one_logs_in(live: Live, db: Session) -> None:
    code = auth.create_login_link(db, auth.ensure_local_user(db))
    db.commit()

    def use(_: int) -> int:
        with live.client() as client:
            return client.post(LOGIN, json={"link": code}).status_code

    with ThreadPoolExecutor(10) as pool:
        codes = sorted(pool.map(use, range(10)))
    assert codes == [200] + [401] * 9


def test_a_link_lives_ten_minutes(db: Session, browser: httpx.Client) -> None:
    code = auth.create_login_link(db, auth.ensure_local_user(db))
    ends = db.scalars(select(LoginLink.expires_at).order_by(LoginLink.expires_at.desc())).first()
    assert ends is not None
    assert timedelta(minutes=9) < ends - datetime.now(UTC) <= timedelta(minutes=10)
    db.execute(update(LoginLink).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    db.commit()
    assert browser.post(LOGIN, json={"link": code}).status_code == 401


def test_nobody_knows_the_password_of_the_local_user(db: Session, browser: httpx.Client) -> None:
    auth.ensure_local_user(db)
    db.commit()
    for password in ("local", "", "password", PASSWORD):
        given = {"username": "local", "password": password}
        assert browser.post(LOGIN, json=given).status_code in {401, 422}


MIXED: list[dict[str, object]] = [
    {},
    {"username": "x"},
    {"password": "x"},
    {"link": "x", "username": "x"},
    {"link": "x", "username": "x", "password": "x"},
    {"username": ["x"], "password": "x"},
    {"username": {"$ne": None}, "password": {"$ne": None}},
    {"username": "x\x00", "password": "x"},
    {"username": "x", "password": "x" * 129},
]


@pytest.mark.parametrize("given", MIXED)
def test_a_login_out_of_form_is_refused(browser: httpx.Client, given: dict[str, object]) -> None:
    assert browser.post(LOGIN, json=given).status_code == 422


ORIGINS = [
    ("http://evil.example", 403),
    ("null", 403),
    ("http://127.0.0.1.evil.example", 403),
    ("http://localhost:1", 403),
    ("http://127.0.0.1:8000", 401),  # in ALLOWED_ORIGINS
    (None, 401),
]


@pytest.mark.parametrize(("origin", "code"), ORIGINS)
def test_pages_of_other_origins_cannot_use_the_cookie(
    live: Live, origin: str | None, code: int
) -> None:
    headers = {"Origin": origin} if origin else {}
    with live.client(**headers) as client:
        answer = client.post(REFRESH)
    assert answer.status_code == code
    assert "access-control-allow-origin" not in answer.headers


def test_the_own_page_may_use_the_cookie(live: Live, enter: Callable[[str], Person]) -> None:
    person = enter("viewer")
    answer = person.client.post(REFRESH, headers={"Origin": live.url})
    assert answer.status_code == 200

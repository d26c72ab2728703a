import psycopg.conninfo
import pytest
import structlog.testing
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.core import database
from app.core.config import settings
from app.core.database import SessionLocal, engine, get_db, libpq_url, normalised_url
from app.core.errors import advice, is_unavailable
from app.core.init_db import init_db, verify_database_connection
from cryptovolt.domain.errors import ConfigurationError

RDS = "cryptovolt-db.c4a8zq3x.us-east-1.rds.amazonaws.com"
AZURE = "servername.postgres.database.azure.com"

# DATABASE_URL, user, password, host, port, other parameters
FORMS: list[tuple[str, str, str, str, str | None, dict[str, str]]] = [
    ("postgresql://postgres:password@localhost:5432/cryptovolt", "postgres", "password",
     "localhost", "5432", {}),
    ("postgresql://postgres:password@postgres:5432/cryptovolt", "postgres", "password",
     "postgres", "5432", {}),
    ("postgres://postgres:postgres@localhost:5432/cryptovolt", "postgres", "postgres",
     "localhost", "5432", {}),
    (f"postgresql://admin:password@{RDS}:5432/cryptovolt", "admin", "password", RDS, "5432", {}),
    (f"postgresql://admin@servername:password@{AZURE}:5432/cryptovolt", "admin@servername",
     "password", AZURE, "5432", {}),
    (f"postgresql://admin@servername:p%40ss%2Fword@{AZURE}:5432/cryptovolt?sslmode=require",
     "admin@servername", "p@ss/word", AZURE, "5432", {"sslmode": "require"}),
    ("postgresql+psycopg://a:b@h/cryptovolt", "a", "b", "h", None, {}),
]  # fmt: skip


@pytest.mark.parametrize(("given", "user", "password", "host", "port", "others"), FORMS)
def test_every_documented_url_means_the_same_to_libpq_and_to_us(
    given: str,
    user: str,
    password: str,
    host: str,
    port: str | None,
    others: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(settings, "DATABASE_URL", given)
    expected = {"user": user, "password": password, "host": host, "dbname": "cryptovolt", **others}
    if port is not None:
        expected["port"] = port
    assert psycopg.conninfo.conninfo_to_dict(libpq_url()) == expected
    arguments = engine.dialect.create_connect_args(normalised_url(given))[1]
    found = {name: str(value) for name, value in arguments.items() if name != "context"}
    assert found == expected
    assert given == settings.DATABASE_URL


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("sqlite:///x.db", "found sqlite://"),
        ("mysql://a:secret@h/x", "found mysql://"),
        ("not a url", "no URL"),
        ("postgresql://a:secret@h:port/x", "no URL"),
        ("postgresql://a:secret@h", "no database name"),
    ],
)
def test_what_is_no_postgresql_url_is_refused_without_repeating_it(given: str, found: str) -> None:
    with pytest.raises(ConfigurationError, match=found) as caught:
        normalised_url(given)
    assert "secret" not in str(caught.value)


WEAK = "postgresql://postgres:password@127.0.0.1:1/cryptovolt"


def test_the_word_password_is_taken_in_development_with_a_warning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(settings, "DATABASE_URL", WEAK)
    database.forget_warnings()
    with structlog.testing.capture_logs() as logs:
        database.database_url()
    assert [entry["event"] for entry in logs] == ["database.weak_password_accepted"]


def test_the_word_password_is_refused_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "DATABASE_URL", WEAK)
    monkeypatch.setattr(settings, "ENVIRONMENT", "production")
    engine.dispose()
    with pytest.raises(ConfigurationError, match="choose a strong one"):
        engine.connect()


@pytest.mark.usefixtures("database_url")
def test_a_request_that_fails_is_rolled_back() -> None:
    sessions = get_db()
    session = next(sessions)
    session.execute(text("INSERT INTO alerts (message) VALUES ('lost')"))
    sessions.close()
    with SessionLocal() as other:
        assert other.execute(text("SELECT count(*) FROM alerts")).scalar_one() == 0


def advice_of(url: str, monkeypatch: pytest.MonkeyPatch) -> tuple[str, bool]:
    monkeypatch.setattr(settings, "DATABASE_URL", url)
    engine.dispose()
    with pytest.raises(OperationalError) as caught:
        engine.connect()
    engine.dispose()
    return advice(caught.value), is_unavailable(caught.value)


def test_a_server_that_is_down_is_answered_with_the_documented_advice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said, unavailable = advice_of("postgresql://a:verysecret@127.0.0.1:1/x", monkeypatch)
    for phrase in (
        "could not connect to server",
        "check if PostgreSQL is running",
        "verify host, port, and credentials in DATABASE_URL",
        "check firewall settings",
    ):
        assert phrase in said
    assert unavailable
    assert "verysecret" not in said


def test_a_missing_database_is_answered_with_the_documented_advice(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = database_url.rpartition("/")[0] + "/absent_one"
    said, _ = advice_of(absent, monkeypatch)
    assert "`python manage_db.py init`" in said
    assert "`createdb -U postgres " in said


def test_init_creates_a_missing_database(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = database_url.rpartition("/")[0] + '/made by init "2"'
    monkeypatch.setattr(settings, "DATABASE_URL", missing)
    engine.dispose()
    assert not verify_database_connection()
    init_db()
    assert verify_database_connection()
    with SessionLocal() as db:
        assert db.execute(text("SELECT count(*) FROM market_data")).scalar_one() == 0
    engine.dispose()
    monkeypatch.undo()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text('DROP DATABASE "made by init ""2""" WITH (FORCE)'))


def test_a_wrong_password_is_answered_with_the_documented_advice(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = database.normalised_url(database_url).set(password="wrong")
    said, _ = advice_of(url.render_as_string(hide_password=False), monkeypatch)
    for phrase in (
        "permission denied",
        "check user credentials in DATABASE_URL",
        "verify that the PostgreSQL user exists and has permissions",
        "GRANT ALL ON DATABASE cryptovolt TO postgres;",
    ):
        assert phrase in said


@pytest.mark.usefixtures("empty_database_url")
def test_missing_tables_are_answered_with_init() -> None:
    from sqlalchemy.exc import ProgrammingError

    with engine.connect() as connection, pytest.raises(ProgrammingError) as caught:
        connection.execute(text("SELECT * FROM market_data"))
    assert "manage_db.py init" in advice(caught.value)
    assert not is_unavailable(caught.value)

"""``python manage_db.py …`` as documented: from ``backend/``, by whatever Python is there."""

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.core.database import SessionLocal
from app.models.database import MarketData, SentimentData, User
from app.services.database_service import DatabaseService

BACKEND = Path(__file__).resolve().parents[2]
SYSTEM_PYTHON = shutil.which("python3", path="/usr/bin:/usr/local/bin")


def manage(
    *arguments: str, python: str = sys.executable, answer: str = "", **variables: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python, "manage_db.py", *arguments],
        cwd=BACKEND,
        env={**os.environ, **variables},
        input=answer,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.usefixtures("empty_database_url")
@pytest.mark.parametrize("python", [sys.executable, SYSTEM_PYTHON])
def test_every_documented_command_works_in_the_documented_order(python: str | None) -> None:
    if python is None:
        pytest.skip("there is no Python of the system")
    said: dict[str, str] = {}
    for command in ("init", "stats", "verify", "seed", "clean"):
        done = manage(command, python=python)
        assert done.returncode == 0, done.stderr
        said[command] = done.stdout
    assert "is initialised" in said["init"]
    assert said["stats"].split()[:4] == ["users", "0", "trading_strategies", "0"]
    assert "Connected to database" in said["verify"]
    assert said["clean"].splitlines() == [
        "sentiment_data: 0 rows archived and deleted",
        "market_data: 0 rows archived and deleted",
    ]
    done = manage("reset", "--yes", python=python)
    assert done.returncode == 0, done.stderr
    assert json.loads(manage("stats", "--json", python=python).stdout)["users"] == 0


def test_without_an_environment_one_sentence_says_how_to_make_one(tmp_path: Path) -> None:
    if SYSTEM_PYTHON is None:
        pytest.skip("there is no Python of the system")
    backend = tmp_path / "backend"
    backend.mkdir()
    shutil.copy(BACKEND / "manage_db.py", backend)
    variables = {
        name: value for name, value in os.environ.items() if not name.startswith("CRYPTOVOLT")
    }
    done = subprocess.run(
        [SYSTEM_PYTHON, "-I", "manage_db.py", "init"],
        cwd=backend,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "`./cv db init`" in done.stderr


@pytest.mark.usefixtures("fresh_database_url")
def test_seed_shows_a_password_once_that_opens_the_account() -> None:
    from app.core.security import verify_password

    first = manage("seed")
    password = first.stdout.split("shown only now: ")[1].strip()
    with SessionLocal() as db:
        admin = db.query(User).filter(User.username == "admin").one()
        assert admin.role == "admin"
        assert verify_password(password, admin.password_hash)[0]
        assert not verify_password("password", admin.password_hash)[0]
        assert admin.password_hash.startswith("$argon2id$")
    again = manage("seed")
    assert again.returncode == 0
    assert "nothing was changed" in again.stdout
    assert password not in again.stdout


@pytest.mark.usefixtures("fresh_database_url")
def test_clean_prints_counts_and_keeps_what_is_young() -> None:
    now = datetime.now(UTC)
    with SessionLocal() as db:
        DatabaseService.bulk_create(
            db,
            MarketData,
            [{"symbol": "BTCUSDT", "timestamp": now - timedelta(days=d)} for d in (1, 89, 91, 200)],
        )
        DatabaseService.bulk_create(
            db,
            SentimentData,
            [{"text": "x", "timestamp": now - timedelta(days=d)} for d in (1, 29, 31)],
        )
    done = manage("clean")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:2] == [
        "sentiment_data: 1 rows archived and deleted",
        "market_data: 2 rows archived and deleted",
    ]
    left = json.loads(manage("stats", "--json").stdout)
    assert (left["sentiment_data"], left["market_data"]) == (2, 2)


@pytest.mark.usefixtures("fresh_database_url")
def test_reset_asks_and_is_refused_in_production() -> None:
    with SessionLocal() as db:
        DatabaseService.create(db, User, username="kept", email="k@x.org", password_hash="x")

    def users() -> int:
        return json.loads(manage("stats", "--json").stdout)["users"]

    assert manage("reset", answer="n\n").returncode == 1
    assert manage("reset").returncode == 1
    refused = manage("reset", "--yes", ENVIRONMENT="production")
    assert refused.returncode == 1
    assert "refused in production" in refused.stderr
    assert users() == 1
    assert manage("reset", answer="y\n").returncode == 0
    assert users() == 0


@pytest.mark.usefixtures("database_url")
def test_verify_fails_with_the_documented_advice() -> None:
    done = manage("verify", DATABASE_URL="postgresql://a:topsecret@127.0.0.1:1/x")
    assert done.returncode == 1
    assert done.stderr.startswith("error: could not connect to server: check if PostgreSQL")
    assert "topsecret" not in done.stderr + done.stdout
    assert "Traceback" not in done.stderr

"""The oldest supported PostgreSQL, where one is installed: same tables, calls, bulk writes."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from app.core.embedded import EmbeddedServer

BACKEND = Path(__file__).resolve().parents[2]


def programs_of_15() -> Path | None:
    places = [*Path("/usr/lib/postgresql").glob("15/bin"), Path("/usr/pgsql-15/bin"),
              Path("/opt/homebrew/opt/postgresql@15/bin")]  # fmt: skip
    return next((place for place in places if (place / "initdb").is_file()), None)


@pytest.fixture(scope="module")
def variables() -> Iterator[dict[str, str]]:
    programs = programs_of_15()
    if programs is None:
        pytest.skip("PostgreSQL 15 is not installed")
    with TemporaryDirectory(prefix="cryptovolt-15-") as folder:
        server = EmbeddedServer(Path(folder) / "home", programs)
        yield {
            **os.environ,
            "DATABASE_URL": "",
            "CRYPTOVOLT_HOME": str(server.home),
            "POSTGRES_BIN": str(programs),
        }
        server.stop()
        shutil.rmtree(server.folder, ignore_errors=True)


def run(variables: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=BACKEND,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


WRITE = """
from datetime import datetime, timedelta
from app.core.database import SessionLocal
from app.models.database import MarketData, SentimentData
from app.services.database_service import DatabaseService, QueryHelper
db = SessionLocal()
start = datetime(2020, 1, 1)
for n in (10, 1200):
    DatabaseService.bulk_create(db, MarketData, [
        {"symbol": f"S{n}", "timestamp": start + timedelta(hours=i), "close_price": 1.0}
        for i in range(n)])
row = DatabaseService.create(db, SentimentData, text="100% up", external_id="a", source="news")
print(len(QueryHelper.search_text(db, SentimentData, "%", ["text"])))
"""


def test_the_documented_commands_work_on_postgresql_15(
    variables: dict[str, str], tmp_path: Path
) -> None:
    run(variables, "manage_db.py", "init")
    answer = json.loads(run(variables, "manage_db.py", "verify", "--json"))
    assert answer["server_version"].startswith("15.")
    assert run(variables, "-c", WRITE).split() == ["1"]
    run(variables, "manage_db.py", "backup", str(tmp_path / "b.sql"))
    cleaned = json.loads(run(variables, "manage_db.py", "clean", "--json"))
    assert cleaned["market_data"] == 1_210
    run(variables, "manage_db.py", "restore", str(tmp_path / "b.sql"), "--yes")
    assert json.loads(run(variables, "manage_db.py", "stats", "--json"))["market_data"] == 1_210

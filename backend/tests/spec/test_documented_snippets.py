"""The snippets of the specification, as written there, run from the folder ``backend``."""

import subprocess
import sys
from pathlib import Path

import pytest

BACKEND = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.usefixtures("database_url")


def run(snippet: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", snippet],
        cwd=BACKEND,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


ORM_USAGE = """
from app.core.database import SessionLocal
from app.models.database import User, MarketData
from app.services.database_service import DatabaseService

# Create session
db = SessionLocal()

# Create user
new_user = DatabaseService.create(
    db, 
    User, 
    username="trader",
    email="trader@cryptovolt.local",
    password_hash="hashed_password"
)

# Query users
users = db.query(User).filter(User.is_active == True).all()
print([user.username for user in users])

# Update user
DatabaseService.update(db, User, new_user.user_id, is_active=False)
print(len(db.query(User).filter(User.is_active == True).all()))

# Delete user
DatabaseService.delete(db, User, new_user.user_id)
print(db.query(User).count())

# Close session
db.close()
"""  # noqa: W291 - as written


def test_the_orm_is_used_as_documented() -> None:
    assert run(ORM_USAGE) == ["['trader']", "0", "0"]


DIRECT_SQL = """
from app.core.database import engine
from sqlalchemy import text

with engine.connect() as connection:
    result = connection.execute(text(\"""
        SELECT symbol, AVG(close_price) as avg_price
        FROM market_data
        GROUP BY symbol
        ORDER BY avg_price DESC
    \"""))
    for row in result:
        print(row)
"""

STORE_BARS = """
from datetime import datetime, timedelta
from app.core.database import SessionLocal
from app.models.database import MarketData
from app.services.database_service import DatabaseService, QueryHelper, DatabaseStats

db = SessionLocal()
start = datetime(2024, 1, 1)
for symbol, price in (("BTCUSDT", 40000.0), ("ETHUSDT", 2000.0)):
    DatabaseService.bulk_create(db, MarketData, [
        MarketData(symbol=symbol, timestamp=start + timedelta(hours=i), open_price=price,
                   high_price=price, low_price=price, close_price=price + i, volume=1.0,
                   source="binance")
        for i in range(3)
    ])
print(len(QueryHelper.filter_by_symbol(db, MarketData, "BTCUSDT")))
print(len(QueryHelper.filter_by_date_range(db, MarketData, start, start + timedelta(hours=1))))
print(len(QueryHelper.search_text(db, MarketData, "btc", ["symbol", "source"])))
print(DatabaseStats.get_table_row_count(db, MarketData))
print(DatabaseStats.get_all_table_stats(db, [MarketData]))
print(len(DatabaseService.list_all(db, MarketData, skip=0, limit=100)))
"""


def test_bars_are_stored_asked_for_and_averaged_as_documented() -> None:
    assert run(STORE_BARS) == ["3", "4", "3", "6", "{'market_data': 6}", "6"]
    assert run(DIRECT_SQL) == ["('BTCUSDT', 40001.0)", "('ETHUSDT', 2001.0)"]


TEST_CONNECTION = """
from app.core.init_db import verify_database_connection
result = verify_database_connection()
# True = connected, False = failed
print(result)
"""


def test_the_connection_is_tested_as_documented(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(TEST_CONNECTION)[-1] == "True"
    monkeypatch.setenv("DATABASE_URL", "postgresql://postgres:x@127.0.0.1:1/cryptovolt")
    assert run(TEST_CONNECTION)[-1] == "False"


OWN_ENGINE = """
from sqlalchemy import create_engine, text
from app.core.config import settings
engine = create_engine(
    settings.DATABASE_URL,
    pool_pre_ping=True,  # Verify connections before using
    echo=settings.DEBUG,  # Log SQL queries in debug mode
)
with engine.connect() as connection:
    print(connection.execute(text("SELECT 1")).scalar())
"""


def test_an_engine_is_made_from_the_settings_as_documented() -> None:
    assert run(OWN_ENGINE) == ["1"]


def test_every_documented_name_is_where_it_is_documented() -> None:
    snippet = """
from app.core.database import engine, SessionLocal
from app.core.init_db import init_db, verify_database_connection
from app.models.database import (
    User, TradingStrategy, MarketData, SentimentData, Signal, Trade, Model, Alert
)
from app.services.database_service import DatabaseService, QueryHelper, DatabaseStats
print(engine.pool._pre_ping, engine.echo)
"""
    assert run(snippet) == ["True False"]


def test_the_engine_logs_sql_in_debug_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEBUG", "true")
    assert run("from app.core.database import engine; print(engine.echo)") == ["True"]


def test_importing_starts_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("CRYPTOVOLT_HOME", str(tmp_path / "home"))
    run("import app.core.database, app.core.init_db, app.services.database_service")
    assert not (tmp_path / "home").exists()

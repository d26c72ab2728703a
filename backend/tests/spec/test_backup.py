"""Backup and restore with pg_dump and psql, and databases made before there were migrations."""

import os
import re
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from app.core.config import settings
from app.core.database import SessionLocal, engine, libpq_url
from app.core.embedded_binaries import client_programs
from app.core.init_db import init_db
from app.models.database import MarketData, Trade
from app.services import administration
from app.services.database_service import DatabaseService
from cryptovolt.domain.errors import DataError

START = datetime(2024, 1, 1, tzinfo=UTC)
MIGRATIONS = Path(__file__).resolve().parents[2] / "app" / "migrations" / "versions"


def psql(program: str, *arguments: str, stdin: str | None = None) -> str:
    """Run a client as documented, ``pg_dump -U postgres cryptovolt`` or ``psql -U postgres …``."""
    url = make_url(libpq_url())
    done = subprocess.run(
        [str(client_programs(settings.POSTGRES_BIN).folder / program), "-U", "postgres",
         str(url.database), *arguments],
        env={**os.environ, "PGHOST": str(url.host), "PGPORT": str(url.port),
             "PGPASSWORD": str(url.password)},
        input=stdin, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def fill() -> None:
    with SessionLocal() as db:
        DatabaseService.bulk_create(
            db,
            MarketData,
            [
                {"symbol": "BTCUSDT", "timestamp": START + timedelta(hours=i), "close_price": i / 7}
                for i in range(2_000)
            ],
        )
        DatabaseService.create(
            db, Trade, symbol="BTCUSDT", trade_type="BUY", price=Decimal("0.1"), quantity=3
        )


def fingerprint() -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [
            tuple(connection.execute(text(f"SELECT md5(string_agg(t::text, ',' ORDER BY t::text))"
                                          f" FROM {table} AS t")).one())
            for table in ("market_data", "trades", "alembic_version")
        ]  # fmt: skip


def bind(url: str) -> None:
    engine.dispose()
    settings.DATABASE_URL = url
    os.environ["DATABASE_URL"] = url


@pytest.mark.usefixtures("fresh_database_url")
def test_the_documented_backup_is_restored_into_a_new_database(
    make_database: Callable[[bool], str],
) -> None:
    fill()
    before = fingerprint()
    dump = psql("pg_dump")
    bind(make_database(False))
    psql("psql", "-v", "ON_ERROR_STOP=1", stdin=re.sub(r"SET transaction_timeout = 0;", "", dump))
    assert fingerprint() == before
    init_db()
    assert fingerprint() == before
    with SessionLocal() as db:
        # Sequences came along: new rows get new ids.
        trade = DatabaseService.create(db, Trade, symbol="BTCUSDT", trade_type="SELL", quantity=1)
        assert trade.trade_id == 2


@pytest.mark.usefixtures("fresh_database_url")
def test_a_backup_replaces_what_is_there(tmp_path: Path) -> None:
    fill()
    before = fingerprint()
    administration.backup(tmp_path / "backup.sql")
    administration.reset()
    assert fingerprint() != before
    administration.restore(tmp_path / "backup.sql")
    assert fingerprint() == before


@pytest.mark.usefixtures("fresh_database_url")
def test_a_broken_backup_changes_nothing(tmp_path: Path) -> None:
    fill()
    before = fingerprint()
    administration.backup(tmp_path / "backup.sql")
    broken = (tmp_path / "backup.sql").read_text().replace("COPY public.trades", "COPY public.nix")
    (tmp_path / "backup.sql").write_text(broken)
    with pytest.raises(DataError, match="nix"):
        administration.restore(tmp_path / "backup.sql")
    assert fingerprint() == before
    with pytest.raises(DataError, match="found no file"):
        administration.restore(tmp_path / "absent.sql")


OLD_ROWS = """
INSERT INTO users (username, email, password_hash) VALUES ('old', 'old@x.org', 'h');
INSERT INTO market_data (symbol, timestamp, close_price, source) VALUES
    ('BTCUSDT', '2023-05-01 10:00', 1, 'binance'),
    ('BTCUSDT', '2023-05-01 10:00', 2, 'binance'),
    ('BTCUSDT', '2023-05-01 11:00', 3, NULL),
    (NULL, '2023-05-01 11:00', 4, 'binance');
INSERT INTO trades (symbol, trade_type, price, quantity, status, timestamp) VALUES
    ('BTCUSDT', 'BUY', 0.1, 1e-8, 'EXECUTED', '2023-05-01 10:00'),
    ('BTCUSDT', 'BUY', 1, 1, 'DONE', NULL);
INSERT INTO sentiment_data (symbol, sentiment_score, timestamp) VALUES ('BTC', 0.5, '2023-05-01');
"""


def documented_tables() -> str:
    source = (MIGRATIONS / "0001_documented_tables.py").read_text()
    return source.split('_TABLES = """')[1].split('"""')[0]


@pytest.mark.usefixtures("empty_database_url")
def test_a_dump_of_the_documented_tables_is_migrated_without_loss(
    make_database: Callable[[bool], str],
) -> None:
    psql("psql", "-v", "ON_ERROR_STOP=1", stdin=documented_tables() + OLD_ROWS)
    dump = psql("pg_dump")
    assert "alembic_version" not in dump
    bind(make_database(False))
    psql("psql", "-v", "ON_ERROR_STOP=1", stdin=re.sub(r"SET transaction_timeout = 0;", "", dump))
    init_db()
    with SessionLocal() as db:
        bars = db.query(MarketData).order_by(MarketData.timestamp).all()
        assert [(b.timestamp, b.close_price, b.source, b.timeframe) for b in bars] == [
            (datetime(2023, 5, 1, 10, tzinfo=UTC), 2.0, "binance", "unspecified"),
            (datetime(2023, 5, 1, 11, tzinfo=UTC), 3.0, "unspecified", "unspecified"),
        ]
        rejected = db.execute(text("SELECT close_price FROM market_data_rejected ORDER BY 1"))
        assert [price for (price,) in rejected] == [1.0, 4.0]
        trades = db.query(Trade).order_by(Trade.trade_id).all()
        assert [(t.price, t.quantity, t.status) for t in trades] == [
            (Decimal("0.1"), Decimal("1e-8"), "EXECUTED"),
            (Decimal(1), Decimal(1), "DONE"),
        ]
        assert trades[1].timestamp is not None
        new = DatabaseService.create(db, MarketData, symbol="BTCUSDT", timestamp=START)
        assert new.data_id > max(bar.data_id for bar in bars)
    init_db()

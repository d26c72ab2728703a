"""The migration of models and jobs keeps what was stored, and can be taken back."""

import pytest
from alembic import command
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core.database import SessionLocal, engine
from app.core.init_db import alembic_config, init_db, migrate
from app.repositories.tables import drop_all

STORED = """
INSERT INTO models (name, model_type, label_kind, status, extra_data) VALUES
 ('hybrid xgboost BTCUSDT 1h binance', 'xgboost', 'triple barrier', 'champion',
  '{"sentiment_hash": "ab"}'),
 ('hybrid xgboost BTCUSDT 1h binance', 'xgboost', 'triple barrier', 'champion', NULL),
 ('somebody''s own', 'xgboost', NULL, 'candidate', NULL)
"""
SHAPE = text(
    "SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns "
    "WHERE table_schema IN ('public', 'procrastinate') ORDER BY 1, 2, 3"
)


def rows(connection: Connection, query: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in connection.execute(text(query))]


@pytest.mark.usefixtures("empty_database_url")
def test_old_models_find_their_series_and_one_champion_stays() -> None:
    with engine.connect() as connection:
        migrate(connection, "0008")
        before = connection.execute(SHAPE).all()
        connection.execute(text(STORED))
        connection.commit()
        migrate(connection)
        assert rows(
            connection,
            "SELECT symbol, source, kind, status, sentiment_hash FROM models ORDER BY model_id",
        ) == [
            ("BTCUSDT", "binance", "xgboost", "retired", "ab"),
            ("BTCUSDT", "binance", "xgboost", "champion", None),
            (None, None, None, "candidate", None),
        ]
        connection.execute(text("UPDATE models SET status = 'challenger' WHERE symbol IS NULL"))
        connection.commit()
        command.downgrade(alembic_config(connection), "0008")
        connection.commit()
        assert connection.execute(SHAPE).all() == before
        assert rows(connection, "SELECT status FROM models WHERE name LIKE 'some%'") == [
            ("candidate",)
        ]
        migrate(connection)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE models SET status = 'champion'", "uq_models_champion"),
        ("UPDATE models SET forced_reason = 'another' WHERE forced_by = 'a'", "never changed"),
        ("UPDATE models SET forced_by = NULL WHERE forced_by = 'a'", "never changed"),
        ("DELETE FROM models WHERE forced_by IS NOT NULL", "its row stays"),
        ("DELETE FROM models_history", "only ever added"),
        ("UPDATE models_history SET actor = 'nobody'", "only ever added"),
        ("UPDATE models SET forced_by = 'x' WHERE forced_by IS NULL", "forced"),
    ],
)
def test_the_database_itself_keeps_the_rules(db: Session, statement: str, said: str) -> None:
    series = "'BTCUSDT', '1h', 'binance', 'xgboost', 'triple barrier'"
    db.execute(
        text(
            "INSERT INTO models (symbol, timeframe, source, kind, label_kind, status, "
            f"forced_by, forced_at, forced_reason) VALUES ({series}, 'champion', 'a', now(), "
            f"'because'), ({series}, 'retired', NULL, NULL, NULL)"
        )
    )
    db.execute(
        text(
            "INSERT INTO models_history (model_id, event, new_status, actor) "
            "SELECT model_id, 'stored', status, 'a' FROM models WHERE forced_by IS NULL"
        )
    )
    # What is not forbidden goes on: a forced model can be retired, and promoted again.
    db.execute(text("UPDATE models SET status = 'retired' WHERE forced_by = 'a'"))
    db.execute(text("UPDATE models SET status = 'champion' WHERE forced_by = 'a'"))
    with pytest.raises(IntegrityError, match=said):
        db.execute(text(statement))


@pytest.mark.usefixtures("fresh_database_url")
def test_a_reset_drops_the_queue_too_and_makes_it_anew() -> None:
    with SessionLocal() as db:
        drop_all(db)
        db.commit()
        assert (
            db.scalar(text("SELECT count(*) FROM pg_namespace WHERE nspname='procrastinate'")) == 0
        )
    init_db()
    with SessionLocal() as db:
        assert db.scalar(text("SELECT count(*) FROM jobs")) == 0

"""The tables, columns and indexes of the specification are in the database."""

import re
from typing import Any

import pytest
from sqlalchemy import Engine, inspect, text
from sqlalchemy.orm import Session

DOCUMENTED = {
    "users": "user_id username email password_hash is_active created_at updated_at",
    "trading_strategies": "strategy_id user_id name description parameters is_active created_at"
    " updated_at",
    "market_data": "data_id symbol timestamp open_price high_price low_price close_price volume"
    " source created_at",
    "sentiment_data": "sentiment_id symbol source text sentiment_score timestamp extra_data"
    " created_at",
    "signals": "signal_id strategy_id model_id symbol signal_type confidence timestamp extra_data"
    " created_at",
    "trades": "trade_id signal_id symbol trade_type price quantity status is_paper_trade pnl"
    " timestamp created_at",
    "models": "model_id name model_type version accuracy precision recall auc trained_on extra_data"
    " created_at",
    "alerts": "alert_id user_id alert_type message is_read timestamp created_at",
}

FOREIGN_KEYS = {
    ("trading_strategies", "user_id", "users"),
    ("signals", "strategy_id", "trading_strategies"),
    ("signals", "model_id", "models"),
    ("trades", "signal_id", "signals"),
    ("alerts", "user_id", "users"),
}

# table, column, kind of index whose first column it is
INDEXES = [
    ("users", "username", "btree"),
    ("users", "email", "btree"),
    ("market_data", "symbol", "btree"),
    ("market_data", "timestamp", "brin"),
    ("market_data", "data_id", "brin"),
    ("sentiment_data", "symbol", "btree"),
    ("sentiment_data", "source", "btree"),
    ("sentiment_data", "timestamp", "btree"),
    ("signals", "timestamp", "btree"),
    ("trades", "timestamp", "btree"),
    ("alerts", "timestamp", "btree"),
]


@pytest.mark.parametrize("table", DOCUMENTED)
def test_a_table_has_its_documented_columns(engine: Engine, table: str) -> None:
    found = {column["name"] for column in inspect(engine).get_columns(table)}
    assert set(DOCUMENTED[table].split()) <= found


@pytest.mark.parametrize(("table", "column", "kind"), INDEXES)
def test_a_documented_column_is_indexed(db: Session, table: str, column: str, kind: str) -> None:
    rows = db.execute(
        text("SELECT indexdef FROM pg_indexes WHERE tablename = :table"), {"table": table}
    )
    wanted = re.compile(rf'USING {kind} \("?{column}"?[,)]')
    assert any(wanted.search(definition) for (definition,) in rows)


def test_foreign_keys_are_as_documented(engine: Engine) -> None:
    found = {
        (table, key["constrained_columns"][0], key["referred_table"])
        for table in DOCUMENTED
        for key in inspect(engine).get_foreign_keys(table)
    }
    assert found >= FOREIGN_KEYS


def test_every_time_has_a_zone_and_money_is_exact(db: Session) -> None:
    rows = db.execute(
        text(
            "SELECT table_name, column_name, data_type FROM information_schema.columns"
            " WHERE table_schema = 'public'"
        )
    )
    types = {(table, column): kind for table, column, kind in rows}
    assert "timestamp without time zone" not in types.values()
    assert {types["trades", name] for name in ("price", "quantity", "pnl", "fee")} == {"numeric"}
    assert types["market_data", "close_price"] == "double precision"
    assert types["market_data", "data_id"] == "bigint"


def test_the_key_of_a_bar_is_what_names_it(db: Session) -> None:
    definition = db.execute(
        text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid ="
             " 'market_data'::regclass AND contype = 'p'")
    ).scalar_one()  # fmt: skip
    assert definition == 'PRIMARY KEY (symbol, timeframe, source, "timestamp")'


def test_every_connection_is_in_utc(db: Session) -> None:
    assert db.execute(text("SHOW timezone")).scalar_one() == "UTC"


BAD_ROWS: list[tuple[str, dict[str, Any]]] = [
    ("INSERT INTO signals (signal_type) VALUES (:v)", {"v": "MAYBE"}),
    ("INSERT INTO signals (confidence) VALUES (:v)", {"v": 1.01}),
    ("INSERT INTO signals (confidence) VALUES (:v)", {"v": float("nan")}),
    ("INSERT INTO trades (trade_type) VALUES (:v)", {"v": "HOLD"}),
    ("INSERT INTO trades (status) VALUES (:v)", {"v": "LOST"}),
    ("INSERT INTO trades (price) VALUES (:v)", {"v": -1}),
    ("INSERT INTO trades (quantity) VALUES (CAST(:v AS numeric))", {"v": "NaN"}),
    ("INSERT INTO sentiment_data (sentiment_score) VALUES (:v)", {"v": -1.5}),
    ("INSERT INTO users (username, email, password_hash, role) VALUES ('a', 'a', 'a', :v)",
     {"v": "root"}),
    ("INSERT INTO models (status) VALUES (:v)", {"v": "best"}),
    ("INSERT INTO alerts (level) VALUES (:v)", {"v": "loud"}),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "values"), BAD_ROWS)
def test_the_database_refuses_what_makes_no_sense(
    db: Session, statement: str, values: dict[str, Any]
) -> None:
    from sqlalchemy.exc import IntegrityError

    with pytest.raises(IntegrityError, match="violates check constraint"):
        db.execute(text(statement), values)


@pytest.mark.parametrize(
    "statement", ["UPDATE trials SET payload = '{}'", "DELETE FROM trials", "TRUNCATE trials"]
)
def test_trials_are_only_ever_added(db: Session, statement: str) -> None:
    from sqlalchemy.exc import IntegrityError

    with pytest.raises(IntegrityError, match="rows of trials are only ever added"):
        db.execute(text(statement))

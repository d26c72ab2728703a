from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import numpy as np
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.database import engine
from app.repositories.copy import Column, copy_columns, copy_rows, insert_columns
from cryptovolt.domain.errors import DataError

HOURS = np.datetime64("2024-01-01", "ms") + np.arange(3) * np.timedelta64(1, "h")


def bars(n_bars: int = 3, symbol: str = "BTCUSDT") -> dict[str, Column]:
    prices = np.linspace(40_000.0, 41_000.0, n_bars)
    opens = np.datetime64("2024-01-01", "ms") + np.arange(n_bars) * np.timedelta64(1, "h")
    return {
        "symbol": symbol,
        "timeframe": "1h",
        "source": "binance",
        "timestamp": opens,
        "open_price": prices,
        "close_price": prices + 0.1,
    }


def count(db: Session, table: str = "market_data") -> int:
    return db.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()


def test_arrays_arrive_as_they_were(db: Session) -> None:
    assert copy_columns(db, "market_data", bars()) == 3
    found = db.execute(
        text("SELECT timestamp, symbol, timeframe, source, open_price, close_price, volume"
             " FROM market_data ORDER BY timestamp")
    ).all()  # fmt: skip
    start = datetime(2024, 1, 1, tzinfo=UTC)
    assert [tuple(row) for row in found] == [
        (start + timedelta(hours=i), "BTCUSDT", "1h", "binance", price, price + 0.1, None)
        for i, price in enumerate((40_000.0, 40_500.0, 41_000.0))
    ]


def test_a_second_import_inserts_only_what_is_new(db: Session) -> None:
    assert insert_columns(db, "market_data", bars(40_000)) == 40_000
    assert insert_columns(db, "market_data", bars(40_000)) == 0
    assert insert_columns(db, "market_data", bars(40_010)) == 10
    assert count(db) == 40_010


def test_the_rows_are_there_after_the_commit(fresh_database_url: str) -> None:
    del fresh_database_url
    with engine.connect() as connection:
        copy_columns(connection, "market_data", bars())
        connection.commit()
    with engine.connect() as connection:
        insert_columns(connection, "market_data", bars(4))
        connection.rollback()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM market_data")).scalar_one() == 3


def test_a_plain_copy_of_a_known_key_is_refused(db: Session) -> None:
    copy_columns(db, "market_data", bars())
    with pytest.raises(psycopg.errors.UniqueViolation):
        copy_columns(db, "market_data", bars())


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=arrays(np.float64, 5, elements=st.floats(allow_nan=True, width=64)),
    texts=st.lists(
        st.none() | st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=40),
        min_size=5,
        max_size=5,
    ),
)
def test_every_float_and_text_reads_back_bit_for_bit(
    db: Session, values: np.ndarray[Any, np.dtype[np.float64]], texts: list[str | None]
) -> None:
    db.rollback()
    score = np.where(np.abs(values) <= 1, values, np.nan)
    copy_columns(db, "sentiment_data", {"sentiment_score": score, "text": texts})
    found = db.execute(text("SELECT sentiment_score, text FROM sentiment_data ORDER BY 1, 2")).all()
    missing = [None if np.isnan(x) else float(x) for x in score]
    expected = sorted(zip(missing, texts, strict=True), key=repr)
    assert sorted([tuple(row) for row in found], key=repr) == expected


def test_rows_of_every_type_arrive(db: Session) -> None:
    when = datetime(2024, 5, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    rows = [
        ("BTCUSDT", "BUY", Decimal("40000.12345678"), 0.1, "EXECUTED", True, when, None),
        ("ETHUSDT", "SELL", 1e-7, 12, "FAILED", False, datetime(2024, 5, 1, 10), "stop"),  # noqa: DTZ001
    ]
    names = ("symbol", "trade_type", "price", "quantity", "status", "is_paper_trade", "timestamp",
             "reason")  # fmt: skip
    assert copy_rows(db, "trades", names, rows) == 2
    found = db.execute(text(f"SELECT {', '.join(names)} FROM trades ORDER BY trade_id")).all()
    ten = datetime(2024, 5, 1, 10, tzinfo=UTC)
    assert [tuple(row) for row in found] == [
        ("BTCUSDT", "BUY", Decimal("40000.12345678"), Decimal("0.1"), "EXECUTED", True, ten, None),
        ("ETHUSDT", "SELL", Decimal("1e-7"), Decimal(12), "FAILED", False, ten, "stop"),
    ]


def test_documents_arrive(db: Session) -> None:
    documents: list[object] = [{"a": [1, None, "x"]}, None, ["b"]]
    copy_columns(db, "signals", {"extra_data": documents, "symbol": "BTCUSDT"})
    found = db.execute(text("SELECT extra_data FROM signals ORDER BY signal_id")).scalars().all()
    assert found == documents


@pytest.mark.parametrize(
    ("columns", "complaint"),
    [
        ({"symbol": "A", "colour": [1, 2]}, "found colour"),
        ({"open_price": [1.0], "close_price": [1.0, 2.0]}, r"found lengths \[1, 2\]"),
        ({"symbol": "A", "timestamp": ["yesterday"]}, "expected a datetime, found str"),
        ({"symbol": "A", "data_id": [1.5]}, "expected whole numbers"),
        ({"symbol": "A", "data_id": [2**70]}, "int8"),
        ({"symbol": "A", "open_price": ["high"]}, "float8"),
        ({"symbol": [1]}, "varchar"),
        ({"open_price": "1.0", "volume": [1.0]}, "needs a text column"),
    ],
)
def test_what_does_not_fit_is_said(
    db: Session, columns: Mapping[str, Column], complaint: str
) -> None:
    with pytest.raises(DataError, match=complaint):
        copy_columns(db, "market_data", columns)
    db.rollback()
    assert count(db) == 0


def test_no_rows_are_no_rows(db: Session) -> None:
    assert copy_columns(db, "market_data", bars(0)) == 0
    assert copy_rows(db, "market_data", ["symbol"], []) == 0

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from app.core.config import settings
from app.core.database import SessionLocal, engine
from app.models.database import (
    Alert,
    MarketData,
    Model,
    SentimentData,
    Signal,
    Trade,
    TradingStrategy,
    User,
)
from app.services.database_service import DatabaseService, DatabaseStats, QueryHelper
from cryptovolt.domain.errors import DataError

NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)
ALL = [User, TradingStrategy, MarketData, SentimentData, Signal, Trade, Model, Alert]
DOWN = "postgresql://postgres:x@127.0.0.1:1/cryptovolt"


def naive(hour: int) -> datetime:
    return datetime(2024, 3, 1, hour)  # noqa: DTZ001 - documented calls take naive times


def trader(db: Session, name: str) -> User:
    return DatabaseService.create(
        db, User, username=name, email=f"{name}@cryptovolt.local", password_hash="hashed_password"
    )


def test_a_bar_without_a_time_frame_is_stored_and_found(db: Session) -> None:
    bar = DatabaseService.create(
        db, MarketData, symbol="ADAUSDT", timestamp=naive(12), open_price=0.6, high_price=0.7,
        low_price=0.5, close_price=0.65, volume=1e6, source="binance",
    )  # fmt: skip
    assert (bar.timeframe, bar.timestamp) == ("unspecified", NOON)
    found = DatabaseService.read(db, MarketData, bar.data_id)
    assert found is bar
    changed = DatabaseService.update(db, MarketData, bar.data_id, close_price=0.66)
    assert changed is not None
    assert changed.close_price == 0.66
    assert DatabaseService.delete(db, MarketData, bar.data_id)
    assert DatabaseService.read(db, MarketData, bar.data_id) is None


def test_a_missing_id_is_no_error(db: Session) -> None:
    assert DatabaseService.read(db, User, 987_654_321) is None
    assert DatabaseService.update(db, User, 987_654_321, is_active=False) is None
    assert DatabaseService.delete(db, User, 987_654_321) is False


def test_what_was_stored_is_seen_by_others_at_once(db: Session) -> None:
    user = trader(db, "visible")
    with SessionLocal() as other:
        assert other.get(User, user.user_id) is not None
    assert user.role == "trader"
    assert user.created_at.tzinfo is UTC


def test_a_failed_call_raises_and_leaves_the_session_usable(db: Session) -> None:
    first = trader(db, "twice")
    with pytest.raises(IntegrityError):
        trader(db, "twice")
    with pytest.raises(IntegrityError):
        DatabaseService.update(db, User, first.user_id, role="owner")
    session_user = DatabaseService.read(db, User, first.user_id)
    assert session_user is not None
    assert session_user.role == "trader"


def test_a_column_that_does_not_exist_is_refused(db: Session) -> None:
    user = trader(db, "columns")
    with pytest.raises(TypeError, match="colour"):
        DatabaseService.create(db, User, colour="red")
    with pytest.raises(ValueError, match="found colour, metadata"):
        DatabaseService.update(db, User, user.user_id, colour="red", metadata={})
    with pytest.raises(ValueError, match="found colour"):
        DatabaseService.bulk_create(db, User, [{"colour": "red"}])
    with pytest.raises(TypeError, match="expected User, found Alert"):
        DatabaseService.bulk_create(db, User, [Alert()])  # pyright: ignore[reportArgumentType]


def test_pages_are_in_the_order_of_the_key(db: Session) -> None:
    for number in range(5):
        DatabaseService.create(db, Model, name=f"page {number}")
    names = [model.name for model in DatabaseService.list_all(db, Model)]
    first = DatabaseService.list_all(db, Model, skip=0, limit=3)
    second = DatabaseService.list_all(db, Model, skip=3, limit=3)
    assert [model.name for model in (*first, *second)] == names[:6]
    with pytest.raises(ValueError, match="found -1 and 100"):
        DatabaseService.list_all(db, Model, skip=-1)


def test_a_model_class_of_every_table_is_counted(db: Session) -> None:
    stats = DatabaseStats.get_all_table_stats(db, ALL)
    assert list(stats) == [model.__tablename__ for model in ALL]
    before = DatabaseStats.get_table_row_count(db, Alert)
    DatabaseService.create(db, Alert, alert_type="SYSTEM", message="counted")
    assert DatabaseStats.get_table_row_count(db, Alert) == before + 1


def bar_dicts(n_bars: int, symbol: str) -> list[dict[str, Any]]:
    start = datetime(2023, 1, 1)  # noqa: DTZ001
    return [
        {"symbol": symbol, "timestamp": start + timedelta(minutes=i), "close_price": i + 0.25}
        for i in range(n_bars)
    ]


def bar_rows(n_bars: int, symbol: str) -> list[MarketData]:
    return [MarketData(**values) for values in bar_dicts(n_bars, symbol)]


@pytest.mark.parametrize("n_bars", [0, 3, 999, 1_000, 2_500])
@pytest.mark.parametrize("make", [bar_dicts, bar_rows])
def test_many_rows_are_stored_alike_by_insert_and_by_copy(
    db: Session, make: Callable[[int, str], list[Any]], n_bars: int
) -> None:
    symbol = f"{make.__name__}{n_bars}"[:20]
    stored = DatabaseService.bulk_create(db, MarketData, make(n_bars, symbol))
    assert len(stored) == n_bars
    found = QueryHelper.filter_by_symbol(db, MarketData, symbol)
    start = datetime(2023, 1, 1, tzinfo=UTC)
    assert [(bar.timestamp, bar.close_price) for bar in found] == [
        (start + timedelta(minutes=i), i + 0.25) for i in range(n_bars)
    ]
    assert {bar.timeframe for bar in found} <= {"unspecified"}


@pytest.mark.parametrize("n_rows", [10, 1_200])
def test_rows_that_leave_out_different_columns_get_defaults(db: Session, n_rows: int) -> None:
    reason = f"mixed {n_rows}"
    shapes: list[dict[str, Any]] = [
        {"symbol": "BTCUSDT", "trade_type": "BUY", "price": 0.1, "quantity": Decimal("1.50")},
        {"symbol": "BTCUSDT", "trade_type": "SELL", "status": None, "timestamp": NOON},
        {"symbol": "BTCUSDT", "trade_type": "BUY", "status": "FAILED", "is_paper_trade": False},
    ]
    rows = [{**shapes[i % 3], "reason": reason} for i in range(n_rows)]
    DatabaseService.bulk_create(db, Trade, rows)
    found = [t for t in DatabaseService.list_all(db, Trade, limit=10_000) if t.reason == reason]
    assert len(found) == n_rows
    buys = [trade for trade in found if trade.price is not None]
    assert {(t.price, t.quantity, t.status) for t in buys} == {
        (Decimal("0.1"), Decimal("1.5"), "PENDING")
    }
    sells = [trade for trade in found if trade.trade_type == "SELL"]
    assert {(t.status, t.timestamp) for t in sells} == {("PENDING", NOON)}
    assert {t.is_paper_trade for t in found if t.status == "FAILED"} == {False}


def test_documents_are_copied(db: Session) -> None:
    rows = [{"text": f"copied {i}", "extra_data": {"likes": i}} for i in range(1_000)]
    DatabaseService.bulk_create(db, SentimentData, rows)
    found = QueryHelper.search_text(db, SentimentData, "copied 999", ["text"])
    assert [row.extra_data for row in found] == [{"likes": 999}]


@pytest.mark.parametrize("n_rows", [2, 1_500])
def test_a_bulk_write_is_all_or_nothing(db: Session, n_rows: int) -> None:
    rows = bar_dicts(n_rows, f"ATOMIC{n_rows}")
    with pytest.raises(IntegrityError):
        DatabaseService.bulk_create(db, MarketData, [*rows, rows[0]])
    assert QueryHelper.filter_by_symbol(db, MarketData, f"ATOMIC{n_rows}") == []
    before = DatabaseStats.get_table_row_count(db, Trade)
    prices = [*[1.0] * n_rows, float("nan")]
    with pytest.raises(DataError, match="finite amount, found nan"):
        DatabaseService.bulk_create(
            db, Trade, [{"trade_type": "BUY", "price": price} for price in prices]
        )
    assert DatabaseStats.get_table_row_count(db, Trade) == before


def test_a_date_range_takes_naive_times_as_utc_and_includes_both_ends(db: Session) -> None:
    for hour in range(10, 15):
        DatabaseService.create(
            db, Signal, symbol="RANGE", signal_type="HOLD", confidence=0.5, timestamp=naive(hour)
        )
    found = QueryHelper.filter_by_date_range(db, Signal, naive(11), naive(13))
    assert [signal.timestamp.hour for signal in found] == [11, 12, 13]
    aware = QueryHelper.filter_by_date_range(
        db, Signal, naive(11).replace(tzinfo=UTC), naive(13).replace(tzinfo=UTC)
    )
    assert aware == found
    created = QueryHelper.filter_by_date_range(
        db, User, datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC) + timedelta(hours=1)
    )
    assert len(created) == DatabaseStats.get_table_row_count(db, User)


def test_a_table_without_symbols_cannot_be_asked_for_one(db: Session) -> None:
    with pytest.raises(ValueError, match="expected a table with a symbol, found users"):
        QueryHelper.filter_by_symbol(db, User, "BTCUSDT")


SEARCHES: list[tuple[str, list[str]]] = [
    # term, texts found
    ("rally", ["Rally of 100%"]),
    ("100%", ["Rally of 100%"]),
    ("%", ["Rally of 100%"]),
    ("a_b", ["a_b"]),
    ("_", ["a_b"]),
    ("\\", ["back\\slash"]),
    ("/", ["either/or"]),
    ("' OR 1=1 --", []),
]


@pytest.mark.parametrize(("term", "expected"), SEARCHES)
def test_every_character_of_a_search_stands_for_itself(
    db: Session, term: str, expected: list[str]
) -> None:
    if not QueryHelper.search_text(db, Alert, "marker", ["alert_type"]):
        for message in ("Rally of 100%", "a_b", "axb", "back\\slash", "either/or"):
            DatabaseService.create(db, Alert, alert_type="marker", message=message)
    found = QueryHelper.search_text(db, Alert, term, ["message", "alert_type"])
    assert [alert.message for alert in found] == expected


@pytest.mark.parametrize(
    "columns",
    [
        [], ["password_hash"], ["username", "password_hash"], ["__class__"], ["metadata"],
        ["user_id"], ["created_at"], ["username; DROP TABLE users"], ["nothing"] * 10_000,
        "username",
    ],
)  # fmt: skip
def test_only_text_that_may_be_searched_is_searched(db: Session, columns: list[str]) -> None:
    with pytest.raises(ValueError, match="expected"):
        QueryHelper.search_text(db, User, "a", columns)


def test_a_search_is_limited(db: Session) -> None:
    rows = [{"name": f"limited {i}"} for i in range(150)]
    DatabaseService.bulk_create(db, TradingStrategy, rows)
    assert len(QueryHelper.search_text(db, TradingStrategy, "limited", ["name"])) == 100
    assert len(QueryHelper.search_text(db, TradingStrategy, "limited", ["name"], limit=120)) == 120
    for limit in (0, 501):
        with pytest.raises(ValueError, match="limit from 1 to 500"):
            QueryHelper.search_text(db, TradingStrategy, "x", ["name"], limit=limit)
    with pytest.raises(ValueError, match="NUL"):
        QueryHelper.search_text(db, TradingStrategy, "a\0b", ["name"])


CALLS: list[Callable[[Session], object]] = [
    lambda db: DatabaseService.create(db, Alert, message="x"),
    lambda db: DatabaseService.read(db, User, 1),
    lambda db: DatabaseService.update(db, User, 1, is_active=False),
    lambda db: DatabaseService.delete(db, User, 1),
    lambda db: DatabaseService.list_all(db, User),
    lambda db: DatabaseService.bulk_create(db, MarketData, bar_dicts(3, "A")),
    lambda db: DatabaseService.bulk_create(db, MarketData, bar_dicts(1_000, "A")),
    lambda db: QueryHelper.filter_by_symbol(db, Trade, "BTCUSDT"),
    lambda db: QueryHelper.filter_by_date_range(db, Trade, naive(1), naive(2)),
    lambda db: QueryHelper.search_text(db, User, "a", ["username"]),
    lambda db: DatabaseStats.get_table_row_count(db, User),
    lambda db: DatabaseStats.get_all_table_stats(db, ALL),
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.usefixtures("database_url")
def test_a_database_that_is_down_raises(
    call: Callable[[Session], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "DATABASE_URL", DOWN)
    engine.dispose()
    with SessionLocal() as db, pytest.raises(OperationalError):
        call(db)
    monkeypatch.undo()
    engine.dispose()

"""Bars written and read through a real PostgreSQL."""

from collections.abc import Callable

import numpy as np
import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.database import SessionLocal, libpq_url
from app.repositories.bars import (
    SeriesKey,
    SeriesWriter,
    find_gaps,
    latest_bars,
    read_range,
)
from cryptovolt.domain.bars import VALUE_COLUMNS, Bars
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.market.cleaning import take

START = 1_704_067_200_000
MINUTE = 60_000


def make_bars(n_bars: int, symbol: str = "BTCUSDT", first: int = 0, seed: int = 3) -> Bars:
    rng = np.random.default_rng(seed)
    values = {name: rng.normal(100, 1, n_bars) for name in VALUE_COLUMNS}
    time = START + MINUTE * np.arange(first, first + n_bars)
    return Bars(symbol=symbol, timeframe="1m", source="test", timestamp=time, **values)


def key_of(bars: Bars) -> SeriesKey:
    return SeriesKey(bars.symbol, bars.timeframe, bars.source)


def write(bars: Bars, update: bool = False) -> tuple[int, int, int, int]:
    with SessionLocal.begin() as session:
        writer = SeriesWriter(session, key_of(bars), update)
        writer.write(bars)
    found = writer.written
    return found.new, found.known, found.different, found.updated


def test_bars_come_back_with_the_same_bits(db: Session) -> None:
    bars = make_bars(3_000, "SAME")
    assert write(bars) == (3_000, 0, 0, 0)
    assert read_range(key_of(bars)).content_hash() == bars.content_hash()
    assert latest_bars(db, key_of(bars), 500).content_hash() == bars[-500:].content_hash()


def test_the_columns_of_the_table_hold_what_a_person_expects(db: Session) -> None:
    write(make_bars(2, "COLUMNS"))
    row = db.execute(text("SELECT * FROM market_data WHERE symbol = 'COLUMNS' LIMIT 1"))
    found = row.mappings().one()
    assert found["timestamp"].isoformat() == "2024-01-01T00:00:00+00:00"
    assert (found["timeframe"], found["source"]) == ("1m", "test")
    assert found["open_price"] == make_bars(2).open[0]
    assert found["volume"] == make_bars(2).volume[0]
    assert found["data_id"] is not None
    assert found["created_at"] is not None


def test_writing_twice_changes_nothing(database_url: str) -> None:
    del database_url
    bars = make_bars(1_000, "TWICE")
    write(bars)
    assert write(bars) == (0, 1_000, 0, 0)
    assert len(read_range(key_of(bars))) == 1_000


def test_only_bars_that_are_new_are_added_before_between_and_after(database_url: str) -> None:
    del database_url
    whole = make_bars(300, "HOLES")
    rows = np.r_[50:100, 150:200]
    write(take(whole, rows))
    assert write(whole) == (200, 100, 0, 0)
    assert read_range(key_of(whole)).content_hash() == whole.content_hash()


def test_a_bar_with_other_values_is_kept_unless_an_update_is_asked_for(
    database_url: str,
) -> None:
    del database_url
    old, new = make_bars(10, "OTHER"), make_bars(10, "OTHER", seed=4)
    mixed = {name: getattr(old, name).copy() for name in VALUE_COLUMNS}
    for name in VALUE_COLUMNS:
        mixed[name][7] = getattr(new, name)[7]
    changed = Bars(symbol="OTHER", timeframe="1m", source="test", timestamp=old.timestamp, **mixed)
    write(old)
    with SessionLocal.begin() as session:
        writer = SeriesWriter(session, key_of(old))
        writer.write(changed)
    assert (writer.written.known, writer.written.different) == (9, 1)
    (example,) = writer.written.examples
    assert example.timestamp == old.timestamp[7]
    assert example.stored[0] == old.open[7]
    assert example.given[0] == new.open[7]
    assert read_range(key_of(old)).content_hash() == old.content_hash()
    assert write(changed, update=True) == (0, 9, 1, 1)
    assert read_range(key_of(old)).content_hash() == changed.content_hash()


def test_a_stored_row_without_prices_is_different_and_no_bar(db: Session) -> None:
    bars = make_bars(3, "EMPTY")
    db.execute(
        text(
            "INSERT INTO market_data (symbol, timeframe, source, timestamp)"
            " VALUES ('EMPTY', '1m', 'test', '2024-01-01 00:01Z')"
        )
    )
    db.commit()
    assert write(bars) == (2, 0, 1, 0)
    assert read_range(key_of(bars)).timestamp.tolist() == bars.timestamp[[0, 2]].tolist()
    assert len(latest_bars(db, key_of(bars), 3)) == 2


def test_series_of_one_name_are_kept_apart(db: Session) -> None:
    spot = make_bars(5, "APART")
    perpetual = Bars(
        symbol="APART",
        timeframe="1m",
        source="test-usdm",
        timestamp=spot.timestamp,
        **{name: getattr(make_bars(5, seed=9), name) for name in VALUE_COLUMNS},
    )
    write(spot)
    write(perpetual)
    assert latest_bars(db, key_of(spot), 9).content_hash() == spot.content_hash()
    assert read_range(key_of(perpetual)).content_hash() == perpetual.content_hash()


def test_a_failed_transaction_leaves_no_row(database_url: str) -> None:
    del database_url
    bars = make_bars(100, "ROLLED")

    def import_and_fail() -> None:
        with SessionLocal.begin() as session:
            SeriesWriter(session, key_of(bars)).write(bars)
            raise RuntimeError("the next file was corrupt")

    with pytest.raises(RuntimeError):
        import_and_fail()
    assert len(read_range(key_of(bars))) == 0


def test_two_writers_of_one_series_wait_for_each_other(database_url: str) -> None:
    del database_url
    key = SeriesKey("LOCKED", "1m", "test")
    with SessionLocal.begin() as session:
        SeriesWriter(session, key)
        with psycopg.connect(libpq_url()) as other:
            other.execute("SET lock_timeout = '100ms'")
            statement = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
            with pytest.raises(psycopg.errors.LockNotAvailable):
                other.execute(statement, [f"market_data|{key}"])


def test_gaps_are_found_where_bars_are_missing(db: Session) -> None:
    whole = make_bars(100, "GAPS")
    write(take(whole, np.r_[0:10, 12:50, 60:100]))
    gaps = find_gaps(db, key_of(whole), MINUTE)
    assert [(before.minute, after.minute) for before, after in gaps] == [(9, 12), (49, 0)]


def test_nothing_stored_is_read_as_no_bars(db: Session) -> None:
    key = SeriesKey("NOBODY", "1m", "test")
    assert len(read_range(key)) == 0
    assert len(latest_bars(db, key, 500)) == 0


def test_a_name_is_data_and_never_part_of_a_statement(db: Session) -> None:
    key = SeriesKey("A'; DROP TABLE x--", "1m", "o\\'x")
    bars = make_bars(2)
    named = Bars(
        **key.labels,
        timestamp=bars.timestamp,
        **{name: getattr(bars, name) for name in VALUE_COLUMNS},
    )
    write(named)
    assert read_range(key).content_hash() == named.content_hash()
    assert latest_bars(db, key, 5).content_hash() == named.content_hash()


@pytest.mark.parametrize(
    "make", [lambda: SeriesKey("X" * 21, "1m", "s"), lambda: SeriesKey("X", "1m", "")]
)
def test_a_name_that_does_not_fit_its_column_is_refused(make: Callable[[], SeriesKey]) -> None:
    with pytest.raises(ConfigurationError, match="characters, found"):
        make()

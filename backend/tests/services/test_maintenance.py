from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy.orm import Session

from app.models.database import MarketData, SentimentData
from app.models.feed import PublicTrade
from app.models.research import BarSnapshot
from app.repositories.maintenance import Series
from app.services import maintenance
from app.services.database_service import DatabaseService, DatabaseStats
from cryptovolt.domain.errors import DataError

NOW = datetime(2024, 6, 30, 12, tzinfo=UTC)
DAY = timedelta(days=1)

pytestmark = pytest.mark.usefixtures("fresh_database_url")


def bar(symbol: str, age_days: float, source: str = "binance") -> MarketData:
    return MarketData(
        symbol=symbol,
        timestamp=NOW - age_days * DAY,
        timeframe="1d",
        source=source,
        open_price=1.5,
        high_price=2.0,
        low_price=1.0,
        close_price=age_days,
        volume=None,
    )


def ages(db: Session) -> list[tuple[str, float]]:
    bars = db.query(MarketData).order_by(MarketData.symbol, MarketData.timestamp.desc()).all()
    return [(bar.symbol, (NOW - bar.timestamp) / DAY) for bar in bars]


def session() -> Session:
    from app.core.database import SessionLocal

    return SessionLocal()


def test_ages_are_those_of_events_and_the_documented_ones(tmp_path: Path) -> None:
    with session() as db:
        # Stored today, so that the age of the rows would delete nothing.
        DatabaseService.bulk_create(db, MarketData, [bar("BTC", age) for age in (89, 90, 91, 400)])
        DatabaseService.bulk_create(
            db,
            SentimentData,
            [
                {"text": str(age), "timestamp": NOW - age * DAY, "extra_data": {"age": age}}
                for age in (29, 30, 31, 100)
            ],
        )
        done = maintenance.clean(db, tmp_path, NOW)
        assert (done.sentiment_archived, done.bars_archived, len(done.files)) == (2, 2, 2)
        assert ages(db) == [("BTC", 89), ("BTC", 90)]
        texts = [row.text for row in db.query(SentimentData).order_by(SentimentData.timestamp)]
        assert texts == ["30", "29"]
        sentiment = pl.read_parquet(next((tmp_path / "archives" / "sentiment").iterdir()))
        assert sentiment["text"].to_list() == ["100", "31"]
        assert sentiment["extra_data"].to_list() == ['{"age": 100}', '{"age": 31}']


def test_public_trades_are_kept_for_a_week_and_archived_with_their_ids(tmp_path: Path) -> None:
    first_id = 8_389_765_489_680_951_453
    with session() as db:
        for number, age in enumerate((1, 6.9, 7.1, 30)):
            db.add(
                PublicTrade(
                    source="binance", symbol="BTCUSDT", trade_id=first_id + number,
                    time=NOW - age * DAY, price=100.5, quantity=0.25, buyer_is_maker=number == 3,
                )
            )  # fmt: skip
        db.commit()
        assert maintenance.clean(db, tmp_path, NOW).trades_archived == 2
        kept = [trade.trade_id for trade in db.query(PublicTrade).order_by(PublicTrade.trade_id)]
        assert kept == [first_id, first_id + 1]
        (path,) = (tmp_path / "archives" / "trades").iterdir()
        archived = pl.read_parquet(path)
        assert archived["trade_id"].to_list() == [first_id + 2, first_id + 3]
        assert archived["time"].to_list() == [NOW - 7.1 * DAY, NOW - 30 * DAY]
        assert archived["buyer_is_maker"].to_list() == [False, True]
        assert maintenance.clean(db, tmp_path, NOW).trades_archived == 0


def test_cleaning_again_finds_nothing(tmp_path: Path) -> None:
    with session() as db:
        DatabaseService.bulk_create(db, MarketData, [bar("BTC", 100)])
        assert maintenance.clean(db, tmp_path, NOW).bars_archived == 1
        assert maintenance.clean(db, tmp_path, NOW) == maintenance.Cleaned(0, 0, 0, ())


def test_bars_of_a_snapshot_stay(tmp_path: Path) -> None:
    with session() as db:
        DatabaseService.bulk_create(
            db,
            MarketData,
            [bar(s, age) for s in ("BTC", "ETH") for age in (100, 110, 120, 130)],
        )
        db.add(
            BarSnapshot(
                hash="0" * 64, symbol="BTC", timeframe="1d", source="binance", n_bars=2,
                first_bar=NOW - 120 * DAY, last_bar=NOW - 110 * DAY, path="x.parquet",
            )
        )  # fmt: skip
        db.commit()
        done = maintenance.clean(db, tmp_path, NOW)
        assert (done.bars_archived, done.bars_kept_for_snapshots) == (6, 2)
        assert ages(db) == [("BTC", 110), ("BTC", 120)]


def test_archived_bars_are_listed_and_come_back_as_they_were(tmp_path: Path) -> None:
    with session() as db:
        DatabaseService.bulk_create(db, MarketData, [bar("BTC", age) for age in (100, 101, 102)])
        DatabaseService.bulk_create(db, MarketData, [bar("ETH", 100)])
        before = [row_of(found) for found in db.query(MarketData).order_by(MarketData.symbol)]
        maintenance.clean(db, tmp_path, NOW)
        listed = maintenance.archived_bars(db)
        assert [(a.symbol, a.n_bars, a.first_bar, a.last_bar) for a in listed] == [
            ("BTC", 3, NOW - 102 * DAY, NOW - 100 * DAY),
            ("ETH", 1, NOW - 100 * DAY, NOW - 100 * DAY),
        ]
        assert maintenance.restore_bars(db, tmp_path, Series("ETH", "1d", "binance")) == 1
        assert [a.symbol for a in maintenance.archived_bars(db)] == ["BTC"]
        # One of them was fetched again in the meantime.
        DatabaseService.bulk_create(db, MarketData, [bar("BTC", 101)])
        assert maintenance.restore_bars(db, tmp_path) == 2
        assert maintenance.archived_bars(db) == []
        after = [row_of(found) for found in db.query(MarketData).order_by(MarketData.symbol)]
        assert sorted(before) == sorted(after)


def row_of(found: MarketData) -> tuple[object, ...]:
    return (found.symbol, found.timestamp, found.source, found.timeframe, found.close_price,
            found.open_price, found.volume is None)  # fmt: skip


@pytest.mark.parametrize("harm", ["missing", "changed"])
def test_a_harmed_archive_is_refused_and_nothing_is_changed(tmp_path: Path, harm: str) -> None:
    with session() as db:
        DatabaseService.bulk_create(db, MarketData, [bar("BTC", 100), bar("ETH", 100)])
        maintenance.clean(db, tmp_path, NOW)
        path = tmp_path / maintenance.archived_bars(db)[1].path
        if harm == "missing":
            path.unlink()
        else:
            path.write_bytes(path.read_bytes() + b"\0")
        with pytest.raises(DataError, match="expected"):
            maintenance.restore_bars(db, tmp_path)
        assert DatabaseStats.get_table_row_count(db, MarketData) == 0
        assert len(maintenance.archived_bars(db)) == 2


def test_rows_stay_when_the_archive_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "archives").write_text("a file where the folder should be")
    with session() as db:
        DatabaseService.bulk_create(db, MarketData, [bar("BTC", 100)])
        with pytest.raises(OSError, match="archives"):
            maintenance.clean(db, tmp_path, NOW)
    with session() as db:
        assert ages(db) == [("BTC", 100)]

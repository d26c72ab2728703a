"""Markets from files, from an archive on loopback, stored and generated."""

import csv
import io
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.times import milliseconds
from app.models.database import MarketData, SentimentData
from app.services.bar_import import ImportOptions
from app.services.markets import (
    longest_series,
    market_from_archive,
    market_from_files,
    months_before,
    stored_market,
    synthetic_market,
)
from cryptovolt.domain.errors import DataError, TransientError

NOW = datetime(2024, 6, 15, tzinfo=UTC)
HOUR = 3_600_000
OPTIONS = ImportOptions(as_of=milliseconds(NOW))


def month_file(folder: Path, symbol: str, month: date) -> Path:
    """Write a month of the public archive's layout: twelve columns, no header, one csv in a zip."""
    text = io.StringIO()
    rows = csv.writer(text)
    start = milliseconds(datetime(month.year, month.month, 1, tzinfo=UTC))
    for hour in range(48):
        open_time = start + hour * HOUR
        price = 100 + hour
        prices = (price, price + 2, price - 2, price + 1)
        rows.writerow([open_time, *prices, 5, open_time + HOUR - 1, 0, 1, 0, 0, 0])
    path = folder / f"{symbol}-1h-{month:%Y-%m}.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(f"{path.stem}.csv", text.getvalue())
    return path


class FolderArchive:
    """An archive that is a folder, and one month it does not have."""

    def __init__(self, folder: Path, missing: date | None = None) -> None:
        self._folder = folder
        self._missing = missing

    def fetch_month(self, symbol: str, timeframe: str, month: date) -> Path:
        del timeframe
        if month == self._missing:
            raise TransientError("the archive of history did not answer")
        return month_file(self._folder, symbol, month)


def test_months_before_crosses_the_year() -> None:
    assert months_before(date(2024, 2, 29), 3) == [
        date(2023, 11, 1),
        date(2023, 12, 1),
        date(2024, 1, 1),
    ]


def test_months_of_an_archive_become_one_market(fresh_database_url: str, tmp_path: Path) -> None:
    del fresh_database_url
    archive = FolderArchive(tmp_path)
    market = market_from_archive(archive, "BTCUSDT", "1h", 2, NOW.date(), OPTIONS.as_of)
    assert str(market.key) == "BTCUSDT 1h from binance"
    assert len(market.bars) == 96
    assert not market.synthetic
    assert market.news is None


def test_an_archive_that_breaks_off_stores_nothing(fresh_database_url: str, tmp_path: Path) -> None:
    del fresh_database_url
    archive = FolderArchive(tmp_path, missing=date(2024, 5, 1))
    with pytest.raises(TransientError):
        market_from_archive(archive, "BTCUSDT", "1h", 2, NOW.date(), OPTIONS.as_of)
    assert longest_series() is None


def test_files_of_two_series_are_refused(database_url: str, tmp_path: Path) -> None:
    del database_url
    paths = [month_file(tmp_path, symbol, date(2024, 3, 1)) for symbol in ("BTCUSDT", "ETHUSDT")]
    with pytest.raises(DataError, match="expected files of one series, found BTCUSDT 1h"):
        market_from_files(paths, OPTIONS)


def test_news_that_cannot_be_read_stores_no_bar(fresh_database_url: str, tmp_path: Path) -> None:
    del fresh_database_url
    bars = month_file(tmp_path, "BTCUSDT", date(2024, 3, 1))
    with pytest.raises(DataError, match=r"found nothing at .*missing\.csv"):
        market_from_files([bars], OPTIONS, tmp_path / "missing.csv")
    assert longest_series() is None


def test_news_come_along_as_they_were_seen(database_url: str, tmp_path: Path) -> None:
    del database_url
    bars = month_file(tmp_path, "BTCUSDT", date(2024, 3, 1))
    news = tmp_path / "news.csv"
    news.write_text("date,text\n2024-03-01 05:30:00,Bitcoin surges to a record\n")
    market = market_from_files([bars], OPTIONS, news)
    assert market.news is not None
    assert len(market.news) == 1
    assert market.news.score[0] > 0


def test_the_generated_market_is_made_once(fresh_database_url: str, db: Session) -> None:
    del fresh_database_url
    first = synthetic_market(NOW)
    later = synthetic_market(datetime(2024, 6, 17, tzinfo=UTC))
    assert first.bars.content_hash() == later.bars.content_hash()
    assert first.synthetic
    assert first.news is not None
    assert db.scalar(select(func.count()).select_from(MarketData)) == len(first.bars)
    sources = set(db.scalars(select(SentimentData.source)))
    assert sources == {"synthetic"}


def test_a_generated_market_is_never_taken_for_a_real_one(
    fresh_database_url: str, tmp_path: Path
) -> None:
    del fresh_database_url
    synthetic_market(NOW)
    assert longest_series() is None
    market_from_files([month_file(tmp_path, "ETHUSDT", date(2024, 3, 1))], OPTIONS)
    found = longest_series()
    assert found is not None
    assert found.symbol == "ETHUSDT"
    assert len(stored_market(found).bars) == 48

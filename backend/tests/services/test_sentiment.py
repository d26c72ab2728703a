from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from app.models.database import SentimentData
from app.services.sentiment import known_series, list_coverage
from app.services.sentiment_import import import_news
from cryptovolt import read_sentiment, score_sentiment
from cryptovolt.domain.errors import DataError
from cryptovolt.domain.sentiment import SentimentSeries

HOUR_MS = 3_600_000
FAR = 4_000_000_000_000
NEWS = """Date,Short Description,Accurate Sentiments
2022-01-31 14:05:00,"Bitcoin rallied, ETF inflows surge",-0.9
2022-01-31 16:00:00,Bridge hack: 100 million drained,0.9
2022-01-31,It was a rug pull,0.9
2022-02-01 09:00:00,bitcoin rallied ETF inflows surge!,-0.9
"""


@pytest.fixture
def session(db: Session) -> Iterator[Session]:
    """A session whose rows are gone after the test."""
    yield db
    db.rollback()
    db.execute(delete(SentimentData))
    db.commit()


@pytest.fixture
def news(tmp_path: Path) -> Path:
    path = tmp_path / "news.csv"
    path.write_text(NEWS)
    return path


def n_rows(db: Session) -> int:
    return db.scalar(select(func.count()).select_from(SentimentData)) or 0


def assert_same(one: SentimentSeries, other: SentimentSeries) -> None:
    np.testing.assert_array_equal(one.event_time, other.event_time)
    np.testing.assert_array_equal(one.observed_at, other.observed_at)
    np.testing.assert_array_equal(one.score, other.score)


def test_a_file_is_stored_with_times_scores_and_scorer(session: Session, news: Path) -> None:
    report = import_news(session, news, symbol="BTC/USDT", source="wire", delay=timedelta(hours=1))
    assert (report.n_items, report.n_inserted, report.n_known, report.n_day_only) == (4, 4, 0, 1)
    row = session.scalars(select(SentimentData).order_by(SentimentData.timestamp)).all()[1]
    assert (row.symbol, row.source) == ("BTCUSDT", "wire")
    assert row.text == "Bitcoin rallied, ETF inflows surge"
    assert row.timestamp == datetime(2022, 1, 31, 14, 5, tzinfo=UTC)
    assert row.observed_at - row.timestamp == timedelta(hours=1)
    assert row.sentiment_score == score_sentiment([row.text])[0]
    assert (row.scorer, row.scorer_hash) == (report.scorer, report.scorer_hash)
    assert row.extra_data == {"delay_s": 3600.0, "file": "news.csv", "day_only": False}


def test_importing_twice_changes_nothing_and_says_so(session: Session, news: Path) -> None:
    import_news(session, news, symbol="BTCUSDT")
    session.commit()
    again = import_news(session, news, symbol="BTCUSDT")
    assert (again.n_inserted, again.n_known) == (0, 4)
    assert n_rows(session) == 4


def test_the_same_news_of_another_symbol_or_source_is_stored(session: Session, news: Path) -> None:
    for symbol, source in (("BTCUSDT", "news"), ("ETHUSDT", "news"), ("BTCUSDT", "wire")):
        assert import_news(session, news, symbol=symbol, source=source).n_inserted == 4
    assert n_rows(session) == 12


def test_a_new_scorer_adds_a_version_and_overwrites_nothing(session: Session, news: Path) -> None:
    import_news(session, news, symbol="BTCUSDT")
    session.execute(text("UPDATE sentiment_data SET scorer_hash = 'older', sentiment_score = 0"))
    assert len(known_series(session, "BTCUSDT", FAR, scorer_hash="older")) == 3
    assert import_news(session, news, symbol="BTCUSDT").n_inserted == 4
    assert n_rows(session) == 8
    assert (known_series(session, "BTCUSDT", FAR).score != 0).all()


def test_the_database_gives_the_series_of_the_file_bit_for_bit(
    session: Session, news: Path
) -> None:
    import_news(session, news, symbol="BTCUSDT")
    stored = known_series(session, "BTCUSDT", FAR)
    assert len(stored) == 3
    assert_same(stored, read_sentiment(news))


def test_only_what_had_been_seen_by_then_is_read(session: Session, news: Path) -> None:
    import_news(session, news, symbol="BTCUSDT")
    whole = known_series(session, "BTCUSDT", FAR)
    for seen in whole.observed_at.tolist():
        assert_same(known_series(session, "BTCUSDT", seen), whole.seen_until(seen))
        assert_same(known_series(session, "BTCUSDT", seen - 1), whole.seen_until(seen - 1))


def test_deleting_what_was_seen_later_changes_no_series(session: Session, news: Path) -> None:
    import_news(session, news, symbol="BTCUSDT")
    moment = int(known_series(session, "BTCUSDT", FAR).observed_at[1])
    before = known_series(session, "BTCUSDT", moment)
    session.execute(
        text("DELETE FROM sentiment_data WHERE observed_at > to_timestamp(:t / 1000.0)"),
        {"t": moment},
    )
    assert n_rows(session) == 2
    assert_same(known_series(session, "BTCUSDT", moment), before)


def test_symbols_sources_and_older_items_are_told_apart(session: Session, news: Path) -> None:
    import_news(session, news, symbol="BTCUSDT", source="wire")
    assert len(known_series(session, "ETHUSDT", FAR)) == 0
    assert len(known_series(session, "BTCUSDT", FAR, source="other")) == 0
    whole = known_series(session, "BTCUSDT", FAR, source="wire")
    last = int(whole.observed_at[-1])
    assert len(known_series(session, "BTCUSDT", FAR, since_ms=last)) < len(whole)


def test_a_bad_row_stores_nothing_at_all(session: Session, news: Path) -> None:
    news.write_text(NEWS + "not a time,moon,0\n")
    with pytest.raises(DataError, match=r"news\.csv, line 6: expected a time"):
        import_news(session, news, symbol="BTCUSDT")
    assert n_rows(session) == 0


def test_an_import_that_is_not_committed_leaves_nothing(session: Session, news: Path) -> None:
    import_news(session, news, symbol="BTCUSDT")
    session.rollback()
    assert n_rows(session) == 0


def test_news_from_the_future_is_not_stored(session: Session, news: Path) -> None:
    as_of = datetime(2022, 1, 31, 15, tzinfo=UTC)
    report = import_news(session, news, symbol="BTCUSDT", as_of=as_of)
    assert (report.n_inserted, report.dropped["future"]) == (2, 2)


@pytest.mark.parametrize(
    ("symbol", "source", "message"),
    [
        ("", "news", "expected a symbol of 1 to 20"),
        ("B" * 21, "news", "expected a symbol of 1 to 20"),
        ("BTC\x00", "news", "expected a symbol"),
        ("BTCUSDT", "", "expected a source of 1 to 50"),
        ("BTCUSDT", "n" * 51, "expected a source of 1 to 50"),
    ],
)
def test_names_that_do_not_fit_are_refused(
    session: Session, news: Path, symbol: str, source: str, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        import_news(session, news, symbol=symbol, source=source)


def test_coverage_counts_what_is_stored(session: Session, news: Path) -> None:
    report = import_news(session, news, symbol="BTCUSDT", source="wire")
    (row,) = list_coverage(session)
    assert (row.symbol, row.source, row.n_items) == ("BTCUSDT", "wire", 4)
    assert (row.first, row.last) == (report.first, report.last)
    assert row.mean_score == pytest.approx(report.mean_score)


def test_rows_of_the_documented_calls_do_not_disturb(session: Session, news: Path) -> None:
    session.add(SentimentData(symbol="BTCUSDT", source="reddit", text="hm", sentiment_score=0.5))
    session.flush()
    import_news(session, news, symbol="BTCUSDT")
    assert len(known_series(session, "BTCUSDT", FAR)) == 3


def test_a_real_news_file_is_stored_whole(
    session: Session, real_data: Callable[[str], Path]
) -> None:
    path = real_data("sentiment/bitcoin-news-2021-2022.csv")
    report = import_news(session, path, symbol="BTCUSDT", source="news")
    assert (report.n_inserted, report.n_day_only) == (4_345, 66)
    assert import_news(session, path, symbol="BTCUSDT", source="news").n_inserted == 0
    stored, read = known_series(session, "BTCUSDT", FAR), read_sentiment(path)
    # The archive also knows near-duplicates; all else is the file.
    assert 0.9 * len(read) < len(stored) <= len(read)
    known = set(zip(read.observed_at.tolist(), read.score.tolist(), strict=True))
    assert known.issuperset(zip(stored.observed_at.tolist(), stored.score.tolist(), strict=True))

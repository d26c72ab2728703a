"""Files of texts and of an index: what is stored of them, and when it counts as seen."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.core.press import ItemKind
from app.models.database import SentimentData
from app.services.sentiment import known_series
from app.services.sentiment_import import FileOptions, NewsImport, score_files, store_files
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.domain.sentiment import FEAR_GREED
from cryptovolt.sentiment.credibility import credibility
from cryptovolt.sentiment.text import text_digest

FAR = 4_000_000_000_000
TEXTS = [
    {"id": "a", "date": "2024-03-01T10:00:00Z", "text": "Bitcoin rallied to a new high on Friday",
     "url": "https://www.coindesk.com/a", "author": "jo", "lang": "en-US"},
    {"id": "b", "date": "2024-03-01T11:00:00Z", "text": "BREAKING: Bitcoin rallied to a new high on"
     " Friday", "url": "javascript:alert(1)", "author": "jo"},
    {"id": "c", "date": "2024-03-01T12:00:00Z", "text": "$ETH and $BTC were\u0007 hacked"},
    {"id": "d", "date": "2024-03-02", "text": "One link to nothing in particular"},
]  # fmt: skip
GREED = "date,fear_greed_index\n2024-03-01,90\n2024-03-02,10\n"


@pytest.fixture
def session(db: Session) -> Iterator[Session]:
    """A session whose rows are gone after the test."""
    yield db
    db.rollback()
    db.execute(delete(SentimentData))
    db.commit()


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    path = tmp_path / "texts.jsonl"
    path.write_text("\n".join(json.dumps(one) for one in TEXTS))
    return path


def imported(db: Session, *paths: Path, **options: object) -> list[NewsImport]:
    made = FileOptions(**options)  # pyright: ignore[reportArgumentType]
    return store_files(db, score_files(paths, made))


def rows(db: Session) -> list[SentimentData]:
    order = (SentimentData.timestamp, SentimentData.symbol)
    return list(db.scalars(select(SentimentData).order_by(*order)))


def test_texts_are_stored_under_the_coins_they_name_with_the_reason(
    session: Session, texts: Path
) -> None:
    (report,) = imported(session, texts, match=True)
    assert (report.n_items, report.n_rows, report.n_inserted) == (4, 4, 4)
    assert (report.symbol, report.symbols) == (None, {"BTC": 3, "ETH": 1})
    assert report.dropped == {"empty": 0, "future": 0, "duplicate": 0, "no_subject": 1}
    found = {(row.external_id, row.symbol): row.matched for row in rows(session)}
    assert found["a", "BTC"] == [{"asset": "BTC", "by": "name", "term": "Bitcoin"}]
    assert found["c", "ETH"] == [{"asset": "ETH", "by": "cashtag", "term": "$ETH"}]
    assert imported(session, texts, match=True)[0].n_inserted == 0


def test_what_a_file_says_of_its_texts_is_kept(session: Session, texts: Path) -> None:
    imported(session, texts, symbol="BTCUSDT")
    first, second, third, last = rows(session)
    assert (first.url, first.language, first.kind) == ("https://www.coindesk.com/a", "en", "news")
    assert first.author_hash == text_digest("news\njo") == second.author_hash
    assert first.raw_text is None
    # No page's address; in no file, but recognised.
    assert (second.url, third.language) == (None, "en")
    assert (third.text, third.raw_text) == (
        "$ETH and $BTC were hacked", "$ETH and $BTC were\u0007 hacked",
    )  # fmt: skip
    assert third.author_hash is None
    assert first.matched == [{"asset": "BTC", "by": "given", "term": "BTCUSDT"}]
    assert (first.day_only, last.day_only) == (False, True)


def test_a_judged_source_counts_by_its_credibility_and_any_other_whole(
    session: Session, texts: Path
) -> None:
    imported(session, texts, symbol="BTCUSDT")
    weights = [row.weight for row in rows(session)]
    assert weights == [credibility("news", "https://www.coindesk.com/a"), 1.0, 1.0, 1.0]
    assert 0.0 < credibility("news", "https://www.coindesk.com/a") < 1.0


def test_spam_counts_less(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    line = "2024-03-01 10:{:02d}:00,Send me a DM for guaranteed 100x profit with this coin,bot\n"
    path.write_text("date,text,author\n" + "".join(line.format(minute) for minute in range(9)))
    imported(session, path, symbol="BTCUSDT", kind=ItemKind.SOCIAL, source="forum")
    last = rows(session)[-1]
    assert last.spam is not None
    assert last.spam > 0.5
    assert last.weight == pytest.approx(1.0 - last.spam)


def test_repeats_are_recognised_across_files(session: Session, tmp_path: Path) -> None:
    head = "date,text,url\n"
    one, other = tmp_path / "one.csv", tmp_path / "other.csv"
    other.write_text(head + "2024-03-01 10:00:00,Exchange halts all withdrawals after a hack,\n")
    one.write_text(head + "2024-03-01 12:00:00,BREAKING: exchange halts all withdrawals after a"
                   " hack,\n")  # fmt: skip
    assert [report.file for report in imported(session, one, other, symbol="BTC")] == [
        "one.csv", "other.csv",
    ]  # fmt: skip
    first, second = rows(session)
    assert first.duplicate_group == second.duplicate_group == first.text_hash
    assert len(known_series(session, "BTCUSDT", FAR)) == 1


def test_an_item_counts_as_seen_the_delay_after_it_was_written_or_after_its_day(
    session: Session, texts: Path
) -> None:
    (report,) = imported(session, texts, symbol="BTC", delay=timedelta(hours=2))
    assert (report.delay_s, report.n_day_only) == (7200.0, 1)
    first, *_, last = rows(session)
    assert first.observed_at == datetime(2024, 3, 1, 12, tzinfo=UTC)
    assert last.observed_at == datetime(2024, 3, 3, 2, tzinfo=UTC)


def test_an_index_is_read_by_every_market_from_the_end_of_its_day(
    session: Session, tmp_path: Path
) -> None:
    path = tmp_path / "greed.csv"
    path.write_text(GREED)
    (report,) = imported(session, path, kind=ItemKind.INDEX)
    assert (report.symbol, report.source, report.n_inserted) == ("CRYPTO", FEAR_GREED, 2)
    assert imported(session, path, kind=ItemKind.INDEX)[0].n_inserted == 0
    for symbol in ("BTCUSDT", "ETHUSDT"):
        found = known_series(session, symbol, FAR).of(FEAR_GREED)
        assert found.score.tolist() == [0.8, -0.8]
    seen = datetime(2024, 3, 2, 0, 5, tzinfo=UTC)
    assert rows(session)[0].observed_at == seen
    assert rows(session)[0].text == "90"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "expected either a symbol"),
        ({"symbol": "BTC", "match": True}, "found both"),
        ({"symbol": "BTC", "kind": ItemKind.INDEX}, "expected no symbol for an index"),
        ({"symbol": "BTC", "delay": timedelta(-1)}, "expected a delay of zero or more"),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    texts: Path, options: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        score_files([texts], FileOptions(**options))  # pyright: ignore[reportArgumentType]


def test_a_bad_file_among_good_ones_stores_nothing(session: Session, texts: Path) -> None:
    bad = texts.with_name("bad.csv")
    bad.write_text("date,text\nnever,moon\n")
    with pytest.raises(DataError, match=r"bad\.csv, line 2"):
        imported(session, texts, bad, symbol="BTC")
    assert rows(session) == []


def test_a_file_that_names_no_coin_says_so(texts: Path) -> None:
    texts.write_text(json.dumps(TEXTS[3]))
    with pytest.raises(DataError, match="expected texts that name a coin"):
        score_files([texts], FileOptions(match=True))

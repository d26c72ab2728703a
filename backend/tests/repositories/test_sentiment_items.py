from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.models.database import SentimentData
from app.repositories.sentiment import ArchivedItem, insert_items
from cryptovolt.domain.errors import DataError

ITEM = ArchivedItem(
    source="rss:wire",
    symbol="BTC",
    external_id="https://example.org/1",
    event_time_ms=1_700_000_000_123,
    observed_at_ms=1_700_000_060_456,
    text="$BTC rallied",
    text_hash="a" * 64,
    score=0.5,
    scorer="lexicon",
    scorer_hash="b" * 64,
    kind="news",
    author_hash="c" * 64,
    url="https://example.org/1",
    language="en",
    matched=({"asset": "BTC", "by": "cashtag", "term": "$BTC"},),
    duplicate_group="d" * 64,
    spam=0.25,
    weight=0.75,
    day_only=False,
    synthetic=True,
    raw_text="<b>$BTC</b> rallied",
    extra_data={"file": "x"},
)


@pytest.fixture
def session(db: Session) -> Iterator[Session]:
    """A session whose rows are gone after the test."""
    yield db
    db.rollback()
    db.execute(delete(SentimentData))
    db.commit()


def test_every_field_of_an_item_is_stored(session: Session) -> None:
    assert insert_items(session, [ITEM]) == 1
    (row,) = session.scalars(select(SentimentData)).all()
    assert row.timestamp == datetime.fromtimestamp(1_700_000_000.123, UTC)
    assert row.observed_at == datetime.fromtimestamp(1_700_000_060.456, UTC)
    assert row.matched == [{"asset": "BTC", "by": "cashtag", "term": "$BTC"}]
    assert row.extra_data == {"file": "x"}
    assert row.sentiment_score == 0.5
    as_given = "source symbol external_id text text_hash scorer scorer_hash kind author_hash url"
    more = "language duplicate_group spam weight day_only synthetic raw_text"
    for name in [*as_given.split(), *more.split()]:
        assert getattr(row, name) == getattr(ITEM, name), name


def test_what_is_not_known_of_an_item_is_null(session: Session) -> None:
    known = ("source", "symbol", "external_id", "text", "text_hash", "scorer", "scorer_hash")
    bare = ArchivedItem(
        **{name: getattr(ITEM, name) for name in known},
        event_time_ms=1,
        observed_at_ms=1,
        score=0.0,
    )
    assert insert_items(session, [bare, replace(ITEM, external_id="2")]) == 2
    row = session.scalars(select(SentimentData).order_by(SentimentData.timestamp)).first()
    assert row is not None
    unknown = "kind author_hash url language matched duplicate_group spam weight day_only raw_text"
    assert [getattr(row, name) for name in unknown.split()] == [None] * 10
    assert row.synthetic is False


def test_an_item_is_stored_once_with_each_scorer(session: Session) -> None:
    other = replace(ITEM, scorer_hash="e" * 64, score=-0.5)
    assert insert_items(session, [ITEM, other]) == 2
    assert insert_items(session, [other, ITEM, replace(ITEM, symbol="ETH")]) == 1
    assert insert_items(session, []) == 0


def test_an_item_keeps_its_first_times_whatever_scores_it_later(session: Session) -> None:
    insert_items(session, [ITEM])
    later = replace(ITEM, scorer_hash="e" * 64, event_time_ms=7, observed_at_ms=9)
    assert insert_items(session, [later]) == 1
    rows = session.scalars(select(SentimentData)).all()
    assert len({(row.timestamp, row.observed_at) for row in rows}) == 1


@pytest.mark.parametrize(
    "change", [{"source": "s" * 51}, {"kind": "gossip"}, {"weight": 1.5}, {"score": 2.0}]
)
def test_values_that_do_not_fit_are_refused(session: Session, change: dict[str, object]) -> None:
    with pytest.raises(Exception, match=r"too long|check constraint") as caught:
        insert_items(session, [replace(ITEM, **change)])  # pyright: ignore[reportArgumentType]
    assert not isinstance(caught.value, DataError)


def test_a_score_that_is_no_number_is_refused(session: Session) -> None:
    with pytest.raises(DataError, match="does not fit"):
        insert_items(session, [replace(ITEM, spam="much")])  # pyright: ignore[reportArgumentType]

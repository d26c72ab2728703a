"""Sentiment over HTTP: filters, sources, windows, series, and why a text has its score."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete
from tests.api.live import Person

from app.core.database import SessionLocal
from app.core.times import milliseconds
from app.models.database import MarketData, SentimentData
from app.models.sentiment import SentimentSourceState, SentimentWindow
from app.repositories.sentiment import ArchivedItem, insert_items
from app.services.sentiment import active_scorer
from cryptovolt.sentiment.text import text_hash

NOW = datetime.now(UTC)
TEXT = "Bitcoin surges to a great high"


def item(minutes_old: float, **given: Any) -> ArchivedItem:
    seen = milliseconds(NOW - timedelta(minutes=minutes_old))
    scorer = active_scorer()
    text = given.pop("text", TEXT)
    made: dict[str, Any] = {
        "source": "rss:wire", "symbol": "BTC", "external_id": str(minutes_old), "text": text,
        "event_time_ms": seen - 60_000, "observed_at_ms": seen, "text_hash": text_hash(text),
        "score": float(scorer.score([text])[0]), "scorer": scorer.name,
        "scorer_hash": scorer.hash, "kind": "news",
    }  # fmt: skip
    return ArchivedItem(**(made | given))


@pytest.fixture(autouse=True)
def _stored(database_url: str) -> Iterator[None]:
    del database_url
    with SessionLocal.begin() as db:
        insert_items(
            db,
            [
                item(10, matched=[{"asset": "BTC", "by": "name", "term": "Bitcoin"}]),
                item(
                    20,
                    symbol="BTCUSDT",
                    kind="social",
                    source="reddit",
                    text="100% rug_pull: a scam",
                ),
                item(30, symbol="ETH", url="https://example.org/x"),
                item(40, symbol="ETH", url="javascript:alert(1)", synthetic=True),
                item(10, scorer="older", scorer_hash="0" * 64, score=-0.5),
            ],
        )
    yield
    with SessionLocal.begin() as db:
        for table in (SentimentData, SentimentSourceState, SentimentWindow, MarketData):
            db.execute(delete(table))


def ids(who: Person, **query: Any) -> list[str]:
    answer = who.client.get("/api/v1/sentiment", params=query)
    assert answer.status_code == 200, answer.text
    return [row["external_id"] for row in answer.json()]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"active": True}, ["10", "20", "30", "40"]),
        ({}, ["10", "10", "20", "30", "40"]),
        ({"symbol": "BTC/USDT", "active": True}, ["10", "20"]),
        ({"symbol": "BTC", "active": True}, ["10"]),
        ({"kind": "social"}, ["20"]),
        ({"source": "reddit"}, ["20"]),
        ({"synthetic": True}, ["40"]),
        ({"synthetic": False, "symbol": "ETH"}, ["30"]),
        ({"since": (NOW - timedelta(minutes=25)).isoformat(), "active": True}, ["10", "20"]),
        ({"until": (NOW - timedelta(minutes=25)).isoformat()}, ["30", "40"]),
        ({"q": "RUG_", "active": True}, ["20"]),
        ({"q": "100%"}, ["20"]),
        ({"q": "%"}, ["20"]),
        ({"q": "surges", "active": True, "skip": 1, "limit": 1}, ["30"]),
        ({"q": "nothing like it"}, []),
    ],
)
def test_texts_are_found_by_what_is_asked_for(
    alice: Person, query: dict[str, Any], expected: list[str]
) -> None:
    assert ids(alice, **query) == expected


@pytest.mark.parametrize(
    "query",
    ["kind=gossip", "q=", "q=" + "x" * 101, "since=soon", "until=1900-01-01", "synthetic=maybe",
     "limit=1001", "source=a%20b"],
)  # fmt: skip
def test_a_filter_out_of_form_is_refused_in_one_sentence(alice: Person, query: str) -> None:
    answer = alice.client.get(f"/api/v1/sentiment?{query}")
    assert answer.status_code in {400, 422}
    assert isinstance(answer.json()["detail"], str)


def test_a_text_says_why_it_has_its_score_and_hands_on_no_address_to_run(alice: Person) -> None:
    rows = {
        (row["external_id"], row["scorer"]): row
        for row in alice.client.get("/api/v1/sentiment").json()
    }
    newest = rows["10", active_scorer().name]
    assert newest["matched"] == [{"asset": "BTC", "by": "name", "term": "Bitcoin"}]
    found = alice.client.get(f"/api/v1/sentiment/{newest['sentiment_id']}").json()
    parts = {part["term"]: part["value"] for part in found["explanation"]}
    assert parts["surges"] > 0
    older = rows["10", "older"]["sentiment_id"]
    assert alice.client.get(f"/api/v1/sentiment/{older}").json()["explanation"] is None
    assert [rows[name, active_scorer().name]["url"] for name in ("30", "40")] == [
        "https://example.org/x",
        None,
    ]


def test_a_good_source_grows_stale_by_itself(alice: Person) -> None:
    with SessionLocal.begin() as db:
        for name, state, age_s in (("new", "good", 100), ("old", "good", 190), ("x", "off", 900)):
            db.add(
                SentimentSourceState(
                    name=name, kind="news", state=state, every_s=60, counts={"items": 3},
                    last_success_at=datetime.now(UTC) - timedelta(seconds=age_s),
                )
            )  # fmt: skip
    found = {row["name"]: row for row in alice.client.get("/api/v1/sentiment/sources").json()}
    assert {name: row["state"] for name, row in found.items()} == {
        "new": "good", "old": "stale", "x": "off",
    }  # fmt: skip
    assert 190 <= found["old"]["age_s"] < 250
    assert (found["new"]["spent"], found["new"]["counts"]) == (0.0, {"items": 3})


def test_windows_come_newest_first(alice: Person) -> None:
    start = NOW.replace(minute=0, second=0, microsecond=0)
    with SessionLocal.begin() as db:
        for hours, symbol in ((0, "BTC"), (1, "BTC"), (0, "ETH")):
            db.add(
                SentimentWindow(
                    window_start=start - timedelta(hours=hours), symbol=symbol, kind="news",
                    offered=9, taken=4, spam=2, duplicates=3, plan=150,
                )
            )  # fmt: skip
    path = "/api/v1/sentiment/windows"
    whole = alice.client.get(path).json()
    assert [row["symbol"] for row in whole] == ["BTC", "ETH", "BTC"]
    assert whole[0]["taken"] == 4
    assert len(alice.client.get(path, params={"symbol": "BTCUSDT"}).json()) == 2
    assert alice.client.get(path, params={"kind": "social"}).json() == []
    since = {"since": start.isoformat()}
    assert len(alice.client.get(path, params=since).json()) == 2


def test_the_series_of_a_market_is_what_had_been_seen_at_each_close(alice: Person) -> None:
    query = {"symbol": "BTCUSDT", "timeframe": "1m", "n": 30}
    with SessionLocal.begin() as db:
        db.execute(delete(SentimentData).where(SentimentData.scorer == "older"))
    found = alice.client.get("/api/v1/sentiment/series", params=query).json()
    assert len(found["timestamp"]) == len(found["vote"]) == len(found["level"]) == 30
    assert sum(found["n_items"]) == 2
    (bad, good) = (row for row, count in enumerate(found["n_items"]) if count)
    assert found["vote"][bad - 1] is None
    assert found["vote"][bad] < 0
    assert found["vote"][good] > found["vote"][good - 1]
    assert found["level"][good] > found["level"][good - 1]
    assert found["scorer_hash"] == active_scorer().hash


def test_the_series_of_made_up_bars_ends_with_them_and_reads_made_up_texts(alice: Person) -> None:
    last = NOW.replace(minute=0, second=0, microsecond=0)
    with SessionLocal.begin() as db:
        db.add(
            MarketData(
                symbol="ETHUSDT", timeframe="1h", source="loopback", timestamp=last, open_price=1,
                high_price=1, low_price=1, close_price=1, volume=1,
            )
        )  # fmt: skip
    query = {"symbol": "ETHUSDT", "timeframe": "1h", "n": 5, "source": "loopback"}
    found = alice.client.get("/api/v1/sentiment/series", params=query).json()
    assert found["timestamp"][-1] == milliseconds(last)
    assert sum(found["n_items"]) == 1
    missing = alice.client.get("/api/v1/sentiment/series", params=query | {"source": "binance"})
    assert missing.status_code == 404
    assert "there are no bars of" in missing.json()["detail"]


def test_a_series_of_texts_that_are_not_scored_is_refused(alice: Person) -> None:
    with SessionLocal.begin() as db:
        insert_items(db, [item(50, scorer="older", scorer_hash="0" * 64)])
    query = {"symbol": "BTCUSDT", "timeframe": "1m"}
    answer = alice.client.get("/api/v1/sentiment/series", params=query)
    assert answer.status_code == 422
    assert "cryptovolt sentiment rescore" in answer.json()["detail"]


@pytest.mark.parametrize(
    "query", ["", "symbol=BTC&timeframe=soon", "symbol=BTC&n=0", "symbol=BTC&n=2001"]
)
def test_a_series_out_of_form_is_refused(alice: Person, query: str) -> None:
    assert alice.client.get(f"/api/v1/sentiment/series?{query}").status_code == 422

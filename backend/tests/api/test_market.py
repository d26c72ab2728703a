"""Bars and texts over HTTP: what was stored comes back, and only in form."""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session
from tests.api.live import Person

from app.models.database import MarketData
from cryptovolt.market.reading import read_bars

HOUR = 3_600_000
START = 1_700_000_000_000 // HOUR * HOUR
BARS = "/api/v1/market/bars"


def series(symbol: str, n_bars: int, timeframe: str = "1h") -> dict[str, Any]:
    close = [100 + 10 * math.sin(t / 7) for t in range(n_bars)]
    before = [close[0], *close[:-1]]
    return {
        "symbol": symbol,
        "timeframe": timeframe,
        "source": "binance",
        "timestamp": [START + t * HOUR for t in range(n_bars)],
        "open": before,
        "high": [max(a, b) + 0.1 for a, b in zip(before, close, strict=True)],
        "low": [min(a, b) - 0.1 for a, b in zip(before, close, strict=True)],
        "close": close,
        "volume": [float(t) for t in range(n_bars)],
    }


def test_bars_come_back_with_the_same_bits(alice: Person) -> None:
    given = series("BTCUSDT", 300)
    stored = alice.client.post(BARS, json=given)
    assert stored.json() == {"received": 300, "new": 300, "known": 0, "different": 0}
    query = {"symbol": "BTCUSDT", "timeframe": "1h", "source": "binance", "limit": 1000}
    assert alice.client.get(BARS, params=query).json() == given
    again = alice.client.post(BARS, json=given)
    assert again.json() == {"received": 300, "new": 0, "known": 300, "different": 0}


def test_the_newest_bars_up_to_an_end_are_read(alice: Person) -> None:
    given = series("ENDUSDT", 50)
    alice.client.post(BARS, json=given)
    query: dict[str, Any] = {"symbol": "ENDUSDT", "source": "binance", "limit": 10}
    for end, last in (
        (given["timestamp"][30], 30),
        (given["timestamp"][30] + 1, 30),
        (given["timestamp"][30] - 1, 29),
        (START + 10**9, 49),
    ):
        found = alice.client.get(BARS, params=query | {"end": end}).json()
        assert found["timestamp"] == given["timestamp"][last - 9 : last + 1]
        assert found["close"] == given["close"][last - 9 : last + 1]
    before_all = alice.client.get(BARS, params=query | {"end": START - 1}).json()
    assert before_all["timestamp"] == before_all["volume"] == []


def test_stored_bars_are_not_changed(alice: Person) -> None:
    given = series("FIXUSDT", 20)
    alice.client.post(BARS, json=given)
    changed = given | {"volume": [value + 1 for value in given["volume"]]}
    answer = alice.client.post(BARS, json=changed).json()
    assert answer == {"received": 20, "new": 0, "known": 0, "different": 20}
    found = alice.client.get(BARS, params={"symbol": "FIXUSDT", "source": "binance"}).json()
    assert found["volume"] == given["volume"]


def test_a_pair_is_found_under_every_way_of_writing_it(alice: Person) -> None:
    alice.client.post(BARS, json=series("ETH/USDT", 5))
    for symbol in ("ETHUSDT", "ETH/USDT", "eth_usdt"):
        found = alice.client.get(BARS, params={"symbol": symbol, "source": "binance"})
        assert len(found.json()["close"]) == 5


FAULTS: list[tuple[str, Callable[[dict[str, Any]], Any]]] = [
    ("high below low", lambda bars: bars["high"].__setitem__(3, 1.0)),
    ("volume below zero", lambda bars: bars["volume"].__setitem__(3, -1.0)),
    ("price zero", lambda bars: bars["low"].__setitem__(3, -5.0)),
    ("times in disorder", lambda bars: bars["timestamp"].reverse()),
    ("a time twice", lambda bars: bars["timestamp"].__setitem__(3, START)),
    ("columns of two lengths", lambda bars: bars["close"].pop()),
    ("a text for a number", lambda bars: bars["close"].__setitem__(3, "many")),
    ("null for a number", lambda bars: bars["close"].__setitem__(3, None)),
    ("seconds for milliseconds", lambda bars: bars["timestamp"].__setitem__(0, -1)),
    ("no bars", lambda bars: [bars[name].clear() for name in ("timestamp", "close")]),
    ("an unknown time frame", lambda bars: bars.__setitem__("timeframe", "7x")),
    ("a symbol with quotes", lambda bars: bars.__setitem__("symbol", "BTC'--")),
    ("a long source", lambda bars: bars.__setitem__("source", "x" * 51)),
    ("the future", lambda bars: bars["timestamp"].__setitem__(-1, 7_000_000_000_000)),
    ("another field", lambda bars: bars.__setitem__("data_id", 1)),
]


@pytest.mark.parametrize(("name", "spoil"), FAULTS, ids=[name for name, _ in FAULTS])
def test_bars_with_a_fault_are_refused_whole(
    alice: Person, db: Session, name: str, spoil: Callable[[dict[str, Any]], Any]
) -> None:
    given = series("BADUSDT", 10)
    spoil(given)
    answer = alice.client.post(BARS, json=given)
    assert answer.status_code == 422, name
    assert answer.json()["detail"]
    count = "SELECT count(*) FROM market_data WHERE symbol LIKE 'BAD%' OR source LIKE 'xx%'"
    assert db.scalar(text(count)) == 0


def test_series_and_their_coverage_are_listed(alice: Person) -> None:
    whole = series("COVUSDT", 48)
    columns = ("timestamp", "open", "high", "low", "close", "volume")
    gappy = whole | {name: whole[name][:10] + whole[name][20:] for name in columns}
    alice.client.post(BARS, json=gappy)
    alice.client.post(BARS, json=whole | {"source": "kraken"})
    listed = alice.client.get("/api/v1/market/symbols", params={"limit": 1000}).json()
    found = [(row["timeframe"], row["source"]) for row in listed if row["symbol"] == "COVUSDT"]
    assert found == [("1h", "binance"), ("1h", "kraken")]
    assert listed == sorted(listed, key=lambda r: (r["symbol"], r["timeframe"], r["source"]))
    pages = [
        row
        for skip in range(len(listed))
        for row in alice.client.get(
            "/api/v1/market/symbols", params={"skip": skip, "limit": 1}
        ).json()
    ]
    assert pages == listed
    coverage = alice.client.get("/api/v1/market/coverage", params={"symbol": "COVUSDT"}).json()
    counts = {row["source"]: (row["n_bars"], row["missing"]) for row in coverage}
    assert counts == {"binance": (38, 10), "kraken": (48, 0)}
    assert coverage[0]["first"] == datetime.fromtimestamp(START / 1000, UTC).strftime(
        "%Y-%m-%dT%H:%M:%SZ"
    )


def test_rows_without_prices_are_no_bars(alice: Person, db: Session) -> None:
    moment = datetime.fromtimestamp(START / 1000, UTC)
    names = ("open_price", "high_price", "low_price", "close_price", "volume")
    for hour, values in enumerate([(1.0,) * 5, (None,) * 5, (1.0, 1.0, 1.0, 1.0, None)]):
        row = MarketData(
            symbol="NULUSDT",
            timestamp=moment + timedelta(hours=hour),
            **dict(zip(names, values, strict=True)),
        )
        db.add(row)
    db.commit()
    query = {"symbol": "NULUSDT", "timeframe": "unspecified", "source": "unspecified"}
    assert alice.client.get(BARS, params=query).json()["close"] == [1.0]
    coverage = alice.client.get("/api/v1/market/coverage", params={"symbol": "NULUSDT"}).json()
    assert coverage[0]["missing"] is None


def test_a_series_nobody_stored_is_not_found(alice: Person) -> None:
    for path in (BARS, "/api/v1/market/coverage"):
        answer = alice.client.get(path, params={"symbol": "NOUSDT"})
        assert answer.status_code == 404
        assert "NOUSDT" in answer.json()["detail"]


@pytest.mark.real_data
def test_real_bars_go_in_and_come_out_alike(
    alice: Person, real_data: Callable[[str], Path]
) -> None:
    bars = read_bars(real_data("bars/BTC_USDT-1h-2017-2022.feather"))[:5_000]
    given = {
        name: getattr(bars, name).tolist()
        for name in ("timestamp", "open", "high", "low", "close", "volume")
    }
    named = {"symbol": "BTCUSDT", "timeframe": "1h", "source": "real"}
    assert alice.client.post(BARS, json=named | given).json()["new"] == 5_000
    found = alice.client.get(BARS, params={**named, "limit": 5_000}).json()
    assert found == named | given


def test_a_text_is_scored_seen_now_and_stored_once(alice: Person) -> None:
    before = datetime.now(UTC)
    given = {
        "symbol": "BTC/USDT", "source": "news", "text": "Bitcoin\u200b surges to a great high",
        "timestamp": "2024-05-01T12:00:00",
    }  # fmt: skip
    made = alice.client.post("/api/v1/sentiment", json=given).json()
    assert made["symbol"] == "BTCUSDT"
    assert made["text"] == "Bitcoin surges to a great high"
    assert 0 < made["sentiment_score"] <= 1
    assert made["timestamp"] == "2024-05-01T12:00:00Z"
    assert before <= datetime.fromisoformat(made["observed_at"]) <= datetime.now(UTC)
    assert alice.client.post("/api/v1/sentiment", json=given).status_code == 409
    path = f"/api/v1/sentiment/{made['sentiment_id']}"
    found = alice.client.get(path).json()
    assert {name: found[name] for name in made} == made
    assert found["raw_text"] == "Bitcoin\u200b surges to a great high"
    words = {part["term"] for part in found["explanation"]}
    assert {"surges", "great"} <= words
    listed = alice.client.get("/api/v1/sentiment", params={"symbol": "BTCUSDT"}).json()
    assert made in listed
    assert alice.client.get("/api/v1/sentiment", params={"source": "none"}).json() == []


def test_a_score_that_was_given_is_kept_apart_from_ours(alice: Person) -> None:
    given = {
        "symbol": "BTCUSDT", "source": "desk", "text": "Bitcoin surges", "sentiment_score": -0.5,
        "timestamp": "2024-05-01T12:00:00Z",
    }  # fmt: skip
    made = alice.client.post("/api/v1/sentiment", json=given).json()
    assert (made["sentiment_score"], made["scorer"]) == (-0.5, "given")
    for change in (
        {"sentiment_score": 1.5}, {"text": ""}, {"text": "\u200b"}, {"timestamp": "2199-01-01"},
        {"observed_at": "2020-01-01T00:00:00Z"}, {"scorer": "vader"},
    ):  # fmt: skip
        answer = alice.client.post("/api/v1/sentiment", json=given | change)
        assert answer.status_code == 422, change

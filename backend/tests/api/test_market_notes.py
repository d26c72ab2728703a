"""What is missing in a stored series, what is odd about it, and what was repaired."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy.orm import Session
from tests.api.live import Person

from app.models.database import MarketData
from app.models.feed import BarRepair

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def ask(person: Person, what: str, symbol: str, **query: Any) -> httpx.Response:
    named = {"symbol": symbol, "timeframe": "1h", "source": "binance"}
    return person.client.get(f"/api/v1/market/{what}", params=named | query)


def store(db: Session, symbol: str, hours: list[int], **changed: dict[int, float]) -> None:
    """Store one bar for each hour after noon; `changed` overwrites columns by hour."""
    plain = {"open_price": 100.0, "high_price": 101.0, "low_price": 99.0, "close_price": 100.5}
    for hour in hours:
        values = {**plain, "volume": 5.0 + hour % 3}
        values |= {name: by_hour[hour] for name, by_hour in changed.items() if hour in by_hour}
        row = MarketData(symbol=symbol, timeframe="1h", source="binance", **values)
        row.timestamp = NOON + hour * HOUR
        db.add(row)
    db.commit()


def zulu(hour: int) -> str:
    return (NOON + hour * HOUR).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_gaps_are_listed_newest_first_with_the_bars_on_both_sides(
    alice: Person, db: Session
) -> None:
    store(db, "GAPUSDT", [0, 1, 4, 5, 6, 16, 18])
    found = ask(alice, "gaps", "GAPUSDT").json()
    assert found == {
        "symbol": "GAPUSDT", "timeframe": "1h", "source": "binance",
        "first": zulu(0), "last": zulu(18), "n_bars": 7, "n_gaps": 3, "n_missing": 12,
        "gaps": [
            {"before": zulu(16), "after": zulu(18), "n_missing": 1},
            {"before": zulu(6), "after": zulu(16), "n_missing": 9},
            {"before": zulu(1), "after": zulu(4), "n_missing": 2},
        ],
    }  # fmt: skip


def test_more_gaps_than_asked_for_are_counted_and_not_listed(alice: Person, db: Session) -> None:
    store(db, "MANYUSDT", list(range(0, 60, 2)))
    found = ask(alice, "gaps", "MANYUSDT", limit=2).json()
    assert (found["n_gaps"], found["n_missing"]) == (29, 29)
    assert [gap["after"] for gap in found["gaps"]] == [zulu(58), zulu(56)]


def test_a_series_without_a_gap_lists_none(alice: Person, db: Session) -> None:
    store(db, "FULLUSDT", list(range(10)))
    found = ask(alice, "gaps", "FULLUSDT").json()
    assert (found["n_bars"], found["n_gaps"], found["n_missing"], found["gaps"]) == (10, 0, 0, [])


def test_quality_names_what_is_odd_in_the_newest_bars_only(alice: Person, db: Session) -> None:
    hours = list(range(300))
    store(db, "ODDUSDT", hours, low_price={20: 1.25, 280: 1.25})
    found = ask(alice, "quality", "ODDUSDT", limit=100).json()
    assert (found["n_bars"], found["first"], found["last"]) == (100, zulu(200), zulu(299))
    assert found["errors"] == []
    assert [(one["kind"], one["n_bars"]) for one in found["warnings"]] == [("spike", 1)]
    assert "2024-05-13 04:00 UTC" in found["warnings"][0]["text"]
    assert ask(alice, "quality", "ODDUSDT").json()["warnings"][0]["n_bars"] == 2


def test_quality_says_that_bars_contradict_themselves(alice: Person, db: Session) -> None:
    store(db, "BADUSDT", [0, 1, 2], high_price={1: 50.0})
    found = ask(alice, "quality", "BADUSDT").json()
    assert [(one["kind"], one["n_bars"]) for one in found["errors"]] == [
        ("open, high, low and close contradict each other", 1)
    ]
    assert found["warnings"] == []


def test_repaired_bars_are_listed_with_what_they_were(alice: Person, db: Session) -> None:
    was, now = [1.0, 2.0, 0.5, 1.5, 10.0], [1.0, 2.0, 0.5, 1.5, 11.0]
    notes = [
        BarRepair(timestamp=NOON, kind="replaced", was=was, now=now),
        BarRepair(timestamp=NOON + HOUR, kind="absent", was=None, now=None),
    ]
    for note in notes:
        note.symbol, note.timeframe, note.source = "FIXUSDT", "1h", "binance"
    db.add_all([*notes, BarRepair(symbol="FIXUSDT", timeframe="1m", source="binance",
                                  timestamp=NOON, kind="absent", was=None, now=None)])  # fmt: skip
    db.commit()
    found = ask(alice, "repairs", "FIXUSDT").json()
    assert [(one["timestamp"], one["kind"], one["was"], one["now"]) for one in found] == [
        (zulu(1), "absent", None, None),
        (zulu(0), "replaced", was, now),
    ]
    assert len(ask(alice, "repairs", "FIXUSDT", limit=1).json()) == 1
    assert ask(alice, "repairs", "NOUSDT").json() == []


@pytest.mark.parametrize("what", ["gaps", "quality"])
@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ({"symbol": "NOUSDT"}, 404, "there are no bars of NOUSDT 1h from binance"),
        ({"symbol": "NOUSDT", "timeframe": "7x"}, 422, "expected a time frame such as"),
        ({"symbol": "NO'--"}, 422, "symbol"),
        ({"symbol": "NOUSDT", "limit": 1_000_000}, 422, "limit"),
        ({"symbol": "NOUSDT", "limit": 0}, 422, "limit"),
    ],
)
def test_what_cannot_be_answered_is_said(
    alice: Person, what: str, query: dict[str, Any], status: int, words: str
) -> None:
    found = ask(alice, what, **query)
    assert found.status_code == status
    assert words in found.json()["detail"]

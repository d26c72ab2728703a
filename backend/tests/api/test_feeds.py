"""How live the data is, over HTTP and on the command line; ids leave as texts."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete
from tests.api.live import Person

from app.core.database import SessionLocal
from app.models.feed import Feed, FeedIncident, FeedStatus

NOW = datetime.now(UTC)
BIG = 8_389_765_489_680_951_453


@pytest.fixture(autouse=True)
def _rows(database_url: str) -> None:
    del database_url
    with SessionLocal.begin() as db:
        for table in (Feed, FeedStatus, FeedIncident):
            db.execute(delete(table))


def feed(silent: timedelta = timedelta(0), **values: Any) -> Feed:
    given = {"process": "here:1", "started_at": NOW, "heartbeat_at": datetime.now(UTC) - silent}
    return Feed(source="binance", **{**given, "counts": {"frames": 7}, **values})


def series(symbol: str, state: str = "live", **values: Any) -> FeedStatus:
    named = {"source": "binance", "symbol": symbol, "timeframe": "1m", "since": NOW}
    return FeedStatus(**named, state=state, **values)


def store(*rows: Any) -> None:
    with SessionLocal.begin() as db:
        db.add_all(rows)


def read(person: Person) -> dict[str, Any]:
    answer = person.client.get("/api/v1/market/feeds")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_without_any_feed_the_lists_are_empty(alice: Person) -> None:
    found = read(alice)
    assert (found["feeds"], found["series"], found["incidents"]) == ([], [], [])


REFUSALS: list[tuple[dict[str, Any], str, str | None]] = [
    # what the rows of the feed say, state of the series, why it may not be traded
    ({}, "live", None),
    ({}, "stale", "BTCUSDT 1m of binance is stale: no frame for 5.1 s"),
    ({"stop_reason": "the clock is off"}, "live", "BTCUSDT 1m of binance: the clock is off"),
    (
        {"silent": timedelta(hours=1)},
        "live",
        "BTCUSDT 1m of binance: the feed's process has not been heard of for 36",
    ),
    ({"stopped_at": NOW}, "live", "BTCUSDT 1m of binance: the feed was stopped at"),
]


@pytest.mark.parametrize(("values", "state", "refusal"), REFUSALS)
def test_only_a_live_series_of_a_living_feed_may_be_traded(
    alice: Person, values: dict[str, Any], state: str, refusal: str | None
) -> None:
    reason = None if state == "live" else "no frame for 5.1 s"
    store(feed(**values), series("BTCUSDT", state, reason=reason))
    found = read(alice)["series"][0]["refusal"]
    assert found == refusal if refusal is None else found.startswith(refusal)


def test_f36_an_id_beyond_two_to_the_53_is_a_text(alice: Person) -> None:
    store(feed(), series("BTCUSDT", last_trade_id=BIG))
    assert read(alice)["series"][0]["last_trade_id"] == str(BIG)
    assert told("feed", "status", "--json")["series"][0]["last_trade_id"] == str(BIG)


def test_status_names_what_is_wrong() -> None:
    incident = {"source": "binance", "symbol": "ETHUSDT", "timeframe": "1m", "kind": "silent"}
    store(
        feed(clock_offset_ms=12.0),
        series("BTCUSDT"),
        series("ETHUSDT", "stale", reason="no frame for 5.1 s"),
        FeedIncident(**incident, reason="no frame for 5.1 s", opened_at=NOW),
    )
    lines = run("status").stdout.splitlines()
    assert lines[0].startswith("database  PostgreSQL ")
    assert lines[1] == "session   none is running"
    assert lines[2] == "feed      binance: good; 1 live, 1 stale; clock +12 ms"
    assert lines[3] == "          ETHUSDT is stale: no frame for 5.1 s"
    assert lines[4].endswith("UTC ETHUSDT 1m of binance: silent, no frame for 5.1 s")
    document = told("status", "--json")
    assert document["sessions"] == []
    assert document["incidents"][0]["kind"] == "silent"


def told(*arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(*arguments).stdout)
    return found


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from app.cli import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)

"""Faults of the catalogue that concern clocks, ids, frames and symbols: F29, F30, F36 to F39."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime

import numpy as np
import pytest
from sqlalchemy import text
from tests.feed.running import (
    Venue,
    assert_equal_to_rest,
    n_bars,
    n_live,
    rows,
    running_feed,
    running_venue,
    states,
    stored,
    until,
)

from app.core.database import SessionLocal
from app.repositories.bars import SeriesKey, SeriesWriter
from app.services.feed_state import entry_refusal
from cryptovolt.domain.bars import VALUE_COLUMNS, Bars

HOUR_MS = 3_600_000

pytestmark = pytest.mark.usefixtures("fresh_database_url")


@pytest.fixture
def venue() -> Iterator[Venue]:
    with running_venue() as found:
        yield found


def refusal(symbol: str = "BTCUSDT") -> str | None:
    """Why the trader may not open a position now."""
    with SessionLocal() as db:
        return entry_refusal(db, "loopback", symbol, "1m", datetime.now(UTC))


@pytest.mark.parametrize("offset_ms", [2_000, -2_000])
def test_f29_a_clock_two_seconds_off_stops_entries_and_not_the_bars(
    venue: Venue, offset_ms: int
) -> None:
    with running_feed():
        until(lambda: n_live() == 3 and refusal() is None)
        venue.act("offset", ms=offset_ms)
        until(lambda: refusal() is not None)
        assert "ms from this machine's, expected at most 750 ms" in str(refusal())
        assert rows("SELECT round(clock_offset_ms / 100) * 100 FROM feeds") == [(offset_ms,)]
        until(lambda: rows("SELECT level FROM alerts") == [("critical",)])
        before = n_bars()
        until(lambda: n_bars() >= before + 2)
        # Half a second is worth a warning and nothing more.
        venue.act("offset", ms=500)
        until(lambda: refusal() is None)
        until(lambda: rows("SELECT level FROM alerts ORDER BY 1") == [("critical",), ("info",)])
    assert_equal_to_rest(venue)


@pytest.mark.usefixtures("venue")
def test_a_feed_that_is_no_more_lets_nobody_trade() -> None:
    assert refusal() == "BTCUSDT 1m of loopback is not fed"
    with running_feed() as feed:
        until(lambda: n_live() == 3 and refusal() is None)
        feed.stop()
    assert "the feed was stopped at" in str(refusal())
    with SessionLocal.begin() as db:
        db.execute(
            text("UPDATE feeds SET stopped_at = NULL, heartbeat_at = now() - '9 s'::interval")
        )
    assert "has not been heard of for 9 s" in str(refusal())


@pytest.mark.parametrize("day", [date(2026, 3, 8), date(2026, 11, 1)])
def test_f30_a_day_on_which_clocks_change_has_every_bar_once(day: date) -> None:
    midnight = round(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
    # Two o'clock in New York is six or seven o'clock UTC: the stream runs through both.
    with running_venue(1, 1200.0, start_ms=midnight + 3 * HOUR_MS, trades_per_bar=4) as venue:
        store_first_bar(venue, midnight)
        environment = {**os.environ, "TZ": "America/New_York", "VENUE_URL": venue.server.address}
        command = [sys.executable, "-m", "app.workers.ingest", "BTCUSDT"]
        with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE) as process:
            assert process.stdin is not None
            until(lambda: n_bars() >= 455, 40)
            process.stdin.close()
            assert process.wait(20) == 0
        opens = sorted(stored("loopback", "BTCUSDT"))
        assert opens == list(range(midnight, midnight + 60_000 * len(opens), 60_000))
        assert rows("SELECT bars > repaired FROM feed_status") == [(True,)]
        assert_equal_to_rest(venue)


def store_first_bar(venue: Venue, open_ms: int) -> None:
    """Store the bar of midnight, so that the feed goes on from there."""
    values = venue.klines("loopback", "BTCUSDT", open_ms, open_ms)[open_ms]
    bar = Bars(
        symbol="BTCUSDT",
        timeframe="1m",
        source="loopback",
        timestamp=np.array([open_ms]),
        **{name: np.array([value]) for name, value in zip(VALUE_COLUMNS, values, strict=True)},
    )
    with SessionLocal.begin() as db:
        SeriesWriter(db, SeriesKey("BTCUSDT", "1m", "loopback")).write(bar)


def test_f36_ids_beyond_what_a_float_can_hold_are_stored_exactly() -> None:
    with running_venue(1, big_ids=True), running_feed(trades=True, tickers=True):
        until(lambda: rows("SELECT count(*) > 50 FROM public_trades") == [(True,)])
        until(lambda: rows("SELECT count(*) FROM tickers") == [(1,)])
        found = rows("SELECT min(trade_id), max(trade_id), count(*) FROM public_trades")
        first, last, count = found[0]
        assert first >= 8_389_765_489_680_951_453 > 2**53
        assert last - first + 1 == count
        assert rows("SELECT update_id > 2^53 FROM tickers") == [(True,)]
        until(lambda: rows("SELECT last_trade_id > 2^53 FROM feed_status") == [(True,)])


@pytest.mark.parametrize(
    "fault",
    [
        {"action": "set", "field": "e", "value": "somethingNew"},
        {"action": "set", "field": "e", "value": 7},
        {"action": "set", "field": "k", "value": None},
        {"action": "set", "field": "k.x", "value": "perhaps"},
        {"action": "set", "field": "k.t", "value": "soon"},
        {"action": "set", "field": "s", "value": "NOBODYUSDT"},
        {"action": "garbage"},
        {"action": "truncate"},
    ],
)
def test_f37_a_frame_nobody_knows_keeps_no_other_from_coming(
    venue: Venue, fault: dict[str, object]
) -> None:
    action = str(fault.pop("action"))
    match = {"channel": "kline", "symbol": "BTCUSDT"}
    venue.fault("stream.frame", action, match=match, probability=0.4, **fault)
    with running_feed():
        until(lambda: n_bars() >= 3 and n_bars("ETHUSDT") >= 3)
    assert_equal_to_rest(venue)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-1", "0"])
def test_f38_a_bar_without_a_price_is_asked_of_rest(venue: Venue, value: str) -> None:
    match = {"channel": "kline", "symbol": "BTCUSDT"}
    venue.fault("stream.frame", "set", field="k.c", value=value, match=match)
    with running_feed():
        until(lambda: n_bars() >= 2, 20)
    found = rows("SELECT refused > 0, repaired > 0 FROM feed_status WHERE symbol = 'BTCUSDT'")
    assert found == [(True, True)]
    assert_equal_to_rest(venue)


def test_f39_a_delisted_symbol_halts_and_the_others_go_on(
    venue: Venue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.feed.STATUSES_EVERY_S", 2.0)
    monkeypatch.setattr("app.services.feed.STATUSES_IN_TROUBLE_S", 1.0)
    with running_feed():
        until(lambda: n_live() == 3)
        venue.act("change", symbol="ETHUSDT", tick="0.05")
        venue.act("delist", symbol="BTCUSDT")
        until(lambda: states()["BTCUSDT"] == "halted")
        assert "the venue says that BTCUSDT is" in str(refusal())
        before, halted_at = n_bars("ETHUSDT"), n_bars()
        until(lambda: n_bars("ETHUSDT") >= before + 3)
        assert n_bars() == halted_at
        assert states()["ETHUSDT"] == "live"
        until(lambda: rows("SELECT count(*) FROM alerts WHERE level = 'error'") != [(0,)])
        until(lambda: rows("SELECT tick = 0.05 FROM symbols WHERE symbol = 'ETHUSDT'") == [(True,)])
    assert [kind for (kind,) in rows("SELECT DISTINCT kind FROM feed_incidents")].count("halted")

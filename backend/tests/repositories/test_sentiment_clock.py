"""Items are stamped so that what a decision read is what its replay will read."""

import threading
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import delete, text
from sqlalchemy.exc import OperationalError

from app.core.database import SessionLocal
from app.core.times import milliseconds
from app.models.database import MarketData
from app.models.feed import FeedStatus
from app.repositories.sentiment_clock import observe, settle
from app.services.bar_import import store_bars
from cryptovolt.domain.bars import Bars

START = datetime(2026, 3, 2, tzinfo=UTC)
N_BARS = 5
LAST_CLOSE = milliseconds(START + timedelta(minutes=N_BARS))


@pytest.fixture(autouse=True)
def _live_series(database_url: str) -> None:
    del database_url
    times = milliseconds(START) + 60_000 * np.arange(N_BARS, dtype=np.int64)
    price = np.full(N_BARS, 100.0)
    bars = Bars(
        symbol="AUSDT", timeframe="1m", source="loopback", timestamp=times,
        open=price, high=price, low=price, close=price, volume=price,
    )  # fmt: skip
    with SessionLocal.begin() as db:
        db.execute(delete(FeedStatus))
        db.execute(delete(MarketData))
        store_bars(db, bars)
        db.add(
            FeedStatus(source="loopback", symbol="AUSDT", timeframe="1m", state="live", since=START)
        )


def stamped(market_ms: int, *, synthetic: bool = True) -> int:
    with SessionLocal.begin() as db:
        return observe(db, market_ms, synthetic=synthetic)


@pytest.mark.parametrize("behind_ms", [0, 1, 90_000])
def test_an_item_is_seen_after_every_committed_bar_also_by_a_clock_that_is_behind(
    behind_ms: int,
) -> None:
    assert stamped(LAST_CLOSE - behind_ms) == LAST_CLOSE + 1


def test_a_clock_that_is_ahead_of_the_bars_is_believed() -> None:
    assert stamped(LAST_CLOSE + 12_345) == LAST_CLOSE + 12_345


def test_bars_of_the_other_kind_of_venue_do_not_count() -> None:
    assert stamped(LAST_CLOSE - 90_000, synthetic=False) == LAST_CLOSE - 90_000


def test_a_decision_waits_for_items_that_are_being_stored() -> None:
    order: list[str] = []
    holding, decided = threading.Event(), threading.Event()

    def decide() -> None:
        holding.wait(5)
        with SessionLocal.begin() as db:
            settle(db, patience_ms=5_000)
        order.append("decided")
        decided.set()

    thread = threading.Thread(target=decide)
    thread.start()
    with SessionLocal.begin() as db:
        observe(db, LAST_CLOSE, synthetic=True)
        holding.set()
        # The decision is waiting for the lock once the server says so; only then is committed.
        waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        with SessionLocal() as other:
            while not other.scalar(waiting):
                other.rollback()
        order.append("stored")
    assert decided.wait(5)
    thread.join()
    assert order == ["stored", "decided"]


def test_two_sources_store_at_once() -> None:
    with SessionLocal.begin() as one, SessionLocal.begin() as two:
        observe(one, LAST_CLOSE, synthetic=True)
        observe(two, LAST_CLOSE, synthetic=True)


def test_a_decision_does_not_wait_for_ever() -> None:
    with SessionLocal.begin() as db:
        observe(db, LAST_CLOSE, synthetic=True)
        with SessionLocal() as other, pytest.raises(OperationalError, match="lock timeout"):
            settle(other, patience_ms=50)


def test_without_anybody_storing_a_decision_does_not_wait() -> None:
    with SessionLocal.begin() as db:
        settle(db, patience_ms=50)

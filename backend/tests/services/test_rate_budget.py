"""The budget of a host, shared by threads and processes through a real PostgreSQL."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from tests.services.history_server import Coin, History, HistoryServer, ms, serving

from app.adapters.exchange import ExchangeOptions
from app.adapters.market_rest import MarketRest
from app.core.database import SessionLocal
from app.core.venue import Addresses, Kind, Market
from app.repositories import rate_budgets
from app.services.rate_budget import HostBudget, Priority
from cryptovolt.domain.errors import TransientError

WINDOW_S = 2.0
LIMIT = 200
HOST = "venue.test"
# Asks a host for some seconds and prints the times at which it was allowed, and how it waited.
ASKER = """
import json, sys, time
from app.services.rate_budget import HostBudget, Priority
limit, window, seconds, weight, pause = map(float, sys.argv[2:7])
budget = HostBudget(weight_limit=int(limit), window_s=window, priority=Priority(sys.argv[1]))
budget.try_take("warm-up", 1)
end, taken, waits = time.time() + seconds, [], []
while time.time() < end:
    before = time.time()
    budget.take("venue.test", int(weight))
    taken.append(time.time())
    waits.append(taken[-1] - before)
    time.sleep(pause)
print(json.dumps({"taken": taken, "waits": waits}))
"""


@pytest.fixture(autouse=True)
def empty_budgets(database_url: str) -> None:
    del database_url
    with SessionLocal.begin() as db:
        db.execute(text("TRUNCATE rate_budgets"))


def asker(priority: Priority, weight: int, pause_s: float) -> subprocess.Popen[str]:
    words = [priority, str(LIMIT), str(WINDOW_S), "6", str(weight), str(pause_s)]
    return subprocess.Popen(
        [sys.executable, "-c", ASKER, *words],
        env={**os.environ},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_four_processes_never_pass_the_limit_and_trading_goes_first() -> None:
    fetching = [asker(Priority.DATA, 2, 0.0) for _ in range(3)]
    trading = asker(Priority.TRADING, 1, 0.1)
    answers = [json.loads(program.communicate(timeout=90)[0]) for program in (*fetching, trading)]
    events = sorted(
        (at, weight)
        for answer, weight in zip(answers, (2, 2, 2, 1), strict=True)
        for at in answer["taken"]
    )
    # Any window of this length, wherever it begins, as a server with any clock would count.
    most, first, running = 0, 0, 0
    for at, weight in events:
        running += weight
        while events[first][0] <= at - WINDOW_S:
            running -= events[first][1]
            first += 1
        most = max(most, running)
    assert most <= LIMIT
    assert most > LIMIT // 2, "the limit was not approached, so nothing was shown"
    data_waits = [wait for answer in answers[:3] for wait in answer["waits"]]
    trading_waits = answers[3]["waits"]
    assert len(trading_waits) >= 10
    # Whoever fetches waits for every request; an order finds its share of the bucket untouched.
    assert sum(trading_waits) / len(trading_waits) < sum(data_waits) / len(data_waits)
    assert sorted(trading_waits)[len(trading_waits) // 2] < 0.05


def test_what_is_reserved_for_trading_is_left_by_others() -> None:
    data = HostBudget(weight_limit=600)
    trading = HostBudget(weight_limit=600, priority=Priority.TRADING)
    while not data.try_take(HOST, 1):
        pass
    assert data.try_take(HOST, 1) > 0.0
    assert [trading.try_take(HOST, 1) for _ in range(10)] == [0.0] * 10


def test_a_request_heavier_than_the_bucket_waits_for_a_full_one_and_goes() -> None:
    budget = HostBudget(weight_limit=60)
    assert budget.try_take(HOST, 40) == 0.0
    assert budget.try_take(HOST, 1) > 30.0


def test_what_others_on_this_address_used_is_counted() -> None:
    budget = HostBudget(weight_limit=6_000)
    assert budget.try_take(HOST, 1, seen_used=10) == 0.0
    assert budget.try_take(HOST, 1, seen_used=5_690) > 1.0


def test_a_limit_that_the_host_tells_replaces_the_assumed_one() -> None:
    budget = HostBudget(weight_limit=6_000)
    budget.set_limit(HOST, 60)
    with SessionLocal() as db:
        found = rate_budgets.find(db, HOST)
    assert found is not None
    assert found.weight_limit == 60
    taken = 0
    while not budget.try_take(HOST, 1):
        taken += 1
    assert taken <= 6


def test_a_long_ban_is_an_error_that_says_until_when() -> None:
    HostBudget(weight_limit=600).block(HOST, 7_200.0, 418)
    with pytest.raises(TransientError, match=r"status 418\) until 20.* UTC; nothing is sent"):
        HostBudget(weight_limit=600).try_take(HOST, 1)


def test_a_shorter_block_does_not_end_a_longer_one() -> None:
    budget = HostBudget(weight_limit=600, patience_s=1_000.0)
    budget.block(HOST, 100.0, 418)
    budget.block(HOST, 1.0, 429)
    assert budget.try_take(HOST, 1) > 90.0


@pytest.fixture
def venue() -> Iterator[HistoryServer]:
    """A venue on loopback with one coin."""
    history = History(
        ms("2025-02-10"), {"BTCUSDT": Coin("BTCUSDT", ms("2025-01-01"))}, ms("2025-02-09")
    )
    with serving(history) as server:
        yield server


@pytest.mark.parametrize("status", [429, 418])
def test_f28_no_request_of_any_asker_inside_retry_after(venue: HistoryServer, status: int) -> None:
    def ask() -> None:
        options = ExchangeOptions(
            market=Market.SPOT,
            addresses=Addresses(venue.url, None),
            budget=HostBudget(weight_limit=6_000),
        )
        with MarketRest(options) as rest:
            found = rest.bars(Kind.BARS, "BTCUSDT", "1h", ms("2025-02-01"), ms("2025-02-02"))
        answered.append(len(found))

    answered: list[int] = []
    venue.history.refusals = [(status, 2)]
    threads = [threading.Thread(target=ask) for _ in range(4)]
    threads[0].start()
    while not venue.history.times:
        time.sleep(0.005)
    refused_at = time.monotonic()
    time.sleep(0.3)
    for thread in threads[1:]:
        thread.start()
    for thread in threads:
        thread.join()
    assert answered == [24] * 4
    later = [at - refused_at for at in venue.history.times[1:]]
    assert len(later) == 4
    assert min(later) >= 1.9, f"asked {min(later):.2f} s after a refusal of 2 s"

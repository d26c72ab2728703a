"""Random cuts, a database that drops its connections, a second feed: nothing is lost or doubled.

A thousand cuts are a matter of a quarter of an hour: ``cryptovolt bench live --cuts 1000``.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from random import Random

import pytest
from tests.feed.running import (
    Venue,
    assert_equal_to_rest,
    n_bars,
    n_live,
    rows,
    running_feed,
    running_venue,
    until,
)

pytestmark = pytest.mark.usefixtures("fresh_database_url")

N_CUTS = 25


@pytest.fixture
def venue() -> Iterator[Venue]:
    with running_venue() as found:
        yield found


def test_after_random_cuts_no_bar_is_missing_doubled_or_different(venue: Venue) -> None:
    random = Random(11)
    with running_feed():
        until(lambda: n_live() == 3)
        for _ in range(N_CUTS):
            time.sleep(random.uniform(0.05, 0.6))
            if random.random() < 0.3:
                venue.act("mute", channel="kline", ms=random.uniform(100, 900))
            venue.act("cut")
        before = n_bars()
        until(lambda: n_live() == 3 and n_bars() >= before + 3)
        assert rows("SELECT sum(repaired) > 3 FROM feed_status") == [(True,)]
    assert assert_equal_to_rest(venue) > 30


def test_a_database_that_drops_every_connection_loses_nothing(venue: Venue) -> None:
    with running_feed(trades=True) as feed:
        until(lambda: n_live() == 3)
        for _ in range(4):
            time.sleep(0.7)
            rows(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        before = n_bars()
        until(lambda: n_bars() >= before + 2)
        assert feed.stop().writer.written.failures >= 1
    assert assert_equal_to_rest(venue) > 9
    found = rows(
        "SELECT max(trade_id) - min(trade_id) + 1 - count(*) FROM public_trades GROUP BY symbol"
    )
    assert found == [(0,)] * 3


def test_a_second_feed_of_a_source_is_refused_and_the_first_goes_on(venue: Venue) -> None:
    command = [sys.executable, "-m", "app.workers.ingest", "BTCUSDT"]
    with running_feed():
        until(lambda: n_live() == 3)
        environment = {"VENUE_URL": venue.server.address}
        second = run_worker(command, environment)
        assert second.returncode == 2
        assert "expected to be the only feed of loopback" in second.stderr
        assert n_live() == 3
        before = n_bars()
        until(lambda: n_bars() > before)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["NOBODYUSDT"], "expected symbols of the spot market, found NOBODYUSDT"),
        (["BTCUSDT", "--timeframe", "7m"], "the spot market offers 1s, 1m"),
    ],
)
def test_what_the_venue_does_not_have_is_one_sentence(
    venue: Venue, arguments: list[str], said: str
) -> None:
    command = [sys.executable, "-m", "app.workers.ingest", *arguments]
    found = run_worker(command, {"VENUE_URL": venue.server.address})
    assert found.returncode == 2
    assert said in found.stderr
    assert rows("SELECT count(*) FROM feed_status") == [(0,)]


def test_without_a_venue_it_is_one_sentence() -> None:
    command = [sys.executable, "-m", "app.workers.ingest", "BTCUSDT"]
    found = run_worker(command, {"VENUE_URL": "http://127.0.0.1:9"})
    assert found.returncode == 1
    assert "the spot market did not answer" in found.stderr
    assert "Traceback" not in found.stderr


def run_worker(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a worker with some more environment, and return how it ended."""
    return subprocess.run(
        command,
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )

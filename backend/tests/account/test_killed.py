"""A follower that is killed at any moment leaves nothing out and nothing twice."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from tests.account.running import Venue, following, ledger, rows, running_venue, settle, until

from app.core.config import settings

pytestmark = pytest.mark.usefixtures("fresh_database_url")
PROGRAM = """
import asyncio
from pydantic import SecretStr
from app.services.account_ports import FollowOptions
from app.workers.account_following import AccountOptions, follow_account
options = AccountOptions(
    name="main", api_key=SecretStr("loopback-key"), secret=SecretStr("loopback-secret"),
    follow=FollowOptions(check_every_s=1.0, grace_s=0.5), connections_per_minute=600, hurry=10.0,
)
asyncio.run(follow_account(options, asyncio.Event()))
"""


@pytest.fixture
def venue() -> Iterator[Venue]:
    with running_venue() as found:
        yield found


def is_live(pid: int) -> bool:
    found = rows("SELECT state FROM account_status WHERE process LIKE :p", p=f"%:{pid}")
    return found == [("live",)]


def test_f40_killed_three_times_while_orders_fill(venue: Venue) -> None:
    random = Random(11)
    environment = {**os.environ, "VENUE_URL": settings.VENUE_URL}
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            env=environment,
            cwd=Path(__file__).resolve().parents[2],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            until(lambda pid=process.pid: is_live(pid), 30.0)
            until_s = time.monotonic() + 0.3 + random.random()
            while time.monotonic() < until_s:
                venue.buy()
                venue.rest(symbol="ETHUSDT")
                # The venue takes 100 orders in ten seconds.
                time.sleep(0.05)
        finally:
            process.kill()
            process.wait(10)
    assert rows("SELECT count(*) > 5 FROM fills") == [(True,)]
    with following():
        settle(venue)
    before = ledger()
    with following():
        settle(venue)
    assert ledger() == before

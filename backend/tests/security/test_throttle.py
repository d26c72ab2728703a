"""How many guesses a patient attacker gets, and that nobody is locked out for good."""

import time
from collections.abc import Callable
from itertools import pairwise

import pytest

from app.services.access import TooManyAttemptsError
from app.services.throttle import Throttle, network

HOUR = 3_600


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Return a function that sets the time."""
    started = time.time()
    moment = [started]
    monkeypatch.setattr(time, "time", lambda: moment[0])

    def move(seconds: float) -> None:
        moment[0] = started + seconds

    return move


def admitted(throttle: Throttle, account: str, address: str) -> bool:
    try:
        throttle.before_login(account, address)
    except TooManyAttemptsError:
        return False
    throttle.login_failed(address)
    return True


def test_the_longer_an_account_is_guessed_at_the_longer_each_wait(
    clock: Callable[[float], None],
) -> None:
    throttle = Throttle()
    guesses: list[int] = []
    for second in range(0, 24 * HOUR, 15):
        clock(second)
        # From many addresses, so that only the account's own limit holds.
        if admitted(throttle, "alice", f"198.51.100.{second // 15 % 250}"):
            guesses.append(second)
    assert sum(second < 60 for second in guesses) <= 5
    assert sum(second < 900 for second in guesses) <= 10
    assert sum(second < 6 * HOUR for second in guesses) <= 30
    assert len(guesses) <= 4 * 30
    waits = [after - before for before, after in pairwise(guesses)]
    assert max(waits[:4]) < 60 < max(waits[:10]) < max(waits[:31])


def test_the_wait_that_is_told_is_the_wait_that_is_needed(clock: Callable[[float], None]) -> None:
    throttle = Throttle()
    while admitted(throttle, "bob", "198.51.100.1"):
        pass
    with pytest.raises(TooManyAttemptsError) as refused:
        throttle.before_login("bob", "198.51.100.1")
    assert refused.value.retry_after == 61
    clock(59)
    assert not admitted(throttle, "bob", "198.51.100.1")
    clock(refused.value.retry_after)
    assert admitted(throttle, "bob", "198.51.100.1")


def test_a_login_that_succeeds_forgets_the_failures_before_it() -> None:
    throttle = Throttle()
    for _ in range(20):
        throttle.before_login("carol", "198.51.100.1")
        throttle.login_succeeded("carol")


def test_accounts_do_not_slow_each_other_down() -> None:
    throttle = Throttle()
    while admitted(throttle, "dave", "198.51.100.1"):
        pass
    assert admitted(throttle, "erin", "198.51.100.1")


NETWORKS = [
    ("127.0.0.1", "127.0.0.1"),
    ("::ffff:203.0.113.7", "203.0.113.7"),
    ("2001:db8:1:2::5", "2001:db8:1:2::/64"),
    ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
    ("unknown", "unknown"),
]


@pytest.mark.parametrize(("address", "expected"), NETWORKS)
def test_addresses_of_one_client_count_together(address: str, expected: str) -> None:
    assert network(address) == expected

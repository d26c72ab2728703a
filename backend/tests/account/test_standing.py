"""The state of a followed account, and what the stream owes."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from app.repositories.account_rows import Trouble
from app.services.account_doubts import Troubles, Untold
from app.services.account_ports import FollowOptions
from app.services.account_standing import Standing
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.orders import Side
from cryptovolt.execution.order_evidence import OrderKey, OrderReport

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = OrderKey("binance", "BTCUSDT", 1)


def report(status: str, time_ms: int) -> OrderReport:
    return OrderReport(
        key=KEY, time_ms=time_ms, status_text=status, filled=Decimal(0), quantity=Decimal(1),
        side=Side.BUY,
    )  # fmt: skip


def judged(standing: Standing, at_s: float) -> tuple[str, set[str]]:
    troubles = Troubles()
    standing.judge(at_s, NOON + timedelta(seconds=at_s), 25.0, troubles)
    return standing.state, {trouble.kind for trouble in troubles.now}


def test_an_account_is_live_only_when_connected_caught_up_and_checked() -> None:
    standing = Standing(NOON, checked_s=0.0, lost_s=0.0)
    assert judged(standing, 1.0) == ("starting", set())
    assert judged(standing, 11.0) == ("starting", {"disconnected"})
    standing.connect(NOON)
    assert judged(standing, 12.0) == ("catching_up", set())
    standing.caught_up = True
    assert judged(standing, 13.0) == ("live", set())
    assert judged(standing, 76.0) == ("unchecked", {"unchecked"})
    standing.check(76.0, NOON)
    assert judged(standing, 77.0) == ("live", set())
    standing.silent = "it did not tell"
    assert judged(standing, 78.0) == ("silent", {"silent"})
    standing.silent = ""
    standing.lose(80.0, "cut")
    assert judged(standing, 81.0) == ("disconnected", set())
    standing.lose(89.0, "refused")
    assert judged(standing, 91.0) == ("disconnected", {"disconnected"})
    assert (standing.reason, standing.caught_up) == ("refused", False)


def test_a_trouble_keeps_its_first_reason_until_it_is_over() -> None:
    troubles = Troubles()
    troubles.set(Trouble("silent"), "first")
    troubles.set(Trouble("silent"), "second")
    assert troubles.now == {Trouble("silent"): "first"}
    troubles.set(Trouble("silent"), None)
    assert troubles.now == {}


def test_the_stream_may_tell_within_the_grace_what_rest_told_first() -> None:
    untold = Untold(2.0)
    untold.add([report("NEW", 10), report("CANCELED", 12)], 100.0)
    untold.told(report("NEW", 10))
    assert untold.take_late(101.9) == []
    assert untold.take_late(102.0) == [("BTCUSDT", 12)]
    assert untold.take_late(200.0) == []
    assert untold.nothing_since(12)
    untold.told(report("FILLED", 12))
    assert not untold.nothing_since(12)


@pytest.mark.parametrize(("check_every_s", "grace_s"), [(31.0, 2.0), (0.0, 2.0), (25.0, 0.0)])
def test_a_period_that_would_find_silence_too_late_is_refused(
    check_every_s: float, grace_s: float
) -> None:
    with pytest.raises(ConfigurationError, match="every 30 seconds at most"):
        FollowOptions(check_every_s=check_every_s, grace_s=grace_s)

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from app.core.database import SessionLocal
from app.core.press import FetchResult, Pricing, SourceState
from app.models.sentiment import SentimentSourceState
from app.repositories import press
from app.services import press_lease, press_state
from app.services.press_lease import Claim, Refused, Verdict

PRICED = Pricing(per_item=0.005, cap=1.0, least_items=10, most_items=100)


@dataclass(frozen=True)
class Source:
    name: str = "gdelt"
    pricing: Pricing | None = None


@pytest.fixture(autouse=True)
def rows(db: Session) -> None:
    db.query(SentimentSourceState).delete()
    for name in ("gdelt", "x"):
        press.ensure(db, name, "news", 300.0)
    db.commit()


def claim(source: Source | None = None, *, forced: bool = False) -> Claim | Refused:
    with SessionLocal.begin() as db:
        return press_lease.claim(db, source or Source(), forced=forced)


def claimed(source: Source | None = None) -> Claim:
    found = claim(source)
    assert isinstance(found, Claim)
    return found


def succeed(found: Claim, cost: float = 0.0, wait_s: float = 300.0) -> bool:
    result = FetchResult(etag='"2"', cursor={"since_id": "9"}, cost=cost)
    with SessionLocal.begin() as db:
        row = press_lease.held(db, found)
        if row is None:
            return False
        counts = ({"stored": 2}, frozenset({"aa"}))
        press_lease.succeed(db, row, found, result, wait_s, counts)
        return True


def fail(found: Claim, verdict: Verdict) -> None:
    with SessionLocal.begin() as db:
        press_lease.fail(db, found, verdict)


def row(name: str = "gdelt") -> SentimentSourceState:
    with SessionLocal() as db:
        found = db.get(SentimentSourceState, name)
        assert found is not None
        return found


def age(name: str, seconds: float) -> None:
    """Move all of a source's times into the past."""
    with SessionLocal.begin() as db:
        found = press.lock(db, name)
        assert found is not None
        for field in ("last_attempt_at", "last_success_at", "next_attempt_at", "updated_at"):
            value = getattr(found, field)
            if value is not None:
                setattr(found, field, value - timedelta(seconds=seconds))


def test_of_two_collectors_one_asks_and_the_other_waits() -> None:
    first, second = claim(), claim()
    assert isinstance(first, Claim)
    assert isinstance(second, Refused)
    assert 0 < second.wait_s <= press_lease.LEASE_S
    assert isinstance(claim(forced=True), Refused)


def test_what_was_killed_blocks_nobody_for_long_and_its_late_answer_is_not_stored() -> None:
    killed = claimed()
    age("gdelt", press_lease.LEASE_S + 1)
    assert not succeed(killed)
    heir = claimed()
    assert succeed(heir)
    fail(killed, Verdict(SourceState.BROKEN, "late", 10.0))
    assert row().state == "good"


def test_what_a_source_left_is_handed_to_the_next_request() -> None:
    assert succeed(claimed())
    age("gdelt", 301)
    again = claimed()
    assert (again.etag, dict(again.cursor), again.left_out) == (
        '"2"', {"since_id": "9"}, {"aa"},
    )  # fmt: skip
    assert row().counts["stored"] == 2


def test_a_source_is_asked_by_hand_between_its_turns_but_not_at_once() -> None:
    assert succeed(claimed())
    assert isinstance(claim(), Refused)
    assert isinstance(claim(forced=True), Refused)
    age("gdelt", press_lease.FORCED_GAP_S + 1)
    assert isinstance(claim(), Refused)
    assert isinstance(claim(forced=True), Claim)


def test_a_source_that_asks_for_patience_gets_it_also_by_hand() -> None:
    fail(claimed(), Verdict(SourceState.WAITING, "asks for patience", 600.0))
    age("gdelt", 60)
    refused = claim(forced=True)
    assert isinstance(refused, Refused)
    assert refused.reason == "asks for patience"
    assert 500 < refused.wait_s < 600


def test_a_request_that_could_exceed_the_cap_is_not_sent() -> None:
    source = Source("x", PRICED)
    budgets: list[float] = []
    while isinstance(found := claim(source), Claim):
        assert found.budget is not None
        budgets.append(found.budget)
        assert succeed(found, cost=min(0.3, found.budget), wait_s=0.0)
    # Up to 0.5, a hundred posts, is written down before a request and corrected after it.
    assert budgets == pytest.approx([0.5, 0.5, 0.4, 0.1])
    assert row("x").spent == Decimal("1.0")
    assert isinstance(found, Refused)
    assert "of the month's cap of $1.00 are spent" in found.reason
    assert row("x").state == "waiting"
    assert isinstance(claim(source, forced=True), Refused)


def test_what_a_killed_request_may_have_cost_counts_as_spent() -> None:
    assert claimed(Source("x", PRICED)).budget == pytest.approx(0.5)
    assert row("x").spent == Decimal("0.5")


def test_what_surely_cost_nothing_is_given_back() -> None:
    source = Source("x", PRICED)
    fail(claimed(source), Verdict(SourceState.WAITING, "429", 1.0, refunded=True))
    assert row("x").spent == 0
    age("x", 5)
    fail(claimed(source), Verdict(SourceState.WAITING, "timeout", 1.0))
    assert row("x").spent == Decimal("0.5")


def test_a_new_month_begins_with_nothing_spent() -> None:
    with SessionLocal.begin() as db:
        found = press.lock(db, "x")
        assert found is not None
        found.spent, found.spent_month = Decimal("1.0"), "2020-01"
    assert isinstance(claim(Source("x", PRICED)), Claim)
    assert row("x").spent == Decimal("0.5")


def test_silence_is_shown_as_stale_with_its_age() -> None:
    assert succeed(claimed())
    age("gdelt", 3 * 300 - 5)
    with SessionLocal() as db:
        assert press_state.view(db)[0].state == "good"
    age("gdelt", 10)
    with SessionLocal() as db:
        shown = press_state.view(db)[0]
    assert (shown.state, shown.age_s) == ("stale", pytest.approx(905, abs=5))
    assert "answered 15 min ago" in shown.line

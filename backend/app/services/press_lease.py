"""Who may ask a source now, and what an answer or an error makes of its state.

A source is claimed before it is asked: the claim is a row of its own transaction, ends by itself
and names its holder by its time. So two collectors never ask at once, a killed one blocks nobody
for long, and an answer that comes after its claim ended is not stored. What a request may cost is
written down as spent before it is sent.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

from sqlalchemy.orm import Session

from app.core.press import FetchResult, Pricing, SourceState
from app.models.sentiment import SentimentSourceState
from app.repositories import press

LEASE_S = 60.0
"""A claim ends after this time; a request is given up before."""

STALE_INTERVALS = 3.0
FORCED_GAP_S = 5.0
"""Also when asked by hand, a source is left alone for this long."""

_LEFT_OUT = "left_out"
_OWN = "own"
_MOST_MARKS = 6_000


class Named(Protocol):
    """What a claim needs to know of a source."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def pricing(self) -> Pricing | None:
        """What it costs."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to ask a source once."""

    name: str
    at: datetime
    etag: str | None
    last_modified: str | None
    cursor: Mapping[str, Any]
    left_out: frozenset[str]
    failures: int
    budget: float | None
    """US dollars that are written down as spent already."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A source is not to be asked before some seconds have passed."""

    wait_s: float
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a request that gave nothing to store."""

    state: SourceState
    reason: str
    wait_s: float
    refunded: bool = False
    """Whether it surely cost nothing."""


def claim(db: Session, source: Named, *, forced: bool = False) -> Claim | Refused:
    """Claim a source, or say why it is not to be asked now."""
    row = press.lock(db, source.name)
    at = press.now(db)
    if row is None:
        return Refused(LEASE_S, f"{source.name} is not known")
    waiting = _waiting(row, at, forced=forced)
    if waiting is not None:
        return waiting
    month = f"{at:%Y-%m}"
    if row.spent_month != month:
        row.spent, row.spent_month = Decimal(0), month
    budget = None
    if source.pricing is not None:
        n_items = source.pricing.affordable(float(row.spent))
        if not n_items:
            return _spent(row, source.pricing, at)
        budget = n_items * source.pricing.per_item
        row.spent += _money(budget)
    row.last_attempt_at = row.updated_at = at
    row.next_attempt_at = at + timedelta(seconds=LEASE_S)
    return Claim(
        name=row.name,
        at=at,
        etag=row.etag,
        last_modified=row.last_modified,
        cursor=row.cursor.get(_OWN, {}),
        left_out=frozenset(row.cursor.get(_LEFT_OUT, ())),
        failures=row.failures,
        budget=budget,
    )


def held(db: Session, claimed: Claim) -> SentimentSourceState | None:
    """Return the locked row of a claim that still holds, or None: then nothing is to be stored."""
    row = press.lock(db, claimed.name)
    if row is None or row.last_attempt_at != claimed.at or row.updated_at != claimed.at:
        return None
    return row


def succeed(
    db: Session,
    row: SentimentSourceState,
    claimed: Claim,
    result: FetchResult,
    wait_s: float,
    taken: tuple[Mapping[str, int], frozenset[str]],
) -> None:
    """Write down that a source answered well, in the transaction that stores its items."""
    at = press.now(db)
    counts, left_out = taken
    row.state, row.reason, row.failures = SourceState.GOOD.value, None, 0
    row.last_success_at = row.updated_at = at
    row.next_attempt_at = at + timedelta(seconds=wait_s)
    row.etag, row.last_modified = result.etag, result.last_modified
    if not result.not_modified:
        own = dict(result.cursor)
        row.cursor = {_OWN: own, _LEFT_OUT: sorted(left_out)[:_MOST_MARKS]}
    row.quota_left = result.quota_left
    resets = result.quota_resets_ms
    row.quota_resets_at = None if resets is None else datetime.fromtimestamp(resets / 1000, UTC)
    _settle(row, claimed, result.cost)
    more = {"requests": 1, "bytes": result.n_bytes, "not_modified": int(result.not_modified)}
    row.counts = dict(Counter(row.counts) + Counter(more) + Counter(counts))


def fail(db: Session, claimed: Claim, verdict: Verdict) -> None:
    """Write down that a request gave nothing."""
    row = held(db, claimed)
    if row is None:
        return
    at = press.now(db)
    row.state, row.reason = verdict.state.value, verdict.reason
    if verdict.state is SourceState.WAITING and is_stale(row, at):
        row.state = SourceState.STALE.value
    row.failures += 1
    row.updated_at = at
    row.next_attempt_at = at + timedelta(seconds=verdict.wait_s)
    if verdict.refunded:
        _settle(row, claimed, 0.0)
    row.counts = dict(Counter(row.counts) + Counter({"requests": 1, "failures": 1}))


def is_stale(row: SentimentSourceState, at: datetime) -> bool:
    """Say whether a source has not answered well for more than three of its intervals."""
    since = row.last_success_at or row.last_attempt_at
    if since is None or row.every_s is None:
        return False
    return (at - since).total_seconds() > max(STALE_INTERVALS * row.every_s, LEASE_S)


def _waiting(row: SentimentSourceState, at: datetime, *, forced: bool) -> Refused | None:
    if row.next_attempt_at is None:
        return None
    left_s = (row.next_attempt_at - at).total_seconds()
    if left_s <= 0:
        return None
    asked = row.last_attempt_at is not None and row.updated_at == row.last_attempt_at
    if asked:
        return Refused(left_s, "it is being asked")
    patient = row.state in {SourceState.WAITING.value, SourceState.STALE.value}
    if patient and row.reason:
        return Refused(left_s, row.reason)
    if not forced:
        return Refused(left_s, "it was asked lately")
    gap_s = FORCED_GAP_S - (at - (row.last_attempt_at or at)).total_seconds()
    return Refused(gap_s, "it was asked a moment ago") if gap_s > 0 else None


def _spent(row: SentimentSourceState, pricing: Pricing, at: datetime) -> Refused:
    next_month = (at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)) + timedelta(days=32)
    begins = next_month.replace(day=1)
    row.state = SourceState.WAITING.value
    reason = (
        f"${row.spent:.2f} of the month's cap of ${pricing.cap:.2f} are spent: another request "
        f"could exceed it, so the next is sent on {begins:%d %B}"
    )
    row.reason, row.next_attempt_at, row.updated_at = reason, begins, at
    return Refused((begins - at).total_seconds(), reason)


def _settle(row: SentimentSourceState, claimed: Claim, cost: float) -> None:
    # In another month than it was reserved in there is nothing to give back.
    if claimed.budget is not None and row.spent_month == f"{claimed.at:%Y-%m}":
        row.spent = max(Decimal(0), row.spent - _money(claimed.budget) + _money(cost))


def _money(amount: float) -> Decimal:
    return Decimal(str(round(amount, 6)))

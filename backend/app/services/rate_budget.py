"""One budget of request weight per host, shared by every process through PostgreSQL.

The budget is a bucket: a tenth of what a minute allows may be taken at once, and it refills so that
no 60 seconds, wherever they begin, see more than 95 % of the limit. The last third of the bucket is
for trading only: whoever fetches history leaves it there, so an order never queues behind a
download. A 429 or 418 blocks the host for all processes until its Retry-After has passed.
"""

from dataclasses import dataclass
from enum import StrEnum
from time import sleep

import structlog
from sqlalchemy.orm import Session

from app.core.database import SessionLocal
from app.models.market import RateBudget
from app.repositories import rate_budgets
from cryptovolt.domain.errors import TransientError

log = structlog.get_logger(__name__)

_USED_SHARE = 0.95
_BURST_SHARE = 0.1
_RESERVED_SHARE = 1.0 / 3.0
_SHORTEST_WAIT_S = 0.005


class Priority(StrEnum):
    """Who asks."""

    TRADING = "trading"
    DATA = "data"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostBudget:
    """The budgets of hosts as one asker sees them."""

    weight_limit: int
    """Weight per window of a host that has not been seen before."""
    priority: Priority = Priority.DATA
    patience_s: float = 300.0
    """A longer wait is an error: the host has banned this address."""
    window_s: float = 60.0

    def try_take(self, host: str, weight: int, seen_used: int | None = None) -> float:
        """Take the weight and return 0, or take nothing and return the seconds to wait.

        Raises
        ------
        TransientError
            If the host refuses everybody for longer than is bearable.
        """
        with SessionLocal.begin() as db:
            budget = rate_budgets.lock(db, host) or self._new(host, db)
            at = rate_budgets.now(db)
            if budget.blocked_until is not None and budget.blocked_until > at:
                return self._bearable(budget, (budget.blocked_until - at).total_seconds())
            burst, per_second = self._shape(budget.weight_limit)
            elapsed = max(0.0, (at - budget.refilled_at).total_seconds())
            tokens = min(burst, budget.tokens + elapsed * per_second)
            if seen_used is not None:
                # Others on this address use the same limit without asking here.
                tokens = min(tokens, budget.weight_limit * _USED_SHARE - seen_used)
            reserved = 0.0 if self.priority is Priority.TRADING else burst * _RESERVED_SHARE
            needed = min(weight + reserved, burst)
            if tokens < needed:
                return max((needed - tokens) / per_second, _SHORTEST_WAIT_S)
            budget.tokens = tokens - weight
            budget.refilled_at = max(at, budget.refilled_at)
            budget.n_requests += 1
            return 0.0

    def take(self, host: str, weight: int) -> None:
        """Wait until the weight could be taken."""
        while wait_s := self.try_take(host, weight):
            sleep(wait_s)

    def block(self, host: str, seconds: float, status: int) -> None:
        """Let nobody ask the host for some seconds."""
        with SessionLocal.begin() as db:
            budget = rate_budgets.lock(db, host) or self._new(host, db)
            rate_budgets.block(budget, rate_budgets.now(db), seconds, status)
        log.warning("budget.blocked", host=host, seconds=seconds, status=status)

    def set_limit(self, host: str, weight_limit: int) -> None:
        """Take over the weight per minute that the host says it allows."""
        with SessionLocal.begin() as db:
            if rate_budgets.find(db, host) is None:
                rate_budgets.ensure(db, host, weight_limit, self._shape(weight_limit)[0])
            rate_budgets.set_limit(db, host, weight_limit)

    def _new(self, host: str, db: Session) -> RateBudget:
        rate_budgets.ensure(db, host, self.weight_limit, self._shape(self.weight_limit)[0])
        made = rate_budgets.lock(db, host)
        assert made is not None
        return made

    def _shape(self, weight_limit: int) -> tuple[float, float]:
        usable = weight_limit * _USED_SHARE
        return usable * _BURST_SHARE, usable * (1.0 - _BURST_SHARE) / self.window_s

    def _bearable(self, budget: RateBudget, wait_s: float) -> float:
        if wait_s > self.patience_s:
            raise TransientError(
                f"{budget.host} refuses requests from this address (status "
                f"{budget.blocked_status}) until {budget.blocked_until:%Y-%m-%d %H:%M:%S} UTC; "
                "nothing is sent before then, try again later"
            )
        return max(wait_s, _SHORTEST_WAIT_S)

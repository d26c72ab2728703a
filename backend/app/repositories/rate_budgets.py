"""Request budgets of hosts. Times are the database's, so that all processes agree on them."""

from datetime import datetime, timedelta

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.models.market import RateBudget

_NOW = text("SELECT clock_timestamp()")


def now(db: Session) -> datetime:
    """Return the database's time."""
    return db.execute(_NOW).scalar_one()


def ensure(db: Session, host: str, weight_limit: int, tokens: float) -> None:
    """Make the budget of a host, full, where there is none."""
    db.execute(
        insert(RateBudget)
        .values(host=host, weight_limit=weight_limit, tokens=tokens, refilled_at=now(db))
        .on_conflict_do_nothing()
    )


def find(db: Session, host: str) -> RateBudget | None:
    """Return the budget of a host, or None."""
    return db.get(RateBudget, host)


def lock(db: Session, host: str) -> RateBudget | None:
    """Return the budget of a host, which no other transaction can change until this one ends."""
    query = select(RateBudget).where(RateBudget.host == host)
    return db.scalar(query.with_for_update().execution_options(populate_existing=True))


def set_limit(db: Session, host: str, weight_limit: int) -> None:
    """Take over the weight per minute that the host says it allows."""
    db.execute(update(RateBudget).where(RateBudget.host == host).values(weight_limit=weight_limit))


def block(budget: RateBudget, at: datetime, seconds: float, status: int) -> None:
    """Let nobody ask for some seconds; a longer block that is running stays."""
    until = at + timedelta(seconds=seconds)
    if budget.blocked_until is None or budget.blocked_until < until:
        budget.blocked_until = until
    budget.blocked_status = status
    budget.n_refused += 1
    # Whoever waits for the end must not ask all at once then.
    budget.tokens = min(budget.tokens, 0.0)
    budget.refilled_at = max(budget.blocked_until, at)

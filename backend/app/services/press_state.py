"""How every source of texts is, for whoever looks."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.core.config import settings
from app.core.press import SourceState
from app.models.sentiment import SentimentSourceState
from app.repositories import press
from app.services.press_lease import is_stale


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """One source, as it is shown."""

    name: str
    kind: str
    state: str
    reason: str | None
    age_s: float | None
    """Since it answered well last."""
    next_in_s: float | None
    failures: int
    quota_left: int | None
    quota_resets_at: datetime | None
    spent: float
    cap: float | None
    """US dollars in this month, and how many may be."""
    last_success_at: datetime | None
    counts: dict[str, Any]

    @property
    def line(self) -> str:
        """It in one line."""
        parts = [f"{self.name} is {self.state}"]
        if self.reason:
            parts[0] += f": {self.reason}"
        if self.age_s is not None:
            parts.append(f"answered {spoken(self.age_s)} ago")
        if self.failures:
            parts.append(f"{self.failures} failure{'s' if self.failures > 1 else ''} in a row")
        if self.quota_left is not None:
            parts.append(f"{self.quota_left:,} requests left")
        if self.cap is not None:
            parts.append(f"${self.spent:.2f} of ${self.cap:.2f} spent this month")
        elif self.spent:
            parts.append(f"${self.spent:.2f} counted this month, made up")
        return "; ".join(parts)


def view(db: Session) -> list[SourceView]:
    """Return every source that was ever asked or is off, by name."""
    at = press.now(db)
    return [_view(row, at) for row in press.every(db)]


def spoken(seconds: float) -> str:
    """Return a span of time as people say it."""
    for size, unit in ((86_400.0, "d"), (3_600.0, "h"), (60.0, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


def _view(row: SentimentSourceState, at: datetime) -> SourceView:
    state, reason = row.state, row.reason
    if state in {SourceState.GOOD.value, SourceState.WAITING.value} and is_stale(row, at):
        # A collector that died writes no such thing itself.
        state = SourceState.STALE.value
        reason = reason or "nothing asked it since; is `cryptovolt up` running?"
    priced = row.name == "x"
    this_month = row.spent_month == f"{at:%Y-%m}"
    following = row.next_attempt_at
    return SourceView(
        name=row.name,
        kind=row.kind,
        state=state,
        reason=reason,
        age_s=_since(row.last_success_at, at),
        next_in_s=None if following is None else max(0.0, (following - at).total_seconds()),
        failures=row.failures,
        quota_left=row.quota_left,
        quota_resets_at=row.quota_resets_at,
        spent=float(row.spent) if this_month else 0.0,
        cap=settings.X_MONTHLY_CAP if priced and settings.X_MONTHLY_CAP else None,
        last_success_at=row.last_success_at,
        counts=row.counts,
    )


def _since(moment: datetime | None, at: datetime) -> float | None:
    return None if moment is None else max(0.0, (at - moment).total_seconds())

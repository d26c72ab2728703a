"""Alerts."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from app.schemas.common import Given, Returned, Text


class AlertIn(Given):
    """A note to oneself."""

    message: Annotated[Text, Field(min_length=1, max_length=2_000)]


class AlertUpdate(Given):
    """Whether the alert was read."""

    is_read: bool


class AlertOut(Returned):
    """An alert of one user, or of the whole system (`user_id` null)."""

    alert_id: int
    user_id: int | None
    alert_type: str | None
    level: Literal["info", "warning", "error", "critical"]
    session_id: int | None
    message: str | None
    is_read: bool
    timestamp: datetime
    created_at: datetime


class AlertsRead(Returned):
    """How many alerts were marked as read."""

    changed: int

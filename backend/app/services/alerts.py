"""Alerts of a user."""

from sqlalchemy.orm import Session

from app.models.database import Alert
from app.repositories import alerts
from app.services.access import Actor, NotFoundError


def list_all(db: Session, actor: Actor, is_read: bool | None, skip: int, limit: int) -> list[Alert]:
    """Return a page of the user's alerts."""
    return alerts.list_visible(db, actor.owner, is_read, skip, limit)


def read(db: Session, actor: Actor, alert_id: int) -> Alert:
    """Return one of the user's alerts."""
    return _found(alerts.find(db, actor.owner, alert_id), alert_id)


def create(db: Session, actor: Actor, message: str) -> Alert:
    """Store a note of the user to themselves."""
    alert = Alert(user_id=actor.user_id, alert_type="USER", message=message)
    db.add(alert)
    db.flush()
    return alert


def mark(db: Session, actor: Actor, alert_id: int, *, is_read: bool) -> Alert:
    """Mark one alert as read or unread."""
    alert = _found(alerts.find(db, actor.owner, alert_id, lock=True), alert_id)
    alert.is_read = is_read
    db.flush()
    return alert


def mark_all_read(db: Session, actor: Actor) -> int:
    """Mark all of the user's own alerts as read, and return how many were not."""
    return alerts.mark_all_read(db, actor.user_id)


def delete(db: Session, actor: Actor, alert_id: int) -> None:
    """Delete one of the user's alerts."""
    db.delete(_found(alerts.find(db, actor.owner, alert_id, lock=True), alert_id))
    db.flush()


def _found(alert: Alert | None, alert_id: int) -> Alert:
    if alert is None:
        raise NotFoundError(f"there is no alert {alert_id}")
    return alert

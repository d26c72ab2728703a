"""Alerts; `owner` None means everybody's."""

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from app.models.database import Alert


def visible(owner: int | None) -> Select[Alert]:
    """Return the query of the alerts that an owner sees."""
    query = select(Alert)
    return query if owner is None else query.where(Alert.user_id == owner)


def list_visible(
    db: Session, owner: int | None, is_read: bool | None, skip: int, limit: int
) -> list[Alert]:
    """Return a page of alerts, newest first."""
    query = visible(owner)
    if is_read is not None:
        query = query.where(Alert.is_read == is_read)
    # As stored: a replay tells of older times after the note that it began.
    return list(db.scalars(query.order_by(Alert.alert_id.desc()).offset(skip).limit(limit)))


def find(db: Session, owner: int | None, alert_id: int, *, lock: bool = False) -> Alert | None:
    """Return one alert, or None where it does not exist for this owner."""
    query = visible(owner).where(Alert.alert_id == alert_id)
    return db.scalar(query.with_for_update() if lock else query)


def mark_all_read(db: Session, user_id: int) -> int:
    """Mark every alert of one user as read, and return how many were not."""
    changed = db.scalars(
        update(Alert)
        .where(Alert.user_id == user_id, Alert.is_read.is_(False))
        .values(is_read=True)
        .returning(Alert.alert_id)
    )
    return len(changed.all())

"""Alerts of the user."""

from fastapi import APIRouter

from app.api.dependencies import CurrentActor, Paging, RowId, Unit
from app.models.database import Alert
from app.schemas.alerts import AlertIn, AlertOut, AlertsRead, AlertUpdate
from app.services import alerts

router = APIRouter(prefix="/alerts", tags=["alerts"])


@router.get("", response_model=list[AlertOut])
def list_alerts(
    db: Unit, actor: CurrentActor, page: Paging, is_read: bool | None = None
) -> list[Alert]:
    """List alerts, newest first."""
    return alerts.list_all(db, actor, is_read, page.skip, page.limit)


@router.post("", response_model=AlertOut, status_code=201)
def create_alert(db: Unit, actor: CurrentActor, given: AlertIn) -> Alert:
    """Store a note to oneself."""
    return alerts.create(db, actor, given.message)


@router.post("/read", response_model=AlertsRead)
def mark_all_alerts_read(db: Unit, actor: CurrentActor) -> AlertsRead:
    """Mark all of the user's own alerts as read."""
    return AlertsRead(changed=alerts.mark_all_read(db, actor))


@router.get("/{alert_id}", response_model=AlertOut)
def read_alert(db: Unit, actor: CurrentActor, alert_id: RowId) -> Alert:
    """Return one alert."""
    return alerts.read(db, actor, alert_id)


@router.patch("/{alert_id}", response_model=AlertOut)
def mark_alert(db: Unit, actor: CurrentActor, alert_id: RowId, given: AlertUpdate) -> Alert:
    """Mark one alert as read or unread."""
    return alerts.mark(db, actor, alert_id, is_read=given.is_read)


@router.delete("/{alert_id}", status_code=204)
def delete_alert(db: Unit, actor: CurrentActor, alert_id: RowId) -> None:
    """Delete one alert."""
    alerts.delete(db, actor, alert_id)

"""Models and their cards."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.models.database import Model
from app.repositories import models
from app.services.access import Actor, NotFoundError


def list_all(db: Session, status: str | None, skip: int, limit: int) -> list[Model]:
    """Return a page of models."""
    return models.list_all(db, status, skip, limit)


def read(db: Session, model_id: int) -> Model:
    """Return one model."""
    model = models.find(db, model_id)
    if model is None:
        raise NotFoundError(f"there is no model {model_id}")
    return model


def create(
    db: Session,
    actor: Actor,
    *,
    name: str,
    model_type: str,
    version: str,
    accuracy: float | None,
    precision: float | None,
    recall: float | None,
    auc: float | None,
    trained_on: datetime | None,
    extra_data: dict[str, Any] | None,
) -> Model:
    """Store a model trained elsewhere, as an administrator; it enters as a candidate."""
    actor.require("admin")
    model = Model(
        name=name,
        model_type=model_type,
        version=version,
        accuracy=accuracy,
        precision=precision,
        recall=recall,
        auc=auc,
        trained_on=trained_on,
        extra_data=extra_data,
    )
    db.add(model)
    db.flush()
    return model

"""Models; every user reads them."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.database import Model


def list_all(db: Session, status: str | None, skip: int, limit: int) -> list[Model]:
    """Return a page of models, newest first."""
    query = select(Model).order_by(Model.model_id.desc()).offset(skip).limit(limit)
    return list(db.scalars(query if status is None else query.where(Model.status == status)))


def find(db: Session, model_id: int) -> Model | None:
    """Return one model, or None."""
    return db.scalar(select(Model).where(Model.model_id == model_id))

"""Models and their history; every user reads them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.models.database import Model
from app.models.learning import ModelEvent
from app.repositories.bars import SeriesKey

_CHAMPION = "champion"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFilter:
    """Which models are wanted; None means any."""

    status: str | None = None
    kind: str | None = None
    symbol: str | None = None


def list_all(db: Session, wanted: ModelFilter, skip: int, limit: int) -> list[Model]:
    """Return a page of models, newest first."""
    query = select(Model).order_by(Model.model_id.desc()).offset(skip).limit(limit)
    for column, value in (
        (Model.status, wanted.status),
        (Model.kind, wanted.kind),
        (Model.symbol, wanted.symbol),
    ):
        query = query if value is None else query.where(column == value)
    return list(db.scalars(query))


def find(db: Session, model_id: int, *, lock: bool = False) -> Model | None:
    """Return one model, or None; `lock` makes others wait who would change it."""
    query = select(Model).where(Model.model_id == model_id)
    return db.scalar(query.with_for_update() if lock else query)


def champions_of_series(db: Session, key: SeriesKey) -> Sequence[Model]:
    """Return the champions of a series, one for each kind and label, newest first."""
    query = _of_series(key).where(Model.status == _CHAMPION)
    return db.scalars(query.order_by(Model.model_id.desc())).all()


def champion_of(db: Session, row: Model, *, lock: bool = False) -> Model | None:
    """Return the champion of the series, kind and label of a model, or None."""
    if row.symbol is None or row.timeframe is None or row.source is None:
        return None
    query = _of_series(SeriesKey(row.symbol, row.timeframe, row.source)).where(
        Model.status == _CHAMPION, Model.kind == row.kind, Model.label_kind == row.label_kind
    )
    return db.scalar(query.with_for_update() if lock else query)


def history(db: Session, model_id: int) -> Sequence[ModelEvent]:
    """Return what happened to a model, oldest first."""
    query = select(ModelEvent).where(ModelEvent.model_id == model_id)
    return db.scalars(query.order_by(ModelEvent.history_id)).all()


def _of_series(key: SeriesKey) -> Select[Model]:
    return select(Model).where(
        Model.symbol == key.symbol, Model.timeframe == key.timeframe, Model.source == key.source
    )

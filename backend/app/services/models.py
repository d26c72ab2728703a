"""Models and their cards, as users ask for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from app.models.database import Model
from app.models.learning import ModelEvent
from app.repositories import models
from app.repositories.bars import SeriesKey
from app.repositories.models import ModelFilter
from app.services import model_registry, model_training
from app.services.access import Actor
from app.services.model_recipe import Recipe
from app.services.model_training import TrainRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A model with everything that is known of it."""

    model: Model
    card: Mapping[str, Any] | None
    failed_gates: Mapping[str, str]
    refusal: str | None
    history: Sequence[ModelEvent]


def list_all(db: Session, wanted: ModelFilter, skip: int, limit: int) -> list[Model]:
    """Return a page of models."""
    return models.list_all(db, wanted, skip, limit)


def read(db: Session, model_id: int) -> Model:
    """Return one model."""
    return model_registry.read(db, model_id)


def card(db: Session, model_id: int) -> Card:
    """Return one model with its card, why it may not be promoted, and its history."""
    model = model_registry.read(db, model_id)
    return Card(
        model=model,
        card=model.card,
        failed_gates=model_registry.failed_gates(model),
        refusal=model_registry.refusal(model),
        history=model_registry.history(db, model_id),
    )


def train(
    db: Session,
    actor: Actor,
    *,
    symbol: str,
    timeframe: str,
    source: str,
    funding: bool,
    leader: str | None,
    **recipe: Any,
) -> int:
    """Add a training to the queue, as a trader, and return the job's id."""
    actor.require("trader")
    request = TrainRequest(
        key=SeriesKey(symbol, timeframe, source),
        recipe=Recipe(**recipe),
        leader=leader,
        funding=funding,
    )
    return model_training.train_later(db, request, _name(actor), actor.user_id)


def promote(db: Session, actor: Actor, model_id: int, *, force: bool, reason: str | None) -> Model:
    """Make a model champion, as an administrator."""
    actor.require("admin")
    return model_registry.promote(
        db, model_id, _name(actor), datetime.now(UTC),
        force=force, reason=reason, user_id=actor.user_id,
    )  # fmt: skip


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


def _name(actor: Actor) -> str:
    return f"user {actor.user_id}"

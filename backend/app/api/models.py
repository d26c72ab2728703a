"""Models, their cards and their gates: read by every user, written by administrators."""

from fastapi import APIRouter

from app.api.dependencies import CurrentActor, Paging, RowId, Unit
from app.models.database import Model
from app.schemas.models import ModelIn, ModelOut, ModelStatus
from app.services import models

router = APIRouter(prefix="/models", tags=["models"])


@router.get("", response_model=list[ModelOut])
def list_models(db: Unit, page: Paging, status: ModelStatus | None = None) -> list[Model]:
    """List models, newest first."""
    return models.list_all(db, status, page.skip, page.limit)


@router.post("", response_model=ModelOut, status_code=201)
def create_model(db: Unit, actor: CurrentActor, given: ModelIn) -> Model:
    """Store a model trained elsewhere; it enters as a candidate."""
    return models.create(db, actor, **given.model_dump())


@router.get("/{model_id}", response_model=ModelOut)
def read_model(db: Unit, model_id: RowId) -> Model:
    """Return one model with its card and what its gates said."""
    return models.read(db, model_id)

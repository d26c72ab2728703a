"""Models, their cards and their gates: read by every user, written by administrators."""

from fastapi import APIRouter

from app.api.dependencies import CurrentActor, Paging, RowId, Unit
from app.models.database import Model
from app.repositories.models import ModelFilter
from app.schemas.common import Symbol
from app.schemas.jobs import JobAdded
from app.schemas.models import ModelCard, ModelIn, ModelOut, ModelStatus, PromoteIn, TrainIn
from app.services import models
from app.services.models import Card

router = APIRouter(prefix="/models", tags=["models"])


@router.get("", response_model=list[ModelOut])
def list_models(
    db: Unit, page: Paging, status: ModelStatus | None = None, symbol: Symbol | None = None
) -> list[Model]:
    """List models, newest first."""
    wanted = ModelFilter(status=status, symbol=symbol)
    return models.list_all(db, wanted, page.skip, page.limit)


@router.post("", response_model=ModelOut, status_code=201)
def create_model(db: Unit, actor: CurrentActor, given: ModelIn) -> Model:
    """Store a model trained elsewhere; it enters as a candidate."""
    return models.create(db, actor, **given.model_dump())


@router.get("/{model_id}", response_model=ModelOut)
def read_model(db: Unit, model_id: RowId) -> Model:
    """Return one model with its card and what its gates said."""
    return models.read(db, model_id)


@router.post("/train", response_model=JobAdded, status_code=202)
def train_model(db: Unit, actor: CurrentActor, given: TrainIn) -> JobAdded:
    """Add a training to the queue of jobs."""
    return JobAdded(job_id=models.train(db, actor, **given.model_dump()))


@router.get("/{model_id}/card", response_model=ModelCard)
def read_model_card(db: Unit, model_id: RowId) -> Card:
    """Return everything that is known of a model: measures, gates, provenance, history."""
    return models.card(db, model_id)


@router.post("/{model_id}/promote", response_model=ModelOut)
def promote_model(db: Unit, actor: CurrentActor, model_id: RowId, given: PromoteIn) -> Model:
    """Make a model champion; one that failed a gate only by force, which is shown for ever."""
    return models.promote(db, actor, model_id, force=given.force, reason=given.reason)

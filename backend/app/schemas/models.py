"""Models and their cards."""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, JsonValue

from app.schemas.common import Given, JsonObject, Name, Returned, Share, Text, UtcTime

ModelStatus: TypeAlias = Literal["candidate", "champion", "retired"]


class ModelIn(Given):
    """A model trained elsewhere; it enters as a candidate, and only its gates promote it."""

    name: Name
    model_type: Annotated[Text, Field(min_length=1, max_length=50)]
    version: Annotated[Text, Field(min_length=1, max_length=20)]
    accuracy: Share | None = None
    precision: Share | None = None
    recall: Share | None = None
    auc: Share | None = None
    trained_on: UtcTime | None = None
    extra_data: JsonObject | None = None


class ModelOut(Returned):
    """A model, its figures and what the gates said."""

    model_id: int
    name: str | None
    model_type: str | None
    version: str | None
    accuracy: float | None
    precision: float | None
    recall: float | None
    auc: float | None
    trained_on: datetime | None
    status: ModelStatus
    label_kind: str | None
    features: list[JsonValue] | None
    gates: dict[str, JsonValue] | None
    data_hash: str | None
    code_version: str | None
    artefact_hash: str | None
    extra_data: dict[str, JsonValue] | None
    created_at: datetime

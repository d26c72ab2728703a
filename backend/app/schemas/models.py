"""Models and their cards."""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, JsonValue

from app.schemas.common import Given, JsonObject, Name, Returned, Share, Symbol, Text, UtcTime

ModelStatus: TypeAlias = Literal["candidate", "challenger", "champion", "retired"]


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
    symbol: str | None
    timeframe: str | None
    source: str | None
    kind: str | None
    parent_id: int | None
    parameters: dict[str, JsonValue] | None
    seed: int | None
    inputs: dict[str, JsonValue] | None
    feature_hash: str | None
    sentiment_hash: str | None
    code_commit: str | None
    libraries: dict[str, JsonValue] | None
    forced_by: str | None
    """Who promoted it although it failed a gate; shown for ever."""
    forced_at: datetime | None
    forced_reason: str | None
    verified_at: datetime | None
    verified_result: dict[str, JsonValue] | None


class ModelEventOut(Returned):
    """One thing that happened to a model."""

    event: str
    old_status: str | None
    new_status: str
    actor: str
    reason: str | None
    created_at: datetime


class ModelCard(Returned):
    """A model with everything that is known of it: its card, why it is refused, its history."""

    model: ModelOut
    card: dict[str, JsonValue] | None
    failed_gates: dict[str, str]
    refusal: str | None
    history: list[ModelEventOut]


class TrainIn(Given):
    """A training on a stored series."""

    symbol: Symbol
    timeframe: Annotated[Text, Field(min_length=1, max_length=12)]
    source: Annotated[Text, Field(min_length=1, max_length=50)]
    kind: Literal["xgboost", "lstm", "linear", "lightgbm"] = "xgboost"
    label: Literal["triple-barrier", "fixed-horizon"] = "triple-barrier"
    horizon: Annotated[int, Field(ge=1, le=1_000)] = 12
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 7
    search_s: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)] = 0.0
    funding: bool = False
    leader: Annotated[Text, Field(max_length=90)] | None = None
    """A stored series that leads it: SYMBOL:TIMEFRAME:SOURCE."""


class PromoteIn(Given):
    """A promotion; by force only with a reason, which is kept for ever."""

    force: bool = False
    reason: Annotated[Text, Field(max_length=1_000)] | None = None

"""Trading strategies."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, JsonValue

from app.schemas.common import Given, JsonObject, Name, Returned, Text


class StrategyIn(Given):
    """A new strategy; it starts inactive."""

    name: Name
    description: Annotated[Text, Field(max_length=10_000)] | None = None
    parameters: JsonObject = Field(default_factory=dict)


class StrategyUpdate(Given):
    """Changes to a strategy; what is left out stays."""

    name: Name | None = None
    description: Annotated[Text, Field(max_length=10_000)] | None = None
    parameters: JsonObject | None = None
    is_active: bool | None = None


class StrategyOut(Returned):
    """A strategy."""

    strategy_id: int
    user_id: int | None
    name: str
    description: str | None
    parameters: dict[str, JsonValue] | None
    is_active: bool
    created_at: datetime
    updated_at: datetime

"""Sentiment: what was written, and how it was scored."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, FiniteFloat, JsonValue

from app.schemas.common import Given, JsonObject, Returned, SourceName, Symbol, Text, UtcTime


class SentimentIn(Given):
    """A text about a symbol; without a score it is scored on arrival."""

    symbol: Symbol
    source: SourceName
    text: Annotated[Text, Field(min_length=1, max_length=20_000)]
    timestamp: UtcTime
    sentiment_score: Annotated[FiniteFloat, Field(ge=-1.0, le=1.0)] | None = None
    extra_data: JsonObject | None = None


class SentimentOut(Returned):
    """A scored text."""

    sentiment_id: int
    symbol: str | None
    source: str | None
    text: str | None
    sentiment_score: float | None
    timestamp: datetime
    observed_at: datetime
    external_id: str | None
    scorer: str | None
    extra_data: dict[str, JsonValue] | None
    created_at: datetime

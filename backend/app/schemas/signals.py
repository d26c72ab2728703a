"""Signals: decisions and their reasons."""

from datetime import datetime

from pydantic import JsonValue

from app.schemas.common import Given, Id, JsonObject, Returned, Share, SignalType, Symbol, UtcTime


class SignalIn(Given):
    """A signal for one of the user's own strategies."""

    strategy_id: Id
    model_id: Id | None = None
    symbol: Symbol
    signal_type: SignalType
    confidence: Share
    timestamp: UtcTime
    extra_data: JsonObject | None = None


class SignalOut(Returned):
    """A signal with the votes behind it."""

    signal_id: int
    strategy_id: int | None
    model_id: int | None
    session_id: int | None
    symbol: str | None
    timeframe: str | None
    signal_type: SignalType | None
    confidence: float | None
    score: float | None
    target: float | None
    timestamp: datetime
    as_of: datetime | None
    votes: list[JsonValue] | None
    weights: dict[str, JsonValue] | None
    reasons: list[JsonValue] | None
    vetoes: list[JsonValue] | None
    extra_data: dict[str, JsonValue] | None
    created_at: datetime
    forced_reason: str | None
    """Why a model that failed a gate was promoted, and so voted in this signal; null elsewhere."""

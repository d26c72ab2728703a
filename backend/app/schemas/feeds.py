"""How live the market data is; ids are texts, because they may be larger than 2^53."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator

from app.schemas.common import Returned

IdText = Annotated[str | None, BeforeValidator(lambda value: None if value is None else str(value))]


class SeriesFeedOut(Returned):
    """How one series is fed; `refusal` says why it may not be traded now, and is null if it may."""

    source: str
    symbol: str
    timeframe: str
    state: str
    reason: str | None
    since: datetime
    refusal: str | None
    last_open: datetime | None
    last_trade_id: IdText
    bars: int
    repaired: int
    replaced: int
    absent: int
    late: int
    refused: int


class FeedOut(Returned):
    """The process that feeds one source; `trouble` says what is wrong with it, null if nothing."""

    source: str
    process: str
    started_at: datetime
    heartbeat_at: datetime
    stopped_at: datetime | None
    speed: float
    clock_offset_ms: float | None
    clock_checked_at: datetime | None
    trouble: str | None
    counts: dict[str, Any]


class IncidentOut(Returned):
    """A trouble that is not over; symbol and time frame are empty for a whole source."""

    incident_id: IdText
    source: str
    symbol: str
    timeframe: str
    kind: str
    reason: str
    opened_at: datetime


class FeedsOut(Returned):
    """Every feed at one time."""

    at: datetime
    feeds: list[FeedOut]
    series: list[SeriesFeedOut]
    incidents: list[IncidentOut]

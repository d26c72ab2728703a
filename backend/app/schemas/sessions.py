"""Paper sessions."""

from datetime import datetime
from decimal import Decimal

from pydantic import JsonValue

from app.schemas.common import Returned


class SessionOut(Returned):
    """One run of the corridor on paper; `synthetic` prices never traded anywhere."""

    session_id: int
    user_id: int | None
    strategy_id: int | None
    model_id: int | None
    symbol: str
    timeframe: str
    source: str
    kind: str
    synthetic: bool
    cash: Decimal
    started_at: datetime
    stopped_at: datetime | None
    settings: dict[str, JsonValue] | None
    as_of: datetime | None
    statistics: dict[str, JsonValue] | None

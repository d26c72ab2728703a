"""Types that all resources share.

What a client sends is checked here, before it reaches a service: unknown fields are refused, texts
hold nothing PostgreSQL cannot store, times are aware and UTC, numbers are finite.
"""

from datetime import UTC, datetime
from decimal import Decimal
from math import isfinite
from typing import Annotated, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    JsonValue,
    StringConstraints,
)

MAX_ID = 2**53 - 1
MAX_DEPTH = 32
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)
EARLIEST_MS = 0
LATEST_MS = int(_LATEST.timestamp() * 1000)


class Given(BaseModel):
    """Base of what a client sends: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Returned(BaseModel):
    """Base of what the API answers: read from rows, and every field is always there."""

    model_config = ConfigDict(
        from_attributes=True,
        protected_namespaces=(),
        json_schema_serialization_defaults_required=True,
    )


class Message(BaseModel):
    """One sentence: what happened, or what to do."""

    detail: str


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("expected a text without the character NUL, found one")
    return text


def _aware(value: object) -> object:
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return value


def _utc(time: datetime) -> datetime:
    # Comparing before converting: a time near year 1 cannot be moved to another zone.
    aware = time if time.tzinfo is not None else time.replace(tzinfo=UTC)
    if not _EARLIEST <= aware < _LATEST:
        raise ValueError(f"expected a time from 1970 to 2199, found {time.isoformat()}")
    return aware.astimezone(UTC)


def _plain_json(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    pending: list[tuple[JsonValue, int]] = [(value, 1)]
    while pending:
        item, depth = pending.pop()
        if depth > MAX_DEPTH:
            raise ValueError(f"expected JSON at most {MAX_DEPTH} levels deep, found more")
        if isinstance(item, dict):
            pending.extend((inner, depth + 1) for inner in item.values())
            pending.extend((key, depth + 1) for key in item)
        elif isinstance(item, list):
            pending.extend((inner, depth + 1) for inner in item)
        elif isinstance(item, str):
            _storable(item)
        elif isinstance(item, float) and not isfinite(item):
            raise ValueError(f"expected finite numbers, found {item}")
    return value


Text: TypeAlias = Annotated[str, AfterValidator(_storable)]
Name: TypeAlias = Annotated[Text, StringConstraints(min_length=1, max_length=100)]
Symbol: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/:\-]*$", max_length=20)
]
SourceName: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:\-]*$", max_length=50)
]
TimeframeName: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9]+$", max_length=12)
]
UtcTime: TypeAlias = Annotated[datetime, BeforeValidator(_aware), AfterValidator(_utc)]
JsonObject: TypeAlias = Annotated[dict[str, JsonValue], AfterValidator(_plain_json)]
Money: TypeAlias = Annotated[Decimal, Field(gt=0, max_digits=38, decimal_places=18)]
Share: TypeAlias = Annotated[FiniteFloat, Field(ge=0.0, le=1.0)]
Id: TypeAlias = Annotated[int, Field(ge=1, le=MAX_ID)]
TimeMs: TypeAlias = Annotated[int, Field(ge=EARLIEST_MS, lt=LATEST_MS)]

Role: TypeAlias = Literal["viewer", "trader", "admin"]
SignalType: TypeAlias = Literal["BUY", "SELL", "HOLD"]
TradeType: TypeAlias = Literal["BUY", "SELL"]
TradeStatus: TypeAlias = Literal["PENDING", "EXECUTED", "FAILED"]

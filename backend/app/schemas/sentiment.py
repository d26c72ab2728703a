"""Sentiment: what was written, how it was scored, where it came from, what a market hears."""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, FiniteFloat, JsonValue, StringConstraints

from app.schemas.common import Given, JsonObject, Returned, SourceName, Symbol, Text, UtcTime

MAX_SERIES_BARS = 2_000
Kind: TypeAlias = Literal["news", "social", "announcement", "index"]
Words: TypeAlias = Annotated[Text, StringConstraints(min_length=1, max_length=100)]


def _page_address(url: str | None) -> str | None:
    # Rows may come from anywhere: no address that a page would run is handed on.
    return url if url is not None and url.startswith(("https://", "http://")) else None


PageAddress: TypeAlias = Annotated[str | None, AfterValidator(_page_address)]


class SentimentIn(Given):
    """A text about a symbol; without a score it is scored on arrival."""

    symbol: Symbol
    source: SourceName
    text: Annotated[Text, Field(min_length=1, max_length=20_000)]
    timestamp: UtcTime
    sentiment_score: Annotated[FiniteFloat, Field(ge=-1.0, le=1.0)] | None = None
    extra_data: JsonObject | None = None


class SentimentOut(Returned):
    """A scored text; another version of its scorer has a row of its own."""

    sentiment_id: int
    symbol: str | None
    source: str | None
    text: str | None
    sentiment_score: float | None
    timestamp: datetime
    observed_at: datetime
    external_id: str | None
    scorer: str | None
    scorer_hash: str | None
    kind: str | None
    url: PageAddress
    language: str | None
    matched: list[JsonValue] | None
    author_hash: str | None
    text_hash: str | None
    duplicate_group: str | None
    spam: float | None
    weight: float | None
    day_only: bool | None
    synthetic: bool
    extra_data: dict[str, JsonValue] | None
    created_at: datetime


class ContributionOut(Returned):
    """A word or phrase of a text, and what it adds to the score."""

    term: str
    value: float


class SentimentDetail(SentimentOut):
    """A scored text, and why it has its score; null where its scorer cannot say."""

    raw_text: str | None
    explanation: list[ContributionOut] | None


class SentimentSourceOut(Returned):
    """How one source of texts is; `age_s` is the time since it last answered well."""

    name: str
    kind: str
    state: str
    reason: str | None
    every_s: float | None
    age_s: float | None
    last_attempt_at: datetime | None
    last_success_at: datetime | None
    next_attempt_at: datetime | None
    failures: int
    quota_left: int | None
    quota_resets_at: datetime | None
    spent: float
    spent_month: str | None
    counts: dict[str, JsonValue]


class SentimentWindowOut(Returned):
    """What the sampling plan did in one window for one symbol: at most `plan` were taken."""

    window_start: datetime
    symbol: str
    kind: str
    offered: int
    taken: int
    spam: int
    duplicates: int
    plan: int


class SentimentSeriesOut(Returned):
    """What the news said at bar closes, as columns, oldest first; a vote is null in silence."""

    symbol: str
    timeframe: str
    scorer: str
    scorer_hash: str
    timestamp: list[int]
    """Bar opens, milliseconds UTC."""
    vote: list[float | None]
    level: list[float]
    n_items: list[int]
    """Texts first seen during the bar."""

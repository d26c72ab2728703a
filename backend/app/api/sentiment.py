"""Sentiment: texts and their scores, read by every user and written by traders."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query

from app.api.dependencies import CurrentActor, Paging, RowId, Unit
from app.models.database import SentimentData
from app.models.sentiment import SentimentSourceState, SentimentWindow
from app.repositories.market_read import SentimentFilter, WindowFilter
from app.schemas.common import SourceName, Symbol, TimeframeName, UtcTime
from app.schemas.sentiment import (
    MAX_SERIES_BARS,
    ContributionOut,
    Kind,
    SentimentDetail,
    SentimentIn,
    SentimentOut,
    SentimentSeriesOut,
    SentimentSourceOut,
    SentimentWindowOut,
    Words,
)
from app.services import sentiment_texts as texts

router = APIRouter(prefix="/sentiment", tags=["sentiment"])


@router.get("", response_model=list[SentimentOut])
def list_sentiment(
    db: Unit,
    page: Paging,
    symbol: Symbol | None = None,
    source: SourceName | None = None,
    kind: Kind | None = None,
    since: UtcTime | None = None,
    until: UtcTime | None = None,
    q: Words | None = None,
    synthetic: bool | None = None,
    active: bool = False,
) -> list[SentimentData]:
    """List scored texts, newest first; a pair also finds the texts about its base asset.

    `since` and `until` are about when they were written. `q` is looked for in the newest 50,000
    texts that the other filters leave. `active`: only what the scorer that is set has scored.
    """
    wanted = SentimentFilter(
        symbol=symbol,
        source=source,
        kind=kind,
        since=since,
        until=until,
        words=q,
        synthetic=synthetic,
    )
    return texts.list_texts(db, wanted, page.skip, page.limit, active=active)


@router.post("", response_model=SentimentOut, status_code=201)
def store_sentiment(db: Unit, actor: CurrentActor, given: SentimentIn) -> SentimentData:
    """Store a text, as a trader; without a score it is scored now. It counts as seen now."""
    return texts.store_text(db, actor, **given.model_dump())


@router.get("/sources")
def list_sentiment_sources(db: Unit) -> list[SentimentSourceOut]:
    """List the sources of texts: their state, age, quota and cost."""
    now = datetime.now(UTC)
    return [_source(one, state, now) for one, state in texts.list_sources(db, now)]


@router.get("/windows", response_model=list[SentimentWindowOut])
def list_sentiment_windows(
    db: Unit,
    page: Paging,
    symbol: Symbol | None = None,
    kind: Kind | None = None,
    since: UtcTime | None = None,
) -> list[SentimentWindow]:
    """List what the sampling plan took of what was offered, newest windows first."""
    wanted = WindowFilter(symbol=symbol, kind=kind, since=since)
    return texts.list_windows(db, wanted, page.skip, page.limit)


@router.get("/series")
def read_sentiment_series(
    db: Unit,
    symbol: Symbol,
    timeframe: TimeframeName = "1h",
    n: Annotated[int, Query(ge=1, le=MAX_SERIES_BARS)] = 200,
    source: SourceName | None = None,
) -> SentimentSeriesOut:
    """Return vote and level at the newest bar closes, from what had been seen by each.

    With the `source` of a stored series its newest bars are taken, else those closed by now.
    """
    found = texts.read_bars(db, symbol, timeframe, n, source, datetime.now(UTC))
    votes: list[float] = found.vote.tolist()
    return SentimentSeriesOut(
        symbol=found.symbol,
        timeframe=found.timeframe,
        scorer=found.scorer,
        scorer_hash=found.scorer_hash,
        timestamp=found.opens.tolist(),
        # Not a number: the news was silent.
        vote=[value if value == value else None for value in votes],
        level=found.level.tolist(),
        n_items=found.n_items.tolist(),
    )


@router.get("/{sentiment_id}")
def read_sentiment(db: Unit, sentiment_id: RowId) -> SentimentDetail:
    """Return one scored text, and why it has its score."""
    row, parts = texts.read_text(db, sentiment_id)
    explanation = (
        None
        if parts is None
        else [ContributionOut(term=one.term, value=one.value) for one in parts]
    )
    shown = SentimentOut.model_validate(row).model_dump()
    return SentimentDetail(**shown, raw_text=row.raw_text, explanation=explanation)


def _source(one: SentimentSourceState, state: str, now: datetime) -> SentimentSourceOut:
    seen = one.last_success_at
    return SentimentSourceOut(
        name=one.name,
        kind=one.kind,
        state=state,
        reason=one.reason,
        every_s=one.every_s,
        age_s=None if seen is None else (now - seen).total_seconds(),
        last_attempt_at=one.last_attempt_at,
        last_success_at=seen,
        next_attempt_at=one.next_attempt_at,
        failures=one.failures,
        quota_left=one.quota_left,
        quota_resets_at=one.quota_resets_at,
        spent=float(one.spent),
        spent_month=one.spent_month,
        counts=one.counts,
    )

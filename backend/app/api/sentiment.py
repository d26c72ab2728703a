"""Sentiment: texts and their scores, read by every user and written by traders."""

from fastapi import APIRouter

from app.api.dependencies import CurrentActor, Paging, RowId, Unit
from app.models.database import SentimentData
from app.repositories.market_read import SentimentFilter
from app.schemas.common import SourceName, Symbol
from app.schemas.sentiment import SentimentIn, SentimentOut
from app.services import market

router = APIRouter(prefix="/sentiment", tags=["sentiment"])


@router.get("", response_model=list[SentimentOut])
def list_sentiment(
    db: Unit, page: Paging, symbol: Symbol | None = None, source: SourceName | None = None
) -> list[SentimentData]:
    """List scored texts, newest first."""
    wanted = SentimentFilter(symbol=symbol, source=source)
    return market.list_sentiment(db, wanted, page.skip, page.limit)


@router.post("", response_model=SentimentOut, status_code=201)
def store_sentiment(db: Unit, actor: CurrentActor, given: SentimentIn) -> SentimentData:
    """Store a text, as a trader; without a score it is scored now. It counts as seen now."""
    return market.store_sentiment(db, actor, **given.model_dump())


@router.get("/{sentiment_id}", response_model=SentimentOut)
def read_sentiment(db: Unit, sentiment_id: RowId) -> SentimentData:
    """Return one scored text."""
    return market.read_sentiment(db, sentiment_id)

"""Market data and sentiment, read by every user and written by traders."""

from sqlalchemy.orm import Session

from app.models.database import SentimentData
from app.repositories import market_read
from app.repositories.market_read import Coverage, SentimentFilter, Series
from app.services.access import NotFoundError
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.timeframe import timeframe_ms


def bars(
    db: Session, symbol: str, timeframe: str, source: str, end_ms: int, limit: int
) -> dict[str, list[int] | list[float]]:
    """Return the newest bars up to a time, as columns; a series nobody stored is an error."""
    columns = market_read.latest_bars(db, symbol, timeframe, source, end_ms, limit)
    if not columns["timestamp"] and not market_read.series_exists(db, symbol, timeframe, source):
        raise NotFoundError(
            f"there are no bars of {symbol} {timeframe} from {source}: "
            "GET /api/v1/market/symbols lists what is stored"
        )
    return columns


def list_series(db: Session, skip: int, limit: int) -> list[Series]:
    """Return a page of the series that are stored."""
    return market_read.list_series(db, skip, limit)


def coverage(db: Session, symbol: str) -> list[Coverage]:
    """Return how much of each series of a symbol is stored."""
    found = market_read.coverage(db, symbol)
    if not found:
        raise NotFoundError(f"there are no bars of {symbol}")
    return found


def missing_bars(series: Coverage) -> int | None:
    """Return how many bars are absent between first and last; None for an unknown time frame."""
    try:
        step = timeframe_ms(series.timeframe)
    except ConfigurationError:
        return None
    span_ms = round((series.last - series.first).total_seconds() * 1000)
    return max(0, span_ms // step + 1 - series.n_bars)


def list_sentiment(
    db: Session, wanted: SentimentFilter, skip: int, limit: int
) -> list[SentimentData]:
    """Return a page of texts."""
    return market_read.list_sentiment(db, wanted, skip, limit)


def read_sentiment(db: Session, sentiment_id: int) -> SentimentData:
    """Return one text."""
    found = market_read.find_sentiment(db, sentiment_id)
    if found is None:
        raise NotFoundError(f"there is no sentiment {sentiment_id}")
    return found

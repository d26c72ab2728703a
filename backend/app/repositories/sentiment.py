"""Scored news: written by COPY, read as a series of what had been seen by a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.repositories.copy import insert_columns
from app.repositories.sentiment_items import (
    INDEX_SCORER,
    INDEX_SCORER_HASH,
    ArchivedItem,
    insert_items,
)
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.sentiment.news import NewsItem
from cryptovolt.sentiment.series import series_of

__all__ = [
    "INDEX_SCORER",
    "INDEX_SCORER_HASH",
    "ArchivedItem",
    "Scorer",
    "SentimentCoverage",
    "coverage",
    "insert_items",
    "insert_news",
    "read_series",
]

# Rows that the documented calls wrote may lack a hash of their text; each then counts as its own.
_SERIES = text("""
    SELECT CAST(extract(epoch FROM timestamp) * 1000 AS bigint),
           CAST(extract(epoch FROM observed_at) * 1000 AS bigint),
           sentiment_score, coalesce(text_hash, CAST(sentiment_id AS text))
    FROM sentiment_data
    WHERE symbol = :symbol AND scorer_hash = :scorer_hash
      AND sentiment_score IS NOT NULL
      AND observed_at <= to_timestamp(CAST(:until AS float8) / 1000)
      AND (CAST(:since AS bigint) IS NULL
           OR observed_at >= to_timestamp(CAST(:since AS float8) / 1000))
      AND (CAST(:source AS text) IS NULL OR source = :source)
    ORDER BY observed_at, timestamp, sentiment_id
""")
_COVERAGE = text("""
    SELECT symbol, source, scorer, scorer_hash, count(*), min(timestamp), max(timestamp),
           max(observed_at), avg(sentiment_score)
    FROM sentiment_data
    GROUP BY symbol, source, scorer, scorer_hash
    ORDER BY symbol, source, scorer, scorer_hash
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorer:
    """What gave the scores."""

    name: str
    hash: str


@dataclass(frozen=True, slots=True)
class SentimentCoverage:
    """How much scored text of one symbol, source and scorer is stored."""

    symbol: str | None
    source: str | None
    scorer: str | None
    scorer_hash: str | None
    n_items: int
    first: datetime
    last: datetime
    last_observed: datetime
    mean_score: float | None


def insert_news(
    db: Session,
    items: Sequence[NewsItem],
    scores: FloatArray,
    *,
    symbol: str,
    source: str,
    scorer: Scorer,
    extra_data: Mapping[str, Any],
) -> int:
    """Store the items that are not there yet with this scorer, and return how many those were."""
    columns = {
        "symbol": symbol,
        "source": source,
        "text": [item.text for item in items],
        "sentiment_score": scores,
        "timestamp": _times([item.event_time for item in items]),
        "observed_at": _times([item.observed_at for item in items]),
        "external_id": [item.external_id for item in items],
        "text_hash": [item.text_hash for item in items],
        "scorer": scorer.name,
        "scorer_hash": scorer.hash,
        "extra_data": [{**extra_data, "day_only": item.day_only} for item in items],
    }
    return insert_columns(db, "sentiment_data", columns)


def read_series(
    db: Session,
    symbol: str,
    until_ms: int,
    *,
    scorer_hash: str,
    since_ms: int | None = None,
    source: str | None = None,
) -> SentimentSeries:
    """Return what had been seen of a symbol by a time, repeated texts left out.

    With `since_ms`, older items are not read: see :func:`cryptovolt.sentiment.vote.lookback_ms`.
    """
    values = {
        "symbol": symbol,
        "until": until_ms,
        "since": since_ms,
        "source": source,
        "scorer_hash": scorer_hash,
    }
    rows = db.execute(_SERIES, values).all()
    return series_of(
        event_time=np.array([row[0] for row in rows], dtype=np.int64),
        observed_at=np.array([row[1] for row in rows], dtype=np.int64),
        score=np.array([row[2] for row in rows], dtype=np.float64),
        text_hashes=[row[3] for row in rows],
        source=source or "news",
    )


def coverage(db: Session) -> list[SentimentCoverage]:
    """Return how much is stored of every symbol, source and scorer."""
    return [SentimentCoverage(*row) for row in db.execute(_COVERAGE)]


def _times(milliseconds: list[int]) -> Any:
    return np.array(milliseconds, dtype="datetime64[ms]")

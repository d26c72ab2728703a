"""Snapshots of sentiment: what a result knew of the news, in a file named by its content."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog
from sqlalchemy.orm import Session

from app.core.config import settings
from app.core.times import milliseconds, moment_of
from app.models.sentiment import SentimentSnapshot
from app.repositories import sentiment_archive as rows
from app.services.sentiment import active_scorer, known_series
from cryptovolt.domain.errors import DataError
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.market.naming import venue_symbol
from cryptovolt.sentiment.snapshot import read_sentiment_snapshot, write_sentiment_snapshot

log = structlog.get_logger(__name__)

FOLDER = "snapshots/sentiment"


@dataclass(frozen=True, slots=True)
class TakenSnapshot:
    """A snapshot that was written and listed."""

    hash: str
    path: Path
    series: SentimentSeries


def take_snapshot(
    db: Session,
    symbol: str,
    *,
    as_of: datetime | None = None,
    source: str | None = None,
    synthetic: bool = False,
) -> TakenSnapshot:
    """Write what had been seen of a symbol by a time (now, if not given), and list the file.

    Raises
    ------
    DataError
        If nothing had been seen.
    ConfigurationError
        If there are texts that the active scorer has not scored.
    """
    moment = as_of or datetime.now(UTC)
    series = known_series(db, symbol, milliseconds(moment), source=source, synthetic=synthetic)
    if not len(series):
        raise DataError(
            f"expected sentiment of {venue_symbol(symbol)} seen by {moment:%Y-%m-%d %H:%M} UTC, "
            "found none: `cryptovolt sentiment list` shows what is stored"
        )
    return keep_snapshot(db, series, symbol, moment, source=source, synthetic=synthetic)


def keep_snapshot(
    db: Session,
    series: SentimentSeries,
    symbol: str,
    as_of: datetime,
    *,
    source: str | None = None,
    synthetic: bool = False,
) -> TakenSnapshot:
    """Write a series that was read of the active scorer as of a time, and list the file."""
    scorer = active_scorer()
    path = write_sentiment_snapshot(series, settings.home / FOLDER)
    row = SentimentSnapshot(
        hash=path.stem,
        symbol=venue_symbol(symbol),
        source=source,
        scorer=scorer.name,
        scorer_hash=scorer.hash,
        synthetic=synthetic,
        as_of=as_of,
        first_seen=moment_of(int(series.observed_at[0])) if len(series) else None,
        last_seen=moment_of(int(series.observed_at[-1])) if len(series) else None,
        n_items=len(series),
        path=str(path),
    )
    rows.keep_snapshot(db, row)
    log.info("sentiment.snapshot_taken", hash=path.stem, symbol=row.symbol, items=len(series))
    return TakenSnapshot(path.stem, path, series)


def read_snapshot(hash_: str) -> SentimentSeries:
    """Return the series of a snapshot of this installation, checked against its hash.

    Raises
    ------
    DataError
        If there is no such file, or its content is not what the name says.
    """
    return read_sentiment_snapshot(hash_, settings.home / FOLDER)


def list_snapshots(db: Session, symbol: str | None = None) -> list[SentimentSnapshot]:
    """Return the snapshots that were taken, newest first."""
    return rows.snapshots(db, None if symbol is None else venue_symbol(symbol))

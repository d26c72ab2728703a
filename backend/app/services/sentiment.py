"""Sentiment as it was known at a time, by the scorer that SENTIMENT_SCORER names."""

from functools import lru_cache
from pathlib import Path

from sqlalchemy.orm import Session

from app.core.config import settings
from app.repositories import sentiment
from app.repositories.sentiment import Reading, SentimentCoverage
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.ports import TextScorer
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.market.naming import venue_symbol


def active_scorer() -> TextScorer:
    """Return the scorer that SENTIMENT_SCORER names, loaded once.

    Raises
    ------
    ConfigurationError, DataError, ModelError
        If there is no such scorer, or its files are not what they were.
    """
    return named_scorer(settings.SENTIMENT_SCORER)


def named_scorer(named: str) -> TextScorer:
    """Return a scorer by its name or its folder, loaded once.

    Raises
    ------
    ConfigurationError, DataError, ModelError
        If there is no such scorer, or its files are not what they were.
    """
    manifest = Path(named) / "manifest.json"
    return _loaded(named, manifest.stat().st_mtime_ns if manifest.is_file() else 0)


def known_series(
    db: Session,
    symbol: str,
    until_ms: int,
    *,
    since_ms: int | None = None,
    source: str | None = None,
    synthetic: bool = False,
    scorer_hash: str | None = None,
) -> SentimentSeries:
    """Return what had been seen of a symbol by a time, as one scorer scores it.

    Read are texts about the symbol, about its base asset, and about the whole market, and the
    Fear & Greed index. Real texts and made-up ones (`synthetic`) are never read together.

    Raises
    ------
    ConfigurationError
        If `scorer_hash` is not given, and there are texts that the active scorer has not scored.
    """
    reading = Reading(
        symbol=venue_symbol(symbol),
        until_ms=until_ms,
        scorer_hash=active_scorer().hash if scorer_hash is None else scorer_hash,
        since_ms=since_ms,
        source=source,
        synthetic=synthetic,
    )
    if scorer_hash is None:
        _require_scored(db, reading)
    return sentiment.read_series(db, reading)


def list_coverage(db: Session) -> list[SentimentCoverage]:
    """Return how much is stored of every symbol, source and scorer."""
    return sentiment.coverage(db)


def _require_scored(db: Session, reading: Reading) -> None:
    missed = sentiment.unread_version(db, reading)
    if missed is not None:
        raise ConfigurationError(
            f"expected the texts about {reading.symbol} scored by {active_scorer().name} "
            f"{reading.scorer_hash[:8]} (SENTIMENT_SCORER), found some that only {missed.name} "
            f"{missed.hash[:8]} has scored: run `cryptovolt sentiment rescore`"
        )


@lru_cache(maxsize=4)
def _loaded(named: str, _changed_ns: int) -> TextScorer:
    from cryptovolt.sentiment.scorers import load_scorer  # noqa: PLC0415 - slow to import

    return load_scorer(named)

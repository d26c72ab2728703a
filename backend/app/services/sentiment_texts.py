"""Archived texts one by one and in pages, how their sources are, and the series a market reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, runtime_checkable

import numpy as np
from sqlalchemy.orm import Session

from app.core.press import SourceState
from app.core.times import milliseconds
from app.models.database import SentimentData
from app.models.sentiment import SentimentSourceState, SentimentWindow
from app.repositories import market_read
from app.repositories.bars import SeriesKey
from app.repositories.market_read import SentimentFilter, WindowFilter
from app.services.access import Actor, NotFoundError
from app.services.markets import is_synthetic
from app.services.press_lease import is_stale
from app.services.sentiment import active_scorer, known_series, named_scorer
from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.errors import DataError
from cryptovolt.domain.timeframe import timeframe_ms
from cryptovolt.features.seen_sentiment import SENTIMENT_FEATURES, SENTIMENT_WINDOW_MS
from cryptovolt.market.naming import base_asset, venue_symbol
from cryptovolt.sentiment.language import language_of
from cryptovolt.sentiment.series import REPEAT_WINDOW_MS
from cryptovolt.sentiment.text import clean_text, text_digest, text_hash
from cryptovolt.sentiment.vote import lookback_ms, vote


class Contribution(Protocol):
    """A word or phrase of a text, and what it adds to the score."""

    @property
    def term(self) -> str:
        """The words."""
        ...

    @property
    def value(self) -> float:
        """Above 0 where they sound good."""
        ...


@runtime_checkable
class Explaining(Protocol):
    """A scorer that can say why."""

    @property
    def hash(self) -> str:
        """As of any scorer."""
        ...

    def explain(self, text: str) -> Sequence[Contribution]:
        """Return what made the score."""
        ...


@dataclass(frozen=True, slots=True)
class SentimentBars:
    """What the news said at the close of each bar."""

    symbol: str
    timeframe: str
    scorer: str
    scorer_hash: str
    opens: IntArray
    vote: FloatArray
    """NaN where the news was silent."""
    level: FloatArray
    n_items: IntArray
    """Texts that were first seen during the bar."""


def list_texts(
    db: Session, wanted: SentimentFilter, skip: int, limit: int, *, active: bool
) -> list[SentimentData]:
    """Return a page of texts, newest first; with `active` only what the active scorer reads."""
    return market_read.list_sentiment(
        db, wanted, skip, limit, scorer_hash=active_scorer().hash if active else None
    )


def read_text(db: Session, sentiment_id: int) -> tuple[SentimentData, list[Contribution] | None]:
    """Return one text and why it has its score; None where its scorer is gone or cannot say."""
    found = market_read.find_sentiment(db, sentiment_id)
    if found is None:
        raise NotFoundError(f"there is no sentiment {sentiment_id}")
    for scorer in (active_scorer(), named_scorer("lexicon")):
        if found.text and scorer.hash == found.scorer_hash and isinstance(scorer, Explaining):
            return found, list(scorer.explain(found.text))
    return found, None


def store_text(
    db: Session,
    actor: Actor,
    *,
    symbol: str,
    source: str,
    text: str,
    timestamp: datetime,
    sentiment_score: float | None,
    extra_data: dict[str, Any] | None,
) -> SentimentData:
    """Store a text, as a trader; it counts as seen now, whenever it was written.

    A score that is given carries no scorer's hash, so votes, which are made of one scorer's
    scores, do not read it.
    """
    actor.require("trader")
    _refuse_future(timestamp)
    cleaned = clean_text(text)
    if not cleaned:
        raise DataError("expected a text, found control characters alone")
    named = venue_symbol(symbol)
    row = SentimentData(
        symbol=named,
        source=source,
        text=cleaned,
        sentiment_score=sentiment_score,
        timestamp=timestamp,
        external_id=text_digest(f"{timestamp.isoformat()}\n{cleaned}")[:32],
        text_hash=text_hash(cleaned),
        scorer="given",
        language=language_of(cleaned),
        matched=[{"asset": base_asset(named), "by": "given", "term": named}],
        raw_text=None if text == cleaned else text,
        extra_data=extra_data,
    )
    if sentiment_score is None:
        scorer = active_scorer()
        row.sentiment_score = float(scorer.score([cleaned])[0])
        row.scorer, row.scorer_hash = scorer.name, scorer.hash
    db.add(row)
    db.flush()
    return row


def list_sources(db: Session, now: datetime) -> list[tuple[SentimentSourceState, str]]:
    """Return every source with its state as it is now: what is good grows stale by itself."""
    return [(one, _state(one, now)) for one in market_read.list_sources(db)]


def list_windows(db: Session, wanted: WindowFilter, skip: int, limit: int) -> list[SentimentWindow]:
    """Return a page of what the sampling plan did, newest first."""
    return market_read.list_windows(db, wanted, skip, limit)


def read_bars(
    db: Session, symbol: str, timeframe: str, n_bars: int, source: str | None, now: datetime
) -> SentimentBars:
    """Return vote and level at the newest bar closes, from what had been seen by each.

    With the `source` of a stored series its newest bars are taken, and made-up texts are read where
    its bars are made up; else the bars that have closed by now.

    Raises
    ------
    NotFoundError
        If the series is not stored.
    ConfigurationError
        If the time frame is unknown, or there are texts that the active scorer has not scored.
    """
    step, named = timeframe_ms(timeframe), venue_symbol(symbol)
    last, synthetic = milliseconds(now) // step * step - step, False
    if source is not None:
        key = SeriesKey(named, timeframe, source)
        last, synthetic = _newest_open(db, key), is_synthetic(key)
    opens: IntArray = last - step * np.arange(n_bars - 1, -1, -1, dtype=np.int64)
    closes: IntArray = opens + step
    needed = max(lookback_ms(), SENTIMENT_WINDOW_MS + REPEAT_WINDOW_MS, step)
    known = known_series(
        db, named, int(closes[-1]), since_ms=int(closes[0]) - needed, synthetic=synthetic
    )
    seen = np.searchsorted(known.texts().observed_at, np.append(opens[:1], closes), side="right")
    scorer = active_scorer()
    (level,) = (one for one in SENTIMENT_FEATURES if one.name == "sentiment_level")
    return SentimentBars(
        symbol=named,
        timeframe=timeframe,
        scorer=scorer.name,
        scorer_hash=scorer.hash,
        opens=opens,
        vote=vote(known, closes),
        level=level.compute(known, closes),
        n_items=np.diff(seen).astype(np.int64),
    )


def _newest_open(db: Session, key: SeriesKey) -> int:
    found = market_read.newest_open(db, key.symbol, key.timeframe, key.source)
    if found is None:
        raise NotFoundError(
            f"there are no bars of {key}: GET /api/v1/market/symbols lists what is stored"
        )
    return milliseconds(found)


def _state(one: SentimentSourceState, now: datetime) -> str:
    # A collector that died writes no such thing itself.
    asked = one.state in {SourceState.GOOD, SourceState.WAITING}
    return SourceState.STALE if asked and is_stale(one, now) else one.state


def _refuse_future(time: datetime) -> None:
    now = datetime.now(UTC)
    if time > now:
        raise DataError(
            f"expected a time up to now ({now:%Y-%m-%d %H:%M:%S} UTC), found {time.isoformat()}"
        )

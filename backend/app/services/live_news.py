"""What had been seen of a live symbol by each close, read as time goes on.

A close is read once nobody stores items any more that were stamped before it, see
:mod:`app.repositories.sentiment_clock`: so what a decision has read is what its replay will read.
"""

import numpy as np
import structlog
from sqlalchemy.exc import OperationalError

from app.core.database import SessionLocal
from app.repositories import sentiment
from app.repositories.sentiment import Reading
from app.repositories.sentiment_clock import anything_seen, settle
from app.services.sentiment import active_scorer, known_series
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.domain.timeframe import DAY_MS
from cryptovolt.sentiment.series import REPEAT_WINDOW_MS

log = structlog.get_logger(__name__)

KEPT_MS = 30 * DAY_MS
"""Several times as long as any feature or vote looks back."""

PATIENCE_MS = 1_000
"""Storing takes a few milliseconds; somebody who takes longer keeps no decision waiting."""


class LiveNews:
    """The series of one symbol, one close after another; read by the scorer active at the start.

    Parameters
    ----------
    symbol : str
        Of the market that is traded.
    synthetic : bool
        Whether it is a market of a loopback venue, which hears of made-up texts only.
    since_ms : int
        Items seen before it are not read, milliseconds UTC.
    until_ms : int
        Close of the bar before the first that will be asked for.

    Raises
    ------
    ConfigurationError
        If there are texts that the active scorer has not scored.
    """

    def __init__(self, symbol: str, *, synthetic: bool, since_ms: int, until_ms: int) -> None:
        self._symbol = symbol
        self._synthetic = synthetic
        self._scorer_hash = active_scorer().hash
        self._since_ms = since_ms
        self._settle()
        with SessionLocal() as db:
            self._final = known_series(db, symbol, until_ms, since_ms=since_ms, synthetic=synthetic)
        self._final_ms = until_ms

    def at(self, close_ms: int) -> SentimentSeries:
        """Return what had been seen by a close; empty where there was nothing.

        Where items were still being stored after a second's wait, what is committed is read: the
        decision does not wait, and the next close reads them.
        """
        settled = self._settle()
        series = self._read(close_ms)
        if settled:
            self._final, self._final_ms = series, close_ms
            self._forget(close_ms - KEPT_MS)
        return series

    def _forget(self, before_ms: int) -> None:
        # Not at every bar: what is kept is copied.
        if len(self._final) and self._final.observed_at[0] < before_ms - KEPT_MS:
            self._since_ms = before_ms
            self._final = self._final.seen_since(before_ms)

    def _settle(self) -> bool:
        try:
            with SessionLocal.begin() as db:
                settle(db, PATIENCE_MS)
        except OperationalError:
            log.warning("sentiment.unsettled", symbol=self._symbol)
            return False
        return True

    def _read(self, close_ms: int) -> SentimentSeries:
        with SessionLocal() as db:
            if not anything_seen(db, self._reading(self._final_ms + 1, close_ms)):
                return self._final
            # Whether an item repeats another is decided by those that were seen before it.
            first = max(self._since_ms, self._final_ms - REPEAT_WINDOW_MS)
            newest = sentiment.read_series(db, self._reading(first, close_ms))
        return _followed(self._final, newest.seen_since(self._final_ms + 1))

    def _reading(self, since_ms: int, until_ms: int) -> Reading:
        return Reading(
            symbol=self._symbol,
            since_ms=since_ms,
            until_ms=until_ms,
            scorer_hash=self._scorer_hash,
            synthetic=self._synthetic,
        )


def _followed(before: SentimentSeries, after: SentimentSeries) -> SentimentSeries:
    # The order within each is that of a series read whole, and all of `after` was seen later.
    if not len(before):
        return after
    names = tuple(sorted({*before.origins, *after.origins}))
    parts = (before, after)
    origin = [np.array([names.index(one) for one in p.origins])[p.origin] for p in parts]
    return SentimentSeries(
        event_time=np.concatenate([part.event_time for part in parts]),
        observed_at=np.concatenate([part.observed_at for part in parts]),
        score=np.concatenate([part.score for part in parts]),
        source=before.source,
        weight=np.concatenate([part.weight for part in parts]),
        origin=np.concatenate(origin),
        origins=names,
    )

"""Scored texts, read as a series of what had been seen by a time, and counted.

Times are cut to milliseconds so that an item counts as seen in the first millisecond that is not
before `observed_at`: what is read as of a time never depends on later rows. A text that claims to
be written after it was seen counts as written when it was seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.press import EVERY
from app.repositories.sentiment_items import (
    INDEX_SCORER,
    INDEX_SCORER_HASH,
    ArchivedItem,
    insert_items,
)
from cryptovolt.domain.sentiment import FEAR_GREED, SentimentSeries
from cryptovolt.market.naming import base_asset, venue_symbol
from cryptovolt.sentiment.series import series_of

__all__ = [
    "INDEX_SCORER",
    "INDEX_SCORER_HASH",
    "ArchivedItem",
    "Reading",
    "Scorer",
    "SentimentCoverage",
    "coverage",
    "insert_items",
    "read_series",
    "reading_values",
    "subjects",
    "unread_version",
]

_SEEN = """
    synthetic = :synthetic
    AND observed_at <= to_timestamp(CAST(:until AS float8) / 1000)
    AND (CAST(:since AS bigint) IS NULL
         OR observed_at > to_timestamp((CAST(:since AS float8) - 1) / 1000))
    AND (CAST(:source AS text) IS NULL OR source = :source)"""

# Rows that the documented calls wrote may lack a hash of their text; each then counts as its own.
_SERIES = text(f"""
    SELECT CAST(floor(extract(epoch FROM timestamp) * 1000) AS bigint),
           CAST(ceil(extract(epoch FROM observed_at) * 1000) AS bigint),
           sentiment_score, coalesce(text_hash, CAST(sentiment_id AS text)), duplicate_group,
           coalesce(weight, 1), CASE WHEN kind = 'index' THEN '{FEAR_GREED}'
                                ELSE split_part(source, ':', 1) END
    FROM sentiment_data
    WHERE symbol = ANY(:symbols) AND scorer_hash = ANY(:hashes) AND {_SEEN}
      AND sentiment_score IS NOT NULL
""")  # noqa: S608 - names are written above
# Versions are found by jumping from one to the next along the index: DISTINCT would read every row.
_UNREAD = text(f"""
    WITH RECURSIVE versions AS (
        SELECT given.symbol, (SELECT min(scorer_hash) FROM sentiment_data
                              WHERE symbol = given.symbol) AS hash
        FROM unnest(CAST(:symbols AS text[])) AS given (symbol)
        UNION ALL
        SELECT versions.symbol, (SELECT min(scorer_hash) FROM sentiment_data
                                 WHERE symbol = versions.symbol AND scorer_hash > versions.hash)
        FROM versions WHERE versions.hash IS NOT NULL
    )
    SELECT missed.scorer, missed.scorer_hash
    FROM versions
    LEFT JOIN LATERAL (
        SELECT observed_at FROM sentiment_data
        WHERE symbol = versions.symbol AND scorer_hash = :hash AND {_SEEN}
        ORDER BY observed_at LIMIT 1
    ) AS first ON true
    CROSS JOIN LATERAL (
        SELECT scorer, scorer_hash FROM sentiment_data AS other
        WHERE symbol = versions.symbol AND scorer_hash = versions.hash AND {_SEEN}
          AND observed_at < coalesce(first.observed_at, 'infinity')
          AND text IS NOT NULL AND sentiment_score IS NOT NULL
          AND NOT EXISTS (
              SELECT 1 FROM sentiment_data AS version
              WHERE version.source = other.source AND version.symbol = other.symbol
                AND version.external_id =
                    coalesce(other.external_id, 'row-' || CAST(other.sentiment_id AS text))
                AND version.scorer_hash = :hash)
        LIMIT 1
    ) AS missed
    WHERE versions.hash <> ALL(:hashes)
    LIMIT 1
""")  # noqa: S608 - names are written above
_COVERAGE = text("""
    SELECT symbol, source, scorer, scorer_hash, count(*), min(timestamp), max(timestamp),
           max(observed_at), avg(sentiment_score), coalesce(bool_or(synthetic), false)
    FROM sentiment_data
    GROUP BY symbol, source, scorer, scorer_hash
    ORDER BY symbol, source, scorer, scorer_hash
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorer:
    """What gave the scores."""

    name: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Which rows make a series; times in milliseconds UTC.

    Texts of `symbol`, of its base asset and of the whole market are read: news is about BTC, not
    about BTCUSDT.
    """

    symbol: str
    until_ms: int
    scorer_hash: str
    since_ms: int | None = None
    source: str | None = None
    """None: every source."""
    synthetic: bool = False
    """Rows of a loopback press, or of a generator, instead of real ones: never both."""


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
    synthetic: bool

    def is_read_by(self, scorer_hash: str) -> bool:
        """Return whether a series of this scorer reads these rows; an index is read by every."""
        return self.scorer_hash in (scorer_hash, INDEX_SCORER_HASH)


def read_series(db: Session, reading: Reading) -> SentimentSeries:
    """Return what had been seen by a time, repeats left out.

    With `since_ms`, older items are not read: see :func:`cryptovolt.sentiment.vote.lookback_ms`.
    """
    rows: Sequence[Any] = db.execute(_SERIES, reading_values(reading)).all()
    # An empty sequence has no columns to unpack.
    written, seen, score, hashes, groups, weights, origins = (
        zip(*rows, strict=True) if rows else ((),) * 7
    )
    observed_at = np.array(seen, dtype=np.int64)
    return series_of(
        event_time=np.minimum(np.array(written, dtype=np.int64), observed_at),
        observed_at=observed_at,
        score=np.array(score, dtype=np.float64),
        text_hashes=hashes,
        source=reading.source or "news",
        groups=groups,
        weights=np.array(weights, dtype=np.float64),
        origins=origins,
    )


def unread_version(db: Session, reading: Reading) -> Scorer | None:
    """Return who else scored texts that this reading misses, or None where it misses none.

    Only texts seen before the first one that the reading has are looked for.
    """
    row = db.execute(_UNREAD, reading_values(reading) | {"hash": reading.scorer_hash}).first()
    return None if row is None else Scorer(name=row[0] or "unnamed", hash=row[1])


def coverage(db: Session) -> list[SentimentCoverage]:
    """Return how much is stored of every symbol, source and scorer."""
    return [SentimentCoverage(*row) for row in db.execute(_COVERAGE)]


def subjects(symbol: str) -> tuple[str, ...]:
    """Return the symbols whose texts a market reads: its own, its base asset, the whole market."""
    pair = venue_symbol(symbol)
    return tuple(dict.fromkeys((pair, base_asset(pair), EVERY)))


def reading_values(reading: Reading) -> dict[str, Any]:
    """Return a reading as the parameters of a statement."""
    return {
        "symbols": list(subjects(reading.symbol)),
        "until": reading.until_ms,
        "since": reading.since_ms,
        "source": reading.source,
        "synthetic": reading.synthetic,
        "hashes": [reading.scorer_hash, INDEX_SCORER_HASH],
    }

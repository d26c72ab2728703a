"""Texts that a scorer has not scored yet, and the rows that then say what it makes of them.

A row that the documented calls wrote without an id is known as ``row-<sentiment_id>`` from its
second version on.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.models.database import SentimentData
from app.repositories.sentiment import Scorer
from cryptovolt.domain.arrays import FloatArray

_ID = "coalesce(item.external_id, 'row-' || CAST(item.sentiment_id AS text))"
# One row of each item: the first of its versions.
_UNSCORED = f"""
    FROM sentiment_data AS item
    WHERE item.sentiment_id < :before AND item.text IS NOT NULL
      AND item.source IS NOT NULL AND item.symbol IS NOT NULL
      AND (CAST(:source AS text) IS NULL OR item.source = :source)
      AND item.kind IS DISTINCT FROM 'index' AND item.scorer_hash IS DISTINCT FROM :hash
      AND NOT EXISTS (
          SELECT 1 FROM sentiment_data AS version
          WHERE version.source = item.source AND version.symbol = item.symbol
            AND version.external_id = {_ID}
            AND (version.scorer_hash = :hash OR version.sentiment_id < item.sentiment_id))
"""  # noqa: S608 - the id is written above
_COUNT = text(f"SELECT count(*) {_UNSCORED}")
_BATCH = text(
    f"SELECT item.sentiment_id, item.text {_UNSCORED} ORDER BY item.sentiment_id DESC LIMIT :limit"
)

_SCORED = {
    "external_id": _ID,
    "sentiment_score": "scored.score",
    "scorer": "CAST(:name AS text)",
    "scorer_hash": "CAST(:hash AS text)",
}
_COPIED = {
    column.name: _SCORED.get(column.name, f"item.{column.name}")
    for column in SentimentData.__table__.columns
    if column.name not in {"sentiment_id", "created_at"}
}
_ADD = text(f"""
    INSERT INTO sentiment_data ({", ".join(_COPIED)})
    SELECT {", ".join(_COPIED.values())}
    FROM unnest(CAST(:ids AS bigint[]), CAST(:scores AS float8[])) AS scored (id, score)
    JOIN sentiment_data AS item ON item.sentiment_id = scored.id
    ORDER BY scored.id
    ON CONFLICT DO NOTHING
""")  # noqa: S608 - names are those of the model

NEWEST = 2**31 - 1
"""No row has a larger id."""


@dataclass(frozen=True, slots=True)
class Unscored:
    """A text that a scorer has not scored yet."""

    sentiment_id: int
    text: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Texts of a source (None: of every) that a scorer has not scored yet."""

    scorer_hash: str
    source: str | None = None


def count_unscored(db: Session, wanted: Wanted) -> int:
    """Return how many texts there are to score."""
    values = {"hash": wanted.scorer_hash, "source": wanted.source, "before": NEWEST}
    return db.scalar(_COUNT, values) or 0


def unscored(db: Session, wanted: Wanted, before: int, limit: int) -> list[Unscored]:
    """Return texts to score with ids below `before`, newest rows first."""
    values = {
        "hash": wanted.scorer_hash,
        "source": wanted.source,
        "before": before,
        "limit": limit,
    }
    return [Unscored(*row) for row in db.execute(_BATCH, values)]


def add_version(db: Session, texts: Sequence[Unscored], scores: FloatArray, scorer: Scorer) -> int:
    """Add a version of these rows with other scores, and return how many were added.

    All else, also when the texts had been seen, stays as it is.
    """
    values = {
        "ids": [one.sentiment_id for one in texts],
        "scores": scores.tolist(),
        "name": scorer.name,
        "hash": scorer.hash,
    }
    return db.connection().execute(_ADD, values).rowcount

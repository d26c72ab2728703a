"""Scoring archived texts anew: a version beside the others, never a correction."""

from dataclasses import dataclass

import numpy as np
import structlog
from sqlalchemy.orm import Session

from app.repositories import sentiment_rescore as rows
from app.repositories.sentiment import Scorer
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.errors import DataError
from cryptovolt.domain.ports import Progress, TextScorer

log = structlog.get_logger(__name__)

_BATCH_ROWS = 5_000


@dataclass(frozen=True, slots=True)
class Rescored:
    """What became of the texts that a scorer had not scored."""

    scorer: Scorer
    n_added: int


def rescore(
    db: Session,
    scorer: TextScorer,
    progress: Progress | None = None,
    batch: int = _BATCH_ROWS,
    source: str | None = None,
) -> Rescored:
    """Add a version of every archived text that the scorer has not scored, and commit each batch.

    With `source`, of that source's texts alone.
    When they had been seen stays as it is. The newest rows come first: until the oldest are done,
    reading a series says that texts are missing. What was interrupted goes on where it stopped.

    Raises
    ------
    DataError
        If the scorer gives other than one score in [-1, 1] for each text.
    """
    named = Scorer(name=scorer.name, hash=scorer.hash)
    wanted = rows.Wanted(named.hash, source)
    total = rows.count_unscored(db, wanted) if progress else 0
    before, n_done, n_added = rows.NEWEST, 0, 0
    while texts := rows.unscored(db, wanted, before, batch):
        scores = _checked(scorer.score([one.text for one in texts]), len(texts), named)
        n_added += rows.add_version(db, texts, scores, named)
        db.commit()
        before = texts[-1].sentiment_id
        n_done += len(texts)
        if progress:
            progress(n_done, max(total, n_done), "texts scored")
    db.rollback()
    log.info("sentiment.rescored", scorer=named.name, scorer_hash=named.hash, rows=n_added)
    return Rescored(named, n_added)


def _checked(scores: FloatArray, n_texts: int, scorer: Scorer) -> FloatArray:
    # Written so that NaN is refused.
    if scores.shape != (n_texts,) or not (np.abs(scores) <= 1.0).all():
        raise DataError(
            f"expected {scorer.name} {scorer.hash[:8]} to give {n_texts} scores in [-1, 1], "
            f"found shape {scores.shape} with values outside of it, or none"
        )
    return scores

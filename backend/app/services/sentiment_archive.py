"""Old texts leave the table for Parquet files, and come back as they were.

The age of a text is that of what it tells, not of its row. Rows that a snapshot was made of stay;
the file of a snapshot is never touched.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy.orm import Session

from app.models.sentiment import SentimentArchive
from app.repositories import sentiment_archive as rows
from app.services.archive_files import file_hash, read_archive, write_archive

if TYPE_CHECKING:
    import polars as pl

log = structlog.get_logger(__name__)

_BATCH_ROWS = 250_000


@dataclass(frozen=True, slots=True)
class CleanedSentiment:
    """What became of old texts."""

    n_archived: int
    n_kept: int
    """Rows that snapshots keep in the table."""
    files: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class RestoredSentiment:
    """What archives gave back."""

    n_files: int
    n_archived: int
    n_new: int
    """Rows that were not in the table."""


def clean_sentiment(
    db: Session, home: Path, before: datetime, batch: int = _BATCH_ROWS
) -> CleanedSentiment:
    """Archive and delete the rows of texts written before a time, one transaction a batch."""
    files: list[Path] = []
    total = 0
    while taken := rows.take(db, before, batch):
        frame = _frame([tuple(row) for row in taken])
        path = write_archive(frame, home / "archives" / "sentiment")
        db.add(
            SentimentArchive(
                first_item=frame["timestamp"][0],
                last_item=frame["timestamp"][-1],
                n_items=frame.height,
                path=path.relative_to(home).as_posix(),
                sha256=file_hash(path),
            )
        )
        db.commit()
        files.append(path)
        total += frame.height
    return CleanedSentiment(total, rows.count_before(db, before), tuple(files))


def restore_sentiment(db: Session, home: Path) -> RestoredSentiment:
    """Bring all archived rows back as they were, ids included; all of them, or nothing.

    Raises
    ------
    DataError
        If a file is missing or is not the one that was written; nothing was changed.
    """
    try:
        archives = rows.archives(db, lock=True)
        n_new = sum(_restore(db, home, archive) for archive in archives)
        n_archived = sum(archive.n_items for archive in archives)
        db.commit()
    except BaseException:
        db.rollback()
        raise
    log.info("sentiment.restored", rows=n_new)
    return RestoredSentiment(len(archives), n_archived, n_new)


def _restore(db: Session, home: Path, archive: SentimentArchive) -> int:
    frame = read_archive(home / archive.path, archive.sha256)
    archive.restored_at = datetime.now(UTC)
    return rows.put_back(db, frame.to_dicts())


def _frame(taken: Sequence[tuple[Any, ...]]) -> "pl.DataFrame":
    import polars as pl  # noqa: PLC0415 - slow to import, and rarely needed

    kinds = dict.fromkeys(rows.COLUMNS, pl.String())
    schema = (
        kinds
        | dict.fromkeys(rows.MOMENTS, pl.Datetime("us", "UTC"))
        | {
            "sentiment_id": pl.Int64(),
            "sentiment_score": pl.Float64(),
            "spam": pl.Float64(),
            "weight": pl.Float64(),
            "day_only": pl.Boolean(),
            "synthetic": pl.Boolean(),
        }
    )
    frame = pl.DataFrame(list(taken), schema=schema, orient="row")
    return frame.sort("timestamp", "sentiment_id")

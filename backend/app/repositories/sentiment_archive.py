"""Sentiment rows that leave the table and come back, and the snapshots that keep theirs.

Nothing here commits.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import Row, func, select, text
from sqlalchemy.orm import Session

from app.models.database import SentimentData
from app.models.sentiment import SentimentArchive, SentimentSnapshot
from app.repositories.copy import Column, insert_columns
from app.repositories.sentiment import INDEX_SCORER_HASH, subjects

COLUMNS = tuple(column.name for column in SentimentData.__table__.columns)
DOCUMENTS = frozenset({"extra_data", "matched"})
"""JSON, archived as text."""
MOMENTS = frozenset({"timestamp", "created_at", "observed_at"})

# A snapshot's rows stay: a result that names it must be checkable against the table.
_KEPT = """EXISTS (
    SELECT 1 FROM unnest(
        CAST(:kept_symbols AS text[]), CAST(:kept_hashes AS text[]),
        CAST(:kept_sources AS text[]), CAST(:kept_synthetic AS boolean[]),
        CAST(:kept_until AS timestamptz[])) AS kept (symbol, hash, source, synthetic, until)
    WHERE kept.symbol = item.symbol AND kept.hash = item.scorer_hash
      AND (kept.source IS NULL OR kept.source = item.source)
      AND kept.synthetic = item.synthetic AND item.observed_at <= kept.until)"""
_RETURNED = ", ".join(f"CAST({name} AS text)" if name in DOCUMENTS else name for name in COLUMNS)
_TAKE = text(f"""
    DELETE FROM sentiment_data WHERE sentiment_id IN (
        SELECT sentiment_id FROM sentiment_data AS item
        WHERE timestamp < :before AND NOT {_KEPT} ORDER BY timestamp, sentiment_id LIMIT :limit)
    RETURNING {_RETURNED}
""")  # noqa: S608 - names are those of the model
_JSON_NULL = {
    name: text(
        f"UPDATE sentiment_data SET {name} = 'null' "  # noqa: S608 - one of two names
        f"WHERE sentiment_id = ANY(:ids) AND {name} IS NULL"
    )
    for name in sorted(DOCUMENTS)
}


def take(db: Session, before: datetime, limit: int) -> Sequence[Row[Any]]:
    """Delete the oldest rows written before a time, except those of snapshots, and return them.

    Values are in the order of `COLUMNS`, documents as JSON text.
    """
    values = {"before": before, "limit": limit, **_kept(db)}
    return db.execute(_TAKE, values).all()


def count_before(db: Session, before: datetime) -> int:
    """Return how many rows were written before a time."""
    query = select(func.count()).select_from(SentimentData)
    return db.scalar(query.where(SentimentData.timestamp < before)) or 0


def archives(db: Session, *, lock: bool = False) -> list[SentimentArchive]:
    """Return the archives whose rows are not in the table, oldest first."""
    query = select(SentimentArchive).where(SentimentArchive.restored_at.is_(None))
    query = query.order_by(SentimentArchive.first_item, SentimentArchive.archive_id)
    return list(db.scalars(query.with_for_update() if lock else query))


def put_back(db: Session, rows: Sequence[dict[str, Any]]) -> int:
    """Insert archived rows that are not in the table as they were; return how many those were."""
    if not rows:
        return 0
    columns: dict[str, Column] = {
        name: np.array(values, np.int64) if name == "sentiment_id" else values
        for name in COLUMNS
        if name in rows[0]
        for values in [[_value(name, row[name]) for row in rows]]
    }
    n_new = insert_columns(db, SentimentData.__tablename__, columns)
    # COPY writes both kinds of nothing as NULL.
    for name in DOCUMENTS & set(columns):
        ids = [row["sentiment_id"] for row in rows if row[name] == "null"]
        if ids:
            db.execute(_JSON_NULL[name], {"ids": ids})
    return n_new


def keep_snapshot(db: Session, row: SentimentSnapshot) -> SentimentSnapshot:
    """List a snapshot, and return its row; the same content keeps its first row.

    One that was read as of a later time keeps more rows.
    """
    known = db.get(SentimentSnapshot, (row.hash, row.symbol))
    if known is None:
        db.add(row)
        db.flush()
        return row
    known.as_of = max(known.as_of, row.as_of)
    return known


def snapshots(db: Session, symbol: str | None = None) -> list[SentimentSnapshot]:
    """Return the snapshots that were taken, of one symbol or of all, newest first."""
    query = select(SentimentSnapshot)
    if symbol is not None:
        query = query.where(SentimentSnapshot.symbol == symbol)
    order = (SentimentSnapshot.created_at.desc(), SentimentSnapshot.hash)
    return list(db.scalars(query.order_by(*order)))


def _kept(db: Session) -> dict[str, list[Any]]:
    kept = [
        (symbol, scorer_hash, one.source, one.synthetic, one.as_of)
        for one in snapshots(db)
        for symbol in subjects(one.symbol)
        for scorer_hash in (one.scorer_hash, INDEX_SCORER_HASH)
    ]
    names = ("symbols", "hashes", "sources", "synthetic", "until")
    return {f"kept_{name}": [row[place] for row in kept] for place, name in enumerate(names)}


def _value(name: str, value: Any) -> Any:
    return json.loads(value) if name in DOCUMENTS and value is not None else value

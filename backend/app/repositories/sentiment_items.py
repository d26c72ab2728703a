"""Archived texts: one row per source, symbol, id and scorer, written by COPY.

An item is known by source, symbol and id. Its two times are those of its first row, whatever scores
it later: a new version of the scorer must not change when it had been seen.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.repositories.copy import Column, insert_columns
from cryptovolt.sentiment.text import text_digest

INDEX_SCORER = "index"
INDEX_SCORER_HASH = text_digest("fear-greed: (index - 50) / 50")
"""What scores the values of an index, which are no texts: read beside the rows of any scorer."""

_BATCH = 10_000
_TIMES = {"event_time_ms": "timestamp", "observed_at_ms": "observed_at"}
_NAMES = {**_TIMES, "score": "sentiment_score"}

_KNOWN = text("""
    SELECT given.row,
           CAST(extract(epoch FROM known.timestamp) * 1000 AS bigint),
           CAST(extract(epoch FROM known.observed_at) * 1000 AS bigint)
    FROM unnest(CAST(:sources AS text[]), CAST(:symbols AS text[]), CAST(:ids AS text[]))
         WITH ORDINALITY AS given (source, symbol, external_id, row)
    CROSS JOIN LATERAL (
        SELECT timestamp, observed_at FROM sentiment_data AS stored
        WHERE stored.source = given.source AND stored.symbol = given.symbol
          AND stored.external_id = given.external_id
        ORDER BY sentiment_id LIMIT 1
    ) AS known
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedItem:
    """One text about one symbol, as one scorer scores it; times in milliseconds UTC."""

    source: str
    """At most 50 characters; what is before a colon is its origin, e.g. ``rss:coindesk``."""
    symbol: str
    """An asset such as BTC, a pair, or CRYPTO for what is about the whole market."""
    external_id: str
    """At most 128 characters, unique within the source for all time."""
    event_time_ms: int
    observed_at_ms: int
    """When this system first saw it; for imported history the stated delay after it was written."""
    text: str
    text_hash: str
    score: float
    scorer: str
    scorer_hash: str
    kind: str | None = None
    """news, social, announcement or index."""
    author_hash: str | None = None
    url: str | None = None
    language: str | None = None
    matched: Sequence[Mapping[str, str]] | None = None
    """Why it is about the symbol: ``{"asset": "BTC", "by": "cashtag", "term": "$BTC"}``."""
    duplicate_group: str | None = None
    spam: float | None = None
    weight: float | None = None
    day_only: bool | None = None
    synthetic: bool = False
    raw_text: str | None = None
    extra_data: Mapping[str, Any] | None = None


def insert_items(db: Session, items: Sequence[ArchivedItem]) -> int:
    """Store the items that are not there yet with their scorer, and return how many those were.

    The rows belong to the transaction of the session. An item that another scorer's row has keeps
    the times of that row.

    Raises
    ------
    DataError
        If a value does not fit its column.
    """
    return sum(_insert(db, batch) for batch in _batches(items))


def _batches(items: Sequence[ArchivedItem]) -> Iterator[Sequence[ArchivedItem]]:
    for start in range(0, len(items), _BATCH):
        yield items[start : start + _BATCH]


def _insert(db: Session, given: Sequence[ArchivedItem]) -> int:
    items = list(given)
    values = {
        "sources": [item.source for item in items],
        "symbols": [item.symbol for item in items],
        "ids": [item.external_id for item in items],
    }
    for row, written, seen in db.execute(_KNOWN, values).all():
        at = int(row) - 1
        items[at] = replace(items[at], event_time_ms=written, observed_at_ms=seen)
    return insert_columns(db, "sentiment_data", _columns(items))


def _columns(items: Sequence[ArchivedItem]) -> dict[str, Column]:
    columns: dict[str, Column] = {}
    for field in fields(ArchivedItem):
        values = [getattr(item, field.name) for item in items]
        name = _NAMES.get(field.name, field.name)
        columns[name] = np.array(values, "datetime64[ms]") if field.name in _TIMES else values
    # JSON knows no other mappings and sequences than these.
    columns["matched"] = [
        None if item.matched is None else [dict(one) for one in item.matched] for item in items
    ]
    columns["extra_data"] = [
        None if item.extra_data is None else dict(item.extra_data) for item in items
    ]
    return columns

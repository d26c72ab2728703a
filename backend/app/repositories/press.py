"""States of sources, what of an answer is stored already, and the windows of the sampling plan."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.core.venue import LOOPBACK
from app.models.sentiment import SentimentSourceState, SentimentWindow

_NOW = text("SELECT clock_timestamp()")
_KNOWN = text("""
    SELECT DISTINCT given.external_id
    FROM unnest(CAST(:symbols AS text[]), CAST(:ids AS text[])) AS given (symbol, external_id)
    WHERE EXISTS (
        SELECT FROM sentiment_data AS stored
        WHERE stored.source = :source AND stored.symbol = given.symbol
          AND stored.external_id = given.external_id
    )
""")
_RECENT = text("""
    SELECT DISTINCT ON (source, external_id) text,
           CASE WHEN kind = 'social' THEN author_hash END, duplicate_group,
           CAST(extract(epoch FROM observed_at) * 1000 AS bigint) AS seen_ms
    FROM sentiment_data
    WHERE synthetic = :synthetic AND duplicate_group IS NOT NULL AND text IS NOT NULL
      AND observed_at > to_timestamp(CAST(:since AS float8) / 1000)
    ORDER BY source, external_id, observed_at
    LIMIT :most
""")

_TRADED = text("""
    SELECT DISTINCT listed.base
    FROM feed_status AS fed
    JOIN symbols AS listed ON listed.symbol = fed.symbol AND listed.source = fed.source
    WHERE NOT starts_with(fed.source, :loopback)
    ORDER BY listed.base
""")


class Seen(NamedTuple):
    """A text that was stored lately."""

    text: str
    poster: str | None
    """Hash of who posted it; None for news."""
    group: str
    seen_ms: int


class WindowKey(NamedTuple):
    """One window of the sampling plan."""

    symbol: str
    kind: str


def now(db: Session) -> datetime:
    """Return the database's time, on which all processes agree."""
    return db.execute(_NOW).scalar_one()


def ensure(db: Session, name: str, kind: str, every_s: float | None) -> None:
    """Make the row of a source where there is none."""
    values = {"name": name, "kind": kind, "every_s": every_s}
    made = insert(SentimentSourceState).values(state="waiting", **values)
    db.execute(made.on_conflict_do_update(index_elements=["name"], set_=values))


def lock(db: Session, name: str) -> SentimentSourceState | None:
    """Return a source's row, which no other transaction can change until this one ends."""
    query = select(SentimentSourceState).where(SentimentSourceState.name == name)
    return db.scalar(query.with_for_update().execution_options(populate_existing=True))


def every(db: Session) -> list[SentimentSourceState]:
    """Return every source by name."""
    return list(db.scalars(select(SentimentSourceState).order_by(SentimentSourceState.name)))


def known_ids(db: Session, source: str, keys: Sequence[tuple[str, str]]) -> set[str]:
    """Return which external ids of (symbol, external id) are stored already."""
    if not keys:
        return set()
    symbols, ids = zip(*keys, strict=True)
    values = {"source": source, "symbols": list(symbols), "ids": list(ids)}
    return set(db.scalars(_KNOWN, values))


def recent_texts(db: Session, since_ms: int, *, synthetic: bool, most: int) -> list[Seen]:
    """Return texts seen since a time, each once, in the order they were seen."""
    values = {"since": since_ms, "synthetic": synthetic, "most": most}
    found = [Seen(*row) for row in db.execute(_RECENT, values)]
    return sorted(found, key=lambda seen: seen.seen_ms)


def lock_windows(
    db: Session, start: datetime, keys: Sequence[WindowKey], plan: int
) -> dict[WindowKey, int]:
    """Return how many items each window has taken; the windows are locked until the end."""
    if not keys:
        return {}
    # Always in one order, so that two writers never wait for each other.
    ordered = sorted(keys)
    rows = [{"window_start": start, "symbol": s, "kind": k, "plan": plan} for s, k in ordered]
    db.execute(insert(SentimentWindow).values(rows).on_conflict_do_nothing())
    query = (
        select(SentimentWindow.symbol, SentimentWindow.kind, SentimentWindow.taken)
        .where(
            SentimentWindow.window_start == start,
            tuple_(SentimentWindow.symbol, SentimentWindow.kind).in_(ordered),
        )
        .order_by(SentimentWindow.symbol, SentimentWindow.kind)
        .with_for_update()
    )
    return {WindowKey(symbol, kind): taken for symbol, kind, taken in db.execute(query)}


def count_windows(
    db: Session, start: datetime, counts: Mapping[WindowKey, Mapping[str, int]]
) -> None:
    """Add to what windows were offered and what they took."""
    if not counts:
        return
    names = ("offered", "taken", "spam", "duplicates")
    rows: list[dict[str, Any]] = [
        {"window_start": start, "symbol": key.symbol, "kind": key.kind, "plan": 0}
        | {name: found.get(name, 0) for name in names}
        for key, found in sorted(counts.items())
    ]
    made = insert(SentimentWindow).values(rows)
    more = {name: getattr(SentimentWindow, name) + made.excluded[name] for name in names}
    db.execute(
        made.on_conflict_do_update(index_elements=["window_start", "symbol", "kind"], set_=more)
    )


def traded_assets(db: Session) -> tuple[str, ...]:
    """Return the coins whose bars are fed from real markets."""
    return tuple(db.scalars(_TRADED, {"loopback": LOOPBACK}))

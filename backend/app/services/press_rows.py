"""What was chosen of an answer, as rows. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from app.core.press import EVERY, ItemKind, RawItem
from app.repositories.sentiment_items import INDEX_SCORER, INDEX_SCORER_HASH, ArchivedItem
from app.services.press_sift import Candidate
from cryptovolt.domain.ports import TextScorer
from cryptovolt.sentiment.credibility import credibility
from cryptovolt.sentiment.fear_greed import score_of_index
from cryptovolt.sentiment.text import text_digest, text_hash


@dataclass(frozen=True, slots=True)
class Batch:
    """One answer of a source."""

    source: str
    items: Sequence[RawItem]
    now_ms: int
    """Time at the market when it came."""
    skipped: frozenset[str] = frozenset()
    """Marks of ids that were left out of earlier answers."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A text compared with what was seen before."""

    item: Candidate
    group: str
    """Its near-duplicate group."""
    spam: float
    repeated: bool
    assets: tuple[str, ...]
    """Of those it is about, the ones it is stored under."""


def text_rows(
    batch: Batch, chosen: Sequence[Judged], scorer: TextScorer, *, synthetic: bool
) -> Iterator[ArchivedItem]:
    """Yield a row for each text and coin, scored."""
    if not chosen:
        return
    scores = scorer.score([one.item.text for one in chosen])
    origin = batch.source.partition(":")[0]
    for one, score in zip(chosen, scores, strict=True):
        item = one.item
        for asset in one.assets:
            yield ArchivedItem(
                source=batch.source,
                symbol=asset,
                external_id=item.external_id,
                event_time_ms=_written(item, batch),
                observed_at_ms=batch.now_ms,
                text=item.text,
                text_hash=text_hash(item.text),
                score=float(score),
                scorer=scorer.name,
                scorer_hash=scorer.hash,
                kind=item.kind.value,
                author_hash=item.author_hash,
                url=item.url,
                language=item.language,
                matched=_why(item, asset),
                duplicate_group=one.group,
                spam=one.spam,
                weight=credibility(origin, item.url) * (1.0 - one.spam),
                day_only=item.day_only,
                synthetic=synthetic,
                raw_text=item.raw_text,
                extra_data=None if item.event_time_ms is not None else {"undated": True},
            )


def index_rows(
    batch: Batch, values: Iterable[Candidate], *, synthetic: bool
) -> Iterator[ArchivedItem]:
    """Yield a row of the whole market for each value of an index."""
    for item in values:
        assert item.value is not None
        yield ArchivedItem(
            source=batch.source,
            symbol=EVERY,
            external_id=item.external_id,
            event_time_ms=_written(item, batch),
            observed_at_ms=batch.now_ms,
            text=item.text,
            text_hash=text_digest(f"{item.external_id}\n{item.value}"),
            score=score_of_index(item.value),
            scorer=INDEX_SCORER,
            scorer_hash=INDEX_SCORER_HASH,
            kind=ItemKind.INDEX.value,
            language=item.language,
            day_only=item.day_only,
            synthetic=synthetic,
            extra_data={"value": item.value},
        )


def seen_at(row: ArchivedItem, seen_ms: int) -> ArchivedItem:
    """Return a row as seen at a time; nothing was written after it was seen."""
    return replace(row, observed_at_ms=seen_ms, event_time_ms=min(row.event_time_ms, seen_ms))


def _written(item: Candidate, batch: Batch) -> int:
    return batch.now_ms if item.event_time_ms is None else item.event_time_ms


def _why(item: Candidate, asset: str) -> list[dict[str, str]]:
    return [
        {"asset": match.asset, "by": match.by, "term": match.term}
        for match in item.matched
        if match.asset == asset
    ]

"""What imported items are worth: who wrote them, what they repeat, how likely they are spam.

Each item is judged by those seen before it alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.press import ItemKind
from cryptovolt.sentiment.credibility import judge_source
from cryptovolt.sentiment.duplicates import NearDuplicates
from cryptovolt.sentiment.language import language_of
from cryptovolt.sentiment.news import NewsItem
from cryptovolt.sentiment.spam import SpamFilter
from cryptovolt.sentiment.text import text_digest


@dataclass(frozen=True, slots=True)
class Judged:
    """An item and what was found of it."""

    item: NewsItem
    author_hash: str | None
    language: str
    group: str
    spam: float
    weight: float


def judge(items: Sequence[NewsItem], source: str, kind: ItemKind) -> dict[int, Judged]:
    """Return the judgement of each item, by the `id` of the item.

    How much an author writes counts for social texts alone: an outlet writes a lot.
    """
    duplicates, spam = NearDuplicates(), SpamFilter()
    # The order in which they are seen; of one moment the same order whatever file they stand in.
    ordered = sorted(items, key=lambda item: (item.observed_at, item.event_time, item.external_id))
    return {
        id(item): _judged(item, source, kind is ItemKind.SOCIAL, duplicates, spam)
        for item in ordered
    }


def _judged(
    item: NewsItem, source: str, social: bool, duplicates: NearDuplicates, spam: SpamFilter
) -> Judged:
    verdict = spam.judge(
        item.text, item.author if social else None, item.observed_at, written_ms=item.event_time
    )
    found = judge_source(source, item.url)
    credible = found.weight if found.entry else 1.0
    return Judged(
        item=item,
        author_hash=text_digest(f"{source}\n{item.author}") if item.author else None,
        language=item.language or language_of(item.text),
        group=duplicates.group_of(item.text, item.observed_at),
        spam=verdict.probability,
        weight=credible * (1.0 - verdict.probability),
    )

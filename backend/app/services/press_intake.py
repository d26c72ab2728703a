"""Items of sources become rows: known ones left out, judged, sampled by a plan, scored, stored.

The plan: of each kind of text at most so many per symbol and window, chosen within an answer by a
hash of their ids, so that the choice can be repeated and nobody can bid for it. Spam is left out,
of one near-duplicate group only the first few are kept; both are counted. What was left out once
is not taken later: its time of receipt would be wrong then.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from app.core.press import ItemKind
from app.core.times import moment_of
from app.repositories import press
from app.repositories.press import WindowKey
from app.repositories.sentiment_clock import observe
from app.repositories.sentiment_items import insert_items
from app.services.press_rows import Batch, Judged, index_rows, seen_at, text_rows
from app.services.press_sift import Candidate, Sieve, short_id
from cryptovolt.domain.ports import TextScorer
from cryptovolt.sentiment.duplicates import DEFAULT_WINDOW_MS, NearDuplicates
from cryptovolt.sentiment.spam import SpamFilter
from cryptovolt.sentiment.text import text_digest

SPAM_FROM = 0.5
"""From this probability on a text is left out."""

MOST_OF_A_GROUP = 5
"""Rows kept of one near-duplicate group per symbol and window; a series counts it once anyway."""

_REMEMBERED = 20_000
_MARK_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Plan:
    """How many items of each kind are taken per symbol and window."""

    per_kind: int = 150
    window_ms: int = 3_600_000

    def window(self, at_ms: int) -> int:
        """Return when the window of a time begins."""
        return at_ms - at_ms % self.window_ms


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of an answer."""

    counts: Mapping[str, int]
    left_out: frozenset[str]
    """Marks of what was left out of this answer, now or earlier."""


class Intake:
    """Takes answers in, one at a time.

    Parameters
    ----------
    scorer : TextScorer
        Scores what is stored.
    synthetic : bool
        Whether the items are made up by a loopback press.
    sieve : Sieve
        Says what is usable, and about which coins.
    """

    def __init__(
        self, scorer: TextScorer, *, synthetic: bool, sieve: Sieve, plan: Plan | None = None
    ) -> None:
        self._scorer = scorer
        self._synthetic = synthetic
        self._sieve = sieve
        self._plan = plan or Plan()
        self._memory: tuple[NearDuplicates, SpamFilter] | None = None
        self._groups: Counter[tuple[int, str, str]] = Counter()
        self._seen: dict[str, int] = {}

    def forget(self) -> None:
        """Drop what is remembered of texts; the next batch reads it from the database again."""
        self._memory = None
        self._groups.clear()
        self._seen.clear()

    def take(self, db: Session, batch: Batch) -> Taken:
        """Store what is new of a batch, within the caller's transaction.

        Where that transaction fails afterwards, call `forget`.
        """
        marks = {mark(item.external_id) for item in batch.items}
        items = [one for one in batch.items if mark(one.external_id) not in batch.skipped]
        sifted = self._sieve.sift(batch.source, items, batch.now_ms)
        counts = Counter(sifted.counts)
        counts["received"] = len(batch.items)
        fresh = self._fresh(db, batch, sifted.candidates)
        counts["known"] += len(batch.items) - len(items) + len(sifted.candidates) - len(fresh)
        judged = self._judged(db, batch, [one for one in fresh if one.value is None], counts)
        chosen = self._sampled(db, batch, judged, counts)
        values = [one for one in fresh if one.value is not None]
        rows = [
            *text_rows(batch, chosen, self._scorer, synthetic=self._synthetic),
            *index_rows(batch, values, synthetic=self._synthetic),
        ]
        if rows:
            # From here on decisions wait for this transaction: nothing slow follows.
            seen_ms = observe(db, batch.now_ms, synthetic=self._synthetic)
            counts["stored_rows"] = insert_items(db, [seen_at(row, seen_ms) for row in rows])
        stored = {row.external_id for row in rows}
        counts["stored"] = len(stored)
        left_out = {mark(one) for one in sifted.left_out}
        left_out |= {mark(one.external_id) for one in fresh if one.external_id not in stored}
        return Taken(+counts, frozenset(left_out | (marks & batch.skipped)))

    def _fresh(self, db: Session, batch: Batch, candidates: Sequence[Candidate]) -> list[Candidate]:
        keys = [(asset, one.external_id) for one in candidates for asset in one.assets]
        stored = press.known_ids(db, batch.source, keys)
        return [one for one in candidates if one.external_id not in stored]

    def _judged(
        self, db: Session, batch: Batch, texts: Sequence[Candidate], counts: Counter[str]
    ) -> list[Judged]:
        duplicates, spam_filter = self._remembering(db, batch.now_ms)
        if len(self._seen) > _REMEMBERED:
            since = batch.now_ms - DEFAULT_WINDOW_MS
            self._seen = {group: at for group, at in self._seen.items() if at >= since}
        judged: list[Judged] = []
        for one in texts:
            group = duplicates.group_of(one.text, batch.now_ms)
            judgement = spam_filter.judge(one.text, _poster(one), batch.now_ms)
            repeated = group in self._seen
            self._seen[group] = batch.now_ms
            judged.append(Judged(one, group, judgement.probability, repeated, one.assets))
            counts["spam"] += judgement.probability >= SPAM_FROM
            counts["near_duplicates"] += repeated
        return judged

    def _remembering(self, db: Session, now_ms: int) -> tuple[NearDuplicates, SpamFilter]:
        if self._memory is None:
            duplicates, spam_filter = NearDuplicates(), SpamFilter()
            since = now_ms - DEFAULT_WINDOW_MS
            for seen in press.recent_texts(db, since, synthetic=self._synthetic, most=_REMEMBERED):
                duplicates.remember(seen.text, seen.seen_ms, seen.group)
                self._seen[seen.group] = seen.seen_ms
                spam_filter.judge(seen.text, seen.poster, seen.seen_ms)
            self._memory = duplicates, spam_filter
        return self._memory

    def _sampled(
        self, db: Session, batch: Batch, judged: Sequence[Judged], counts: Counter[str]
    ) -> list[Judged]:
        start_ms = self._plan.window(batch.now_ms)
        start = moment_of(start_ms)
        self._groups = Counter({key: n for key, n in self._groups.items() if key[0] >= start_ms})
        keys = {key for one in judged for key in _keys(one)}
        taken = press.lock_windows(db, start, sorted(keys), self._plan.per_kind)
        room = {key: self._plan.per_kind - taken.get(key, 0) for key in keys}
        told: defaultdict[WindowKey, Counter[str]] = defaultdict(Counter)
        chosen: list[Judged] = []
        # What repeats another comes last, so that a flood displaces nobody.
        for one in sorted(judged, key=lambda j: (j.repeated, text_digest(j.item.external_id))):
            assets = [
                key.symbol for key in _keys(one) if self._admit(one, key, start_ms, room, told)
            ]
            if assets:
                chosen.append(replace(one, assets=tuple(assets)))
        press.count_windows(db, start, told)
        counts["over_plan"] += sum(
            max(0, found["offered"] - found["taken"] - found["spam"]) for found in told.values()
        )
        return chosen

    def _admit(
        self,
        one: Judged,
        key: WindowKey,
        start_ms: int,
        room: dict[WindowKey, int],
        told: defaultdict[WindowKey, Counter[str]],
    ) -> bool:
        found, group = told[key], (start_ms, key.symbol, one.group)
        found["offered"] += 1
        found["duplicates"] += one.repeated
        if one.spam >= SPAM_FROM:
            found["spam"] += 1
            return False
        if room[key] <= 0 or self._groups[group] >= MOST_OF_A_GROUP:
            return False
        self._groups[group] += 1
        room[key] -= 1
        found["taken"] += 1
        return True


def _poster(one: Candidate) -> str | None:
    # A newspaper that prints much is none who floods.
    return one.author_hash if one.kind is ItemKind.SOCIAL else None


def mark(external_id: str) -> str:
    """Return a short mark of an id, by which one that was left out is known again."""
    return text_digest(short_id(external_id))[:_MARK_DIGITS]


def _keys(one: Judged) -> list[WindowKey]:
    # Announcements are news; posts have a half of the plan for themselves.
    kind = "social" if one.item.kind is ItemKind.SOCIAL else "news"
    return [WindowKey(asset, kind) for asset in one.item.assets]

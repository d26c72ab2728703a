"""Files of texts become archived rows, judged as collected texts are; values of an index too.

History that is imported was seen by nobody here: an item counts as seen a stated delay after it was
written, or after the end of its day where only that is known. A source that is in the table of
sources counts by its credibility, any other whole: who imports a file vouches for it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy.orm import Session

from app.core.press import EVERY, ItemKind
from app.core.times import milliseconds, moment_of
from app.repositories.sentiment import ArchivedItem, Scorer, insert_items
from app.repositories.sentiment_items import INDEX_SCORER, INDEX_SCORER_HASH
from app.services.sentiment import active_scorer
from app.services.sentiment_judge import Judged, judge
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.domain.ports import TextScorer
from cryptovolt.domain.sentiment import FEAR_GREED
from cryptovolt.domain.timeframe import DAY_MS
from cryptovolt.market.naming import base_asset, venue_symbol
from cryptovolt.sentiment.fear_greed import NEUTRAL, read_fear_greed
from cryptovolt.sentiment.news import DEFAULT_DELAY, News, read_news
from cryptovolt.sentiment.subjects import match_subjects
from cryptovolt.sentiment.text import text_digest, text_hash

log = structlog.get_logger(__name__)

_MAX_SYMBOL = 20
_MAX_SOURCE = 50
_NO_SUBJECT = "no_subject"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOptions:
    """What files hold: texts about one `symbol`, about what they name (`match`), or an index.

    Raises
    ------
    ConfigurationError
        If both or neither say what texts are about, or an index is given a symbol.
    """

    symbol: str | None = None
    match: bool = False
    source: str | None = None
    delay: timedelta = DEFAULT_DELAY
    kind: ItemKind = ItemKind.NEWS
    text_column: str | None = None
    date_column: str | None = None
    as_of: datetime | None = None
    """Items written later are left out; None: now."""
    synthetic: bool = False

    def __post_init__(self) -> None:
        named = self.symbol is not None
        if self.kind is ItemKind.INDEX and (named or self.match):
            raise ConfigurationError("expected no symbol for an index: it is of the whole market")
        if self.kind is not ItemKind.INDEX and named == self.match:
            raise ConfigurationError(
                "expected either a symbol (--symbol) or subjects found in the texts (--match), "
                f"found {'both' if named else 'neither'}"
            )

    @property
    def origin(self) -> str:
        """The source the rows are stored under."""
        usual = FEAR_GREED if self.kind is ItemKind.INDEX else "news"
        return _name("source", usual if self.source is None else self.source.strip(), _MAX_SOURCE)

    @property
    def now_ms(self) -> int:
        """Items written later are left out."""
        return milliseconds(self.as_of or datetime.now(UTC))


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredFile:
    """A file read, judged and scored, not stored yet."""

    file: str
    options: FileOptions
    rows: tuple[ArchivedItem, ...]
    n_items: int
    dropped: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsImport:
    """What became of a file; an item about two coins is two rows."""

    file: str
    symbol: str | None
    source: str
    kind: str
    delay_s: float
    n_items: int
    n_rows: int
    n_inserted: int
    dropped: Mapping[str, int]
    n_day_only: int
    n_repeats: int
    """Rows whose text says what an earlier one of the same symbol said."""
    first: datetime
    last: datetime
    mean_score: float
    scorer: str
    scorer_hash: str
    symbols: Mapping[str, int] = field(default_factory=dict[str, int])
    """Rows of each symbol."""

    @property
    def n_known(self) -> int:
        """How many rows were stored already."""
        return self.n_rows - self.n_inserted


def score_files(paths: Sequence[str | Path], options: FileOptions) -> list[ScoredFile]:
    """Read, judge and score files; no database is needed.

    Repeats are recognised across the files, each item by those seen before it.

    Raises
    ------
    DataError
        If a file cannot be read, names nothing that can be stored, or a name does not fit.
    ConfigurationError
        If the delay is negative, or there is no scorer.
    """
    _ = options.origin
    if options.kind is ItemKind.INDEX:
        return [_index_file(Path(path), options) for path in paths]
    read = [_read(path, options) for path in paths]
    judged = judge([item for news in read for item in news.items], options.origin, options.kind)
    scorer = active_scorer()
    files: list[ScoredFile] = []
    for path, news in zip(paths, read, strict=True):
        own = [judged[id(item)] for item in news.items]
        files.append(_scored(Path(path), news, own, options, scorer))
    return files


def store_files(db: Session, files: Sequence[ScoredFile]) -> list[NewsImport]:
    """Store the rows that are not there yet, within the caller's transaction."""
    return [_store(db, file) for file in files]


def import_news(
    db: Session,
    path: str | Path,
    *,
    symbol: str,
    source: str = "news",
    delay: timedelta = DEFAULT_DELAY,
    as_of: datetime | None = None,
    synthetic: bool = False,
) -> NewsImport:
    """Import one file of texts about one symbol, within the caller's transaction.

    The file is read and scored whole before the first row is written.
    """
    options = FileOptions(
        symbol=symbol, source=source, delay=delay, as_of=as_of, synthetic=synthetic
    )
    return store_files(db, score_files([path], options))[0]


def _read(path: str | Path, options: FileOptions) -> News:
    return read_news(
        path,
        delay=options.delay,
        text_column=options.text_column,
        date_column=options.date_column,
        as_of=options.now_ms,
    )


def _scored(
    path: Path,
    news: News,
    judged: Sequence[Judged],
    options: FileOptions,
    scorer: TextScorer,
) -> ScoredFile:
    scores: list[float] = scorer.score([one.item.text for one in judged]).tolist()
    version = Scorer(name=scorer.name, hash=scorer.hash)
    rows: list[ArchivedItem] = []
    dropped = Counter(news.dropped)
    for one, score in zip(judged, scores, strict=True):
        subjects = list(_subjects(one, options))
        dropped[_NO_SUBJECT] += not subjects
        rows += [
            _row(one, score, version, symbol, matched, path.name, options)
            for symbol, matched in subjects
        ]
    if not rows:
        raise DataError(
            f"expected texts that name a coin in {path.name}, found none in {len(judged):,} items: "
            "say what they are about with --symbol"
        )
    return ScoredFile(
        file=path.name,
        options=options,
        rows=tuple(rows),
        n_items=len(judged),
        dropped={why: n for why, n in dropped.items() if n or why != _NO_SUBJECT},
    )


def _subjects(one: Judged, options: FileOptions) -> Iterator[tuple[str, Mapping[str, str]]]:
    if options.symbol is not None:
        symbol = _name("symbol", venue_symbol(options.symbol), _MAX_SYMBOL)
        yield symbol, {"asset": base_asset(symbol), "by": "given", "term": symbol}
        return
    for match in match_subjects(one.item.text):
        yield match.asset, {"asset": match.asset, "by": match.by, "term": match.term}


def _row(
    one: Judged,
    score: float,
    scorer: Scorer,
    symbol: str,
    matched: Mapping[str, str],
    file: str,
    options: FileOptions,
) -> ArchivedItem:
    item = one.item
    return ArchivedItem(
        source=options.origin,
        symbol=symbol,
        external_id=item.external_id,
        event_time_ms=item.event_time,
        observed_at_ms=item.observed_at,
        text=item.text,
        text_hash=item.text_hash,
        score=score,
        scorer=scorer.name,
        scorer_hash=scorer.hash,
        kind=options.kind.value,
        author_hash=one.author_hash,
        url=item.url,
        language=one.language,
        matched=[matched],
        duplicate_group=one.group,
        spam=one.spam,
        weight=one.weight,
        day_only=item.day_only,
        synthetic=options.synthetic,
        raw_text=item.raw_text,
        extra_data={
            "delay_s": options.delay.total_seconds(),
            "file": file,
            "day_only": item.day_only,
        },
    )


def _index_file(path: Path, options: FileOptions) -> ScoredFile:
    series = read_fear_greed(
        path, delay=options.delay, date_column=options.date_column, as_of=options.now_ms
    )
    rows = [
        _value(path, options, int(written), int(seen), float(score))
        for written, seen, score in zip(
            series.event_time, series.observed_at, series.score, strict=True
        )
    ]
    return ScoredFile(
        file=path.name, options=options, rows=tuple(rows), n_items=len(rows), dropped={}
    )


def _value(path: Path, options: FileOptions, written: int, seen: int, score: float) -> ArchivedItem:
    text = f"{score * NEUTRAL + NEUTRAL:g}"
    return ArchivedItem(
        source=options.origin,
        symbol=EVERY,
        # As a collected value: its day names it.
        external_id=str(written // DAY_MS),
        event_time_ms=written,
        observed_at_ms=seen,
        text=text,
        text_hash=text_hash(text_digest(f"{written} {text}")),
        score=score,
        scorer=INDEX_SCORER,
        scorer_hash=INDEX_SCORER_HASH,
        kind=ItemKind.INDEX.value,
        day_only=written % DAY_MS == 0,
        synthetic=options.synthetic,
        extra_data={"delay_s": options.delay.total_seconds(), "file": path.name},
    )


def _store(db: Session, scored: ScoredFile) -> NewsImport:
    n_inserted = insert_items(db, scored.rows)
    log.info("sentiment.imported", source=scored.options.origin, inserted=n_inserted)
    rows, options = scored.rows, scored.options
    times = [row.event_time_ms for row in rows]
    symbols = Counter(row.symbol for row in rows)
    return NewsImport(
        file=scored.file,
        symbol=rows[0].symbol if len(symbols) == 1 and not options.match else None,
        source=options.origin,
        kind=options.kind.value,
        delay_s=options.delay.total_seconds(),
        n_items=scored.n_items,
        n_rows=len(rows),
        n_inserted=n_inserted,
        dropped=scored.dropped,
        n_day_only=sum(bool(row.day_only) for row in rows),
        n_repeats=len(rows) - len({(row.symbol, _said(row)) for row in rows}),
        first=moment_of(min(times)),
        last=moment_of(max(times)),
        mean_score=sum(row.score for row in rows) / len(rows),
        scorer=rows[0].scorer,
        scorer_hash=rows[0].scorer_hash,
        symbols=dict(symbols.most_common()),
    )


def _said(row: ArchivedItem) -> str:
    return row.duplicate_group or row.text_hash


def _name(what: str, value: str, longest: int) -> str:
    if not value or len(value) > longest or not value.isprintable():
        raise DataError(
            f"expected a {what} of 1 to {longest} printable characters, found {value[:60]!r}"
        )
    return value

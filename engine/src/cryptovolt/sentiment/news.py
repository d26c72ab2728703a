"""News files become items, and items become a series of sentiment.

Two times matter: when an item was written and when it counts as seen. History that is imported
later was not seen by this system at all, so the second is the first plus a stated delay; an item
dated by day alone counts as seen that long after its day has ended. Scores a file brings along are
not used.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np

from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.sentiment.dates import parse_time
from cryptovolt.sentiment.rows import find_column, read_rows
from cryptovolt.sentiment.scorer import score_sentiment
from cryptovolt.sentiment.series import series_of
from cryptovolt.sentiment.text import clean_text, text_digest, text_hash

DEFAULT_DELAY = timedelta(minutes=5)
"""How long after it was written an item of an imported file counts as seen, unless stated."""

MAX_TEXT_CHARACTERS = 20_000
"""Longer texts are cut: they are whole pages, not items."""

MAX_ID_CHARACTERS = 128
"""Longer ids are replaced by their hash."""

_DATE_COLUMNS = (
    "date", "datetime", "timestamp", "time", "published_at", "published", "pubdate",
    "created_at", "created_utc",
)  # fmt: skip
_TEXT_COLUMNS = (
    "text", "short_description", "description", "title", "headline", "content", "body",
    "comment_text", "comment", "summary", "tweet",
)  # fmt: skip
_ID_COLUMNS = ("external_id", "id", "guid")
_URL_COLUMNS = ("url", "link", "permalink")
_AUTHOR_COLUMNS = ("author", "username", "user", "screen_name")
_LANGUAGE_COLUMNS = ("language", "lang")
_MAX_URL_CHARACTERS = 2_000
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_LANGUAGE = re.compile(r"[a-z]{2,3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsItem:
    """One item as it will be stored; times in milliseconds UTC."""

    external_id: str
    event_time: int
    observed_at: int
    day_only: bool
    text: str
    text_hash: str
    url: str | None = None
    """Of a page, http or https."""
    author: str | None = None
    language: str | None = None
    """As the file says, e.g. ``"en"``."""
    raw_text: str | None = None
    """As the file has it, where cleaning changed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """The items of one file, ordered by the time they count as seen, and what was left out.

    Parameters
    ----------
    items : tuple of NewsItem
        No two with the same ``external_id``.
    dropped : mapping of str to int
        Counts of items left out: ``"empty"``, ``"future"`` and ``"duplicate"``.
    """

    items: tuple[NewsItem, ...]
    dropped: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.items)


@dataclass(frozen=True, slots=True)
class _Columns:
    date: str
    text: str
    id: str | None
    url: str | None
    author: str | None
    language: str | None


def read_news(
    path: str | Path,
    *,
    delay: timedelta = DEFAULT_DELAY,
    text_column: str | None = None,
    date_column: str | None = None,
    as_of: int | None = None,
) -> News:
    """Return the items of a csv or jsonl file.

    Parameters
    ----------
    path : str or Path
        A file with a header line (``.csv``) or one JSON object per line (``.jsonl``), UTF-8.
    delay : timedelta, default=5 minutes
        From the time an item was written until it counts as seen.
    text_column, date_column : str, optional
        Found by their usual names when not given, e.g. ``Date`` and ``Short Description``.
    as_of : int, optional
        Now, in milliseconds UTC; items written later are left out and counted.

    Raises
    ------
    DataError
        If the file cannot be read as such; nothing of it is used then.
    ConfigurationError
        If the delay is negative.
    """
    if delay < timedelta(0):
        raise ConfigurationError(f"expected a delay of zero or more, found {delay}")
    dropped: Counter[str] = Counter(empty=0, future=0, duplicate=0)
    items: dict[str, NewsItem] = {}
    columns: _Columns | None = None
    for number, row in read_rows(Path(path)):
        columns = columns or _columns(row, text_column, date_column)
        try:
            item = _item(row, columns, delay)
        except DataError as error:
            raise DataError(f"{Path(path).name}, line {number}: {error}") from None
        verdict = _verdict(item, items, as_of)
        if item is None or verdict:
            dropped[verdict] += 1
        else:
            items[item.external_id] = item
    if not items:
        why = ", ".join(f"{count} {reason}" for reason, count in dropped.items() if count)
        raise DataError(
            f"expected news items in {Path(path).name}, found none"
            + (f" that can be used ({why})" if why else "")
        )
    ordered = sorted(items.values(), key=lambda item: (item.observed_at, item.event_time))
    return News(items=tuple(ordered), dropped=dict(dropped))


def read_sentiment(
    path: str | Path,
    *,
    delay: timedelta = DEFAULT_DELAY,
    text_column: str | None = None,
    date_column: str | None = None,
    as_of: int | None = None,
    source: str = "news",
) -> SentimentSeries:
    """Return the scored items of a csv or jsonl file; see :func:`read_news`.

    A text seen again within two days of its last appearance is left out. Scores come from
    :func:`score_sentiment`.
    """
    news = read_news(
        path, delay=delay, text_column=text_column, date_column=date_column, as_of=as_of
    )
    return series_of(
        event_time=np.array([item.event_time for item in news.items], dtype=np.int64),
        observed_at=np.array([item.observed_at for item in news.items], dtype=np.int64),
        score=score_sentiment(item.text for item in news.items),
        text_hashes=[item.text_hash for item in news.items],
        source=source,
    )


def _item(row: Mapping[str, str], columns: _Columns, delay: timedelta) -> NewsItem | None:
    time = parse_time(row.get(columns.date, "").strip())
    raw = row.get(columns.text, "")[:MAX_TEXT_CHARACTERS]
    text = clean_text(raw)
    if not text:
        return None
    given_id = clean_text(row.get(columns.id, "")) if columns.id else ""
    if len(given_id) > MAX_ID_CHARACTERS:
        given_id = text_digest(given_id)
    return NewsItem(
        external_id=given_id or text_digest(f"{time.event_time}\n{text}")[:32],
        event_time=time.event_time,
        observed_at=time.observed_at(delay),
        day_only=time.day_only,
        text=text,
        text_hash=text_hash(text),
        url=_url(_cell(row, columns.url)),
        author=_cell(row, columns.author) or None,
        language=_language(_cell(row, columns.language)),
        raw_text=None if raw == text else _UNSTORABLE.sub("\ufffd", raw),
    )


def _cell(row: Mapping[str, str], column: str | None) -> str:
    return "" if column is None else clean_text(row.get(column, "")[:MAX_TEXT_CHARACTERS])


def _url(text: str) -> str | None:
    sound = text.startswith(("http://", "https://")) and " " not in text
    return text if sound and len(text) <= _MAX_URL_CHARACTERS else None


def _language(text: str) -> str | None:
    code = text.lower().replace("_", "-").split("-")[0]
    return code if _LANGUAGE.fullmatch(code) else None


def _verdict(item: NewsItem | None, known: Mapping[str, NewsItem], as_of: int | None) -> str:
    if item is None:
        return "empty"
    if as_of is not None and item.event_time > as_of:
        return "future"
    return "duplicate" if item.external_id in known else ""


def _columns(row: Mapping[str, str], text: str | None, date: str | None) -> _Columns:
    return _Columns(
        date=find_column(row, date, _DATE_COLUMNS, "date_column"),
        text=find_column(row, text, _TEXT_COLUMNS, "text_column"),
        id=_first(row, _ID_COLUMNS),
        url=_first(row, _URL_COLUMNS),
        author=_first(row, _AUTHOR_COLUMNS),
        language=_first(row, _LANGUAGE_COLUMNS),
    )


def _first(row: Mapping[str, str], names: Iterable[str]) -> str | None:
    return next((name for name in names if name in row), None)

"""RSS and Atom feeds of crypto news."""

import asyncio
import calendar
import importlib
import io
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from app.adapters.press_http import PressHttp, conditions
from app.adapters.press_xml import decode, feed_body, first_items, joined
from app.core.press import FetchRequest, FetchResult, ItemKind, RawItem
from cryptovolt.domain.errors import ConfigurationError, DataError

_DAY = re.compile(r"\s*\d{4}-\d{2}-\d{2}\s*")
_NAME = re.compile(r"[a-z0-9-]{1,40}")
_MAX_TEXT = 40_000
_SHORTEST_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One feed of the list."""

    name: str
    url: str
    every_s: float


def read_feeds(path: Path | None = None) -> tuple[Feed, ...]:
    """Return the feeds of a list (name, url, seconds), or those of the list that comes along.

    Raises
    ------
    ConfigurationError
        If a line is no feed.
    """
    if path is None:
        text = (resources.files("app.adapters") / "press_feeds.tsv").read_text(encoding="utf-8")
    else:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f"SENTIMENT_FEEDS: expected a list of feeds, found {path}: {error}"
            ) from None
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    feeds = tuple(_feed(line) for line in lines if not line.startswith("name\t"))
    if len({feed.name for feed in feeds}) != len(feeds):
        raise ConfigurationError("SENTIMENT_FEEDS: expected every name of a feed once")
    return feeds


class RssSource:
    """One feed.

    Parameters
    ----------
    url : str
        Where it is read; another than the feed's own on a loopback press.
    """

    kind = ItemKind.NEWS
    needs: tuple[str, ...] = ()
    pricing = None

    def __init__(self, feed: Feed, url: str, http: PressHttp) -> None:
        self.name = f"rss:{feed.name}"
        self.every_s = feed.every_s
        self._feed = feed
        self._url = url
        self._http = http

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Ask for the feed where it has changed, and return its newest items."""
        asked = conditions(request.etag, request.last_modified)
        answer = await self._http.get(self._url, headers=asked)
        if answer.not_modified:
            return FetchResult(
                not_modified=True, etag=request.etag, last_modified=request.last_modified
            )
        text, as_declared = decode(answer.body, answer.headers.get("content-type", ""))
        # Parsing a long feed takes a while; the other sources go on meanwhile.
        items, dropped = await asyncio.to_thread(_items, text, self._feed, request)
        dropped["wrong_encoding"] += not as_declared
        return FetchResult(
            items=items,
            etag=answer.etag,
            last_modified=answer.last_modified,
            n_bytes=len(answer.body),
            dropped=+dropped,
        )

    async def close(self) -> None:
        """Close its connections."""
        await self._http.close()


def _feed(line: str) -> Feed:
    parts = [part.strip() for part in line.split("\t")]
    if len(parts) == 3 and parts[2].isdigit():
        name, url, every_s = parts[0], parts[1], float(parts[2])
        is_http = urlsplit(url).scheme in {"http", "https"}
        if _NAME.fullmatch(name) and is_http and every_s >= _SHORTEST_S:
            return Feed(name=name, url=url, every_s=every_s)
    raise ConfigurationError(
        "SENTIMENT_FEEDS: expected lines of name, http address and seconds (60 or more), separated "
        f"by tabs, found {line[:80]!r}"
    )


def _items(
    text: str, feed: Feed, request: FetchRequest
) -> tuple[tuple[RawItem, ...], Counter[str]]:
    # Slow to import, and untyped.
    feedparser: Any = importlib.import_module("feedparser")
    dropped: Counter[str] = Counter()
    body, dropped["over_limit"] = first_items(feed_body(text), request.limit)
    headers = {"content-type": "application/xml; charset=utf-8"}
    found: Any = feedparser.parse(
        io.BytesIO(body), response_headers=headers, resolve_relative_uris=False, sanitize_html=False
    )
    if not found.version and not found.entries:
        raise DataError("expected a feed (RSS or Atom), found another kind of XML")
    # What came whole of an answer that was cut off is used.
    dropped["truncated"] += bool(found.bozo)
    items = [_item(entry, feed) for entry in found.entries]
    wanted = [
        item
        for item in items
        if item.event_time_ms is None or item.event_time_ms >= request.since_ms
    ]
    dropped["old"] += len(items) - len(wanted)
    wanted.sort(key=lambda item: item.event_time_ms or request.now_ms, reverse=True)
    dropped["over_limit"] += max(0, len(wanted) - request.limit)
    return tuple(wanted[: request.limit]), dropped


def _item(entry: Mapping[str, Any], feed: Feed) -> RawItem:
    title, summary = _plain(entry.get("title")), _plain(entry.get("summary"))
    link = _plain(entry.get("link")) or None
    repeated = not summary.strip() or summary.strip() == title.strip()
    text = title if repeated else joined(title, summary)
    written = _plain(entry.get("published") or entry.get("updated"))
    return RawItem(
        external_id=f"{feed.name}:{_plain(entry.get('id')) or link or text}",
        event_time_ms=_time(entry.get("published_parsed") or entry.get("updated_parsed")),
        day_only=_DAY.fullmatch(written) is not None,
        text=text[:_MAX_TEXT],
        url=link,
        author=_plain(entry.get("author"))[:200] or None,
    )


def _time(parsed: Any) -> int | None:
    try:
        return None if parsed is None else calendar.timegm(parsed) * 1000
    except (ValueError, OverflowError, TypeError):
        return None


def _plain(value: object) -> str:
    return value if isinstance(value, str) else ""

"""A folder whose .csv and .jsonl files are read as they appear or change."""

import asyncio
import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog

from app.core.press import FetchRequest, FetchResult, ItemKind, RawItem
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.sentiment.news import News, read_news

log = structlog.get_logger(__name__)

_SUFFIXES = frozenset({".csv", ".jsonl", ".ndjson"})
_MAX_FILE_BYTES = 50_000_000
_MAX_FILES = 1_000
_MAX_ITEMS = 5_000
_EVERY_S = 15.0


class FilesSource:
    """Texts of files; a file that has not changed is not read again."""

    name = "files"
    kind = ItemKind.NEWS
    needs = ("SENTIMENT_FILES",)
    pricing = None
    every_s = _EVERY_S

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Read what is new or has changed."""
        return await asyncio.to_thread(self._read, request)

    async def close(self) -> None:
        """Nothing is open."""

    def _read(self, request: FetchRequest) -> FetchResult:
        known: Mapping[str, Any] = request.cursor.get("files", {})
        dropped: Counter[str] = Counter()
        items: list[RawItem] = []
        seen: dict[str, str] = {}
        n_bytes = 0
        for path, stamp, size in self._files():
            if known.get(path.name) == stamp:
                seen[path.name] = stamp
                continue
            if len(items) >= request.limit:
                # The rest is for the next time.
                continue
            seen[path.name] = stamp
            n_bytes += size
            items += _items(path, size, request, dropped)
        return FetchResult(
            items=tuple(items), cursor={"files": seen}, n_bytes=n_bytes, dropped=+dropped
        )

    def _files(self) -> list[tuple[Path, str, int]]:
        found: list[tuple[Path, str, int]] = []
        try:
            with os.scandir(self._folder) as entries:
                for entry in entries:
                    path = Path(entry.path)
                    if path.suffix.lower() in _SUFFIXES and entry.is_file():
                        about = entry.stat()
                        stamp = f"{about.st_mtime_ns}-{about.st_size}"
                        found.append((path, stamp, about.st_size))
        except OSError as error:
            raise ConfigurationError(
                f"SENTIMENT_FILES: expected a folder that can be read, found {self._folder} "
                f"({error.strerror})"
            ) from None
        if len(found) > _MAX_FILES:
            raise DataError(
                f"expected at most {_MAX_FILES} files in {self._folder}, found {len(found)}"
            )
        return sorted(found)


def _items(path: Path, size: int, request: FetchRequest, dropped: Counter[str]) -> list[RawItem]:
    if size > _MAX_FILE_BYTES:
        log.warning("press.file_too_large", file=path.name, n_bytes=size)
        dropped["unreadable_files"] += 1
        return []
    try:
        news: News = read_news(path)
    except DataError as error:
        # It is not read again until it changes; the other files are.
        log.warning("press.file_unreadable", file=path.name, reason=str(error))
        dropped["unreadable_files"] += 1
        return []
    dropped.update({why: count for why, count in news.dropped.items() if count})
    wanted = [item for item in news.items if item.event_time >= request.since_ms]
    dropped["old"] += len(news.items) - len(wanted)
    dropped["over_limit"] += max(0, len(wanted) - _MAX_ITEMS)
    return [
        RawItem(
            external_id=f"{path.stem}:{item.external_id}",
            event_time_ms=item.event_time,
            day_only=item.day_only,
            text=item.text,
        )
        for item in wanted[-_MAX_ITEMS:]
    ]

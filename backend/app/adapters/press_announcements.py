"""Announcements of exchanges: listings, delistings, maintenance."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from app.adapters.press_http import PressHttp
from app.adapters.press_json import as_ms, as_object, as_text, listed, parsed
from app.core.press import FetchRequest, FetchResult, ItemKind, RawItem

_BINANCE_PATH = "/bapi/composite/v1/public/cms/article/list/query"
_BINANCE_PAGE = "https://www.binance.com/en/support/announcement/"
_BINANCE_CATALOGS = ("48", "49", "161")
"""New listings, latest news, delistings."""
_OKX_PATH = "/api/v5/support/announcements"
_PAGE_SIZE = 50
_EVERY_S = 300.0


class BinanceAnnouncements:
    """The article lists of Binance's support pages, which are public but not documented."""

    name = "announcements:binance"
    kind = ItemKind.ANNOUNCEMENT
    needs: tuple[str, ...] = ()
    pricing = None
    every_s = _EVERY_S

    def __init__(self, base: str, http: PressHttp) -> None:
        self._url = base.rstrip("/") + _BINANCE_PATH
        self._http = http

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Ask for the first page of every list."""
        dropped: Counter[str] = Counter()
        items: dict[str, RawItem] = {}
        n_bytes = 0
        for catalog in _BINANCE_CATALOGS:
            parameters = {
                "type": "1",
                "catalogId": catalog,
                "pageNo": "1",
                "pageSize": str(_PAGE_SIZE),
            }
            answer = await self._http.get(self._url, params=parameters)
            n_bytes += len(answer.body)
            for article in _articles(parsed(answer)):
                item = _of_binance(article)
                if item is None:
                    dropped["without_id"] += 1
                else:
                    items[item.external_id] = item
        return _newest(items, n_bytes, dropped, request)

    async def close(self) -> None:
        """Close its connections."""
        await self._http.close()


class OkxAnnouncements:
    """The announcements of OKX, newest first; five requests in two seconds are allowed."""

    name = "announcements:okx"
    kind = ItemKind.ANNOUNCEMENT
    needs: tuple[str, ...] = ()
    pricing = None
    every_s = _EVERY_S

    def __init__(self, base: str, http: PressHttp) -> None:
        self._url = base.rstrip("/") + _OKX_PATH
        self._http = http

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Ask for the newest page."""
        answer = await self._http.get(
            self._url, params={"page": "1"}, headers={"Accept-Language": "en-US"}
        )
        dropped: Counter[str] = Counter()
        items: dict[str, RawItem] = {}
        for page in listed(parsed(answer), "data"):
            for one in listed(page, "details"):
                url = as_text(one.get("url"))
                if not url:
                    dropped["without_id"] += 1
                    continue
                items[url] = RawItem(
                    external_id=url,
                    event_time_ms=as_ms(one.get("pTime")),
                    text=as_text(one.get("title")),
                    url=url,
                    author="OKX",
                    language="en",
                    kind=ItemKind.ANNOUNCEMENT,
                )
        return _newest(items, len(answer.body), dropped, request)

    async def close(self) -> None:
        """Close its connections."""
        await self._http.close()


def _articles(body: Any) -> list[Mapping[str, Any]]:
    # One list asked for by its number is answered within "catalogs"; older answers had it directly.
    data = as_object(as_object(body).get("data"))
    if "catalogs" in data:
        return [one for part in listed(data, "catalogs") for one in listed(part, "articles")]
    return list(listed(data, "articles"))


def _of_binance(article: Mapping[str, Any]) -> RawItem | None:
    code = as_text(article.get("code")) or as_text(article.get("id"))
    if not code:
        return None
    return RawItem(
        external_id=code,
        event_time_ms=as_ms(article.get("releaseDate") or article.get("publishDate")),
        text=as_text(article.get("title")),
        url=_BINANCE_PAGE + code,
        author="Binance",
        language="en",
        kind=ItemKind.ANNOUNCEMENT,
    )


def _newest(
    items: Mapping[str, RawItem], n_bytes: int, dropped: Counter[str], request: FetchRequest
) -> FetchResult:
    wanted = [
        item
        for item in items.values()
        if item.event_time_ms is None or item.event_time_ms >= request.since_ms
    ]
    dropped["old"] += len(items) - len(wanted)
    dropped["over_limit"] += max(0, len(wanted) - request.limit)
    return FetchResult(items=tuple(wanted[: request.limit]), n_bytes=n_bytes, dropped=+dropped)

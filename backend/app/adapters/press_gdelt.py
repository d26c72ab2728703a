"""News articles of the GDELT DOC 2.0 API: titles, and when GDELT saw them."""

from datetime import UTC, datetime

from app.adapters.press_http import PressHttp
from app.adapters.press_json import as_text, listed, parsed
from app.core.press import FetchRequest, FetchResult, ItemKind, RawItem
from app.core.times import moment_of

QUERY = (
    "(bitcoin OR ethereum OR cryptocurrency OR crypto OR stablecoin OR blockchain) "
    "sourcelang:english"
)
_PATH = "/api/v2/doc/doc"
_MAX_RECORDS = 250
_DATED = "%Y%m%d%H%M%S"
_SEEN = "%Y%m%dT%H%M%SZ"
_LANGUAGES = {"english": "en", "spanish": "es", "german": "de", "french": "fr", "russian": "ru"}
# One request in five seconds is allowed; new articles come in every quarter of an hour.
_EVERY_S = 300.0


class GdeltSource:
    """The newest articles about crypto."""

    name = "gdelt"
    kind = ItemKind.NEWS
    needs: tuple[str, ...] = ()
    pricing = None
    every_s = _EVERY_S

    def __init__(self, base: str, http: PressHttp) -> None:
        self._url = base.rstrip("/") + _PATH
        self._http = http

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Ask for the newest articles since a time."""
        parameters = {
            "query": QUERY,
            "mode": "artlist",
            "format": "json",
            "sort": "datedesc",
            "maxrecords": str(min(request.limit, _MAX_RECORDS)),
            "startdatetime": f"{moment_of(request.since_ms):{_DATED}}",
            "enddatetime": f"{moment_of(request.now_ms):{_DATED}}",
        }
        answer = await self._http.get(self._url, params=parameters)
        body = parsed(answer)
        # Without any article it answers {}.
        articles = listed(body, "articles") if body != {} else ()
        items = [
            RawItem(
                external_id=as_text(one.get("url")),
                event_time_ms=_seen(as_text(one.get("seendate"))),
                text=as_text(one.get("title")),
                url=as_text(one.get("url")) or None,
                author=as_text(one.get("domain")) or None,
                language=_LANGUAGES.get(as_text(one.get("language")).lower()),
            )
            for one in articles
        ]
        named = tuple(item for item in items if item.external_id)
        return FetchResult(
            items=named,
            n_bytes=len(answer.body),
            dropped={"without_id": len(items) - len(named)} if len(items) > len(named) else {},
        )

    async def close(self) -> None:
        """Close its connections."""
        await self._http.close()


def _seen(text: str) -> int | None:
    try:
        moment = datetime.strptime(text, _SEEN).replace(tzinfo=UTC)
    except ValueError:
        return None
    return round(moment.timestamp() * 1000)

"""JSON of the services without keys, and CryptoPanic: articles, notices, the daily index.

Layouts follow what GDELT (DOC 2.0, mode ArtList), alternative.me (Fear & Greed), the exchanges'
notice boards and CryptoPanic (v1 and v2) document or serve.
"""

import re
from datetime import UTC, datetime, timedelta

from cryptovolt_venue.press.asking import DAY_MS, Answer, Ask, answer_json
from cryptovolt_venue.press.items import DOMAIN, PUBLISHER, PressItem, iso, moment
from cryptovolt_venue.press.query import parse_query
from cryptovolt_venue.press.stream import NAMES

LANGUAGES = {"en": "English", "es": "Spanish", "de": "German", "fr": "French"}
CATALOGUES = ((48, "New Cryptocurrency Listing"), (49, "Latest News"), (161, "Delisting"),
              (157, "Maintenance Updates"))  # fmt: skip
_CLASSES = ((25, "Extreme Fear"), (46, "Fear"), (54, "Neutral"), (75, "Greed"),
            (100, "Extreme Greed"))  # fmt: skip
_SPAN = re.compile(r"(\d{1,5})(min|h|hours?|d|days?|w|weeks?|m|months?)?")
_LONGEST_DAYS = 92.0
_INDEX_DAYS = 2_000
_NOTICE_DAYS = 90.0


def gdelt(ask: Ask) -> Answer:
    """Return articles that match a query, as GDELT's DOC API lists them."""
    query = ask.query.get("query", "")
    if not query.strip():
        return Answer("The query was empty.", "text/html")
    if ask.query.get("format", "html").lower() != "json":
        return Answer("The loopback press knows format=json only.", "text/html")
    since, until = _stamp(ask.query.get("startdatetime")), _stamp(ask.query.get("enddatetime"))
    items = ask.newest(
        days=_span_days(ask.query.get("timespan", "")) if since is None else _LONGEST_DAYS,
        limit=ask.whole("maxrecords", 75, 1, 250),
        since_ms=since,
        until_ms=until,
        keep=parse_query(query).matches,
    )
    if ask.query.get("sort", "").lower() == "dateasc":
        items.reverse()
    return answer_json({"articles": [_article(item) for item in items]} if items else {})


def fear_greed(ask: Ask) -> Answer:
    """Return the daily index, newest first; ``limit=0`` returns all of it."""
    now = ask.press.now_ms()
    today = now // DAY_MS
    limit = ask.whole("limit", 1, 0, _INDEX_DAYS) or _INDEX_DAYS
    ahead = 3 if ask.fault is not None and ask.fault.kind == "future" else 0
    data: list[dict[str, str]] = []
    for day in range(today + ahead, today + ahead - limit, -1):
        value = ask.press.streams.fear_greed(day)
        name = next(name for most, name in _CLASSES if value <= most)
        entry = {
            "value": str(value),
            "value_classification": name,
            "timestamp": str(day * DAY_MS // 1000),
        }
        if day == today:
            entry["time_until_update"] = str(((today + 1) * DAY_MS - now) // 1000)
        data.append(entry)
    if ask.fault is not None and ask.fault.kind == "empty":
        data = []
    named = "Fear and Greed Index (made up by the loopback press)"
    return answer_json({"name": named, "data": data, "metadata": {"error": None}})


def announcements(ask: Ask) -> Answer:
    """Return notices as the exchanges list them: two layouts, by the end of the path."""
    if ask.path.rstrip("/").endswith("support/announcements"):
        return _support(ask)
    page, size = ask.whole("pageNo", 1, 1, 1000), ask.whole("pageSize", 20, 1, 50)
    chosen = ask.query.get("catalogId")
    found = ask.newest(days=_NOTICE_DAYS, limit=page * size * len(CATALOGUES))
    catalogues = [
        {
            "catalogId": number,
            "parentCatalogId": None,
            "icon": f"https://{DOMAIN}/icon.png",
            "catalogName": f"{name} (made up)",
            "description": None,
            "catalogType": 1,
            "total": len(mine),
            "articles": [_notice(item) for item in mine[(page - 1) * size : page * size]],
            "catalogs": [],
        }
        for number, name in CATALOGUES
        if chosen in {None, str(number)}
        for mine in [[item for item in found if _catalogue(item) == number]]
    ]
    data = {"catalogs": catalogues}
    return answer_json(
        {"code": "000000", "message": None, "messageDetail": None, "data": data, "success": True}
    )


def cryptopanic(ask: Ask) -> Answer:
    """Return posts about currencies, 20 a page; v1 and v2 by the path."""
    if not ask.query.get("auth_token"):
        return answer_json({"status": "api_error", "info": "Token not found"}, 401)
    wanted = {one for one in ask.query.get("currencies", "").upper().split(",") if one}
    page = ask.whole("page", 1, 1, 50)
    found = ask.newest(
        days=7.0,
        limit=page * 20 + 1,
        keep=lambda item: not wanted or bool(wanted & set(item.assets)),
    )
    flooded = ask.fault is not None and ask.fault.kind == "identical"
    mine = found if flooded else found[(page - 1) * 20 : page * 20]
    more = not flooded and len(found) > page * 20
    return answer_json(
        {
            "count": len(found),
            "next": _page(ask, page + 1) if more else None,
            "previous": _page(ask, page - 1) if page > 1 else None,
            "results": [_panic(item, old="/v1/" in f"/{ask.path}") for item in mine],
        }
    )


def _article(item: PressItem) -> dict[str, object]:
    # Articles are dated by the quarter of an hour in which they were first seen.
    seen = item.time_ms // 900_000 * 900_000
    return {
        "url": item.url,
        "url_mobile": "",
        "title": item.title,
        "seendate": moment(seen).strftime("%Y%m%dT%H%M%SZ"),
        "socialimage": "",
        "domain": DOMAIN,
        "language": LANGUAGES.get(item.language, "English"),
        "sourcecountry": "",
    }


def _support(ask: Ask) -> Answer:
    page = ask.whole("page", 1, 1, 1000)
    found = ask.newest(days=_NOTICE_DAYS, limit=page * 20 + 20)
    details = [
        {
            "annType": f"announcements-{item.tone}",
            "businessPTime": "",
            "pTime": str(item.time_ms),
            "title": item.title,
            "url": item.url,
        }
        for item in found[(page - 1) * 20 : page * 20]
    ]
    pages = -(-len(found) // 20)
    return answer_json(
        {"code": "0", "data": [{"details": details, "totalPage": str(pages)}], "msg": ""}
    )


def _notice(item: PressItem) -> dict[str, object]:
    return {
        "id": item.number % (1 << 31),
        "code": f"{item.number:032x}",
        "title": item.title,
        "type": 1,
        "releaseDate": item.time_ms,
    }


def _catalogue(item: PressItem) -> int:
    title = item.title.lower()
    if "delist" in title or "monitoring" in title:
        return 161
    if "list" in title or "adds" in title:
        return 48
    return 157 if "maintenance" in title or "upgrade" in title else 49


def _panic(item: PressItem, *, old: bool) -> dict[str, object]:
    named = [
        {
            "code": asset,
            "title": NAMES.get(asset, asset),
            "slug": NAMES.get(asset, asset).lower().replace(" ", "-"),
            "url": f"https://{DOMAIN}/coins/{asset}",
        }
        for asset in item.assets
    ]
    source = {"title": PUBLISHER, "region": "en", "domain": DOMAIN, "path": None, "type": "feed"}
    post: dict[str, object] = {
        "id": item.number,
        "slug": f"{item.number:x}",
        "kind": "news",
        "title": item.title,
        "published_at": iso(item.time_ms),
        "created_at": iso(item.time_ms),
        "source": source,
        "url": item.url,
        "votes": dict.fromkeys(
            ("negative", "positive", "important", "liked", "disliked", "lol", "toxic", "saved",
             "comments"), 0
        ),
    }  # fmt: skip
    if old:
        return {**post, "domain": DOMAIN, "currencies": named}
    return {**post, "description": item.body, "original_url": item.url, "image": None,
            "author": item.author, "instruments": named}  # fmt: skip


def _page(ask: Ask, number: int) -> str:
    kept = {**ask.query, "page": str(number), "auth_token": "hidden"}
    text = "&".join(f"{name}={value}" for name, value in kept.items())
    host = ask.headers.get("Host", DOMAIN)
    return f"http://{host}/press/cryptopanic/{ask.path}?{text}"


def _stamp(text: str | None) -> int | None:
    if text is None or not re.fullmatch(r"\d{14}", text):
        return None
    try:
        found = datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return int(found.timestamp() * 1000)


def _span_days(text: str) -> float:
    found = _SPAN.fullmatch(text.strip().lower())
    if found is None:
        return _LONGEST_DAYS
    count, unit = int(found.group(1)), found.group(2) or "d"
    length = {"min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1),
              "w": timedelta(weeks=1), "m": timedelta(days=30)}  # fmt: skip
    one = length["min" if unit == "min" else unit[0]]
    return min(_LONGEST_DAYS, count * one / timedelta(days=1))

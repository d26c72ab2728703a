"""Posts, as Reddit lists them and X searches them.

Reddit: a token by ``POST …/api/v1/access_token`` with HTTP Basic, then listings under the address
for OAuth. X: ``GET /2/tweets/search/recent`` with a bearer token, at most seven days back.
"""

from datetime import UTC, datetime

from cryptovolt_venue.press.asking import DAY_MS, Answer, Ask, answer_json
from cryptovolt_venue.press.items import PressItem, iso
from cryptovolt_venue.press.query import parse_query

TOKEN = "loopback-press-token"  # noqa: S105 -- opens nothing
REDDIT_QUOTA, REDDIT_WINDOW_S = 1_000, 600
X_QUOTA, X_WINDOW_S = 450, 900
_COMMUNITY = "loopback_press"
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def reddit(ask: Ask) -> Answer:
    """Return a token, or a listing of a community's posts or of a search in it."""
    left, resets = ask.press.spend("reddit", REDDIT_QUOTA, REDDIT_WINDOW_S)
    headers = {
        "x-ratelimit-remaining": f"{max(0, left)}.0",
        "x-ratelimit-used": str(REDDIT_QUOTA - max(0, left)),
        "x-ratelimit-reset": str(resets),
    }
    if left < 0:
        return answer_json({"message": "Too Many Requests", "error": 429}, 429, headers)
    if ask.path.rstrip("/").endswith("access_token"):
        return _token(ask, headers)
    if not ask.headers.get("Authorization", "").lower().startswith("bearer "):
        return answer_json({"message": "Unauthorized", "error": 401}, 401, headers)
    return answer_json(_listing(ask), headers=headers)


def x(ask: Ask) -> Answer:
    """Return posts of the last seven days that match a query."""
    left, resets = ask.press.spend("x", X_QUOTA, X_WINDOW_S)
    headers = {
        "x-rate-limit-limit": str(X_QUOTA),
        "x-rate-limit-remaining": str(max(0, left)),
        "x-rate-limit-reset": str(int(datetime.now(UTC).timestamp()) + resets),
    }
    if left < 0:
        return _problem(429, "Too Many Requests", "Too Many Requests", headers)
    if not ask.headers.get("Authorization", "").lower().startswith("bearer "):
        return _problem(401, "Unauthorized", "Unauthorized", headers)
    wrong = _wrong(ask)
    if wrong is not None:
        return _problem(400, "Invalid Request", wrong, headers)
    return answer_json(_found(ask), headers=headers)


def _token(ask: Ask, headers: dict[str, str]) -> Answer:
    if not ask.headers.get("Authorization", "").lower().startswith("basic "):
        return answer_json({"message": "Unauthorized", "error": 401}, 401, headers)
    grant = ask.query.get("grant_type", "")
    if not grant:
        return answer_json({"error": "unsupported_grant_type"}, headers=headers)
    content = {"access_token": TOKEN, "token_type": "bearer", "expires_in": 3600, "scope": "*"}
    return answer_json(content, headers=headers)


def _listing(ask: Ask) -> dict[str, object]:
    limit = ask.whole("limit", 25, 1, 100)
    query = parse_query(ask.query.get("q", ""))
    before = _place(ask.query.get("after"))
    after = _place(ask.query.get("before"))

    def keep(item: PressItem) -> bool:
        inside = (before is None or item.number < before) and (after is None or item.number > after)
        return inside and query.matches(item)

    community = ask.path.partition("r/")[2].partition("/")[0] or _COMMUNITY
    items = ask.newest(days=30.0, limit=limit + 1, keep=keep)
    flooded = ask.fault is not None and ask.fault.kind == "identical"
    page = items if flooded else items[:limit]
    more = not flooded and len(items) > limit
    return {
        "kind": "Listing",
        "data": {
            "after": f"t3_{_base36(page[-1].number)}" if more else None,
            "before": None,
            "dist": len(page),
            "modhash": None,
            "geo_filter": "",
            "children": [_submission(item, community) for item in page],
        },
    }


def _submission(item: PressItem, community: str) -> dict[str, object]:
    name = _base36(item.number)
    link = f"/r/{community}/comments/{name}/loopback_press/"
    data: dict[str, object] = {
        "id": name,
        "name": f"t3_{name}",
        "title": item.title,
        "selftext": item.body,
        "author": item.author,
        "author_fullname": f"t2_{item.author}",
        "subreddit": community,
        "subreddit_name_prefixed": f"r/{community}",
        "subreddit_id": "t5_loopback",
        "created_utc": item.time_ms / 1000,
        "created": item.time_ms / 1000,
        "permalink": link,
        "url": item.url,
        "domain": f"self.{_COMMUNITY}",
        "is_self": True,
        "over_18": False,
        "stickied": False,
        "score": 1 + item.number % 97,
        "ups": 1 + item.number % 97,
        "upvote_ratio": 0.9,
        "num_comments": item.number % 23,
        "link_flair_text": "made up",
    }
    return {"kind": "t3", "data": data}


def _wrong(ask: Ask) -> str | None:
    query, size = ask.query.get("query", ""), ask.query.get("max_results", "10")
    if not query.strip():
        return "The `query` query parameter can not be empty"
    if len(query) > 4096:
        return f"The query is longer than 4,096 characters: {len(query)}"
    if not (size.isascii() and size.isdigit() and 10 <= int(size[:9]) <= 100):
        return f"The `max_results` query parameter value [{size}] is not between 10 and 100"
    for name in ("start_time", "end_time"):
        given = ask.query.get(name)
        if given is not None and _time(given) is None:
            return f"The `{name}` query parameter value [{given}] is not a date of RFC 3339"
    start = _time(ask.query.get("start_time", ""))
    if start is not None and start < ask.press.now_ms() - 7 * DAY_MS:
        return "'start_time' must be on or after seven days before the time of the request"
    return None


def _found(ask: Ask) -> dict[str, object]:
    size = ask.whole("max_results", 10, 10, 100)
    query = parse_query(ask.query.get("query", ""))
    token = ask.query.get("next_token") or ask.query.get("pagination_token")
    below = int(token, 36) if token and token.isalnum() and token.isascii() else None
    above = ask.whole("since_id", 0, 0, 2**63)
    end = _time(ask.query.get("end_time", ""))

    def keep(item: PressItem) -> bool:
        return (
            (below is None or item.number < below) and item.number > above and (query.matches(item))
        )

    items = ask.newest(
        days=7.0,
        limit=size + 1,
        since_ms=_time(ask.query.get("start_time", "")),
        until_ms=None if end is None else end - 1,
        keep=keep,
    )
    flooded = ask.fault is not None and ask.fault.kind == "identical"
    page = items if flooded else items[:size]
    if not page:
        return {"meta": {"result_count": 0}}
    meta: dict[str, object] = {
        "newest_id": str(page[0].number),
        "oldest_id": str(page[-1].number),
        "result_count": len(page),
    }
    if not flooded and len(items) > size:
        meta["next_token"] = _base36(page[-1].number)
    content: dict[str, object] = {"data": [_post(item) for item in page], "meta": meta}
    if "author_id" in ask.query.get("expansions", ""):
        people = {item.author: _person(item.author) for item in page}
        content["includes"] = {"users": list(people.values())}
    return content


def _post(item: PressItem) -> dict[str, object]:
    number = str(item.number)
    return {
        "id": number,
        "text": item.text,
        "edit_history_tweet_ids": [number],
        "created_at": iso(item.time_ms).replace("Z", ".000Z"),
        "author_id": str(_person_number(item.author)),
        "lang": item.language,
        "possibly_sensitive": False,
        "public_metrics": {
            "retweet_count": item.number % 7,
            "reply_count": item.number % 5,
            "like_count": item.number % 41,
            "quote_count": 0,
            "bookmark_count": 0,
            "impression_count": item.number % 2003,
        },
    }


def _person(name: str) -> dict[str, object]:
    return {
        "id": str(_person_number(name)),
        "name": f"{name} (made up)",
        "username": name,
        "verified": False,
    }


def _person_number(name: str) -> int:
    return int.from_bytes(name.encode()[:7], "big") + 1


def _problem(status: int, title: str, detail: str, headers: dict[str, str]) -> Answer:
    content: dict[str, object] = {
        "title": title,
        "detail": detail,
        "type": "about:blank",
        "status": status,
    }
    if status == 400:
        content["errors"] = [{"message": detail, "parameters": {}}]
    return answer_json(content, status, headers)


def _time(text: str) -> int | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    aware = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
    return int(aware.timestamp() * 1000)


def _place(name: str | None) -> int | None:
    digits = (name or "").removeprefix("t3_")
    return int(digits, 36) if digits.isascii() and digits.isalnum() and len(digits) < 14 else None


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"

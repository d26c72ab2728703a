"""The loopback press over HTTP, read as the clients of the real services read theirs."""

import asyncio
import gzip
import http.client
import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Generator
from datetime import datetime, timedelta
from email.message import Message
from typing import Any

import pytest

from cryptovolt_venue.press.embedded import EmbeddedPress
from cryptovolt_venue.press.items import DOMAIN

NOON_MS = 1_750_000_000_000
BEARER = {"Authorization": "Bearer anything"}
GDELT = "/gdelt/api/v2/doc/doc?mode=artlist&format=json&query="
CMS = "/announcements/bapi/composite/v1/public/cms/article/list/query?type=1&pageNo=1"
TWEETS = "/x/2/tweets/search/recent?query="


class Clock:
    now_ms = NOON_MS

    def __call__(self) -> int:
        return self.now_ms


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def served(clock: Clock) -> Generator[EmbeddedPress]:
    with EmbeddedPress(seed=4, now_ms=clock) as running:
        yield running


def ask(
    press: EmbeddedPress, path: str, headers: dict[str, str] | None = None, **body: Any
) -> tuple[int, Message, bytes]:
    data = json.dumps(body).encode() if body else None
    sent = {"Content-Type": "application/json", **(headers or {})}
    request = urllib.request.Request(press.address + path, data, sent)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.headers, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def json_of(press: EmbeddedPress, path: str, headers: dict[str, str] | None = None) -> Any:
    status, _, body = ask(press, path, headers)
    assert status == 200, body
    return json.loads(body)


@pytest.mark.parametrize(("name", "version"), [("wire", "rss20"), ("journal", "atom10")])
def test_feedparser_reads_the_feeds(served: EmbeddedPress, name: str, version: str):
    feedparser = pytest.importorskip("feedparser")
    _, headers, body = ask(served, f"/rss/{name}.xml")
    found = feedparser.parse(body)
    assert found.version == version
    assert not found.bozo
    assert found.feed.title.startswith("Loopback press")
    assert len(found.entries) == 30
    for entry in found.entries:
        assert entry.id == entry.link
        assert urllib.parse.urlsplit(entry.link).hostname == DOMAIN
        assert entry.title
        assert entry.summary or entry.title
        assert entry.published_parsed is not None
    assert headers["Last-Modified"].endswith("GMT")


def test_a_feed_that_has_not_changed_is_not_sent_again(served: EmbeddedPress, clock: Clock):
    _, headers, _ = ask(served, "/rss/wire.xml")
    same = {"If-None-Match": f'"other", W/{headers["ETag"]}'}
    since = {"If-Modified-Since": headers["Last-Modified"]}
    assert ask(served, "/rss/wire.xml", same)[0] == 304
    assert ask(served, "/rss/wire.xml", since)[0] == 304
    assert ask(served, "/rss/wire.xml", {**since, "If-None-Match": '"other"'})[0] == 200
    clock.now_ms += 6 * 3_600_000
    status, later, body = ask(served, "/rss/wire.xml", {**same, **since})
    assert (status, bool(body)) == (200, True)
    assert later["ETag"] != headers["ETag"]
    assert served.log("rss")[1]["headers"] == {
        "If-None-Match": same["If-None-Match"],
        "User-Agent": f"Python-urllib/{sys.version_info[0]}.{sys.version_info[1]}",
        "Accept-Encoding": "identity",
    }


def test_gdelt_lists_articles_as_it_documents(served: EmbeddedPress):
    query = urllib.parse.quote("(bitcoin OR ethereum) sourcelang:english")
    found = json_of(served, f"{GDELT}{query}&maxrecords=250&timespan=24h")["articles"]
    assert 20 < len(found) <= 250
    fields = {"url", "url_mobile", "title", "seendate", "socialimage", "domain", "language",
              "sourcecountry"}  # fmt: skip
    for article in found:
        assert set(article) == fields
        assert "bitcoin" in article["title"].lower() or "ethereum" in article["title"].lower()
        seen = datetime.strptime(article["seendate"] + "+0000", "%Y%m%dT%H%M%SZ%z")
        assert (seen.minute % 15, seen.second) == (0, 0)
    assert json_of(served, GDELT + "zebra%20unicorn") == {}
    assert ask(served, GDELT)[1]["Content-Type"].startswith("text/html")


def test_gdelt_keeps_to_the_times_asked_for(served: EmbeddedPress):
    start, end = "20250615000000", "20250615060000"
    found = json_of(served, f"{GDELT}bitcoin&startdatetime={start}&enddatetime={end}")["articles"]
    dates = [article["seendate"].replace("T", "").rstrip("Z") for article in found]
    assert dates
    assert dates == sorted(dates, reverse=True)
    assert "20250614234500" < min(dates) <= max(dates) <= end


def test_fear_and_greed_is_one_value_a_day(served: EmbeddedPress):
    found = json_of(served, "/fng/?limit=30")
    assert found["metadata"] == {"error": None}
    days = [int(entry["timestamp"]) for entry in found["data"]]
    assert days == [NOON_MS // 86_400_000 * 86_400 - 86_400 * k for k in range(30)]
    for entry in found["data"]:
        assert 1 <= int(entry["value"]) <= 99
        assert entry["value_classification"] in {
            "Extreme Fear", "Fear", "Neutral", "Greed", "Extreme Greed",
        }  # fmt: skip
    assert "time_until_update" in found["data"][0]
    assert "time_until_update" not in found["data"][1]
    assert len(json_of(served, "/fng/")["data"]) == 1
    assert len(json_of(served, "/fng/?limit=0")["data"]) == 2_000


def test_notices_come_in_the_layouts_of_two_exchanges(served: EmbeddedPress):
    found = json_of(served, CMS + "&pageSize=50")
    assert (found["code"], found["success"]) == ("000000", True)
    articles = [one for each in found["data"]["catalogs"] for one in each["articles"]]
    assert len(articles) > 20
    assert {"id", "code", "title", "type", "releaseDate"} == set(articles[0])
    assert max(one["releaseDate"] for one in articles) <= NOON_MS
    one = json_of(served, CMS + "&pageSize=5&catalogId=161")["data"]["catalogs"]
    assert [each["catalogId"] for each in one] == [161]
    other = json_of(served, "/announcements/api/v5/support/announcements?page=1")
    assert other["code"] == "0"
    assert {"annType", "pTime", "title", "url", "businessPTime"} == set(
        other["data"][0]["details"][0]
    )


@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:The 'auth' parameter is deprecated:DeprecationWarning")
def test_asyncpraw_reads_communities_and_searches(served: EmbeddedPress):
    asyncpraw = pytest.importorskip("asyncpraw")

    async def read() -> tuple[list[Any], list[Any]]:
        session = asyncpraw.Reddit(
            client_id="id", client_secret="secret", user_agent="test", check_for_updates=False,
            reddit_url=f"{served.address}/reddit", oauth_url=f"{served.address}/reddit/",
        )  # fmt: skip
        async with session as reddit:
            community = await reddit.subreddit("CryptoCurrency")
            new = [post async for post in community.new(limit=250)]
            found = [post async for post in community.search("ethereum", sort="new", limit=30)]
            return new, found

    new, found = asyncio.run(read())
    assert len({post.id for post in new}) == 250
    assert all(post.created_utc <= NOON_MS / 1000 for post in new)
    assert all("ethereum" in (post.title + post.selftext).lower() for post in found)
    assert len(found) == 30
    assert served.log("reddit")[0]["authorization"] == "Basic"


def test_a_token_does_not_use_up_a_fault_of_texts(served: EmbeddedPress):
    served.fault("reddit", "identical", n=1, count=50)
    basic = {"Authorization": "Basic aWQ6c2VjcmV0"}
    status, _, body = ask(served, "/reddit/api/v1/access_token?grant_type=x", basic, any="thing")
    assert (status, json.loads(body)["token_type"]) == (200, "bearer")
    posts = json_of(served, "/oauth/r/Bitcoin/new", BEARER)["data"]["children"]
    assert len(posts) == 50
    assert len({post["data"]["title"] for post in posts}) == 1


def test_tweepy_searches_page_by_page(served: EmbeddedPress, monkeypatch: pytest.MonkeyPatch):
    tweepy = pytest.importorskip("tweepy")
    address = f"{served.address}/x"
    client = tweepy.Client(bearer_token="anything")
    request = client.session.request

    def moved(method: str, url: str, **options: Any) -> Any:
        return request(method, url.replace("https://api.twitter.com", address), **options)

    monkeypatch.setattr(client.session, "request", moved)
    numbers: list[int] = []
    token = None
    for _ in range(3):
        page = client.search_recent_tweets(
            "(bitcoin OR $BTC) lang:en -is:retweet", max_results=100, next_token=token,
            expansions=["author_id"], tweet_fields=["created_at", "lang"],
        )  # fmt: skip
        people = {user.id for user in page.includes["users"]}
        assert all(post.author_id in people for post in page.data)
        assert all(
            "btc" in post.text.lower() or "bitcoin" in post.text.lower() for post in page.data
        )
        numbers += [post.id for post in page.data]
        token = page.meta["next_token"]
    assert numbers == sorted(set(numbers), reverse=True)
    assert len(numbers) == 300
    newer = client.search_recent_tweets("bitcoin OR $BTC", since_id=numbers[9], max_results=100)
    assert [post.id for post in newer.data] == numbers[:9]
    client.session.close()


REFUSALS: list[tuple[str, dict[str, str], int]] = [
    (TWEETS + "bitcoin", {}, 401),
    (TWEETS, BEARER, 400),
    (TWEETS + "bitcoin&max_results=5", BEARER, 400),
    (TWEETS + "bitcoin&start_time=2020-01-01T00:00:00Z", BEARER, 400),
    (TWEETS + "bitcoin&end_time=yesterday", BEARER, 400),
    ("/cryptopanic/api/v1/posts/", {}, 401),
    ("/reddit/r/Bitcoin/new", {}, 401),
]


@pytest.mark.parametrize(("path", "headers", "status"), REFUSALS)
def test_what_the_services_refuse_is_refused(
    served: EmbeddedPress, path: str, headers: dict[str, str], status: int
):
    assert ask(served, path, headers)[0] == status


def test_x_counts_what_is_asked_and_refuses_more(served: EmbeddedPress):
    left: list[int] = []
    for _ in range(450):
        served.press.spend("x", 450, 900)
    status, headers, _ = ask(served, TWEETS + "bitcoin", BEARER)
    left.append(int(headers["x-rate-limit-remaining"]))
    assert (status, left) == (429, [0])
    assert 0 < int(headers["x-rate-limit-reset"]) - time.time() <= 901


@pytest.mark.parametrize("version", ["v1", "developer/v2"])
def test_cryptopanic_pages_through_posts_of_a_currency(served: EmbeddedPress, version: str):
    path = f"/cryptopanic/api/{version}/posts/?auth_token=key&currencies=BTC,ETH"
    first = json_of(served, path)
    second = json_of(served, path + "&page=2")
    field = "currencies" if version == "v1" else "instruments"
    for post in first["results"]:
        assert {one["code"] for one in post[field]} <= {"BTC", "ETH"}
        assert post["published_at"].endswith("Z")
    assert len(first["results"]) == 20
    assert first["next"] is not None
    assert "key" not in first["next"]
    assert not {one["id"] for one in first["results"]} & {one["id"] for one in second["results"]}
    assert served.log("cryptopanic")[0]["query"] == {
        "auth_token": "hidden", "currencies": "BTC,ETH",
    }  # fmt: skip


def test_a_headline_typed_in_is_served_at_once(served: EmbeddedPress):
    status, _, body = ask(
        served, "/items", text="Bitcoin bridge hacked & drained", sources=["rss", "x", "gdelt"]
    )
    assert (status, len(json.loads(body))) == (200, 3)
    assert b"Bitcoin bridge hacked &amp; drained" in ask(served, "/rss/wire.xml")[2]
    assert json_of(served, GDELT + "hacked")["articles"][0]["title"].startswith("Bitcoin bridge")
    found = json_of(served, TWEETS + "drained", BEARER)["data"]
    assert found[0]["text"] == "Bitcoin bridge hacked & drained"
    assert ask(served, "/items", text=" ")[0] == 400
    assert ask(served, "/items", {"Origin": "http://elsewhere"}, text="from a page")[0] == 403


def html(status: int, content_type: str, body: bytes) -> bool:
    return status == 200 and content_type.startswith("text/html") and b"<html" in body


def latin(_: int, content_type: str, body: bytes) -> bool:
    return content_type.endswith("utf-8") and "Café Zürich".encode("latin-1") in body


SPOILT: list[tuple[str, Callable[[int, str, bytes], bool]]] = [
    ("429", lambda status, _, __: status == 429),
    ("500", lambda status, _, __: status == 500),
    ("html", html),
    ("bomb", lambda _, __, body: b"<!ENTITY e9" in body and len(body) < 2_000),
    ("latin1", latin),
    ("future", lambda _, __, body: b"Jun 2025" in body),
    ("empty", lambda _, __, body: body.count(b"<title></title>") == 30),
    ("markup", lambda _, __, body: b"&lt;script&gt;alert" in body and b"<script" not in body),
    ("control", lambda _, __, body: b"\x07" in body and "\u202e".encode() in body),
    ("identical", lambda _, __, body: body.count(b"<item>") == 10_000),
]


@pytest.mark.parametrize(("kind", "holds"), SPOILT, ids=[kind for kind, _ in SPOILT])
def test_an_answer_is_spoilt_once_and_then_well_again(
    served: EmbeddedPress, kind: str, holds: Callable[[int, str, bytes], bool]
):
    good = ask(served, "/rss/wire.xml")[2]
    served.fault("rss", kind, n=1)
    status, headers, body = ask(served, "/rss/wire.xml")
    assert holds(status, headers["Content-Type"], body)
    assert body != good
    assert served.log("rss")[-1]["fault"] == kind
    assert ask(served, "/rss/wire.xml")[2] == good


def test_items_of_the_future_are_dated_days_ahead(served: EmbeddedPress):
    served.fault("x", "future", n=1)
    found = json_of(served, TWEETS + "bitcoin", BEARER)["data"][0]["created_at"]
    now = datetime.fromisoformat("2025-06-15T15:06:40+00:00")
    assert datetime.fromisoformat(found) > now + timedelta(days=2)


def test_retry_after_says_how_long(served: EmbeddedPress):
    served.fault("gdelt", "429", n=1, seconds=7)
    assert ask(served, GDELT + "bitcoin")[1]["Retry-After"] == "7"


@pytest.mark.parametrize("kind", ["down", "hang"])
def test_no_answer_comes(served: EmbeddedPress, kind: str):
    served.fault("*", kind, n=1, seconds=0.2)
    with pytest.raises((ConnectionError, http.client.RemoteDisconnected, urllib.error.URLError)):
        ask(served, "/fng/")
    assert ask(served, "/fng/")[0] == 200


def test_half_an_answer_is_less_than_was_announced(served: EmbeddedPress):
    served.fault("reddit", "truncated", n=1)
    with pytest.raises(http.client.IncompleteRead):
        ask(served, "/reddit/r/Bitcoin/new?limit=50", BEARER)


def test_a_slow_answer_arrives_in_pieces_and_whole(served: EmbeddedPress):
    served.fault("gdelt", "slow", n=1, seconds=0.4)
    began = time.monotonic()
    found = json_of(served, GDELT + "bitcoin")
    assert time.monotonic() - began >= 0.35
    assert found == json_of(served, GDELT + "bitcoin")


@pytest.mark.parametrize("squeezed", [0, 1])
def test_a_huge_answer_is_as_huge_as_asked(served: EmbeddedPress, squeezed: int):
    served.fault("rss", "huge", n=1, megabytes=8, gzip=squeezed)
    _, _, body = ask(served, "/rss/wire.xml")
    assert len(gzip.decompress(body) if squeezed else body) > 8 << 20
    assert not squeezed or len(body) < 1 << 20


def test_nested_json_is_the_bomb_of_json(served: EmbeddedPress):
    served.fault("gdelt", "bomb", n=1)
    body = ask(served, GDELT + "bitcoin")[2]
    assert body.startswith(b"[" * 1000)


def test_control_tells_what_it_did_not_understand(served: EmbeddedPress):
    status, _, body = ask(served, "/faults", source="x", kind="gone")
    assert status == 400
    assert "gone" in json.loads(body)["error"]
    status, _, body = ask(served, "/faults", source="x", kind="down", n=1)
    assert json.loads(body)["faults"] == [{"source": "x", "kind": "down", "n": 1, "hit": 0}]
    request = urllib.request.Request(f"{served.address}/faults", method="DELETE")
    with urllib.request.urlopen(request, timeout=10) as response:
        assert json.load(response) == {"faults": []}


def test_the_venue_serves_its_press_about_what_it_trades(start_venue: Callable[..., Any]):
    venue = start_venue(symbols=3)
    about = venue.get("/press")
    assert about["assets"] == ["BTC", "ETH", "BNB"]
    assert abs(about["now_ms"] - venue.get("/venue/clock")["market_ms"]) < 60_000
    found = venue.get("/press/items?source=x")
    assert {asset for item in found for asset in item["assets"]} <= {"BTC", "ETH", "BNB"}


def test_a_port_that_is_taken_is_an_error(served: EmbeddedPress):
    port = urllib.parse.urlsplit(served.address).port or 0
    with pytest.raises(OSError, match="in use"):
        EmbeddedPress(port=port).__enter__()

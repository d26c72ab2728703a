"""Every source against the loopback press, which serves what the real services document."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.adapters.press_announcements import BinanceAnnouncements, OkxAnnouncements
from app.adapters.press_cryptopanic import CryptoPanicSource
from app.adapters.press_fear_greed import FearGreedSource
from app.adapters.press_files import FilesSource
from app.adapters.press_gdelt import GdeltSource
from app.adapters.press_http import PressHttp
from app.adapters.press_reddit import RedditAccess, RedditSource
from app.adapters.press_rss import Feed, RssSource, read_feeds
from app.adapters.press_x import XSource, query
from app.core.press import FetchRequest, FetchResult, ItemKind, PatienceError
from app.services.press_ports import SentimentSource
from cryptovolt.domain.errors import ConfigurationError, CryptoVoltError, DataError, TransientError
from cryptovolt_venue.press.embedded import EmbeddedPress

NOW = 1_767_225_600_000
DAY = 86_400_000
SECRET = "secret-of-the-client"
PRICE = 0.005

Make = Callable[[str], SentimentSource]


def http() -> PressHttp:
    return PressHttp(timeout_s=1.0)


def reddit(press: str) -> RedditSource:
    access = RedditAccess(
        url=f"{press}/reddit", oauth_url=f"{press}/oauth", client_id="client", client_secret=SECRET
    )
    return RedditSource(access, ("CryptoCurrency", "Bitcoin"), http())


MAKE: dict[str, Make] = {
    "rss": lambda press: RssSource(
        Feed(name="wire", url="", every_s=300.0), f"{press}/rss/wire.xml", http()
    ),
    "atom": lambda press: RssSource(
        Feed(name="journal", url="", every_s=300.0), f"{press}/rss/journal.xml", http()
    ),
    "gdelt": lambda press: GdeltSource(f"{press}/gdelt", http()),
    "fear-greed": lambda press: FearGreedSource(press, http()),
    "binance": lambda press: BinanceAnnouncements(f"{press}/announcements", http()),
    "okx": lambda press: OkxAnnouncements(f"{press}/announcements", http()),
    "reddit": reddit,
    "x": lambda press: XSource(f"{press}/x", SECRET, PRICE, 10.0, http()),
    "cryptopanic": lambda press: CryptoPanicSource(
        f"{press}/cryptopanic", SECRET, "developer", http()
    ),
}
ORIGIN = {"atom": "rss", "binance": "announcements", "okx": "announcements"}


@pytest.fixture(scope="module")
def press() -> Iterator[EmbeddedPress]:
    with EmbeddedPress(now_ms=lambda: NOW) as served:
        yield served


@pytest.fixture(autouse=True)
def mended(press: EmbeddedPress) -> Iterator[None]:
    yield
    press.mend()


def fetch(source: SentimentSource, **changes: object) -> FetchResult:
    values: dict[str, object] = {"now_ms": NOW, "since_ms": NOW - 7 * DAY, "budget": 1.0}
    request = FetchRequest(**{**values, **changes})  # type: ignore[arg-type]

    async def run() -> FetchResult:
        try:
            return await source.fetch(request)
        finally:
            await source.close()

    return asyncio.run(run())


@pytest.mark.parametrize("name", MAKE)
def test_a_source_gives_items_with_ids_times_and_texts(press: EmbeddedPress, name: str) -> None:
    source = MAKE[name](press.address)
    result = fetch(source)
    assert result.items
    assert len({item.external_id for item in result.items}) == len(result.items)
    for item in result.items:
        assert item.text.strip()
        assert item.kind is source.kind
        assert item.event_time_ms is not None
        assert NOW - 7 * DAY <= item.event_time_ms <= NOW
    assert result.n_bytes > 0


@pytest.mark.parametrize("name", MAKE)
def test_asking_again_gives_the_same_ids(press: EmbeddedPress, name: str) -> None:
    first, again = (fetch(MAKE[name](press.address)) for _ in range(2))
    assert [item.external_id for item in first.items] == [item.external_id for item in again.items]


@pytest.mark.parametrize("name", ["rss", "atom"])
def test_what_has_not_changed_is_not_sent_again(press: EmbeddedPress, name: str) -> None:
    first = fetch(MAKE[name](press.address))
    assert first.etag
    again = fetch(MAKE[name](press.address), etag=first.etag, last_modified=first.last_modified)
    assert again.not_modified
    assert (again.items, again.etag) == ((), first.etag)


@pytest.mark.parametrize("name", MAKE)
@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("down", TransientError), ("500", TransientError), ("429", PatienceError),
        ("hang", TransientError), ("html", DataError), ("huge", DataError),
    ],
)  # fmt: skip
def test_a_fault_becomes_an_error_that_says_what_happens_next(
    press: EmbeddedPress, name: str, kind: str, error: type[CryptoVoltError]
) -> None:
    press.fault(ORIGIN.get(name, name), kind, seconds=1.0)
    source = MAKE[name](press.address)
    if kind == "hang":
        source = with_patience(source, 0.15)
    with pytest.raises(error) as caught:
        fetch(source)
    assert SECRET not in str(caught.value)
    if isinstance(caught.value, PatienceError):
        assert caught.value.retry_after_s is not None


def with_patience(source: SentimentSource, seconds: float) -> SentimentSource:
    class Impatient:
        name, kind, needs, every_s, pricing = (
            source.name, source.kind, source.needs, source.every_s, source.pricing,
        )  # fmt: skip

        async def fetch(self, request: FetchRequest) -> FetchResult:
            # As the collector does it.
            try:
                async with asyncio.timeout(seconds):
                    return await source.fetch(request)
            except TimeoutError:
                raise TransientError("too slow") from None

        async def close(self) -> None:
            await source.close()

    return Impatient()


@pytest.mark.parametrize("name", MAKE)
def test_a_bomb_is_refused(press: EmbeddedPress, name: str) -> None:
    press.fault(ORIGIN.get(name, name), "bomb")
    with pytest.raises(DataError):
        fetch(MAKE[name](press.address))


@pytest.mark.parametrize("name", MAKE)
def test_an_answer_that_ends_early_is_asked_for_again(press: EmbeddedPress, name: str) -> None:
    press.fault(ORIGIN.get(name, name), "truncated")
    with pytest.raises(TransientError):
        fetch(MAKE[name](press.address))


def test_a_wrong_encoding_is_read_as_meant_and_counted(press: EmbeddedPress) -> None:
    press.fault("rss:wire", "latin1")
    result = fetch(MAKE["rss"](press.address))
    assert result.dropped["wrong_encoding"] == 1
    assert all("Café Zürich" in item.text for item in result.items)


def test_of_10_000_posts_no_more_than_the_limit_are_taken(press: EmbeddedPress) -> None:
    press.fault("rss:wire", "identical", count=10_000)
    result = fetch(MAKE["rss"](press.address), limit=300)
    assert len(result.items) == 300
    assert result.dropped["over_limit"] == 9_700


def test_old_items_are_left_out_and_counted(press: EmbeddedPress) -> None:
    every = fetch(MAKE["rss"](press.address))
    times = sorted(item.event_time_ms or 0 for item in every.items)
    late = fetch(MAKE["rss"](press.address), since_ms=times[-3])
    assert len(late.items) == 3
    assert late.dropped["old"] == len(every.items) - 3


def test_the_index_is_asked_for_as_many_days_as_wanted(press: EmbeddedPress) -> None:
    values = fetch(MAKE["fear-greed"](press.address), since_ms=NOW - 30 * DAY).items
    assert len(values) >= 30
    assert all(item.value is not None and 0 <= item.value <= 100 for item in values)
    assert {item.kind for item in values} == {ItemKind.INDEX}


def test_cryptopanic_says_which_coins_a_post_is_about(press: EmbeddedPress) -> None:
    assert any(item.assets for item in fetch(MAKE["cryptopanic"](press.address)).items)


def test_x_counts_what_it_costs_and_goes_on_from_the_newest(press: EmbeddedPress) -> None:
    first = fetch(MAKE["x"](press.address), budget=0.1)
    assert 0 < len(first.items) <= 20
    assert first.cost == pytest.approx(len(first.items) * PRICE)
    newest = max(int(item.external_id) for item in first.items)
    assert first.cursor == {"since_id": str(newest)}
    assert fetch(MAKE["x"](press.address), cursor=first.cursor).items == ()


def test_x_sends_nothing_that_the_budget_does_not_pay(press: EmbeddedPress) -> None:
    before = len(press.log("x"))
    with pytest.raises(ConfigurationError, match="is not sent"):
        fetch(MAKE["x"](press.address), budget=9 * PRICE)
    assert len(press.log("x")) == before


def test_the_search_of_x_is_as_long_as_allowed() -> None:
    found = query([f"COIN{n}" for n in range(200)])
    assert len(found) <= 512
    assert "#COIN1 " in found
    assert "#a b" not in query(["a b"])


def test_reddit_tells_what_is_left_of_its_quota(press: EmbeddedPress) -> None:
    result = fetch(MAKE["reddit"](press.address))
    assert result.quota_left is not None
    assert result.quota_resets_ms is not None
    assert result.quota_resets_ms >= NOW


@pytest.mark.parametrize("name", ["reddit", "x", "cryptopanic"])
def test_no_key_is_ever_logged(
    press: EmbeddedPress, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    with caplog.at_level(logging.DEBUG):
        fetch(MAKE[name](press.address))
    assert SECRET not in caplog.text


def test_a_library_asks_no_address_but_that_of_the_settings() -> None:
    source = reddit("http://127.0.0.1:9/press")
    with pytest.raises(TransientError, match=r"http://127\.0\.0\.1:9/press/reddit"):
        fetch(source)


def test_files_are_read_once_and_again_when_they_change(tmp_path: Path) -> None:
    source = FilesSource(tmp_path)
    assert fetch(source).items == ()
    news = tmp_path / "news.csv"
    news.write_text("date,text\n2025-12-31 10:00,Bitcoin rallies\n2020-01-01,Old news\n")
    (tmp_path / "broken.jsonl").write_text('{"text": ')
    first = fetch(source)
    assert [item.text for item in first.items] == ["Bitcoin rallies"]
    assert (first.dropped["unreadable_files"], first.dropped["old"]) == (1, 1)
    assert fetch(source, cursor=first.cursor).items == ()
    with news.open("a") as file:
        file.write("2025-12-31 11:00,Ethereum rallies\n")
    again = fetch(source, cursor=first.cursor)
    assert [item.text for item in again.items] == ["Bitcoin rallies", "Ethereum rallies"]
    assert again.items[0].external_id == first.items[0].external_id


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="SENTIMENT_FILES: expected a folder"):
        fetch(FilesSource(tmp_path / "none"))


def test_the_list_of_feeds_is_sound_and_can_be_replaced(tmp_path: Path) -> None:
    feeds = read_feeds()
    assert len(feeds) >= 10
    assert all(feed.url.startswith("https://") for feed in feeds)
    own = tmp_path / "feeds.tsv"
    own.write_text("# mine\nmine\thttps://example.org/rss\t120\n")
    assert read_feeds(own) == (Feed(name="mine", url="https://example.org/rss", every_s=120.0),)


@pytest.mark.parametrize(
    "line", ["one", "a\tfile:///etc/passwd\t300", "a\thttps://x.org\t1", "A B\thttps://x.org\t300"]
)
def test_a_list_of_feeds_with_a_wrong_line_is_refused(tmp_path: Path, line: str) -> None:
    own = tmp_path / "feeds.tsv"
    own.write_text(line)
    with pytest.raises(ConfigurationError, match="SENTIMENT_FEEDS: expected lines of name"):
        read_feeds(own)

"""The screen of sentiment in a browser, with rows as the collector writes them."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.models.database import MarketData, SentimentData
from app.models.sentiment import SentimentSourceState, SentimentWindow
from app.services.sentiment import active_scorer

pytestmark = pytest.mark.browser

PAYLOAD = "<script>alert('news')</script><img src=x onerror=alert('news')> Bitcoin <b>hacked</b>"
TABLES = (SentimentSourceState, SentimentWindow, SentimentData)
SOURCE = "loopback"
HOUR = timedelta(hours=1)

OpenPage = Callable[..., Page]
MakeLink = Callable[[], str]
SessionFactory = Callable[[], Session]


@pytest.fixture
def rows(new_session: SessionFactory) -> Iterator[Callable[..., None]]:
    """Return a function that stores rows; all of them are gone after the test."""

    def add(*given: object) -> None:
        with new_session() as db:
            db.add_all(given)
            db.commit()

    yield add
    with new_session() as db:
        for table in TABLES:
            db.execute(delete(table))
        db.execute(delete(MarketData).where(MarketData.source == SOURCE))
        db.commit()


def panel(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title)


def keep(page: Page, name: str) -> None:
    """Take a screenshot where CRYPTOVOLT_SCREENSHOTS names a folder."""
    folder = os.environ.get("CRYPTOVOLT_SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png")


def news(text: str, ago: timedelta, **values: object) -> SentimentData:
    """Return a row as the collector writes it, scored by the scorer in use."""
    scorer, now = active_scorer(), datetime.now(UTC)
    row = {
        "symbol": "BTC", "source": "rss:wire", "kind": "news", "text": text,
        "sentiment_score": float(scorer.score([text])[0]), "scorer": scorer.name,
        "scorer_hash": scorer.hash, "timestamp": now - ago - timedelta(seconds=40),
        "observed_at": now - ago, "external_id": f"{text[:20]} {ago}", "spam": 0.0, "weight": 0.8,
        "language": "en", "synthetic": True,
        "matched": [{"asset": "BTC", "by": "name", "term": "Bitcoin"}],
        "text_hash": f"{hash(text) & 0xFFFFFFFF:064x}",
        "duplicate_group": f"{hash(text) & 0xFFFFFFFF:064x}",
    }  # fmt: skip
    return SentimentData(**(row | values))


def sources(now: datetime) -> list[SentimentSourceState]:
    def source(name: str, kind: str, state: str, age_s: float, **values: object) -> object:
        seen = now - timedelta(seconds=age_s)
        row = {"every_s": 300.0, "last_success_at": seen, "last_attempt_at": now}
        return SentimentSourceState(name=name, kind=kind, state=state, **(row | values))

    return [
        source("rss:wire", "news", "good", 42, counts={"received": 900, "stored": 412, "spam": 3}),
        source("gdelt", "news", "good", 9_000, failures=4, reason="no answer within 20 s"),
        source("reddit", "social", "broken", 7_300, reason="expected JSON, found a page of HTML"),
        source(
            "x", "social", "good", 12, every_s=60.0, quota_left=447, spent=Decimal("1.75"),
            quota_resets_at=now + timedelta(minutes=9), spent_month=f"{now:%Y-%m}",
        ),
        source("cryptopanic", "news", "off", 0, last_success_at=None, reason="no token is set"),
    ]  # type: ignore[return-value]  # fmt: skip


def bars(now: datetime, n_bars: int = 300) -> list[MarketData]:
    newest = now.replace(minute=0, second=0, microsecond=0) - HOUR
    return [
        MarketData(
            symbol="BTCUSDT", timeframe="1h", source=SOURCE, timestamp=newest - k * HOUR,
            open_price=60_000 + 40 * (k % 31), high_price=62_000, low_price=59_000,
            close_price=60_000 + 40 * ((k - 1) % 31), volume=12.5,
        )
        for k in range(n_bars)
    ]  # fmt: skip


def texts() -> list[SentimentData]:
    praise = "Bitcoin funds take in record inflows as institutions return, confidence grows"
    blame = "Bitcoin bridge hacked, customers fear losses and withdrawals are suspended"
    return [
        *[
            news(f"{praise if k % 5 else blame} ({k})", timedelta(hours=1.3 * k))
            for k in range(1, 120)
        ],
        news("FREE AIRDROP join our VIP signal group $BTC", HOUR / 9, source="x", kind="social",
             spam=0.93, weight=0.02, matched=[{"asset": "BTC", "by": "cashtag", "term": "$BTC"}]),
        news(PAYLOAD, timedelta(seconds=30), url="javascript:alert('link')"),
        news("Bitcoin in court", timedelta(seconds=90), url="https://news.example/a/1",
             synthetic=False),
        news("Bitcoin in court", timedelta(seconds=50), source="gdelt", external_id="again",
             url="https://news.example/made-up"),
    ]  # fmt: skip


def windows(now: datetime) -> list[SentimentWindow]:
    start = now.replace(minute=0, second=0, microsecond=0)
    return [
        SentimentWindow(
            window_start=start - k * HOUR, symbol=symbol, kind=kind, offered=offered, taken=taken,
            spam=7, duplicates=31, plan=150,
        )
        for k in range(14)
        for symbol, kind, offered, taken in (
            ("BTC", "news", 90 + k, 90 + k),
            ("BTC", "social", 9_871, 150),
        )
    ]  # fmt: skip


def everything(rows: Callable[..., None]) -> None:
    now = datetime.now(UTC)
    rows(*sources(now), *bars(now), *texts(), *windows(now))


def sentiment(page: Page, address: str) -> Page:
    page.goto(address)
    page.get_by_role("link", name="Sentiment", exact=True).click()
    page.get_by_role("combobox", name="Series").select_option("BTCUSDT 1h · loopback")
    expect(panel(page, "What the news says")).to_contain_text("at the close of the bar of")
    expect(panel(page, "Newest texts").get_by_role("listitem").first).to_be_visible()
    return page


def test_texts_are_shown_as_text_with_why_they_count(
    open_page: OpenPage, link: MakeLink, rows: Callable[..., None]
) -> None:
    address = link()  # it stores the bars of a session where no bars are
    everything(rows)
    page = sentiment(open_page(1440, 1000), address)
    newest = panel(page, "Newest texts")
    evil = newest.get_by_role("listitem").filter(has_text="<script>alert('news')</script>")
    expect(evil).to_have_count(1)
    expect(evil).to_contain_text("<img src=x onerror=alert('news')>")
    assert evil.locator("script, img, b, a").count() == 0
    expect(evil).to_contain_text("BTC: its name “Bitcoin”")
    expect(evil).to_contain_text("40 s after it was written")
    expect(evil).to_contain_text("SYNTHETIC")
    followed = newest.get_by_role("link", name="news.example")
    expect(followed).to_have_attribute("rel", "noopener noreferrer")
    expect(followed).to_have_attribute("href", "https://news.example/a/1")
    expect(newest.get_by_role("listitem").filter(has_text="= repeat")).to_have_count(1)
    spam = newest.get_by_role("listitem").filter(has_text="AIRDROP")
    expect(spam).to_contain_text("spam 93 %")
    expect(spam).to_contain_text("cashtag “$BTC”")
    expect(panel(page, "Sources")).to_contain_text("2 of 4 sources good")
    expect(panel(page, "Sources")).to_contain_text("expected JSON, found a page of HTML")
    expect(panel(page, "Sources")).to_contain_text("cost $1.75")
    expect(panel(page, "What the news says")).to_contain_text(
        "What they wrote meanwhile is missing"
    )
    expect(panel(page, "Sampling windows")).to_contain_text("9,721 over the plan")
    keep(page, "sentiment")
    newest.evaluate("part => part.scrollIntoView()")
    keep(page, "sentiment-texts")
    newest.get_by_role("combobox", name="Filter by source").select_option("x")
    expect(newest.get_by_role("listitem")).to_have_count(1)
    newest.get_by_role("combobox", name="Filter by kind").select_option("news")
    expect(newest).to_contain_text("No text fits the filters")
    newest.get_by_role("button", name="Show every text").click()
    expect(evil).to_have_count(1)
    page.set_viewport_size({"width": 360, "height": 780})
    page.evaluate("scrollTo(0, 0)")
    keep(page, "sentiment-phone")
    for title in ("Sources", "Newest texts", "Sampling windows"):
        panel(page, title).evaluate("part => part.scrollIntoView()")
        keep(page, f"sentiment-phone-{title.lower().replace(' ', '-')}")
    assert page.evaluate("document.documentElement.scrollWidth") == 360

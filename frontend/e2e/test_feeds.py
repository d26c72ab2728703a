"""The screen of market data in a browser, with rows as a live feed writes them."""

import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from app.models.database import MarketData
from app.models.feed import BarRepair, Feed, FeedIncident, FeedStatus

pytestmark = pytest.mark.browser

SOURCE = "binance"
MINUTE = timedelta(minutes=1)
LONG_AGO = datetime(2021, 5, 19, 12, 34, tzinfo=UTC)
MARKUP = "<img src=x onerror=alert('venue')><script>alert('venue')</script>"
TROUBLES = {
    "XRPUSDT": ("halted", "the venue says that XRPUSDT is BREAK"),
    "BNBUSDT": ("stale", "no frame for 5.0 s"),
    "DOGEUSDT": ("repairing", "a bar is missing and has been asked for"),
}
TABLES = (FeedIncident, FeedStatus, Feed, BarRepair)
REAL_NAMES = (
    "BTCUSDT", "ETHUSDT", "SOLUSDT", "BNBUSDT", "XRPUSDT", "DOGEUSDT", "ADAUSDT", "AVAXUSDT",
    "LINKUSDT", "DOTUSDT", "1000SATSUSDT", "PEPEUSDT", "LTCUSDT", "TRXUSDT", "NEARUSDT",
)  # fmt: skip


class Application(Protocol):
    """The running server."""

    @property
    def address(self) -> str: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...


OpenPage = Callable[..., Page]
MakeLink = Callable[[], str]
SessionFactory = Callable[[], Session]


class FeedRows:
    """The rows of a live feed, and the heartbeat of its process."""

    def __init__(self, new_session: SessionFactory) -> None:
        self._new_session = new_session
        self._ended = threading.Event()
        self._pulse: threading.Thread | None = None

    def add(self, *rows: object) -> None:
        with self._new_session() as db:
            db.add_all(rows)
            db.commit()

    def change(self, symbol: str, **values: Any) -> None:
        with self._new_session() as db:
            db.execute(update(FeedStatus).where(FeedStatus.symbol == symbol).values(values))
            db.commit()

    def beat(self) -> None:
        """Say every half second that the processes live, until `stop`."""
        self._pulse = threading.Thread(target=self._beat, daemon=True)
        self._pulse.start()

    def stop(self) -> None:
        self._ended.set()
        if self._pulse is not None:
            self._pulse.join()

    def clear(self) -> None:
        with self._new_session() as db:
            for table in TABLES:
                db.execute(delete(table))
            db.execute(delete(MarketData).where(MarketData.source == SOURCE))
            db.commit()

    def _beat(self) -> None:
        while not self._ended.wait(0.5):
            with self._new_session() as db:
                db.execute(update(Feed).values(heartbeat_at=datetime.now(UTC)))
                db.commit()


@pytest.fixture
def rows(new_session: SessionFactory) -> Iterator[FeedRows]:
    found = FeedRows(new_session)
    yield found
    found.stop()
    found.clear()


def feed(source: str = SOURCE, **values: Any) -> Feed:
    now = datetime.now(UTC)
    given: dict[str, Any] = {
        "process": "trading-host:4711", "started_at": now - timedelta(hours=7, minutes=1),
        "heartbeat_at": now, "clock_offset_ms": 12.4,
        "clock_checked_at": now - timedelta(seconds=20),
        "counts": {"connections": 3, "cuts": 1, "frames": 1_234_567, "trades_missed_while_cut": 0},
    }  # fmt: skip
    return Feed(source=source, **{**given, **values})


def last_closed() -> datetime:
    return datetime.now(UTC).replace(second=0, microsecond=0) - MINUTE


def status(
    symbol: str, state: str = "live", reason: str | None = None, **values: Any
) -> FeedStatus:
    given: dict[str, Any] = {
        "source": SOURCE, "timeframe": "1m", "since": datetime.now(UTC) - timedelta(minutes=42),
        "last_open": last_closed(), "last_trade_id": 8389765489680951453, "bars": 420,
    }  # fmt: skip
    return FeedStatus(symbol=symbol, state=state, reason=reason, **{**given, **values})


def incident(symbol: str, kind: str, reason: str) -> FeedIncident:
    return FeedIncident(
        source=SOURCE, symbol=symbol, timeframe="1m" if symbol else "", kind=kind, reason=reason,
        opened_at=datetime.now(UTC) - timedelta(minutes=4, seconds=1),
    )  # fmt: skip


def live_series(n_series: int) -> list[FeedStatus]:
    made = [f"COIN{number:04}USDT" for number in range(n_series)]
    names = [*REAL_NAMES, *made][:n_series]
    newest = last_closed()
    return [
        status(name, repaired=2 * (place % 7 == 0), last_open=newest)
        for place, name in enumerate(names)
    ]


def three_troubled(series: Sequence[FeedStatus]) -> list[FeedIncident]:
    """Make three of the series unfit to be traded, and return the incidents."""
    by_symbol = {row.symbol: row for row in series}
    now = datetime.now(UTC)
    for symbol, (state, reason) in TROUBLES.items():
        row = by_symbol[symbol]
        row.state, row.reason, row.since = state, reason, now - timedelta(seconds=50)
    late = by_symbol["BNBUSDT"]
    assert late.last_open is not None
    late.last_open -= 3 * MINUTE
    silent, halted = TROUBLES["BNBUSDT"][1], TROUBLES["XRPUSDT"][1]
    return [incident("BNBUSDT", "silent", silent), incident("XRPUSDT", "halted", halted)]


def panel(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title, exact=True)


def body_rows(page: Page) -> Locator:
    return panel(page, "Series").locator("tbody tr")


def market_data(page: Page, link: MakeLink) -> Page:
    page.goto(link())
    page.get_by_role("link", name="Market data").click()
    expect(panel(page, "Live feeds")).to_be_visible()
    return page


def keep(page: Page, name: str) -> None:
    """Take a screenshot where CRYPTOVOLT_SCREENSHOTS names a folder."""
    folder = os.environ.get("CRYPTOVOLT_SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png")


def test_without_a_feed_it_says_how_to_start_one(open_page: OpenPage, link: MakeLink) -> None:
    page = open_page()
    page.goto(link())
    expect(page.get_by_role("navigation", name="Screens")).to_contain_text("No series is fed")
    page.get_by_role("link", name="Market data").click()
    expect(panel(page, "Live feeds")).to_contain_text("cryptovolt feed start BTCUSDT")
    expect(panel(page, "Open incidents")).to_contain_text("None")
    keep(page, "feeds-empty")


def test_what_may_not_be_traded_comes_first(
    open_page: OpenPage, link: MakeLink, rows: FeedRows
) -> None:
    series = live_series(200)
    rows.add(feed(), *three_troubled(series), *series)
    rows.beat()
    page = market_data(open_page(1280, 900), link)
    feeds = panel(page, "Live feeds")
    expect(feeds).to_contain_text("197 of 200 series live; 3 may not be traded")
    card = feeds.get_by_role("listitem", name=SOURCE)
    for text in ("running", "+12 ms", "of 200 series", "trading-host:4711", "7 h"):
        expect(card).to_contain_text(text)
    expect(card).to_contain_text(re.compile(r"measured \d+ s ago"))

    for place, (symbol, told) in enumerate(TROUBLES.items()):
        row = body_rows(page).nth(place)
        for words in (symbol, *told):
            expect(row).to_contain_text(words)
    expect(body_rows(page).nth(1)).to_contain_text("3 bars behind")
    expect(body_rows(page).nth(3)).to_contain_text("live")

    incidents = panel(page, "Open incidents")
    expect(incidents).to_contain_text("2 open")
    expect(incidents.get_by_role("listitem")).to_have_count(2)
    expect(incidents).to_contain_text("open for 4 min")
    keep(page, "feeds-dark")

    page.get_by_role("link", name="Trading", exact=True).click()
    screens = page.get_by_role("navigation", name="Screens")
    expect(screens).to_contain_text("197 of 200 series live; 3 may not be traded")


def test_a_thousand_series_stay_quick(open_page: OpenPage, link: MakeLink, rows: FeedRows) -> None:
    series = live_series(1_000)
    rows.add(feed(), *three_troubled(series), *series)
    rows.beat()
    page = market_data(open_page(1280, 900), link)
    expect(panel(page, "Live feeds")).to_contain_text("997 of 1,000 series live")
    expect(body_rows(page)).to_have_count(50)
    table = panel(page, "Series")
    expect(table).to_contain_text("1 to 50 of 1,000")
    table.get_by_role("button", name="Next").click()
    expect(table).to_contain_text("51 to 100 of 1,000")

    began = time.monotonic()
    table.get_by_role("searchbox").fill("coin0777")
    expect(body_rows(page)).to_have_count(1)
    assert time.monotonic() - began < 1.0
    expect(body_rows(page)).to_contain_text("COIN0777USDT")
    table.get_by_role("searchbox").fill("")
    table.get_by_label("Filter by state").select_option(label="may not be traded (3)")
    expect(body_rows(page)).to_have_count(3)

    # The next answer brings a new trouble to the top, and the count follows.
    rows.change("COIN0500USDT", state="halted", reason="the venue says that it is BREAK")
    expect(body_rows(page)).to_have_count(4, timeout=5_000)
    expect(body_rows(page).first).to_contain_text("COIN0500USDT")
    expect(panel(page, "Live feeds")).to_contain_text("996 of 1,000 series live")


def test_a_thousand_incidents_are_not_all_drawn(
    open_page: OpenPage, link: MakeLink, rows: FeedRows
) -> None:
    series = [status(f"COIN{number:04}USDT", "stale", "connection lost") for number in range(1_000)]
    incidents = [incident(row.symbol, "silent", "connection lost") for row in series]
    offset = "the venue's clock is +2,000 ms from this machine's"
    rows.add(feed(stop_reason=offset), *series, incident("", "clock", offset), *incidents)
    rows.beat()
    page = market_data(open_page(1280, 900), link)
    expect(panel(page, "Live feeds")).to_contain_text("0 of 1,000 series live; none may be traded")
    listed = panel(page, "Open incidents").locator("li p:first-child")
    expect(listed).to_have_count(20)
    # What concerns the whole source stands before what concerns one series.
    expect(listed.first).to_contain_text("all of binance")
    panel(page, "Open incidents").get_by_role("button", name="Show more of 1,001").click()
    expect(listed).to_have_count(120)


def test_text_of_the_venue_stays_text(open_page: OpenPage, link: MakeLink, rows: FeedRows) -> None:
    rows.add(
        feed(stop_reason=MARKUP, process=MARKUP[:100], counts={MARKUP: MARKUP}),
        status("<b>BTC</b>USDT", "halted", MARKUP + "x" * 5_000),
        incident("<b>BTC</b>USDT", "halted", MARKUP),
    )
    rows.beat()
    page = market_data(open_page(360, 740, may_fail=True), link)
    row = body_rows(page).first
    expect(row.get_by_role("button", name="<b>BTC</b>USDT")).to_be_visible()
    expect(row).to_contain_text(MARKUP)
    expect(panel(page, "Open incidents")).to_contain_text(MARKUP)
    page.get_by_text("Counted since").click()
    expect(panel(page, "Live feeds").get_by_role("definition").last).to_contain_text("<img src=x")
    row.get_by_role("button").click()
    # No such symbol can be stored, and that is said too.
    expect(page.get_by_role("region", name="Gaps")).to_contain_text("422")
    assert page.locator("img[src=x]").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def stored_bars(symbol: str, end: datetime, absent: Sequence[int]) -> list[MarketData]:
    """Return 300 bars, the last of which opens at `end`, without those of some positions."""
    return [
        MarketData(
            symbol=symbol, timeframe="1m", source=SOURCE, timestamp=end - (299 - place) * MINUTE,
            open_price=100.0, high_price=101.0, low_price=1.5 if place == 250 else 99.0,
            close_price=100.5, volume=3.0 + place % 5,
        )
        for place in range(300)
        if place not in absent
    ]  # fmt: skip


def test_a_series_opens_with_what_is_stored_of_it(
    open_page: OpenPage, link: MakeLink, rows: FeedRows
) -> None:
    series = live_series(200)
    end = last_closed()
    named: dict[str, Any] = {"symbol": "BTCUSDT", "timeframe": "1m", "source": SOURCE}
    was, now = [100.0, 101.0, 99.0, 100.5, 3.0], [100.0, 101.0, 99.0, 100.5, 3.25]
    rows.add(
        feed(), *three_troubled(series), *series,
        *stored_bars("BTCUSDT", end, [100, 101, 102, 200]),
        BarRepair(**named, timestamp=end - 5 * MINUTE, kind="replaced", was=was, now=now),
        BarRepair(**named, timestamp=end - 99 * MINUTE, kind="absent", was=None, now=None),
    )  # fmt: skip
    rows.beat()
    page = market_data(open_page(1280, 900, may_fail=True), link)
    page.get_by_role("button", name="BTCUSDT", exact=True).click()
    detail = panel(page, "BTCUSDT 1m of binance")
    expect(detail).to_contain_text("8389765489680951453")
    stored = detail.get_by_role("region", name="Stored bars")
    expect(stored).to_contain_text(f"{end:%Y-%m-%d %H:%M}")
    expect(stored).to_contain_text("296")
    gaps = detail.get_by_role("region", name="Gaps")
    expect(gaps).to_contain_text("2 gaps, 4 bars missing, among 296 bars")
    before, after = (f"{end - back * MINUTE:%Y-%m-%d %H:%M} UTC" for back in (100, 98))
    newest = f"1 bar between {before} and {after}"
    expect(gaps.get_by_role("listitem").first).to_have_text(newest)
    quality = detail.get_by_role("region", name="Quality")
    expect(quality).to_contain_text("spike: 1 with high or low far from the prices on both sides")
    notes = detail.get_by_role("region", name="Replaced and absent bars")
    expect(notes).to_contain_text("volume 3 → 3.25")
    expect(notes).to_contain_text("the venue has no such bar")
    keep(page, "feeds-series-dark")
    detail.get_by_role("button", name="Close").click()
    expect(detail).to_have_count(0)
    expect(page.get_by_role("button", name="BTCUSDT", exact=True)).to_be_focused()

    page.get_by_role("button", name="BNBUSDT 1m of binance").click()
    other = panel(page, "BNBUSDT 1m of binance")
    expect(other.get_by_role("region", name="Gaps")).to_contain_text("No bar is stored yet.")


def test_a_feed_that_dies_refuses_all_its_series(
    open_page: OpenPage, link: MakeLink, rows: FeedRows
) -> None:
    perpetual = status("BTCUSDT", source="binance-usdm", last_open=LONG_AGO)
    rows.add(
        feed(), feed("binance-usdm", speed=60.0, clock_offset_ms=-820.0), perpetual,
        *live_series(20),
    )  # fmt: skip
    rows.beat()
    page = market_data(open_page(1280, 900, dark=False), link)
    feeds = panel(page, "Live feeds")
    expect(feeds).to_contain_text("21 of 21 series live")
    replay = feeds.get_by_role("listitem", name="binance-usdm")
    expect(replay).to_contain_text("market time 60×")
    expect(replay).to_contain_text("−820 ms")
    # An age would say nothing in a replay.
    expect(panel(page, "Series").get_by_role("row", name="binance-usdm")).to_contain_text(
        "2021-05-19 12:34"
    )
    rows.stop()
    expect(feeds).to_contain_text("0 of 21 series live; none may be traded", timeout=15_000)
    expect(feeds).to_contain_text(re.compile(r"has not been heard of for \d+ s"))
    expect(body_rows(page).first).to_contain_text("refused")
    keep(page, "feeds-dead-light")


def test_a_feed_that_was_stopped_is_no_alarm_but_nothing_may_be_traded(
    open_page: OpenPage, link: MakeLink, rows: FeedRows
) -> None:
    ended = datetime.now(UTC) - timedelta(hours=2, seconds=1)
    series = [status(name, "stopped", "stopped", since=ended) for name in REAL_NAMES]
    rows.add(feed(stopped_at=ended, heartbeat_at=ended, stop_reason="stopped"), *series)
    page = market_data(open_page(1280, 900), link)
    feeds = panel(page, "Live feeds")
    expect(feeds).to_contain_text("0 of 15 series live; none may be traded")
    expect(feeds).to_contain_text("■ stopped")
    expect(feeds).to_contain_text(f"the feed was stopped at {ended:%Y-%m-%d %H:%M:%S} UTC")
    expect(feeds).to_contain_text("2 h ago")


def test_a_server_that_stops_makes_no_claim_about_now(
    open_page: OpenPage, link: MakeLink, rows: FeedRows, application: Application
) -> None:
    rows.add(feed(), *live_series(5))
    rows.beat()
    page = market_data(open_page(may_fail=True), link)
    expect(panel(page, "Live feeds")).to_contain_text("5 of 5 series live")
    application.stop()
    try:
        feeds = panel(page, "Live feeds")
        expect(feeds).to_contain_text("Not known now", timeout=10_000)
        failure = panel(page, "Series").get_by_role("alert")
        expect(failure).to_contain_text(re.compile(r"the data shown is \d+ s old"))
        expect(failure.get_by_role("button", name="Retry")).to_be_visible()
        expect(body_rows(page)).to_have_count(5)
        keep(page, "feeds-server-stopped")
    finally:
        application.start()
    expect(page.get_by_role("alert")).to_have_count(0, timeout=15_000)
    expect(panel(page, "Live feeds")).not_to_contain_text("Not known now")


@pytest.mark.parametrize("dark", [True, False])
def test_market_data_fits_a_phone(
    open_page: OpenPage, link: MakeLink, rows: FeedRows, dark: bool
) -> None:
    series = live_series(200)
    rows.add(
        feed(),
        *three_troubled(series),
        *series,
        *stored_bars("XRPUSDT", last_closed(), [100, 101, 200]),
    )
    rows.beat()
    name = f"feeds-phone-{'dark' if dark else 'light'}"
    page = market_data(open_page(360, 780, dark=dark), link)
    expect(body_rows(page).first).to_contain_text("the venue says that XRPUSDT is BREAK")
    keep(page, name)
    panel(page, "Series").scroll_into_view_if_needed()
    page.get_by_role("searchbox").evaluate("field => field.scrollIntoView()")
    keep(page, f"{name}-table")
    page.get_by_role("button", name="XRPUSDT", exact=True).click()
    detail = panel(page, "XRPUSDT 1m of binance")
    expect(detail.get_by_role("region", name="Gaps")).to_contain_text("2 gaps")
    expect(detail.get_by_role("button", name="Close")).to_be_in_viewport()
    keep(page, f"{name}-series")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.get_by_role("link", name="Trading", exact=True).click()
    expect(panel(page, "Latest trades")).to_be_visible()
    keep(page, f"{name}-trading")
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_a_name_of_twenty_letters_fits_a_phone(
    open_page: OpenPage, link: MakeLink, rows: FeedRows
) -> None:
    long = "ABCDEFGHIJKLMNOPUSDT"
    replay = feed("binance-usdm-long-name", speed=60.0)
    rows.add(replay, status(long, source=replay.source, last_open=LONG_AGO, timeframe="15m"))
    rows.beat()
    page = market_data(open_page(360, 780), link)
    expect(body_rows(page).first).to_contain_text("2021-05-19 12:34")
    tables = page.locator("table").evaluate_all("all => all.map(one => one.scrollWidth)")
    assert max(tables) <= 360


def test_the_screen_survives_a_reload(open_page: OpenPage, link: MakeLink, rows: FeedRows) -> None:
    rows.add(feed(), *live_series(3))
    rows.beat()
    page = market_data(open_page(), link)
    page.reload()
    expect(panel(page, "Live feeds")).to_contain_text("3 of 3 series live")
    page.go_back()
    expect(panel(page, "Latest trades")).to_be_visible()

"""What a person sees in a browser, with the real application behind it."""

import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest
from playwright.sync_api import Locator, Page, Route, expect

pytestmark = pytest.mark.browser

PASSWORD = "correct horse battery staple"
COLOURS = """
canvases => {
  const colours = new Set();
  for (const canvas of canvases) {
    const copy = new OffscreenCanvas(canvas.width, canvas.height);
    const context = copy.getContext('2d', { willReadFrequently: true });
    context.drawImage(canvas, 0, 0);
    const { data } = context.getImageData(0, 0, copy.width, copy.height);
    for (let i = 0; i < data.length; i += 4) colours.add(data.slice(i, i + 3).join());
  }
  return colours.size;
}
"""


class Application(Protocol):
    """The running server."""

    @property
    def address(self) -> str: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...


OpenPage = Callable[..., Page]
MakeLink = Callable[[], str]


def panel(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title)


def expect_painted(page: Page, chart: str) -> None:
    """Wait until a chart has background, lines, letters and candles; a blank one has one colour."""
    canvases = page.get_by_test_id(chart).locator("canvas")
    found = 0
    deadline = time.monotonic() + 10
    while found <= 10 and time.monotonic() < deadline:
        page.wait_for_timeout(200)
        found = canvases.evaluate_all(COLOURS)
    assert found > 10


def signed_in(page: Page, link: MakeLink) -> Page:
    page.goto(link())
    expect(panel(page, "Last signal").get_by_text("confidence")).to_be_visible()
    expect(panel(page, "Model card").get_by_text("no edge shown", exact=True)).to_be_visible()
    expect(panel(page, "Latest trades").get_by_role("row")).to_have_count(6)
    return page


def keep(page: Page, name: str) -> None:
    """Take a screenshot where CRYPTOVOLT_SCREENSHOTS names a folder."""
    folder = os.environ.get("CRYPTOVOLT_SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png")


def test_a_link_signs_in_once_and_leaves_the_address(open_page: OpenPage, link: MakeLink) -> None:
    address = link()
    page = open_page()
    page.goto(address)
    expect(page.get_by_text("SYNTHETIC market")).to_be_visible()
    assert "#" not in page.url

    page.reload()
    expect(page.get_by_text("SYNTHETIC market")).to_be_visible()

    another = open_page(may_fail=True)
    another.goto(address)
    expect(another.get_by_role("alert")).to_contain_text("The link did not sign you in")
    assert "#" not in another.url


def test_the_screen_shows_the_session(open_page: OpenPage, link: MakeLink) -> None:
    page = signed_in(open_page(), link)
    header = page.get_by_role("banner").first
    for text in ("SYNTHETIC-USDT", "1h", "source synthetic", "SYNTHETIC market", "PAPER"):
        expect(header).to_contain_text(text)
    expect(header.get_by_text("connected")).to_be_visible()

    expect_painted(page, "price-chart")
    expect_painted(page, "equity-chart")
    expect(panel(page, "Price").get_by_text("240 bars")).to_contain_text("5 trades")

    signal = panel(page, "Last signal")
    for text in ("Model weight 60 %", "Rules weight 30 %", "Sentiment weight 10 %", "silent"):
        expect(signal.get_by_text(text).first).to_be_visible()
    expect(signal.get_by_text("seen to bar 239", exact=True)).to_have_count(2)
    expect(signal.get_by_text("No veto.")).to_be_visible()
    expect(signal.get_by_text("newest data seen 2024-03-01 00:00 UTC")).to_be_visible()

    model = panel(page, "Model card")
    expect(model.get_by_role("row", name="AUC")).to_contain_text("0.484 to 0.531")
    expect(model.get_by_text("trained on SYNTHETIC prices")).to_be_visible()
    expect(model.get_by_text("1 of 2 passed")).to_be_visible()
    expect(model.get_by_text("planted leak")).to_contain_text("✕ fail")
    keep(page, "dashboard-dark")


def test_light_colours(open_page: OpenPage, link: MakeLink) -> None:
    page = signed_in(open_page(dark=False), link)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(241, 244, 248)"
    expect_painted(page, "price-chart")
    keep(page, "dashboard-light")


def test_stored_markup_is_shown_as_text(open_page: OpenPage, link: MakeLink) -> None:
    page = signed_in(open_page(), link)
    expect(panel(page, "Latest alerts").get_by_text("<script>alert('stored')")).to_be_visible()
    expect(page.get_by_role("banner").first).to_contain_text("strategy hybrid <img src=x onerror=")
    assert page.locator("img[src=x]").count() == 0


def test_an_alert_is_marked_as_read(open_page: OpenPage, link: MakeLink) -> None:
    page = signed_in(open_page(), link)
    alerts = panel(page, "Latest alerts")
    expect(alerts.get_by_text("2 unread")).to_be_visible()
    alerts.get_by_role("button", name="Mark read").first.click()
    expect(alerts.get_by_text("1 unread")).to_be_visible()


def test_registering_and_signing_in_by_password(
    open_page: OpenPage, application: Application
) -> None:
    page = open_page(may_fail=True)
    page.goto(application.address)
    keep(page, "sign-in")
    page.get_by_role("button", name="Register").click()
    page.get_by_label("User name").fill("grace")
    page.get_by_label("E-mail address").fill("grace@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Register and sign in").click()
    expect(page.get_by_text("You have no trading session")).to_be_visible()

    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("User name or e-mail address").fill("grace")
    page.get_by_label("Password").fill("wrong password here")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("401")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("You have no trading session")).to_be_visible()


def test_a_server_that_stops_is_said_and_old_data_stays(
    open_page: OpenPage, link: MakeLink, application: Application
) -> None:
    page = signed_in(open_page(may_fail=True), link)
    application.stop()
    try:
        expect(page.get_by_text("no connection for")).to_be_visible(timeout=10_000)
        failure = panel(page, "Latest trades").get_by_role("alert")
        expect(failure).to_contain_text(re.compile(r"Failing since \d\d:\d\d:\d\d"))
        expect(failure.get_by_role("button", name="Retry")).to_be_visible()
        expect(failure).to_contain_text(re.compile(r"the data shown is \d+ s old"))
        expect(panel(page, "Latest trades").get_by_role("row")).to_have_count(6)
        keep(page, "server-stopped")
    finally:
        application.start()
    # The page asks again by itself, so nothing needs to be pressed.
    expect(page.get_by_text("connected")).to_be_visible(timeout=15_000)
    expect(page.get_by_role("alert")).to_have_count(0, timeout=15_000)


@pytest.mark.parametrize("dark", [True, False])
def test_a_phone_needs_no_sideways_scrolling(
    open_page: OpenPage, link: MakeLink, dark: bool
) -> None:
    page = signed_in(open_page(390, 844, dark=dark), link)
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width == 390
    keep(page, f"phone-{'dark' if dark else 'light'}")


def test_a_stricter_policy_is_enough(open_page: OpenPage, link: MakeLink) -> None:
    # No inline styles: neither ours nor those of the chart library need them.
    policy = "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
    page = open_page()

    def tighten(route: Route) -> None:
        answer = route.fetch()
        headers = {**answer.headers, "content-security-policy": policy}
        route.fulfill(response=answer, headers=headers)

    page.route(re.compile(r"/$"), tighten)
    signed_in(page, link)
    expect_painted(page, "price-chart")
    assert page.evaluate("document.styleSheets.length") >= 1

"""Collecting from the loopback press, with everything that can go wrong going wrong."""

import asyncio
import importlib
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.core.config import settings
from app.core.press import FetchRequest, FetchResult, ItemKind
from app.models.database import SentimentData
from app.models.sentiment import SentimentSourceState, SentimentWindow
from app.services import press_state
from app.services.press_collect import Collector
from app.services.press_intake import Intake
from app.services.press_pace import CollectorClock, CollectorOptions, Outcome, Pace
from app.services.press_sift import Sieve
from app.services.sentiment import active_scorer
from app.wiring import press_sources
from cryptovolt.domain.errors import DataError, TransientError
from cryptovolt_venue.press.embedded import EmbeddedPress
from cryptovolt_venue.press.items import FEEDS

FEW = ("rss:wire", "rss:desk", "rss:journal", "gdelt", "fear-greed", "reddit", "x")
NOW = 1_767_225_600_000


@pytest.fixture(scope="module")
def press() -> Iterator[EmbeddedPress]:
    for slow in ("asyncpraw", "tweepy.asynchronous", "feedparser"):
        importlib.import_module(slow)
    active_scorer().score(["warm"])
    with EmbeddedPress(now_ms=lambda: NOW) as served:
        before, settings.PRESS_URL = settings.PRESS_URL, served.address
        yield served
        settings.PRESS_URL = before


@pytest.fixture(autouse=True)
def clean(db: Session, press: EmbeddedPress) -> Iterator[None]:
    for table in (SentimentData, SentimentWindow, SentimentSourceState):
        db.execute(delete(table))
    db.commit()
    yield
    press.mend()


def collector(names: tuple[str, ...] = FEW, give_up_s: float = 5.0) -> Collector:
    sources, off = press_sources(named=names)
    assets = ("BTC", "ETH", "SOL", "XRP", "DOGE")
    intake = Intake(active_scorer(), synthetic=True, sieve=Sieve(assets))
    clock = CollectorClock(market_ms=lambda: NOW)
    options = CollectorOptions(assets=assets, give_up_s=give_up_s)
    return Collector(sources, off, intake, clock, Random(7), options)


def plain(name: str) -> str:
    """The name of a source, which says that it is made up."""
    assert name.startswith("loopback-")
    return name.removeprefix("loopback-")


def once(one: Collector) -> dict[str, Outcome]:
    async def run() -> list[Outcome]:
        try:
            return await one.once()
        finally:
            await one.close()

    return {plain(outcome.name): outcome for outcome in asyncio.run(run())}


def test_one_dead_one_hanging_and_one_flooding_delay_nobody(
    press: EmbeddedPress, db: Session
) -> None:
    press.fault("gdelt", "down")
    press.fault("rss:desk", "hang", seconds=4.0)
    press.put(text="Bitcoin will be used by the whole district", sources=["rss:journal"])
    press.fault("rss:journal", "identical", count=1_500)
    press.fault("reddit", "429", seconds=77)
    press.fault("fear-greed", "html")
    began = time.monotonic()
    found = once(collector(give_up_s=3.0))
    assert time.monotonic() - began < 10.0
    assert {name: outcome.state.value for name, outcome in found.items()} == {
        "rss:wire": "good", "x": "good", "rss:journal": "good", "gdelt": "waiting",
        "rss:desk": "waiting", "reddit": "waiting", "fear-greed": "broken",
    }  # fmt: skip
    assert found["rss:wire"].counts["stored"] > 10
    assert found["rss:journal"].counts["over_limit"] == 500
    assert found["rss:journal"].counts["near_duplicates"] >= 990
    assert 77 <= found["reddit"].wait_s <= 78
    assert "did not answer within 3 s" in (found["rss:desk"].reason or "")
    shown = {plain(one.name): one for one in press_state.view(db)}
    assert shown["fear-greed"].reason == found["fear-greed"].reason
    assert "HTML page" in (shown["fear-greed"].reason or "")
    assert (shown["gdelt"].state, shown["gdelt"].failures) == ("waiting", 1)


def test_two_collectors_at_once_ask_every_source_once(press: EmbeddedPress, db: Session) -> None:
    first, second = collector(), collector()
    before = len(press.log("rss"))

    async def run() -> tuple[list[Outcome], list[Outcome]]:
        try:
            return await asyncio.gather(first.once(), second.once())
        finally:
            await first.close()
            await second.close()

    outcomes = asyncio.run(run())
    answered = [plain(one.name) for many in outcomes for one in many if one.state.value == "good"]
    assert sorted(answered) == sorted(FEW)
    assert len(press.log("rss")) - before == 3
    assert rows(db)


def test_the_feeds_of_a_loopback_press_are_read_by_its_own_names() -> None:
    sources, _ = press_sources(named=("rss",))
    assert [one.name for one in sources] == [f"loopback-rss:{name}" for name in FEEDS]


class Mistaken:
    """A source whose reader has a mistake."""

    name = "loopback-mistaken"
    kind = ItemKind.NEWS
    needs = ()
    every_s = 300.0
    pricing = None

    async def fetch(self, request: FetchRequest) -> FetchResult:
        raise KeyError(request.limit)

    async def close(self) -> None:
        pass


def test_a_mistake_in_one_reader_is_told_and_the_others_go_on() -> None:
    sources, off = press_sources(named=("rss:wire",))
    intake = Intake(active_scorer(), synthetic=True, sieve=Sieve(("BTC",)))
    clock = CollectorClock(market_ms=lambda: NOW)
    found = once(Collector([Mistaken(), *sources], off, intake, clock, Random(7)))
    assert found["mistaken"].state.value == "broken"
    assert found["mistaken"].reason == "reading loopback-mistaken failed: KeyError: 1000"
    assert found["rss:wire"].state.value == "good"


def test_a_source_without_its_library_is_off_and_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, press: EmbeddedPress
) -> None:
    assert press.address

    def absent(name: str) -> None:
        assert name in {"asyncpraw", "tweepy"}

    monkeypatch.setattr(importlib.util, "find_spec", absent)
    sources, off = press_sources(named=("reddit", "x", "rss:wire"))
    assert [one.name for one in sources] == ["loopback-rss:wire"]
    assert {one.name: one.reason for one in off} == {
        "loopback-reddit": "asyncpraw is not installed: ./cv pip install asyncpraw",
        "loopback-x": "tweepy is not installed: ./cv pip install tweepy",
    }


def test_items_of_a_loopback_press_are_marked_as_made_up(db: Session) -> None:
    once(collector(("rss:wire", "fear-greed")))
    assert set(db.scalars(select(SentimentData.synthetic))) == {True}
    links = [url for url in db.scalars(select(SentimentData.url)) if url]
    assert links
    assert all(".invalid/" in url for url in links)


def test_every_kind_of_bad_text_is_counted_and_cleaned(press: EmbeddedPress, db: Session) -> None:
    expected = {
        "future": "future", "empty": "empty", "markup": "with_markup",
        "control": "with_control_characters", "latin1": "wrong_encoding",
    }  # fmt: skip
    for kind, reason in expected.items():
        db.execute(delete(SentimentSourceState))
        db.execute(delete(SentimentData))
        db.commit()
        press.fault("rss:wire", kind)
        counts = once(collector(("rss:wire",)))["rss:wire"].counts
        assert counts.get(reason, 0) > 0, kind
        press.mend()
        for text in db.scalars(select(SentimentData.text)):
            assert "<" not in (text or "")
            assert (text or "").isprintable()


def test_a_source_is_followed_at_its_pace_and_stops_when_told(press: EmbeddedPress) -> None:
    sources, off = press_sources(named=("rss:wire",))
    clock = CollectorClock(market_ms=lambda: NOW, speed=lambda: 300.0)
    intake = Intake(active_scorer(), synthetic=True, sieve=Sieve(("BTC",)))
    one = Collector(sources, off, intake, clock, Random(3))
    before = len(press.log("rss"))

    async def run() -> None:
        stopping = asyncio.Event()
        asyncio.get_running_loop().call_later(1.6, stopping.set)
        try:
            await one.run(stopping)
        finally:
            await one.close()

    asyncio.run(run())
    # Five minutes at 300 times real time are one second.
    assert len(press.log("rss")) - before == 2


def test_pauses_after_failures_grow_and_are_spread() -> None:
    pace = Pace(CollectorClock(market_ms=lambda: NOW), Random(1))
    error = TransientError("down")
    waits = [[pace.verdict(600.0, n, error).wait_s for _ in range(200)] for n in (0, 4, 12)]
    assert [max(many) for many in waits] == [
        pytest.approx(5.0, rel=0.1), pytest.approx(80.0, rel=0.1), pytest.approx(3600.0, rel=0.1),
    ]  # fmt: skip
    assert min(waits[2]) < 200
    assert pace.verdict(600.0, 0, DataError("no feed")).state.value == "broken"


def test_a_worker_that_is_killed_at_any_moment_loses_and_repeats_nothing(
    press: EmbeddedPress, db: Session
) -> None:
    environment = {**os.environ, "PRESS_URL": press.address, "VENUE_URL": ""}
    named = ("rss:wire", "rss:desk", "rss:journal", "gdelt")
    words = [sys.executable, "-m", "app.workers.press", *(f"--source={name}" for name in named)]
    for after_s in (0.02, 0.25):
        worker = subprocess.Popen(words, stdin=subprocess.PIPE, env=environment)
        deadline = time.monotonic() + 30
        while not asked(db) and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(after_s)
        worker.kill()
        worker.wait()
        assert worker.stdin is not None
        worker.stdin.close()
    partly = rows(db)
    # Its claims end by themselves; a minute is not waited for here.
    for state in db.scalars(select(SentimentSourceState)):
        state.next_attempt_at = state.last_attempt_at = None
    db.commit()
    resumed = once(collector(named))
    assert {one.state.value for one in resumed.values()} == {"good"}
    found = rows(db)
    assert partly <= found
    for table in (SentimentData, SentimentWindow, SentimentSourceState):
        db.execute(delete(table))
    db.commit()
    once(collector(named))
    # Who was never killed stored the same.
    assert found == rows(db)


def asked(db: Session) -> bool:
    db.rollback()
    return bool(db.scalar(select(func.max(SentimentSourceState.last_attempt_at))))


def rows(db: Session) -> set[tuple[Any, ...]]:
    db.rollback()
    query = select(SentimentData.source, SentimentData.symbol, SentimentData.external_id)
    found = [tuple(row) for row in db.execute(query)]
    assert len(found) == len(set(found))
    return set(found)

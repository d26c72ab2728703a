"""What a live decision hears at a close is what is read of that close ever after."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import numpy as np
import pytest
from sqlalchemy import delete, text

from app.core.database import SessionLocal
from app.models.database import SentimentData
from app.repositories.sentiment_clock import observe
from app.repositories.sentiment_items import ArchivedItem, insert_items
from app.services import live_news
from app.services.bar_import import store_bars
from app.services.live_news import LiveNews
from app.services.sentiment import active_scorer, known_series
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.sentiment.text import text_hash

MINUTE = 60_000
START = 1_750_000_000_000 // MINUTE * MINUTE
_numbers = count(1)


@pytest.fixture(autouse=True)
def _empty(database_url: str) -> None:
    del database_url
    with SessionLocal.begin() as db:
        db.execute(delete(SentimentData))


def item(said: str, source: str = "rss:here", *, weight: float = 1.0) -> ArchivedItem:
    scorer = active_scorer()
    return ArchivedItem(
        symbol="BTC", source=source, kind="news", external_id=str(next(_numbers)),
        event_time_ms=START - MINUTE, observed_at_ms=START, text=said, text_hash=text_hash(said),
        score=float(scorer.score([said])[0]), scorer=scorer.name, scorer_hash=scorer.hash,
        weight=weight, synthetic=True,
    )  # fmt: skip


def stored(items: list[ArchivedItem], market_ms: int) -> None:
    with SessionLocal.begin() as db:
        seen = observe(db, market_ms, synthetic=True)
        insert_items(db, [replace(one, observed_at_ms=seen) for one in items])


def read_again(close: int) -> SentimentSeries:
    with SessionLocal() as db:
        return known_series(db, "BTCUSDT", close, synthetic=True)


def heard(since: int = 0) -> LiveNews:
    return LiveNews("BTCUSDT", synthetic=True, since_ms=since, until_ms=START)


def test_without_any_text_the_series_is_empty() -> None:
    assert len(heard().at(START + MINUTE)) == 0


def test_each_close_hears_what_was_seen_by_then_and_repeats_count_once() -> None:
    stored([item("Bitcoin surges")], START - 1)
    news = heard()
    stored([item("Bitcoin surges", "gdelt"), item("Bridge was hacked", "gdelt")], START + 10)
    stored([item("Bitcoin to the moon")], START + MINUTE + 1)
    first = news.at(START + MINUTE)
    assert [round(x, 3) for x in first.weight.tolist()] == [1.0, 1.0]
    assert first.content_hash() == read_again(START + MINUTE).content_hash()
    second = news.at(START + 2 * MINUTE)
    assert len(second) == 3
    assert second.content_hash() == read_again(START + 2 * MINUTE).content_hash()


TEXTS = ("Bitcoin surges", "Bridge was hacked", "ETF inflows", "Miners sell", "Whales buy")


def test_while_two_sources_store_at_any_moment_every_close_is_heard_whole() -> None:
    now, stopping = [START], threading.Event()

    def collect(seed: int) -> None:
        rng = np.random.default_rng(seed)
        while not stopping.is_set():
            chosen = rng.choice(TEXTS, size=3).tolist()
            weights = rng.uniform(0.1, 1.0, 3).tolist()
            source = f"source-{rng.integers(3)}"
            # Its clock is a little wrong, as clocks are.
            given = now[0] + int(rng.integers(-500, 500))
            stored([item(t, source, weight=w) for t, w in zip(chosen, weights, strict=True)], given)

    threads = [threading.Thread(target=collect, args=(seed,)) for seed in (1, 2)]
    news = heard()
    for thread in threads:
        thread.start()
    closes: dict[int, str] = {}
    try:
        for _ in range(40):
            now[0] += MINUTE
            _commit_bar(now[0])
            closes[now[0]] = news.at(now[0]).content_hash()
    finally:
        stopping.set()
        for thread in threads:
            thread.join()
    assert len(read_again(now[0])) > 20
    assert {close: read_again(close).content_hash() for close in closes} == closes


def test_items_that_are_not_stored_in_time_are_heard_at_the_next_close(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live_news, "PATIENCE_MS", 50)
    news = heard()
    with SessionLocal.begin() as db:
        seen = observe(db, START + 10, synthetic=True)
        insert_items(db, [replace(item("Bitcoin surges"), observed_at_ms=seen)])
        assert len(news.at(START + MINUTE)) == 0
    assert len(news.at(START + 2 * MINUTE)) == 1


def test_old_items_are_forgotten_and_new_ones_stay_as_they_are() -> None:
    stored([item("Bitcoin surges")], START)
    news = heard()
    late = START + 3 * live_news.KEPT_MS
    stored([item("Bridge was hacked")], late)
    assert len(news.at(late + 1)) == 2
    assert len(news.at(late + 2)) == 1


@pytest.fixture(autouse=True)
def _series() -> Iterator[None]:
    with SessionLocal.begin() as db:
        db.execute(text("DELETE FROM feed_status"))
        db.execute(
            text("""
                INSERT INTO feed_status (source, symbol, timeframe, state, since)
                VALUES ('loopback', 'BTCUSDT', '1m', 'live', now())
            """)
        )
    yield
    with SessionLocal.begin() as db:
        db.execute(text("DELETE FROM market_data"))


def _commit_bar(close: int) -> None:
    price = np.ones(1)
    bar = Bars(
        symbol="BTCUSDT", timeframe="1m", source="loopback",
        timestamp=np.array([close - MINUTE]),
        open=price, high=price, low=price, close=price, volume=price,
    )  # fmt: skip
    with SessionLocal.begin() as db:
        store_bars(db, bar)

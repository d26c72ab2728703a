"""The study finds what was planted, nothing in noise, and names the flattering way as such."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.domain.sentiment import FEAR_GREED, SentimentSeries
from cryptovolt.research.ledger import FileLedger
from cryptovolt.research.sentiment_study import study_sentiment
from cryptovolt.research.sentiment_study_delays import joined_to_its_day, seen_later
from cryptovolt.research.sentiment_study_result import SentimentStudy
from cryptovolt.research.sentiment_study_signals import half_year_of
from cryptovolt.sentiment.series import merge_series

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
START = 1_600_000_000_000 // DAY_MS * DAY_MS
N_BARS = 9_000


def bars_of(returns: FloatArray) -> Bars:
    opens = 100.0 * np.exp(np.concatenate([[0.0], returns.cumsum()]))
    close = opens[1:]
    return Bars(
        symbol="BTCUSDT",
        timeframe="1h",
        timestamp=START + np.arange(returns.size) * HOUR_MS,
        open=opens[:-1],
        high=np.maximum(opens[:-1], close) * 1.001,
        low=np.minimum(opens[:-1], close) * 0.999,
        close=close,
        volume=np.ones(returns.size),
    )


def news_of(hours: np.ndarray, scores: FloatArray) -> SentimentSeries:
    """Return items written in the middle of hours, seen five minutes later."""
    written = START + hours * HOUR_MS + HOUR_MS // 2
    return SentimentSeries(
        event_time=written,
        observed_at=written + 300_000,
        score=np.clip(scores, -1.0, 1.0),
        source="rss",
    )


@pytest.fixture(scope="module")
def market() -> tuple[Bars, SentimentSeries]:
    """News that reports the last day's move, and knows nothing of what follows."""
    rng = np.random.default_rng(1)
    returns = rng.normal(0.0, 0.006, N_BARS)
    hours = np.sort(rng.choice(np.arange(30, N_BARS - 30), 1_500, replace=False))
    past = np.array([returns[hour - 11 : hour + 1].sum() for hour in hours.tolist()])
    return bars_of(returns), news_of(hours, past * 15.0 + rng.normal(0, 0.2, hours.size))


def studied(bars: Bars, news: SentimentSeries, **more: Any) -> SentimentStudy:
    return study_sentiment(
        bars, news, rng=np.random.default_rng(2), seed=2, delay_ms=300_000, n_samples=60, **more
    )


@pytest.fixture(scope="module")
def reporting(market: tuple[Bars, SentimentSeries]) -> SentimentStudy:
    return studied(*market)


def test_news_that_only_reports_shows_no_edge(reporting: SentimentStudy) -> None:
    assert reporting.n_tests == 12
    assert reporting.related == ()
    assert "No edge shown: of 12 coefficients looked at none stands out" in str(reporting)


def test_what_came_before_the_bursts_is_shown(reporting: SentimentStudy) -> None:
    good, bad = reporting.bursts
    assert len(good.times) >= 10
    assert good.moves[-12 * HOUR_MS].low > 0.0
    assert bad.moves[-12 * HOUR_MS].high < 0.0
    assert 0.0 in good.moves[24 * HOUR_MS]


def test_the_usual_move_is_that_of_the_bars_with_news(
    market: tuple[Bars, SentimentSeries], reporting: SentimentStudy
) -> None:
    # A year of a steep rise before the first news leaves what is abnormal in it as it was.
    bars, news = market
    before = START - 9_000 * HOUR_MS
    rise = bars.open[0] * np.exp(0.001 * np.arange(-9_000, 0))
    longer = Bars(
        symbol="BTCUSDT",
        timeframe="1h",
        timestamp=np.concatenate([before + np.arange(9_000) * HOUR_MS, bars.timestamp]),
        open=np.concatenate([rise, bars.open]),
        high=np.concatenate([rise * 1.01, bars.high]),
        low=np.concatenate([rise * 0.99, bars.low]),
        close=np.concatenate([rise, bars.close]),
        volume=np.ones(9_000 + len(bars)),
    )
    found = studied(longer, news, horizons_ms=(HOUR_MS,))
    for one, other in zip(found.bursts, reporting.bursts, strict=True):
        assert one.moves[72 * HOUR_MS].estimate == other.moves[72 * HOUR_MS].estimate


def test_joined_to_its_day_the_same_news_seems_to_know_the_future(
    reporting: SentimentStudy,
) -> None:
    *honest, flattering = reporting.delays
    assert [one.flattering for one in reporting.delays] == [False] * 4 + [True]
    assert flattering.coefficients[4 * HOUR_MS].low > 0.05
    assert all(abs(one.coefficients[4 * HOUR_MS].estimate) < 0.05 for one in honest)
    assert "joined to the day it is dated" in str(reporting)
    assert "FLATTERING: before it was written" in str(reporting)


def test_news_that_knows_is_found_and_called_a_relation_not_an_edge() -> None:
    rng = np.random.default_rng(3)
    hours = np.sort(rng.choice(np.arange(30, N_BARS - 100), 1_500, replace=False))
    scores = rng.uniform(-1, 1, hours.size)
    returns = rng.normal(0.0, 0.006, N_BARS)
    for hour, score in zip(hours.tolist(), scores.tolist(), strict=True):
        returns[hour + 1 : hour + 7] += 0.001 * score
    found = studied(bars_of(returns), news_of(hours, scores))
    related = {(one.signal, one.horizon_ms // HOUR_MS) for one in found.related}
    assert ("vote", 4) in related
    assert "A relation is no edge" in str(found)
    one = next(c for c in found.coefficients if (c.signal, c.horizon_ms) == ("vote", 4 * HOUR_MS))
    assert one.interval.low > 0.0
    assert all(half.coefficient > 0.0 for half in one.half_years)
    assert [half.label for half in one.half_years] == ["2020 H2", "2021 H1", "2021 H2"]


def test_the_index_is_looked_at_where_there_is_one(market: tuple[Bars, SentimentSeries]) -> None:
    bars, news = market
    days = START + np.arange(0, N_BARS // 24) * DAY_MS
    rng = np.random.default_rng(4)
    index = SentimentSeries(
        event_time=days,
        observed_at=days + DAY_MS,
        score=rng.uniform(-1, 1, days.size),
        source=FEAR_GREED,
    )
    found = studied(bars, merge_series(news, index), horizons_ms=(24 * HOUR_MS,))
    assert [one.signal for one in found.coefficients] == [
        "vote",
        "level",
        "surprise",
        FEAR_GREED.replace("-", "_"),
    ]
    assert found.n_index == days.size
    assert found.n_texts == len(news)


def test_every_signal_and_horizon_is_a_trial(
    market: tuple[Bars, SentimentSeries], tmp_path: Path
) -> None:
    bars, news = market
    ledger = FileLedger(tmp_path / "trials.jsonl")
    found = studied(bars, news, horizons_ms=(HOUR_MS, 4 * HOUR_MS), ledger=ledger)
    trials = ledger.trials(["BTCUSDT"], int(bars.timestamp[0]), int(bars.timestamp[-1]))
    assert len(trials) == found.n_tests == 6
    assert {trial.parameters["signal"] for trial in trials} == {"vote", "level", "surprise"}


def test_the_same_seed_gives_the_same_record_and_it_is_plain_json(
    market: tuple[Bars, SentimentSeries], reporting: SentimentStudy
) -> None:
    again = studied(*market)
    assert json.dumps(again.to_record()) == json.dumps(reporting.to_record())
    assert reporting.to_record()["seed"] == 2


def test_seeing_later_keeps_items_and_their_order() -> None:
    news = news_of(np.array([1, 2, 30]), np.array([0.1, 0.2, 0.3]))
    assert (seen_later(news, HOUR_MS).observed_at - news.observed_at).tolist() == [HOUR_MS] * 3
    assert seen_later(news, -DAY_MS).observed_at.tolist() == news.event_time.tolist()
    assert ((joined_to_its_day(news).observed_at - START) // DAY_MS).tolist() == [0, 0, 1]


def test_half_years_are_those_of_the_calendar() -> None:
    june, july = 1_656_633_599_000, 1_656_633_600_000
    assert half_year_of(np.array([june, july])) == ["2022 H1", "2022 H2"]


def test_what_cannot_be_studied_is_refused(market: tuple[Bars, SentimentSeries]) -> None:
    bars, news = market
    with pytest.raises(ConfigurationError, match=r"multiples of 1h, found 0\.5 h"):
        studied(bars, news, horizons_ms=(HOUR_MS // 2,))
    with pytest.raises(DataError, match="expected at least 500 bars of BTCUSDT between"):
        studied(bars, news.select(slice(3)))

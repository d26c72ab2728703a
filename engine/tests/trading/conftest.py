"""A generated market with news, for strategies to walk."""

import numpy as np
import pytest

from cryptovolt.domain.bars import Bars
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.research.synthetic import synthetic_bars, synthetic_news

DELAY_MS = 300_000


@pytest.fixture(scope="session")
def market() -> Bars:
    return synthetic_bars(2_600, end=1_700_000_000_000, rng=np.random.default_rng(11))


@pytest.fixture(scope="session")
def news(market: Bars) -> SentimentSeries:
    items = synthetic_news(market, rng=np.random.default_rng(12))
    written = np.array([item.event_time for item in items])
    scores = np.random.default_rng(13).uniform(-1, 1, written.size)
    return SentimentSeries(event_time=written, observed_at=written + DELAY_MS, score=scores)

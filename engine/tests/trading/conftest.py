"""A generated market with news, for strategies to walk."""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.research.synthetic import synthetic_bars, synthetic_news
from cryptovolt.trading.hybrid import HybridStrategy

DELAY_MS = 300_000

# What several files of this folder share is imported by its name.
sys.path.insert(0, str(Path(__file__).parent))


@dataclass(frozen=True)
class MomentumModel:
    """A classifier that needs no training: up is likelier after a rise."""

    feature_names: tuple[str, ...] = ("return_1",)
    artefact_hash: str = "0" * 64

    def probability_up(self, values: FloatArray) -> FloatArray:
        return 0.5 + 0.45 * np.tanh(100.0 * values[:, 0])


@pytest.fixture(scope="session")
def market() -> Bars:
    return synthetic_bars(2_600, end=1_700_000_000_000, rng=np.random.default_rng(11))


@pytest.fixture(scope="session")
def news(market: Bars) -> SentimentSeries:
    items = synthetic_news(market, rng=np.random.default_rng(12))
    written = np.array([item.event_time for item in items])
    scores = np.random.default_rng(13).uniform(-1, 1, written.size)
    return SentimentSeries(event_time=written, observed_at=written + DELAY_MS, score=scores)


@pytest.fixture(scope="session")
def strategy() -> HybridStrategy:
    return HybridStrategy(models=(MomentumModel(),))

"""Probes: what strategies and features compute, laid open for analysis.

A probe is asked about a slice of bars and answers with everything that has one value a bar, in the
order in which it was computed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.funding import Funding
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.features.build import FEATURE_WARMUP, Features
from cryptovolt.research.feature_gates import Build
from cryptovolt.research.order_probe import ORDERS, OrdersProbe
from cryptovolt.research.tracing import Key, Trace, traced
from cryptovolt.trading.hybrid import WARMUP, HybridStrategy
from cryptovolt.trading.strategy import (
    Strategy,
    check_strategy,
    file_of,
    method_of,
    name_of,
    warmup_of,
)
from cryptovolt.trading.target_strategy import Markets, TargetDecider

TARGET = "target"


class Probe(Protocol):
    """Something that computes values from bars."""

    @property
    def name(self) -> str:
        """What is probed."""
        ...

    @property
    def warmup(self) -> int:
        """Bars it declares to need before a value."""
        ...

    @property
    def file(self) -> str | None:
        """Where its source is; None where lines mean nothing."""
        ...

    def look(self, markets: Markets) -> Trace:
        """Return everything it computes for a slice of bars."""
        ...


@dataclass(frozen=True, slots=True)
class TargetProbe:
    """A strategy written as code: every array on the way to its target, line by line."""

    strategy: Strategy
    sentiment: SentimentSeries | None = None
    several: bool = False
    funding: Funding | None = None

    @property
    def name(self) -> str:
        """Of the strategy."""
        return name_of(self.strategy)

    @property
    def warmup(self) -> int:
        """Of the strategy."""
        return warmup_of(self.strategy)

    @property
    def file(self) -> str | None:
        """Of the strategy."""
        return file_of(self.strategy)

    def look(self, markets: Markets) -> Trace:
        """Return everything it computes for a slice of bars, by a copy that remembers nothing."""
        decider = TargetDecider(self.strategy, self.sentiment, self.several, self.funding)
        decider = decider.fresh()
        n_rows = len(next(iter(markets.values())))
        with traced(self.file or "", n_rows) as trace:
            target = decider.decide(markets)
        trace.keep(Key(name_of(self.strategy), 0, 0, TARGET), target)
        return trace


@dataclass(frozen=True, slots=True)
class FeaturesProbe:
    """A feature set: every column."""

    build: Build
    sentiment: SentimentSeries | None = None
    warmup: int = FEATURE_WARMUP
    name: str = "features"
    file: str | None = None

    def look(self, markets: Markets) -> Trace:
        """Return every column for a slice of bars."""
        return Trace(values=_columns(self.build(_only(markets), self.sentiment)))


@dataclass(frozen=True, slots=True)
class HybridProbe:
    """The hybrid strategy: every vote, the score, the action, the veto and the target."""

    strategy: HybridStrategy
    sentiment: SentimentSeries | None = None
    warmup: int = WARMUP
    file: str | None = None

    @property
    def name(self) -> str:
        """Of the strategy."""
        return name_of(self.strategy)

    def look(self, markets: Markets) -> Trace:
        """Return everything it decides for a slice of bars."""
        decided = self.strategy.decide(_only(markets), self.sentiment)
        names = ("ml", "rules", "sentiment", "score", "action", "vetoed", TARGET)
        return Trace(
            values={
                Key(self.name, 0, 0, name): np.asarray(getattr(decided, name), np.float64)
                for name in names
            }
        )


def probe_of(
    strategy: Strategy,
    sentiment: SentimentSeries | None = None,
    *,
    several: bool = False,
    funding: Funding | None = None,
    cash: float = 10_000.0,
) -> Probe:
    """Return the probe of a strategy.

    Raises
    ------
    StrategyError
        If it is no strategy.
    """
    check_strategy(strategy)
    if isinstance(strategy, HybridStrategy):
        return HybridProbe(strategy, sentiment)
    if method_of(strategy) == ORDERS:
        return OrdersProbe(strategy, sentiment, several, funding, cash)
    return TargetProbe(strategy, sentiment, several, funding)


def _columns(features: Features) -> dict[Key, FloatArray]:
    return {
        Key("features", 0, 0, name): features.values[:, column]
        for column, name in enumerate(features.names)
    }


def _only(markets: Mapping[str, Bars]) -> Bars:
    if len(markets) != 1:
        raise ConfigurationError(f"expected one symbol, found {len(markets)}")
    return next(iter(markets.values()))

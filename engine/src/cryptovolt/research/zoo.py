"""A zoo of pipelines: some deceive themselves as people do, some are clean.

Every leaky specimen makes one mistake that is made in public. It lives on a market whose bars stand
in random order, where there is nothing to find, and is to be refused by the gate that is named for
it, whatever its numbers say. Clean specimens are to pass every gate. How they are made is in
:mod:`cryptovolt.research.zoo_builds` (features) and :mod:`cryptovolt.research.zoo_training`
(labels, splits and training).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from cryptovolt.domain.bars import Bars
from cryptovolt.domain.ports import TrialLedger
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.features.build import Features, build_features
from cryptovolt.features.labels import Labels, triple_barrier
from cryptovolt.research.edge_gates import Label, Pipeline, in_random_order
from cryptovolt.research.evaluation import Evaluation
from cryptovolt.research.feature_gates import Build
from cryptovolt.research.gate import Gate
from cryptovolt.research.gates import QUICK, Budget, checks_of
from cryptovolt.research.null_experiment import MemoryLedger
from cryptovolt.research.synthetic import synthetic_bars
from cryptovolt.research.zoo_builds import BUILDS
from cryptovolt.research.zoo_training import LABELS, TRAININGS, honest

HORIZON = 6
N_BARS = 4_000
_END = 1_700_000_000_000
_NEWS = 1_600
_DELAY_MS = 6 * 3_600_000

_LABEL: Label = partial(triple_barrier, horizon=HORIZON)

Training = Callable[[Features, Labels, TrialLedger | None, Bars | None], Evaluation]
"""Trains and judges; with a ledger and bars it keeps its fits there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """Where the zoo lives: bars without anything to find, and news that follow them."""

    bars: Bars
    news: SentimentSeries


@dataclass(frozen=True, slots=True, kw_only=True)
class Specimen:
    """One pipeline.

    Parameters
    ----------
    name : str
        The mistake, or what is clean about it.
    refused_by : str or None
        Gate that is to refuse it; None for a clean one.
    build : callable
        Bars and sentiment to features.
    label : callable
        Bars to labels.
    training : callable
        Features and labels to an evaluation.
    """

    name: str
    refused_by: str | None
    build: Build = build_features
    label: Label = _LABEL
    training: Training = honest


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What a specimen showed, and what the gates said.

    Parameters
    ----------
    specimen : Specimen
    auc, accuracy : float
        As the pipeline itself reports them.
    gates : tuple of Gate
        Those that were run.
    """

    specimen: Specimen
    auc: float
    accuracy: float
    gates: tuple[Gate, ...]

    @property
    def refused_by(self) -> tuple[str, ...]:
        """Names of the gates that it did not pass."""
        return tuple(gate.name for gate in self.gates if not gate.passed)

    @property
    def as_expected(self) -> bool:
        """Whether the gate named for it refused it, or nothing did that is clean."""
        wanted = self.specimen.refused_by
        return not self.refused_by if wanted is None else wanted in self.refused_by


def zoo_market(seed: int = 1, n_bars: int = N_BARS) -> Market:
    """Return the market of the zoo: the same seed gives the same one."""
    rng = np.random.default_rng(seed)
    bars = in_random_order(synthetic_bars(n_bars, end=_END, rng=rng), rng, n_bars)
    written = np.sort(rng.integers(int(bars.timestamp[0]), int(bars.timestamp[-1]), _NEWS))
    bar = np.searchsorted(bars.timestamp, written, side="right") - 1
    # News tell what the bar they are written in does, and are seen later.
    body = np.log(bars.close / bars.open)[bar]
    score = np.clip(body / (3.0 * body.std()) + rng.normal(0.0, 0.2, _NEWS), -1.0, 1.0)
    news = SentimentSeries(event_time=written, observed_at=written + _DELAY_MS, score=score)
    return Market(bars=bars, news=news)


def specimens(market: Market) -> tuple[Specimen, ...]:
    """Return every pipeline of the zoo, the leaky ones first."""
    builds = [
        Specimen(name=name, refused_by=gate, build=build(market.bars))
        for name, (gate, build) in BUILDS.items()
    ]
    labels = [
        Specimen(name=name, refused_by=gate, label=partial(label, horizon=HORIZON))
        for name, (gate, label) in LABELS.items()
    ]
    trainings = [
        Specimen(name=name, refused_by=gate, training=training)
        for name, (gate, training) in TRAININGS.items()
    ]
    found = (*builds, *labels, *trainings)
    leaky = tuple(one for one in found if one.refused_by is not None)
    return (*leaky, *(one for one in found if one.refused_by is None))


def sight(
    specimen: Specimen,
    market: Market,
    *,
    gates: Sequence[str] | None = None,
    budget: Budget = QUICK,
    seed: int = 2,
) -> Sighting:
    """Train a specimen as it likes to be trained, and ask the gates.

    Parameters
    ----------
    specimen : Specimen
        From :func:`specimens`.
    market : Market
        From :func:`zoo_market`.
    gates : sequence of str, optional
        Names of those to run; all if not given.
    budget : Budget
        For the gates that train.
    seed : int, default=2
        Of the gates.
    """
    ledger = MemoryLedger()
    features = specimen.build(market.bars, market.news)
    labels = specimen.label(market.bars)
    evaluation = specimen.training(features, labels, ledger, market.bars)
    pipeline = Pipeline(
        bars=market.bars,
        sentiment=market.news,
        build=specimen.build,
        label=specimen.label,
        train=lambda given, wanted: specimen.training(given, wanted, None, None),
    )
    checks = checks_of(pipeline, features, evaluation, np.random.default_rng(seed), budget, ledger)
    wanted = tuple(checks) if gates is None else tuple(gates)
    return Sighting(
        specimen=specimen,
        auc=evaluation.scores["auc"].value,
        accuracy=evaluation.scores["accuracy"].value,
        gates=tuple(checks[name]() for name in wanted),
    )

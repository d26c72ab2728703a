"""Whether a search among models sees an edge where there is none, and the one that is there.

The columns are noise, one of them with something of the next bars in it where an edge is planted;
the bars stand in random order. Several settings are tried, all of them in a ledger, and the best
one is judged against all.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from cryptovolt.features.build import Features
from cryptovolt.features.labels import triple_barrier
from cryptovolt.ml.xgboost_classifier import BoosterSettings
from cryptovolt.research.edge_gates import in_random_order, planted_column
from cryptovolt.research.evaluation import Evaluation
from cryptovolt.research.null_experiment import MemoryLedger
from cryptovolt.research.synthetic import synthetic_bars
from cryptovolt.research.walkforward import evaluate_classifier

_END = 1_700_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """One kind of market, and the search over it.

    Parameters
    ----------
    n_bars, n_features : int
        Of the market.
    n_trials : int, default=5
        Depths of trees tried, from 1 on.
    horizon : int, default=6
        Of the labels, in bars.
    coefficient : float, default=0.0
        Information coefficient of the planted column; 0 plants none.
    n_resamples : int, default=200
        Behind every interval.
    """

    n_bars: int = 2_000
    n_features: int = 20
    n_trials: int = 5
    horizon: int = 6
    coefficient: float = 0.0
    n_resamples: int = 200


def searched(search: Search, rng: Generator) -> Evaluation:
    """Return the best of the models that were tried on one market, judged against all of them."""
    bars = in_random_order(synthetic_bars(search.n_bars, end=_END, rng=rng), rng, search.n_bars)
    values = rng.normal(size=(len(bars), search.n_features))
    if search.coefficient:
        values[:, 0] = planted_column(bars, search.horizon, rng, search.coefficient)
    features = Features(
        names=tuple(f"column_{number}" for number in range(search.n_features)),
        values=values,
        timestamp=bars.timestamp,
        warmup=0,
        timeframe=bars.timeframe,
        symbol=bars.symbol,
    )
    labels, ledger = triple_barrier(bars, search.horizon), MemoryLedger()

    def tried(depth: int) -> Evaluation:
        return evaluate_classifier(
            features,
            labels,
            rng=np.random.default_rng(depth),
            settings=replace(BoosterSettings(), max_depth=depth),
            n_resamples=search.n_resamples,
            ledger=ledger,
            bars=bars,
        )

    depths = range(1, search.n_trials + 1)
    best = max(depths, key=lambda depth: tried(depth).scores["auc"].value)
    # Judged when all of them are in the ledger.
    return tried(best)

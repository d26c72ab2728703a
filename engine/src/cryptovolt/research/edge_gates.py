"""Gates on a whole pipeline: features, labels and training made again on other markets.

Nothing of a pipeline is believed that it says of itself. It is run once more where the truth is
known: on the same market with its bars in random order, where there is nothing to find; on such a
market with an edge planted in it; and on its own market with the outcome of a test set
turned round, where nothing that was said before may change.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import floor, sqrt
from typing import TypeAlias

import numpy as np
from numpy.random import Generator

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.features.build import Features
from cryptovolt.features.labels import Labels
from cryptovolt.research.evaluation import Evaluation
from cryptovolt.research.feature_gates import Build
from cryptovolt.research.gate import Gate
from cryptovolt.research.verdict import Standing

Label: TypeAlias = Callable[[Bars], Labels]
"""How the labels were made, so that they can be made again."""

Train: TypeAlias = Callable[[Features, Labels], Evaluation]
"""How the model was trained and judged, so that it can be done again."""

WALK_BARS = 4_000
"""Newest bars that a generated market is made from."""

PLANTED = "planted"
PLANTED_COEFFICIENT = 0.6
"""Correlation of the planted column with the log return over the horizon."""

LEAST_FOUND = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """Everything that is needed to make a model again.

    Parameters
    ----------
    bars : Bars
        That it learned from.
    sentiment : SentimentSeries or None
        That was given beside them.
    build : callable
        Bars and sentiment to features.
    label : callable
        Bars to labels.
    train : callable
        Features and labels to an evaluated model.
    """

    bars: Bars
    sentiment: SentimentSeries | None
    build: Build
    label: Label
    train: Train


def unseen_rows(pipeline: Pipeline, features: Features, evaluation: Evaluation) -> Gate:
    """Turn the labels of a test set round and spoil its later half: nothing may change.

    What was said of rows before, and of the test rows that keep their features, must keep its bits.
    It would not if anything was fitted, chosen, stopped, scaled or calibrated on rows to come. The
    test set is the one of which most different things were said: where a model says one thing only,
    nothing can be seen.
    """
    labels = evaluation.labels
    sets = [result.fold.test for result in evaluation.folds]
    test = max(sets, key=lambda rows: float(np.std(evaluation.probability[labels.row[rows]])))
    value, outcome = labels.value.copy(), labels.outcome.copy()
    value[test], outcome[test] = -value[test], -outcome[test]
    turned = replace(labels, value=value, outcome=outcome)
    last = int(labels.row[test[test.size // 2]])
    spoiled = features.values.copy()
    spoiled[last + 1 :] = 3.0 * spoiled[last + 1 :][::-1] + 1.0
    again = pipeline.train(replace(features, values=spoiled), turned).probability[: last + 1]
    known = evaluation.probability[: last + 1]
    n_changed = int(((again != known) & ~(np.isnan(again) & np.isnan(known))).sum())
    return Gate(
        "unseen_rows",
        n_changed == 0,
        float(n_changed),
        0.0,
        f"with the outcome of one test set turned round and its later half spoiled, "
        f"{n_changed} of {np.isfinite(known).sum()} probabilities changed; none may change",
    )


def random_walk(pipeline: Pipeline, n_markets: int, rng: Generator) -> Gate:
    """Run the pipeline on its market with the bars in random order: there must be no edge."""
    standings = [
        _on_market(pipeline, in_random_order(pipeline.bars, rng)) for _ in range(n_markets)
    ]
    n_found = sum(standing is not Standing.NO_EDGE for standing in standings)
    # One market of a few may deceive an honest pipeline by chance; a leak shows on nearly all.
    allowed = 1 + floor(0.02 * n_markets)
    return Gate(
        "random_walk",
        n_found <= allowed,
        float(n_found),
        float(allowed),
        f"an edge was seen in {n_found} of {n_markets} markets whose bars stand in random order; "
        f"at most {allowed} may deceive by chance",
    )


def planted_edge(pipeline: Pipeline, n_markets: int, rng: Generator) -> Gate:
    """Run the pipeline on random markets with an edge in them, and a column that shows it."""
    n_found = 0
    for _ in range(n_markets):
        bars = in_random_order(pipeline.bars, rng)
        horizon = pipeline.label(bars).horizon
        standing = _on_market(pipeline, bars, planted_column(bars, horizon, rng))
        n_found += standing is not Standing.NO_EDGE
    needed = int(np.ceil(LEAST_FOUND * n_markets))
    return Gate(
        "planted_edge",
        n_found >= needed,
        float(n_found),
        float(needed),
        f"a planted edge was found in {n_found} of {n_markets} markets; at least {needed} are "
        "expected of a pipeline that can find one",
    )


def in_random_order(bars: Bars, rng: Generator, n_bars: int = WALK_BARS) -> Bars:
    """Return the newest bars with their shapes and volumes in random order, at the same times.

    Each bar opens at the close of the one before it and goes where some other bar went. What the
    market is like (tails, ranges, volumes) stays; nothing is left that could be predicted.
    """
    newest = bars[-n_bars:]
    order = rng.permutation(len(newest))
    body = np.log(newest.close / newest.open)[order]
    close = newest.open[0] * np.exp(np.cumsum(body))
    return _bars_like(newest, close, order)


def planted_column(
    bars: Bars, horizon: int, rng: Generator, coefficient: float = PLANTED_COEFFICIENT
) -> FloatArray:
    """Return a column that knows something of the next bars, as hidden in noise as asked for.

    Parameters
    ----------
    bars : Bars
        Whose changes cannot be predicted from themselves.
    horizon : int
        Bars ahead that it knows of.
    rng : numpy.random.Generator
        Makes the noise, which is as persistent as what it hides.
    coefficient : float
        Correlation of the column with the log return over the horizon, in (0, 1): its information
        coefficient.

    Returns
    -------
    ndarray of shape (n_bars,)
        Standardised; the last `horizon` rows know nothing.
    """
    body = np.log(bars.close / bars.open)
    body = (body - body.mean()) / body.std()
    ahead = _next_sum(body, horizon) / sqrt(horizon)
    noise = _next_sum(rng.normal(size=len(bars)), horizon) / sqrt(horizon)
    return coefficient * ahead + sqrt(1.0 - coefficient**2) * noise


def _next_sum(values: FloatArray, n: int) -> FloatArray:
    total = np.concatenate([[0.0], np.cumsum(values), np.zeros(n)])
    result = np.zeros(values.size)
    known = max(0, values.size - n)
    result[:known] = total[n + 1 : n + 1 + known] - total[1 : 1 + known]
    return result


def _bars_like(bars: Bars, close: FloatArray, order: IntArray) -> Bars:
    open_ = np.concatenate([bars.open[:1], close[:-1]])
    top = np.log(bars.high / np.maximum(bars.open, bars.close))[order]
    bottom = np.log(np.minimum(bars.open, bars.close) / bars.low)[order]
    return Bars(
        symbol=bars.symbol,
        timeframe=bars.timeframe,
        timestamp=bars.timestamp,
        open=open_,
        high=np.maximum(open_, close) * np.exp(top),
        low=np.minimum(open_, close) * np.exp(-bottom),
        close=close,
        volume=bars.volume[order],
        source=bars.source,
    )


def _on_market(pipeline: Pipeline, bars: Bars, column: FloatArray | None = None) -> Standing:
    features = pipeline.build(bars, pipeline.sentiment)
    if column is not None:
        features = replace(
            features,
            names=(*features.names, PLANTED),
            values=np.column_stack([features.values, column]),
        )
    return pipeline.train(features, pipeline.label(bars)).verdict.standing

"""What the pipeline of two public prototypes reaches where there is nothing to find.

It is made as it is published: hourly bars of about six weeks, thirteen indicators, a label for a
6-hour return above 1 %, a scaler fitted on all rows, and boosted trees of depth 6. Once rows are
shuffled before they are split, once the split is by time; the market is a random walk with changing
volatility and fat tails.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from cryptovolt import indicators
from cryptovolt.domain.arrays import BoolArray, FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.performance.classification import accuracy, auc, precision
from cryptovolt.research.synthetic import synthetic_bars

N_BARS = 1_000
HORIZON = 6
THRESHOLD = 0.01
CLAIMED = {"accuracy": 0.78, "precision": 0.77, "auc": 0.84}
"""What the prototypes say of themselves."""

_TEST_SHARE = 0.2
_TREES = 100
_DEPTH = 6
_END = 1_700_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What one run of the pipeline would have claimed.

    `majority` is the accuracy of always saying that the return will not be above the threshold.
    """

    accuracy: float
    precision: float
    auc: float
    majority: float


def claim(rng: Generator, *, shuffled: bool) -> Claim:
    """Return what the pipeline claims on one random walk.

    Parameters
    ----------
    rng : numpy.random.Generator
        Makes the market and the shuffle.
    shuffled : bool
        Whether rows are shuffled before the split, or split by time.
    """
    bars = synthetic_bars(N_BARS, end=_END, rng=rng)
    values, up = _rows(bars)
    order = rng.permutation(up.size) if shuffled else np.arange(up.size)
    cut = up.size - round(_TEST_SHARE * up.size)
    said = _said(values[order[:cut]], up[order[:cut]], values[order[cut:]])
    happened = up[order[cut:]]
    return Claim(
        accuracy=accuracy(happened, said),
        precision=precision(happened, said),
        auc=auc(happened, said),
        majority=float(1.0 - happened.mean()),
    )


def _rows(bars: Bars) -> tuple[FloatArray, BoolArray]:
    close, high, low = bars.close, bars.high, bars.low
    macd = indicators.macd(close)
    bands = indicators.bbands(close, 20)
    columns = (
        indicators.sma(close, 20), indicators.sma(close, 50), indicators.ema(close, 12),
        indicators.ema(close, 26), indicators.rsi(close, 14), *macd, *bands,
        indicators.atr(high, low, close, 14), bars.volume,
    )  # fmt: skip
    values = np.column_stack(columns)
    known = np.flatnonzero(np.isfinite(values).all(axis=1))
    known = known[known + HORIZON < len(bars)]
    values = values[known]
    # The mistake of the original: test rows are known to the scaler.
    values = (values - values.mean(axis=0)) / values.std(axis=0)
    return values, close[known + HORIZON] / close[known] - 1.0 > THRESHOLD


def _said(values: FloatArray, up: BoolArray, test: FloatArray) -> FloatArray:
    import xgboost  # noqa: PLC0415 - heavy, and needed for training only

    parameters = {
        "objective": "binary:logistic", "max_depth": _DEPTH, "eta": 0.1, "nthread": 1, "seed": 7,
    }  # fmt: skip
    booster = xgboost.train(parameters, xgboost.DMatrix(values, label=up), _TREES)
    return np.asarray(booster.predict(xgboost.DMatrix(test)), np.float64)

"""From bars and sentiment to the matrix a model sees."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cryptovolt.domain.arrays import BoolArray, FloatArray, IntArray, read_only
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import DataError
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.features.flow import SEASON_FEATURES, VOLUME_FEATURES
from cryptovolt.features.price import RANGE_FEATURES, RETURN_FEATURES, VOLATILITY_FEATURES
from cryptovolt.features.registry import Feature, SentimentFeature
from cryptovolt.features.seen_sentiment import SENTIMENT_FEATURES
from cryptovolt.features.technical import (
    MOMENTUM_FEATURES,
    OSCILLATOR_FEATURES,
    TREND_FEATURES,
)
from cryptovolt.market.checking import require_clean
from cryptovolt.market.windows import compute_anchored

BAR_FEATURES: tuple[Feature, ...] = (
    *RETURN_FEATURES,
    *VOLATILITY_FEATURES,
    *RANGE_FEATURES,
    *VOLUME_FEATURES,
    *TREND_FEATURES,
    *MOMENTUM_FEATURES,
    *OSCILLATOR_FEATURES,
    *SEASON_FEATURES,
)
"""Every feature of bars, in the order of the columns."""

REGISTRY: tuple[Feature | SentimentFeature, ...] = (*BAR_FEATURES, *SENTIMENT_FEATURES)
"""Every feature there is."""

# One warm-up for all: a feature's window, and so its bits, never depend on which others are built.
FEATURE_WARMUP = max(feature.warmup for feature in BAR_FEATURES)
"""Rows at the beginning that are NaN, and bars every block is computed from before its first."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Features:
    """A matrix of features, one row per bar.

    Parameters
    ----------
    names : tuple of str
        Columns.
    values : ndarray of shape (n_bars, n_features)
        Dimensionless; the first `warmup` rows are NaN. Read-only.
    timestamp : ndarray of shape (n_bars,)
        Bar open, milliseconds UTC. A row may be used from the close of its bar on.
    warmup : int
        Rows without values.
    timeframe : str
        Of the bars.
    symbol : str
        Of the bars.
    """

    names: tuple[str, ...]
    values: FloatArray
    timestamp: IntArray
    warmup: int
    timeframe: str
    symbol: str

    def __post_init__(self) -> None:
        if self.values.shape != (self.timestamp.size, len(self.names)):
            raise DataError(
                f"expected values of shape {(self.timestamp.size, len(self.names))}, found "
                f"{self.values.shape}"
            )
        if len(set(self.names)) != len(self.names):
            raise DataError("expected every feature name once, found one twice")
        read_only(self.values)

    def __len__(self) -> int:
        return self.timestamp.size

    @property
    def usable(self) -> BoolArray:
        """Rows of shape ``(n_bars,)`` in which every feature has a finite value."""
        return np.asarray(np.isfinite(self.values).all(axis=1), dtype=np.bool_)

    def select(self, names: Sequence[str]) -> "Features":
        """Return the named columns, in that order.

        Raises
        ------
        DataError
            If a column is missing.
        """
        missing = [name for name in names if name not in self.names]
        if missing:
            raise DataError(
                f"expected features {', '.join(missing)}, found none of that name among "
                f"{len(self.names)} columns"
            )
        columns = [self.names.index(name) for name in names]
        return Features(
            names=tuple(names),
            values=np.ascontiguousarray(self.values[:, columns]),
            timestamp=self.timestamp,
            warmup=self.warmup,
            timeframe=self.timeframe,
            symbol=self.symbol,
        )

    def since(self, row: int) -> "Features":
        """Return the rows from one on, without copying."""
        return Features(
            names=self.names,
            values=self.values[row:],
            timestamp=self.timestamp[row:],
            warmup=max(0, self.warmup - row),
            timeframe=self.timeframe,
            symbol=self.symbol,
        )

    def content_hash(self) -> str:
        """Return the SHA-256 of names, times and every value, as 64 hex digits."""
        digest = hashlib.sha256(f"{self.symbol}|{self.timeframe}|{','.join(self.names)}\n".encode())
        digest.update(np.ascontiguousarray(self.timestamp).data)
        digest.update(np.ascontiguousarray(self.values).data)
        return digest.hexdigest()


def build_features(bars: Bars, sentiment: SentimentSeries | None = None) -> Features:
    """Return every registered feature for every bar.

    The newest ``live_rows(warmup)`` bars (see :mod:`cryptovolt.market.windows`) give the same last
    row, bit for bit, as all history; of the sentiment the items seen within `SENTIMENT_WINDOW_MS`
    of the last close are enough for it.

    Parameters
    ----------
    bars : Bars
        Without errors (see :func:`cryptovolt.check_bars`).
    sentiment : SentimentSeries, optional
        Adds the sentiment columns; without it they are absent.

    Returns
    -------
    Features
        Row ``t`` knows bars up to ``t`` and items seen by the close of bar ``t``.

    Raises
    ------
    DataError
        If there are no bars, or they have errors.
    """
    if not len(bars):
        raise DataError(f"expected bars of {bars.symbol}, found none")
    require_clean(bars)
    chosen = [feature for feature in BAR_FEATURES if feature.says_something_for(bars)]
    names = [feature.name for feature in chosen]

    def compute(window: Bars) -> FloatArray:
        return np.column_stack([feature.compute(window) for feature in chosen])

    values = compute_anchored(bars, FEATURE_WARMUP, compute)
    if sentiment is not None:
        closes = bars.timestamp + bars.interval_ms
        columns = [feature.compute(sentiment, closes) for feature in SENTIMENT_FEATURES]
        values = np.column_stack([values, *columns])
        names += [feature.name for feature in SENTIMENT_FEATURES]
    values[:FEATURE_WARMUP] = np.nan
    return Features(
        names=tuple(names),
        values=values,
        timestamp=bars.timestamp,
        warmup=FEATURE_WARMUP,
        timeframe=bars.timeframe,
        symbol=bars.symbol,
    )

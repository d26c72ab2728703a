"""From bars, and what was known beside them, to the matrix a model sees.

The matrix is written column by column, block by block (see :mod:`cryptovolt.market.windows`), on
two threads where there are many blocks. A block's values depend on its slice alone, so they are
the same on one thread.
"""

import hashlib
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from cryptovolt.domain.arrays import BoolArray, FloatArray, IntArray, read_only
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.domain.funding import FundingRates
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.features.beside import known_beside
from cryptovolt.features.derivatives import BASIS_FEATURES, FUNDING_FEATURES, payments_of
from cryptovolt.features.flow import SEASON_FEATURES, VOLUME_FEATURES
from cryptovolt.features.higher import HIGHER_FEATURES
from cryptovolt.features.inputs import Inputs, Payments
from cryptovolt.features.leader import LEADER_FEATURES
from cryptovolt.features.price import RANGE_FEATURES, RETURN_FEATURES, VOLATILITY_FEATURES
from cryptovolt.features.registry import Feature, SentimentFeature
from cryptovolt.features.seen_sentiment import (
    ORIGIN_FEATURES,
    SENTIMENT_FEATURES,
    sentiment_features_of,
)
from cryptovolt.features.technical import (
    MOMENTUM_FEATURES,
    OSCILLATOR_FEATURES,
    TREND_FEATURES,
)
from cryptovolt.market.checking import require_clean
from cryptovolt.market.windows import Window, anchored_windows

BAR_FEATURES: tuple[Feature, ...] = (
    *RETURN_FEATURES,
    *VOLATILITY_FEATURES,
    *RANGE_FEATURES,
    *VOLUME_FEATURES,
    *TREND_FEATURES,
    *MOMENTUM_FEATURES,
    *OSCILLATOR_FEATURES,
    *SEASON_FEATURES,
    *HIGHER_FEATURES,
)
"""Every feature of bars alone, in the order of the columns."""

BESIDE_FEATURES: tuple[Feature, ...] = (*FUNDING_FEATURES, *BASIS_FEATURES, *LEADER_FEATURES)
"""Every feature of bars and of what is given beside them, in the order of the columns."""

REGISTRY: tuple[Feature | SentimentFeature, ...] = (
    *BAR_FEATURES,
    *BESIDE_FEATURES,
    *SENTIMENT_FEATURES,
    *ORIGIN_FEATURES,
)
"""Every feature there is."""

MOST_THREADS = 2
"""Threads that compute, where the machine has them."""

_BLOCKS_PER_THREAD = 8
_NEEDS: Mapping[str, tuple[str, ...]] = {feature.name: feature.needs for feature in REGISTRY}

# One warm-up for all: a feature's window, and so its bits, never depend on which others are built.
FEATURE_WARMUP = max(feature.warmup for feature in (*BAR_FEATURES, *BESIDE_FEATURES))
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

    def varying(self, rows: IntArray) -> "Features":
        """Return the columns that are not the same number in all of some rows.

        Parameters
        ----------
        rows : ndarray of shape (n_rows,)
            Bars to look at, at least one.
        """
        values = self.values[rows]
        constant = (values == values[0]).all(axis=0).tolist()
        return self.select([n for n, same in zip(self.names, constant, strict=True) if not same])

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
        """Return the SHA-256 of names, times and every value's bits, as 64 hex digits.

        Column by column: the way the matrix lies in memory does not matter.
        """
        digest = hashlib.sha256(f"{self.symbol}|{self.timeframe}|{','.join(self.names)}\n".encode())
        digest.update(np.ascontiguousarray(self.timestamp).data)
        for column in range(len(self.names)):
            digest.update(np.ascontiguousarray(self.values[:, column]).data)
        return digest.hexdigest()


def build_features(
    bars: Bars,
    sentiment: SentimentSeries | None = None,
    *,
    funding: FundingRates | None = None,
    mark: Bars | None = None,
    index: Bars | None = None,
    leader: Bars | None = None,
    n_threads: int | None = None,
) -> Features:
    """Return every registered feature for every bar.

    The newest ``live_rows(warmup)`` bars (see :mod:`cryptovolt.market.windows`), of this market and
    of those beside it, give the same last row, bit for bit, as all history; of the sentiment the
    items seen within `SENTIMENT_WINDOW_MS` of the last close are enough for it, of the funding the
    newest `FUNDING_PAYMENTS` payments that count by then.

    Parameters
    ----------
    bars : Bars
        Without errors (see :func:`cryptovolt.check_bars`).
    sentiment : SentimentSeries, optional
        Adds the sentiment columns its origins can fill; without it they are absent. So it is with
        what follows.
    funding : FundingRates, optional
        Of this perpetual. A payment counts from `FUNDING_LAG_MS` after it was made; its columns
        are NaN before 22 of them count, and where two intervals pass without one.
    mark : Bars, optional
        Mark price of this perpetual, at the same time frame.
    index : Bars, optional
        Index or spot market that a perpetual follows, at the same time frame.
    leader : Bars, optional
        Another market that leads this one, at the same time frame.
    n_threads : int, optional
        At least 1; two where the machine has them, by default. Values do not depend on it.

    Returns
    -------
    Features
        Row ``t`` knows bars up to ``t`` and what was known by the close of bar ``t``. A missing bar
        of another market is stood in for by the one before it, for at most 12 bars; after that
        its columns are NaN.

    Raises
    ------
    DataError
        If there are no bars, or they have errors, also of another market.
    ConfigurationError
        If another market has another time frame, the leader is the market itself, or `n_threads`
        is below 1.
    """
    if not len(bars):
        raise DataError(f"expected bars of {bars.symbol}, found none")
    if n_threads is not None and n_threads < 1:
        raise ConfigurationError(f"expected n_threads from 1, found {n_threads}")
    require_clean(bars)
    beside = known_beside(bars, mark, index, leader)
    payments = None if funding is None else payments_of(funding)
    given = {*beside, *(() if payments is None else ("funding",))}
    chosen = [
        feature
        for feature in (*BAR_FEATURES, *BESIDE_FEATURES)
        if feature.says_something_for(bars) and given.issuperset(feature.needs)
    ]
    heard = () if sentiment is None else sentiment_features_of(sentiment)
    values = np.empty((len(bars), len(chosen) + len(heard)), order="F")
    _fill(values, chosen, bars, beside, payments, n_threads)
    if sentiment is not None:
        closes = bars.timestamp + bars.interval_ms
        for column, feature in enumerate(heard, start=len(chosen)):
            values[:, column] = feature.compute(sentiment, closes)
    values[:FEATURE_WARMUP] = np.nan
    return Features(
        names=tuple(feature.name for feature in (*chosen, *heard)),
        values=values,
        timestamp=bars.timestamp,
        warmup=FEATURE_WARMUP,
        timeframe=bars.timeframe,
        symbol=bars.symbol,
    )


def inputs_needed(names: Sequence[str]) -> frozenset[str]:
    """Return which arguments of :func:`build_features` the named columns are absent without."""
    return frozenset(need for name in names for need in _NEEDS.get(name, ()))


def _fill(
    values: FloatArray,
    chosen: Sequence[Feature],
    bars: Bars,
    beside: Mapping[str, FloatArray],
    payments: Payments | None,
    n_threads: int | None,
) -> None:
    def fill(window: Window) -> None:
        rows = slice(window.start, window.stop)
        parts = {name: known[rows] for name, known in beside.items()}
        given = Inputs(bars[rows], parts, payments)
        kept = window.first - window.start
        for column, feature in enumerate(chosen):
            values[window.first : window.stop, column] = feature.compute(given)[kept:]

    windows = list(anchored_windows(bars, FEATURE_WARMUP))
    most = min(MOST_THREADS, os.cpu_count() or 1) if n_threads is None else n_threads
    used = min(most, len(windows) // _BLOCKS_PER_THREAD)
    if used < 2:
        for window in windows:
            fill(window)
        return
    # The first alone: compiled code is then loaded once.
    fill(windows[0])
    with ThreadPoolExecutor(used) as pool:
        for _ in pool.map(fill, windows[1:]):
            pass

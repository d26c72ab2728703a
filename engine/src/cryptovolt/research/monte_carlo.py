"""What else could have come of the same trades, or of days like these.

One history is one draw. *Trade order*: the same trades in another order end at the same equity but
fall deeper or less deep on the way; drawn with replacement they also end elsewhere. *Blocks of
days*: stretches of days are drawn with replacement, so that what follows each other stays together.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from cryptovolt.backtest.run import Run
from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.errors import DataError
from cryptovolt.research.replay import period_returns

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
MIN_TRADES = 10
MIN_PERIODS = 60
_SHOWN = 121
_CHUNK = 50

Rows = Callable[[int, Generator], IntArray]
"""Takes how many paths, gives rows of shape (n_paths, n)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bands:
    """Quantiles of many paths of equity that all start at 1.

    Parameters
    ----------
    at : ndarray of shape (n_points,)
        Number of trades or days done, from 0 to all; thinned for drawing.
    equity : ndarray of shape (5, n_points)
        The 5, 25, 50, 75 and 95 % quantiles there.
    max_drawdown : ndarray of shape (n_paths,)
        Largest drawdown of every path, sorted, as a fraction ≥ 0.
    final : ndarray of shape (n_paths,)
        Last equity of every path, sorted.
    actual_drawdown : float
        Of the path as it was.
    """

    at: IntArray
    equity: FloatArray
    max_drawdown: FloatArray
    final: FloatArray
    actual_drawdown: float

    @property
    def loss_probability(self) -> float:
        """Share of paths that end below where they started."""
        return float((self.final < 1.0).mean())

    @property
    def deeper_probability(self) -> float:
        """Share of paths with a larger drawdown than the actual one."""
        return float((self.max_drawdown > self.actual_drawdown + 1e-12).mean())


def bands(changes: FloatArray, rows: Rows, rng: Generator, n_paths: int = 1000) -> Bands:
    """Return quantiles of compounded paths of changes.

    Parameters
    ----------
    changes : ndarray of shape (n,)
        Fractions; below −1 counts as −1, a path that is ruined stays so.
    rows : callable
        Which changes each path takes, see `shuffled`, `resampled` and `blocks`.
    rng : numpy.random.Generator
        Source of randomness.
    n_paths : int, default=1000
        At least 1.

    Raises
    ------
    DataError
        If there is no change, or one is not finite.
    """
    if not changes.size or not np.isfinite(changes).all():
        raise DataError("expected finite changes, at least one, found none or NaN")
    at = np.unique(np.linspace(0, changes.size, _SHOWN).round().astype(np.int64))
    points: list[FloatArray] = []
    depths: list[FloatArray] = []
    for done in range(0, n_paths, _CHUNK):
        paths = _compounded(changes[rows(min(_CHUNK, n_paths - done), rng)])
        points.append(paths[:, at])
        depths.append(_depths(paths))
    found = np.concatenate(points)
    return Bands(
        at=at,
        equity=np.quantile(found, LEVELS, axis=0),
        max_drawdown=np.sort(np.concatenate(depths)),
        final=np.sort(found[:, -1]),
        actual_drawdown=float(_depths(_compounded(changes[None, :]))[0]),
    )


def shuffled(n: int) -> Rows:
    """Return rows 0 … n − 1, each once, in random order."""
    return lambda n_paths, rng: rng.permuted(np.tile(np.arange(n), (n_paths, 1)), axis=1)


def resampled(n: int) -> Rows:
    """Return n rows drawn with replacement."""
    return lambda n_paths, rng: rng.integers(0, n, (n_paths, n))


def blocks(n: int, mean_block: float | None = None) -> Rows:
    """Return rows drawn in blocks of random length, the end followed by the beginning.

    Parameters
    ----------
    n : int
        Rows.
    mean_block : float, optional
        Mean rows per block, at least 1; the cube root of n by default.

    References
    ----------
    D. N. Politis and J. P. Romano, "The Stationary Bootstrap", Journal of the American Statistical
    Association 89 (428), 1994, p. 1303-1313.
    """
    mean = max(1.0, n ** (1 / 3)) if mean_block is None else mean_block

    def rows(n_paths: int, rng: Generator) -> IntArray:
        begins = rng.random((n_paths, n)) < 1.0 / mean
        begins[:, 0] = True
        starts = rng.integers(0, n, (n_paths, n))
        column = np.arange(n)
        began = np.maximum.accumulate(np.where(begins, column, 0), axis=1)
        return (np.take_along_axis(starts, began, axis=1) + column - began) % n

    return rows


def trade_changes(run: Run) -> FloatArray:
    """Return the profit of every closed trade as a fraction of the equity when it was opened."""
    closed = run.trades.drop_nulls("exit_time")
    times = closed["entry_time"].dt.epoch("ms").to_numpy()
    row = np.searchsorted(run.timestamp, times, side="right") - 1
    before = np.where(row > 0, run.equity[np.maximum(row - 1, 0)], run.trading.cash)
    pnl = closed["pnl"].to_numpy()
    return np.divide(pnl, before, out=np.full(pnl.size, -1.0), where=before > 0)


def trade_bands(
    run: Run, rng: Generator, n_paths: int = 1000, *, replacement: bool
) -> Bands | None:
    """Return bands of the closed trades in another order; None below 10 trades.

    Parameters
    ----------
    run : Run
        With trades.
    rng : numpy.random.Generator
        Source of randomness.
    n_paths : int, default=1000
        At least 1.
    replacement : bool
        Whether a trade may come twice, so that also the end differs.
    """
    changes = trade_changes(run)
    if changes.size < MIN_TRADES:
        return None
    rows = resampled(changes.size) if replacement else shuffled(changes.size)
    return bands(changes, rows, rng, n_paths)


def block_bands(run: Run, rng: Generator, n_paths: int = 1000) -> Bands | None:
    """Return bands of blocks of days; None below 60 days or after ruin."""
    returns = period_returns(run)
    if returns.size < MIN_PERIODS or not np.isfinite(returns).all():
        return None
    return bands(returns, blocks(returns.size), rng, n_paths)


def _compounded(changes: FloatArray) -> FloatArray:
    growth = np.ones((len(changes), changes.shape[1] + 1))
    np.cumprod(np.maximum(1.0 + changes, 0.0), axis=1, out=growth[:, 1:])
    return growth


def _depths(paths: FloatArray) -> FloatArray:
    # A path starts at 1, so its peak is never 0.
    return (1.0 - paths / np.maximum.accumulate(paths, axis=1)).max(axis=1)

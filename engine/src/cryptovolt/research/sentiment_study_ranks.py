"""How well a signal ranks the returns that follow: Spearman's coefficient with honest intervals.

Hourly decisions about the next three days share most of their hours, and news of one day speaks in
every hour of it. So rows are not independent: intervals come from blocks that are longer than
both, and chance is what the same signal reaches when it is moved in time against the same returns.
"""

from dataclasses import dataclass

import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.timeframe import DAY_MS
from cryptovolt.performance.bootstrap import Interval, bootstrap_interval

BLOCK_MS = 7 * DAY_MS
"""Mean length of a block of the bootstrap; four horizons where that is longer."""

LEAST_SHIFT_MS = 14 * DAY_MS
"""A placebo is moved at least this far: beyond every memory of the signal and every horizon."""

MIN_BLOCKS = 10
"""Fewer blocks than this allow no interval."""


@dataclass(frozen=True, slots=True)
class Placebo:
    """What the same signal reaches at other times.

    Parameters
    ----------
    low, high : float
        Between them lie 95 % of the coefficients of the signal moved in time.
    p_value : float
        Share of moves, the true place counted among them, whose coefficient is at least as far
        from 0. Never 0; NaN where the history is too short to move anything.
    n_shifts : int
        How many moves there were.
    """

    low: float
    high: float
    p_value: float
    n_shifts: int


def forward_returns(bars: Bars, horizon_ms: int) -> FloatArray:
    """Return what follows each decision: the log return from the next open on.

    Parameters
    ----------
    bars : Bars
        Without errors; gaps are allowed.
    horizon_ms : int
        A multiple of the bars' length, milliseconds.

    Returns
    -------
    ndarray of shape (n_bars,)
        ``ln(open one horizon later / next open)``; NaN where either bar is missing.
    """
    entry = _row_at(bars, bars.timestamp + bars.interval_ms)
    leave = _row_at(bars, bars.timestamp + bars.interval_ms + horizon_ms)
    known = (entry >= 0) & (leave >= 0)
    returns = np.full(len(bars), np.nan)
    returns[known] = np.log(bars.open[leave[known]] / bars.open[entry[known]])
    return returns


def rank_correlation(signal: FloatArray, returns: FloatArray) -> float:
    """Return Spearman's coefficient, ties by their mean rank; NaN where one never varies.

    Parameters
    ----------
    signal, returns : ndarray of shape (n_rows,)
        Finite.

    References
    ----------
    C. Spearman, "The Proof and Measurement of Association between Two Things", American Journal of
    Psychology 15 (1), 1904, p. 72-101.
    """
    return _correlation(np.column_stack([mean_ranks(signal), mean_ranks(returns)]))


def mean_ranks(values: FloatArray) -> FloatArray:
    """Return ranks from 1, shape ``(n,)``; equal values share the mean of theirs."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    first = np.searchsorted(ordered, ordered, side="left")
    last = np.searchsorted(ordered, ordered, side="right")
    ranks = np.empty(values.size)
    ranks[order] = (first + last + 1) / 2.0
    return ranks


def coefficient_interval(
    signal: FloatArray,
    returns: FloatArray,
    block: float,
    rng: np.random.Generator,
    n_samples: int,
) -> Interval:
    """Return Spearman's coefficient with its 95 % block-bootstrap interval.

    Ranks are those of all rows. The bounds are NaN where there are fewer than ten blocks.

    Parameters
    ----------
    signal, returns : ndarray of shape (n_rows,)
        Finite, in order of time.
    block : float
        Mean rows per block.
    rng : numpy.random.Generator
        Draws the blocks.
    n_samples : int
        Resamples.
    """
    ranks = np.column_stack([mean_ranks(signal), mean_ranks(returns)])
    if signal.size < MIN_BLOCKS * block:
        return Interval(_correlation(ranks), np.nan, np.nan)
    return bootstrap_interval(ranks, _correlation, rng, n_samples, block)


def placebo_of(signal: FloatArray, returns: FloatArray, least_shift: int) -> Placebo:
    """Return what the signal reaches when it is moved in time, its end followed by its beginning.

    Every possible move is tried. It keeps all that makes chance look good: how slowly the signal
    changes, how much the returns overlap, how their swings come in clusters.

    Parameters
    ----------
    signal, returns : ndarray of shape (n_rows,)
        Finite, in order of time.
    least_shift : int
        Rows of the shortest move, either way.

    References
    ----------
    B. V. North, D. Curtis and P. C. Sham, "A Note on the Calculation of Empirical P Values from
    Monte Carlo Procedures", American Journal of Human Genetics 71 (2), 2002, p. 439-441.
    """
    n = signal.size
    a, b = _standard(mean_ranks(signal)), _standard(mean_ranks(returns))
    if n <= 2 * least_shift + 100 or not (a.any() and b.any()):
        return Placebo(np.nan, np.nan, np.nan, 0)
    # All circular moves at once: a correlation is a product of spectra.
    moved = np.fft.irfft(np.conj(np.fft.rfft(a)) * np.fft.rfft(b), n)
    chance = moved[least_shift : n - least_shift + 1]
    as_far = int((np.abs(chance) >= abs(float(a @ b))).sum())
    low, high = np.quantile(chance, [0.025, 0.975]).tolist()
    return Placebo(low, high, (1 + as_far) / (1 + chance.size), chance.size)


def holm(p_values: FloatArray) -> FloatArray:
    """Return p-values adjusted for how many there are; NaN stays NaN and counts as one.

    Parameters
    ----------
    p_values : ndarray of shape (n_tests,)
        In [0, 1].

    References
    ----------
    S. Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal of
    Statistics 6 (2), 1979, p. 65-70.
    """
    order = np.argsort(p_values)
    steps = np.arange(p_values.size, 0, -1) * p_values[order]
    adjusted = np.empty(p_values.size)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(steps))
    return adjusted


def _row_at(bars: Bars, times: IntArray) -> IntArray:
    row = np.searchsorted(bars.timestamp, times)
    inside = np.minimum(row, len(bars) - 1)
    return np.where(bars.timestamp[inside] == times, inside, -1)


def _correlation(ranks: FloatArray) -> float:
    a, b = _standard(ranks[:, 0]), _standard(ranks[:, 1])
    return float(a @ b) if a.any() and b.any() else float("nan")


def _standard(values: FloatArray) -> FloatArray:
    centred = values - values.mean()
    length = float(np.sqrt(centred @ centred))
    return centred / length if length > 0.0 else centred

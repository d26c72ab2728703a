"""Measures against a benchmark.

Returns are per period, as fractions, finite, of shape ``(n,)``; those of the benchmark belong to
the same periods. No risk-free rate is taken off: hand over excess returns where there is one. What
is undefined is NaN.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.errors import DataError


class Relative(NamedTuple):
    """How a run stands to a benchmark."""

    alpha: float
    beta: float
    correlation: float
    tracking_error: float
    information_ratio: float


def beta(returns: FloatArray, benchmark: FloatArray) -> float:
    """Return the covariance with the benchmark over the benchmark's variance.

    Returns
    -------
    float
        NaN below two periods, or where the benchmark does not vary.

    References
    ----------
    W. F. Sharpe, "Capital Asset Prices", Journal of Finance 19 (3), 1964, p. 425-442.
    """
    _check(returns, benchmark)
    if not _varies(benchmark):
        return math.nan
    deviation = benchmark - benchmark.mean()
    variation = float(np.dot(deviation, deviation))
    together = float(np.dot(returns - returns.mean(), deviation))
    return together / variation if variation > 0.0 else math.nan


def alpha(returns: FloatArray, benchmark: FloatArray, periods_per_year: float) -> float:
    """Return the mean return that beta does not explain, per year, not compounded.

    Returns
    -------
    float
        A fraction per year; NaN where beta is undefined.

    References
    ----------
    M. C. Jensen, "The Performance of Mutual Funds in the Period 1945-1964", Journal of Finance 23
    (2), 1968, p. 389-416.
    """
    slope = beta(returns, benchmark)
    if math.isnan(slope):
        return math.nan
    return float(returns.mean() - slope * benchmark.mean()) * periods_per_year


def correlation(returns: FloatArray, benchmark: FloatArray) -> float:
    """Return Pearson's correlation, in [−1, 1]; NaN where either does not vary."""
    _check(returns, benchmark)
    if not (_varies(returns) and _varies(benchmark)):
        return math.nan
    own, other = returns - returns.mean(), benchmark - benchmark.mean()
    scale = math.sqrt(float(np.dot(own, own))) * math.sqrt(float(np.dot(other, other)))
    return max(-1.0, min(1.0, float(np.dot(own, other)) / scale)) if scale > 0 else math.nan


def tracking_error(returns: FloatArray, benchmark: FloatArray, periods_per_year: float) -> float:
    """Return the annualised standard deviation (n − 1) of the difference; NaN below two periods."""
    _check(returns, benchmark)
    if returns.size < 2:
        return math.nan
    return float((returns - benchmark).std(ddof=1)) * math.sqrt(periods_per_year)


def information_ratio(
    returns: FloatArray, benchmark: FloatArray, periods_per_year: float = 1.0
) -> float:
    """Return mean over standard deviation (n − 1) of the difference, annualised.

    Parameters
    ----------
    returns, benchmark : ndarray of shape (n,)
        Fractions per period.
    periods_per_year : float, default=1.0
        1 gives the ratio per period.

    Returns
    -------
    float
        NaN below two periods, or where the difference does not vary.

    References
    ----------
    R. C. Grinold and R. N. Kahn, *Active Portfolio Management*, 2nd edition, 1999, chapter 5.
    """
    _check(returns, benchmark)
    active = returns - benchmark
    if not _varies(active):
        return math.nan
    return float(active.mean() / active.std(ddof=1)) * math.sqrt(periods_per_year)


def relative_to(returns: FloatArray, benchmark: FloatArray, periods_per_year: float) -> Relative:
    """Return all measures against the benchmark."""
    return Relative(
        alpha(returns, benchmark, periods_per_year),
        beta(returns, benchmark),
        correlation(returns, benchmark),
        tracking_error(returns, benchmark, periods_per_year),
        information_ratio(returns, benchmark, periods_per_year),
    )


def hold_returns(opens: Sequence[FloatArray], closes: Sequence[FloatArray]) -> FloatArray:
    """Return what equal shares of all symbols bring, bought at the second open and kept.

    There are no costs, no rounding and no rebalancing.

    Parameters
    ----------
    opens, closes : sequence of ndarray of shape (n_bars,)
        Positive prices of each symbol.

    Returns
    -------
    ndarray of shape (n_bars,)
        Fractions per bar; 0 in the first bar, in which nothing is held.
    """
    value = np.ones_like(closes[0])
    if value.size < 2:
        return np.zeros_like(value)
    parts = [close[1:] / start[1] for start, close in zip(opens, closes, strict=True)]
    value[1:] = np.mean(parts, axis=0) if len(parts) > 1 else parts[0]
    return np.diff(value, prepend=1.0) / np.concatenate([[1.0], value[:-1]])


def _varies(values: FloatArray) -> bool:
    return values.size >= 2 and float(values.min()) < float(values.max())


def _check(returns: FloatArray, benchmark: FloatArray) -> None:
    if returns.ndim != 1 or returns.shape != benchmark.shape:
        raise DataError(
            "expected one return of the benchmark for each of shape (n,), found shapes "
            f"{returns.shape} and {benchmark.shape}"
        )
    if not (np.isfinite(returns).all() and np.isfinite(benchmark).all()):
        raise DataError("expected finite returns and a finite benchmark, found NaN or infinity")

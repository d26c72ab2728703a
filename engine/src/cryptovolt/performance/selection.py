"""How much of a Sharpe ratio is left once it is known how it was found.

All Sharpe ratios here are per period, never annualised, and kurtosis is not in excess: 3 for a
normal distribution.
"""

import math
from itertools import combinations
from statistics import NormalDist

import numpy as np

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.errors import DataError

_NORMAL = NormalDist()
_EULER_MASCHERONI = 0.5772156649015329


def probabilistic_sharpe_ratio(
    sharpe: float,
    n_observations: int,
    skewness: float,
    kurtosis: float,
    benchmark: float = 0.0,
) -> float:
    """Return the probability that the true Sharpe ratio is above `benchmark`.

    Parameters
    ----------
    sharpe : float
        Estimated from `n_observations` returns, per period.
    n_observations : int
        At least 2, or the result is NaN.
    skewness, kurtosis : float
        Of the returns; a normal distribution has 0 and 3.
    benchmark : float, default=0.0
        Per period.

    Returns
    -------
    float
        In [0, 1]; NaN where the variance of the estimate is not positive.

    References
    ----------
    D. H. Bailey and M. López de Prado, "The Sharpe Ratio Efficient Frontier", Journal of Risk 15
    (2), 2012, p. 3-44, equation 11.
    """
    spread = _spread(sharpe, skewness, kurtosis)
    # Written so that NaN gives NaN.
    if not (n_observations >= 2 and spread > 0):
        return math.nan
    return _NORMAL.cdf((sharpe - benchmark) * math.sqrt((n_observations - 1) / spread))


def expected_maximum_sharpe(n_trials: float, sharpe_variance: float) -> float:
    """Return the Sharpe ratio that the best of `n_trials` reaches when none has any skill.

    Parameters
    ----------
    n_trials : float
        Independent trials, at least 1; an effective number need not be whole.
    sharpe_variance : float
        Variance of the Sharpe ratios across trials, per period, ≥ 0.

    Returns
    -------
    float
        Per period; 0 for a single trial.

    Raises
    ------
    ValueError
        If there is no trial, or the variance is negative.

    References
    ----------
    D. H. Bailey and M. López de Prado, "The Deflated Sharpe Ratio", Journal of Portfolio
    Management 40 (5), 2014, p. 94-107, equation 1.
    """
    if not (n_trials >= 1 and sharpe_variance >= 0):
        raise ValueError(
            f"expected n_trials of at least 1 and a variance of at least 0, found {n_trials} and "
            f"{sharpe_variance}"
        )
    if n_trials == 1:
        return 0.0
    best = (1 - _EULER_MASCHERONI) * _NORMAL.inv_cdf(1 - 1 / n_trials)
    best += _EULER_MASCHERONI * _NORMAL.inv_cdf(1 - 1 / (n_trials * math.e))
    # For hardly more than one trial the approximation falls below zero, the mean of a single one.
    return math.sqrt(sharpe_variance) * max(0.0, best)


def deflated_sharpe_ratio(
    sharpe: float,
    n_observations: int,
    skewness: float,
    kurtosis: float,
    n_trials: float,
    sharpe_variance: float,
) -> float:
    """Return the probability that the true Sharpe ratio is above 0, given all that was tried.

    Parameters
    ----------
    sharpe : float
        Of the chosen trial, per period.
    n_observations : int
        Returns it was estimated from.
    skewness, kurtosis : float
        Of these returns; a normal distribution has 0 and 3.
    n_trials : float
        Independent trials, at least 1.
    sharpe_variance : float
        Variance of the Sharpe ratios across trials, per period.

    Returns
    -------
    float
        In [0, 1]; NaN where the variance of the estimate is not positive.

    References
    ----------
    D. H. Bailey and M. López de Prado, "The Deflated Sharpe Ratio", Journal of Portfolio
    Management 40 (5), 2014, p. 94-107, equation 2 and the numerical example.
    """
    benchmark = expected_maximum_sharpe(n_trials, sharpe_variance)
    return probabilistic_sharpe_ratio(sharpe, n_observations, skewness, kurtosis, benchmark)


def minimum_track_record_length(
    sharpe: float,
    skewness: float,
    kurtosis: float,
    benchmark: float = 0.0,
    confidence: float = 0.95,
) -> float:
    """Return how many returns it takes to believe a Sharpe ratio above `benchmark`.

    Parameters
    ----------
    sharpe : float
        Estimated, per period.
    skewness, kurtosis : float
        Of the returns; a normal distribution has 0 and 3.
    benchmark : float, default=0.0
        Per period.
    confidence : float, default=0.95
        In (0.5, 1).

    Returns
    -------
    float
        Number of periods; NaN where the Sharpe ratio is not above the benchmark.

    Raises
    ------
    ValueError
        If `confidence` is outside (0.5, 1).

    References
    ----------
    D. H. Bailey and M. López de Prado, "The Sharpe Ratio Efficient Frontier", Journal of Risk 15
    (2), 2012, p. 3-44, equation 13.
    """
    if not 0.5 < confidence < 1.0:
        raise ValueError(f"expected confidence in (0.5, 1), found {confidence}")
    spread = _spread(sharpe, skewness, kurtosis)
    if not (sharpe > benchmark and spread > 0):
        return math.nan
    return 1.0 + spread * (_NORMAL.inv_cdf(confidence) / (sharpe - benchmark)) ** 2


def probability_of_backtest_overfitting(returns_matrix: FloatArray, n_blocks: int = 16) -> float:
    """Return how often the best trial in one half of time is below the median in the other.

    Time is cut into blocks; every half of the blocks once chooses the trial with the highest Sharpe
    ratio, and the other half judges it (combinatorially symmetric cross-validation).

    Parameters
    ----------
    returns_matrix : ndarray of shape (n_bars, n_trials)
        Finite returns per period, at least two trials.
    n_blocks : int, default=16
        Even, from 2 to 20, with at least two periods in each block.

    Returns
    -------
    float
        In [0, 1]. Around 0.5 choosing among the trials is a coin toss. A trial that does not vary
        counts as a Sharpe ratio of 0.

    Raises
    ------
    DataError
        If the matrix has too few rows or columns, or values that are not finite.
    ValueError
        If `n_blocks` is odd or outside its range.

    References
    ----------
    D. H. Bailey, J. Borwein, M. López de Prado and Q. J. Zhu, "The Probability of Backtest
    Overfitting", Journal of Computational Finance 20 (4), 2017, p. 39-69.
    """
    if n_blocks % 2 or not 2 <= n_blocks <= 20:
        raise ValueError(f"expected an even n_blocks from 2 to 20, found {n_blocks}")
    shape = returns_matrix.shape
    if returns_matrix.ndim != 2 or shape[0] < 2 * n_blocks or shape[1] < 2:
        raise DataError(
            f"expected returns of at least {2 * n_blocks} periods and 2 trials, found shape {shape}"
        )
    if not np.isfinite(returns_matrix).all():
        raise DataError("expected finite returns, found NaN or infinity")
    blocks = np.array_split(returns_matrix, n_blocks)
    moments = np.array([[np.full(shape[1], len(b)), b.sum(0), (b**2).sum(0)] for b in blocks])
    total = moments.sum(axis=0)
    below = 0
    halves = list(combinations(range(n_blocks), n_blocks // 2))
    for half in halves:
        chosen = moments[list(half)].sum(axis=0)
        best = int(np.argmax(_sharpe_of(chosen)))
        judged = _sharpe_of(total - chosen)
        lower = int((judged < judged[best]).sum())
        equal = int((judged == judged[best]).sum())
        below += lower + (equal + 1) / 2 <= (shape[1] + 1) / 2
    return below / len(halves)


def _sharpe_of(moments: FloatArray) -> FloatArray:
    count, total, squares = moments
    mean = total / count
    variance = squares / count - mean**2
    # What is left of a constant column after subtraction is rounding noise.
    varies = variance > 1e-12 * np.maximum(mean**2, squares / count)
    return np.where(varies, mean / np.sqrt(np.where(varies, variance, 1.0)), 0.0)


def _spread(sharpe: float, skewness: float, kurtosis: float) -> float:
    return 1.0 - skewness * sharpe + (kurtosis - 1.0) / 4.0 * sharpe**2

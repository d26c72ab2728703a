"""Measures of returns and equity.

Returns are per period, as fractions (0.01 is one per cent), float64 of shape ``(n,)``; equity is in
quote currency. What is undefined (too few values, no variation, an account that lost everything) is
NaN, never a stand-in. Ratios are annualised with the number of periods per year, which is never
guessed: crypto markets have 365 days a year, see
:func:`cryptovolt.domain.timeframe.periods_per_year`. NaN among returns is refused, except for
:func:`returns_of`, which makes it.
"""

import math

import numpy as np

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.errors import DataError


def returns_of(equity: FloatArray, start: float) -> FloatArray:
    """Return the change of equity per period, as a fraction of the equity before it.

    Parameters
    ----------
    equity : ndarray of shape (n,)
        Quote currency.
    start : float
        Equity before the first period, quote currency.

    Returns
    -------
    ndarray of shape (n,)
        NaN after the account has lost everything (equity ≤ 0).
    """
    before = np.empty_like(equity)
    before[:1] = start
    before[1:] = equity[:-1]
    result = np.full(equity.shape, np.nan)
    np.divide(equity - before, before, out=result, where=before > 0)
    return result


def total_return(equity: FloatArray, start: float) -> float:
    """Return the change from `start` to the last equity as a fraction; NaN without equity."""
    return float(equity[-1] / start - 1.0) if equity.size else math.nan


def cagr(equity: FloatArray, start: float, periods_per_year: float) -> float:
    """Return the compound annual growth rate as a fraction; −1 when everything was lost.

    Parameters
    ----------
    equity : ndarray of shape (n,)
        Quote currency at the end of each period.
    start : float
        Quote currency before the first period.
    periods_per_year : float
        Positive.
    """
    if not equity.size:
        return math.nan
    growth = max(0.0, float(equity[-1] / start))
    exponent = periods_per_year / equity.size
    try:
        return growth**exponent - 1.0
    except OverflowError:
        # A few periods that doubled, raised to the number of periods in a year.
        return math.nan


def volatility(returns: FloatArray, periods_per_year: float) -> float:
    """Return the annualised standard deviation of returns (n − 1); NaN below two returns."""
    _check(returns)
    if returns.size < 2:
        return math.nan
    return float(returns.std(ddof=1)) * math.sqrt(periods_per_year)


def sharpe_ratio(returns: FloatArray, periods_per_year: float = 1.0) -> float:
    """Return the Sharpe ratio: mean over standard deviation (n − 1) of returns, annualised.

    Parameters
    ----------
    returns : ndarray of shape (n,)
        Fractions per period, in excess of the risk-free rate if there is one.
    periods_per_year : float, default=1.0
        1 gives the ratio per period.

    Returns
    -------
    float
        NaN below two returns, or where they do not vary.

    References
    ----------
    W. F. Sharpe, "The Sharpe Ratio", Journal of Portfolio Management 21 (1), 1994, p. 49-58.
    """
    _check(returns)
    if not _varies(returns):
        return math.nan
    return float(returns.mean() / returns.std(ddof=1)) * math.sqrt(periods_per_year)


def sortino_ratio(
    returns: FloatArray, periods_per_year: float = 1.0, minimum: float = 0.0
) -> float:
    """Return the Sortino ratio: mean above `minimum` over the downside deviation, annualised.

    The downside deviation is the root of the mean square of shortfalls below `minimum`, over all
    periods, also those without a shortfall.

    Returns
    -------
    float
        NaN without returns, or where no return fell short.

    References
    ----------
    F. A. Sortino and L. N. Price, "Performance Measurement in a Downside Risk Framework", Journal
    of Investing 3 (3), 1994, p. 59-64.
    """
    _check(returns)
    shortfall = np.minimum(returns - minimum, 0.0)
    if not shortfall.any():
        return math.nan
    downside = math.sqrt(float(np.mean(shortfall**2)))
    return float(returns.mean() - minimum) / downside * math.sqrt(periods_per_year)


def drawdowns(equity: FloatArray) -> FloatArray:
    """Return how far equity is below its highest value so far, as a fraction ≥ 0.

    Parameters
    ----------
    equity : ndarray of shape (n,)
        Quote currency; the first value above 0.
    """
    peak = np.maximum.accumulate(equity)
    return 1.0 - equity / peak


def max_drawdown(equity: FloatArray) -> float:
    """Return the largest loss from a peak, as a fraction ≥ 0; above 1 where equity is negative.

    Put the cash at the start in front of `equity` if it is to count as a peak.
    """
    return float(drawdowns(equity).max()) if equity.size else math.nan


def calmar_ratio(equity: FloatArray, start: float, periods_per_year: float) -> float:
    """Return compound annual growth over the largest drawdown; NaN where there is no drawdown.

    References
    ----------
    T. W. Young, "Calmar Ratio: A Smoother Tool", Futures 20 (1), 1991, p. 40.
    """
    depth = max_drawdown(np.concatenate([[start], equity]))
    return cagr(equity, start, periods_per_year) / depth if depth > 0 else math.nan


def ulcer_index(equity: FloatArray) -> float:
    """Return the root of the mean square of drawdowns, as a fraction.

    References
    ----------
    P. G. Martin and B. B. McCann, *The Investor's Guide to Fidelity Funds*, 1989, chapter 7.
    """
    return math.sqrt(float(np.mean(drawdowns(equity) ** 2))) if equity.size else math.nan


def value_at_risk(returns: FloatArray, level: float = 0.95) -> float:
    """Return the loss that a period exceeds with probability 1 − `level`, from history.

    Parameters
    ----------
    returns : ndarray of shape (n,)
        Fractions per period.
    level : float, default=0.95
        In (0, 1).

    Returns
    -------
    float
        A fraction, positive for a loss: minus the (1 − level) quantile, linear between values; NaN
        without returns.

    Raises
    ------
    ValueError
        If `level` is outside (0, 1).
    """
    _check(returns)
    _check_level(level)
    return -float(np.quantile(returns, 1.0 - level)) if returns.size else math.nan


def expected_shortfall(returns: FloatArray, level: float = 0.95) -> float:
    """Return the mean loss of the periods that lose at least the value at risk.

    Returns
    -------
    float
        A fraction, positive for a loss; NaN without returns.

    Raises
    ------
    ValueError
        If `level` is outside (0, 1).

    References
    ----------
    C. Acerbi and D. Tasche, "On the Coherence of Expected Shortfall", Journal of Banking & Finance
    26 (7), 2002, p. 1487-1503.
    """
    _check(returns)
    _check_level(level)
    if not returns.size:
        return math.nan
    tail: FloatArray = returns[returns <= float(np.quantile(returns, 1.0 - level))]
    return -float(tail.mean())


def omega_ratio(returns: FloatArray, threshold: float = 0.0) -> float:
    """Return gains above the threshold over shortfalls below it; NaN where none fell short.

    References
    ----------
    C. Keating and W. F. Shadwick, "A Universal Performance Measure", Journal of Performance
    Measurement 6 (3), 2002, p. 59-84.
    """
    _check(returns)
    excess = returns - threshold
    lost = -float(excess[excess < 0].sum())
    return float(excess[excess > 0].sum()) / lost if lost > 0 else math.nan


def tail_ratio(returns: FloatArray, level: float = 0.95) -> float:
    """Return the gain at the upper quantile over the loss at the lower one.

    Parameters
    ----------
    returns : ndarray of shape (n,)
        Fractions per period.
    level : float, default=0.95
        The quantiles are `level` and 1 − `level`, linear between values; in (0.5, 1).

    Returns
    -------
    float
        Above 1 where large gains outdo large losses; NaN where the lower quantile is no loss.

    Raises
    ------
    ValueError
        If `level` is outside its range.
    """
    _check(returns)
    if not 0.5 < level < 1.0:
        raise ValueError(f"expected a level in (0.5, 1), found {level}")
    low, high = np.quantile(returns, [1.0 - level, level]).tolist() if returns.size else (0.0, 0.0)
    return -high / low if low < 0 else math.nan


def skewness(returns: FloatArray) -> float:
    """Return the third standardised moment (population); NaN where returns do not vary."""
    return _standardised_moment(returns, 3)


def kurtosis(returns: FloatArray) -> float:
    """Return the fourth standardised moment (population, normal = 3); NaN without variation."""
    return _standardised_moment(returns, 4)


def _standardised_moment(returns: FloatArray, order: int) -> float:
    _check(returns)
    if not _varies(returns):
        return math.nan
    centred: FloatArray = returns - float(returns.mean())
    squares = centred * centred
    # Products of squares: a general power is ten times slower.
    moment = float(np.mean(squares * (centred if order == 3 else squares)))
    scale = float(squares.mean()) ** (order / 2)
    return moment / scale if scale > 0.0 else math.nan


def _varies(returns: FloatArray) -> bool:
    # Equal values have a standard deviation of rounding noise, not of 0.
    return returns.size >= 2 and float(returns.min()) < float(returns.max())


def _check(returns: FloatArray) -> None:
    if returns.ndim != 1 or not np.isfinite(returns).all():
        raise DataError(
            f"expected finite returns of shape (n,), found shape {returns.shape} with "
            f"{int((~np.isfinite(returns)).sum())} values that are not finite"
        )


def _check_level(level: float) -> None:
    if not 0.0 < level < 1.0:
        raise ValueError(f"expected a level in (0, 1), found {level}")

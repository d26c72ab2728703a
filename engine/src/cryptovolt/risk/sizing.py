"""How much to hold, and when not to buy at all.

A position is as large as the limits allow, smaller in a market that moves more than the target, and
smaller for a score that only just reached the threshold::

    size = most · min(1, target_volatility / volatility) · (1 + conviction) / 2
    most = min(max_position, max_exposure)
    conviction = (|score| − threshold) / (1 − threshold), cut to [0, 1]
"""

import numpy as np

from cryptovolt.domain.arrays import BoolArray, FloatArray
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.risk.limits import RiskLimits

VOLATILITY_VETO = "high volatility with bad sentiment"
"""How the veto is called in a signal."""


def sizes(
    score: FloatArray, volatility: FloatArray, limits: RiskLimits, *, threshold: float = 0.2
) -> FloatArray:
    """Return the share of equity a position may take at every bar.

    Parameters
    ----------
    score : ndarray of shape (n_bars,)
        Fused score, in [−1, 1].
    volatility : ndarray of shape (n_bars,)
        Current volatility per year, ≥ 0; NaN while unknown.
    limits : RiskLimits
        Largest position and target volatility.
    threshold : float, default=0.2
        The fusion policy's threshold, in (0, 1).

    Returns
    -------
    ndarray of shape (n_bars,)
        Above 0, at most the smaller of `limits.max_position` and `limits.max_exposure`; NaN where
        score or volatility is NaN.

    Raises
    ------
    DataError
        If the arrays differ in shape.
    ConfigurationError
        If the threshold lies outside (0, 1).
    """
    _require_one_length(score, volatility)
    if not 0.0 < threshold < 1.0:
        raise ConfigurationError(f"expected a threshold in (0, 1), found {threshold}")
    calm = limits.target_volatility / np.maximum(volatility, limits.target_volatility)
    conviction = np.clip((np.abs(score) - threshold) / (1.0 - threshold), 0.0, 1.0)
    most = min(limits.max_position, limits.max_exposure)
    return most * calm * (1.0 + conviction) / 2.0


def volatility_veto(
    volatility: FloatArray,
    typical_volatility: FloatArray,
    sentiment_vote: FloatArray,
    limits: RiskLimits,
) -> BoolArray:
    """Return where buying is forbidden: volatility is high and the news is bad.

    Parameters
    ----------
    volatility, typical_volatility : ndarray of shape (n_bars,)
        As :func:`cryptovolt.risk.realised_volatility` measures them; no veto where NaN, but no size
        either.
    sentiment_vote : ndarray of shape (n_bars,)
        In [−1, 1]; NaN (no news) is not bad news.
    limits : RiskLimits
        What counts as high and as bad.

    Returns
    -------
    bool ndarray of shape (n_bars,)

    Raises
    ------
    DataError
        If the arrays differ in shape.
    """
    _require_one_length(volatility, typical_volatility, sentiment_vote)
    high = volatility >= limits.veto_volatility * typical_volatility
    return high & (volatility > 0.0) & (sentiment_vote <= limits.veto_sentiment)


def _require_one_length(*arrays: FloatArray) -> None:
    shapes = [array.shape for array in arrays]
    if len(set(shapes)) != 1:
        raise DataError(f"expected arrays of one length, found shapes {shapes}")

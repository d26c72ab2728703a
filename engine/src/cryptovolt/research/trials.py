"""What a Sharpe ratio is worth once everything that was tried is counted.

Everything counts that overlaps in data with the result, whatever it was called: each choice once,
however many folds it was fitted in (:func:`cryptovolt.domain.trials.choices_of`). Two numbers are
shown: all trials, and the different ideas among them (:mod:`cryptovolt.research.clusters`). The
deflated Sharpe ratio is given for both. Without a ledger there is none, and the reason says so.

For all trials the variance of their Sharpe ratios is taken as it is found, as published. For the
different ideas it is at least ``1 / (n − 1)``, that of a single ratio without skill estimated from
`n` returns: trials of one family rise and fall together, so that they differ among themselves by
less than luck could have lifted them all.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cryptovolt.backtest.run import Run
from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.ports import TrialLedger
from cryptovolt.domain.timeframe import timeframe_ms
from cryptovolt.domain.trials import Trial, TrialCount, choices_of
from cryptovolt.performance.returns import kurtosis, sharpe_ratio, skewness
from cryptovolt.performance.selection import (
    deflated_sharpe_ratio,
    expected_maximum_sharpe,
    probabilistic_sharpe_ratio,
)
from cryptovolt.research.clusters import clusters_of

NO_LEDGER = (
    "no trial ledger was given, so nobody knows how much was tried: pass ledger=FileLedger(path)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """A Sharpe ratio judged by everything that was tried on its data.

    Ratios are per bar, probabilities in [0, 1]; what is undefined is None and `reason` says why.

    Parameters
    ----------
    sharpe : float or None
        Of the result.
    n_observations : int
        Returns it was estimated from.
    trials : TrialCount or None
        What was tried; None without a ledger.
    probabilistic : float or None
        Probability that the true ratio is above 0, had this been the only trial.
    expected_maximum : float or None
        Ratio that the best of the different ideas reaches when none has any skill.
    deflated : float or None
        Probability that the true ratio is above 0, given the different ideas that were tried.
    deflated_by_all : float or None
        The same, every trial counted as a different idea.
    reason : str or None
        Why there is no deflated ratio.
    """

    sharpe: float | None
    n_observations: int
    trials: TrialCount | None
    probabilistic: float | None
    expected_maximum: float | None
    deflated: float | None
    deflated_by_all: float | None
    reason: str | None

    @property
    def strictest(self) -> float | None:
        """The smaller of both deflated ratios: what a verdict asks for."""
        known = [value for value in (self.deflated, self.deflated_by_all) if value is not None]
        return min(known, default=None)


def count_trials(trials: Sequence[Trial], timeframe: str) -> TrialCount | None:
    """Return how much was tried, with Sharpe ratios per bar of `timeframe`; None without trials.

    Folds of one choice count once, and checks not at all. Ratios of other time frames are brought
    to it by the square root of time. In their variance each cluster weighs the same, so that copies
    of one idea cannot hide how far apart the ideas are.
    """
    trials = choices_of(trials)
    if not trials:
        return None
    cluster = clusters_of(trials)
    length = timeframe_ms(timeframe)
    scale = np.sqrt([length / timeframe_ms(trial.timeframe) for trial in trials])
    sharpe = scale * [np.nan if trial.sharpe is None else trial.sharpe for trial in trials]
    known = np.isfinite(sharpe)
    return TrialCount(
        n_trials=len(trials),
        n_effective=int(cluster.max()) + 1,
        sharpe_variance=_variance(sharpe[known], cluster[known]),
    )


def judge_selection(run: Run, ledger: TrialLedger | None) -> Selection:
    """Return what the Sharpe ratio of a run is worth, given all that its ledger holds.

    Parameters
    ----------
    run : Run
        The one that was chosen.
    ledger : TrialLedger or None
        Where its trials are kept.

    Raises
    ------
    DataError
        If the ledger is broken.
    """
    found = None
    if ledger is not None:
        first, last = run.timestamp[[0, -1]].tolist()
        found = count_trials(ledger.trials(tuple(run.bars), first, last), run.timeframe)
    return deflate(run.returns, found, None if ledger is not None else NO_LEDGER)


def deflate(returns: FloatArray, trials: TrialCount | None, reason: str | None = None) -> Selection:
    """Return what the Sharpe ratio of returns is worth.

    Parameters
    ----------
    returns : ndarray of shape (n_bars,)
        Fractions per bar; NaN, as after ruin, is left out.
    trials : TrialCount or None
        What was tried on their data; None where it is not known.
    reason : str, optional
        Why it is not known.
    """
    known = returns[np.isfinite(returns)]
    sharpe = sharpe_ratio(known)
    moments = (sharpe, known.size, skewness(known), kurtosis(known))
    best = deflated = by_all = None
    if trials is None:
        reason = reason or "the ledger holds no trial on this data: record the run first"
    elif not np.isfinite(sharpe):
        reason = "the returns do not vary, so there is no Sharpe ratio"
    elif trials.sharpe_variance is None and trials.n_trials > 1:
        reason = "the variance of the trials' Sharpe ratios is not known: fewer than two have one"
    else:
        variance = trials.sharpe_variance or 0.0
        luck = max(variance, 1.0 / (known.size - 1))
        best = expected_maximum_sharpe(trials.n_effective, luck)
        deflated = deflated_sharpe_ratio(*moments, trials.n_effective, luck)
        by_all = deflated_sharpe_ratio(*moments, trials.n_trials, variance)
    return Selection(
        sharpe=_defined(sharpe),
        n_observations=known.size,
        trials=trials,
        probabilistic=_defined(probabilistic_sharpe_ratio(*moments)),
        expected_maximum=best,
        deflated=_defined(deflated),
        deflated_by_all=_defined(by_all),
        reason=reason,
    )


def _variance(sharpe: FloatArray, cluster: IntArray) -> float | None:
    # Of a draw that takes a cluster first and then one of its trials.
    if sharpe.size < 2:
        return None
    _, cluster, count = np.unique(cluster, return_inverse=True, return_counts=True)
    weight = 1.0 / (count.size * count[cluster])
    mean = float((weight * sharpe).sum())
    spread = float((weight * (sharpe - mean) ** 2).sum())
    # Clusters are what is independent; where there is one only, its trials have to do.
    n = count.size if count.size > 1 else sharpe.size
    return spread * n / (n - 1)


def _defined(value: float | None) -> float | None:
    return value if value is not None and np.isfinite(value) else None

"""How far the choice of a run among its trials is overfitted."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from cryptovolt.backtest.run import Run
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.ports import TrialLedger
from cryptovolt.domain.trials import Trial
from cryptovolt.performance.selection import probability_of_backtest_overfitting

_BLOCKS = 16
_FEWEST_BLOCKS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Overfitting:
    """How often what is best in one half of time is below the median in the other.

    Parameters
    ----------
    probability : float or None
        In [0, 1], around 0.5 for a choice among noise; None where it could not be computed.
    n_trials : int
        Trials with different returns that it was computed from.
    reason : str
        In words what it was computed from, or why not.
    """

    probability: float | None
    n_trials: int
    reason: str


def overfitting_of(
    run: Run, ledger: TrialLedger | None, trial_returns: FloatArray | None
) -> Overfitting:
    """Return the probability of backtest overfitting of a choice.

    Parameters
    ----------
    run : Run
        The one that was chosen.
    ledger : TrialLedger or None
        Its trials over exactly the bars of the run are used where no returns are given.
    trial_returns : ndarray of shape (n_periods, n_trials) or None
        Of everything that the run was chosen from.

    Raises
    ------
    DataError
        If `trial_returns` are not finite, or the ledger is broken.
    """
    if trial_returns is not None:
        return _computed(np.asarray(trial_returns, np.float64), "the trials that were given")
    if ledger is None:
        return Overfitting(
            probability=None, n_trials=0, reason="no ledger and no returns of trials"
        )
    first, last = run.timestamp[[0, -1]].tolist()
    found = ledger.trials(tuple(run.bars), first, last)
    same = [t for t in found if (t.first, t.last) == (first, last) and t.returns.size]
    return _computed(_matrix(same), "the ledger's trials over the same bars")


def _matrix(trials: list[Trial]) -> FloatArray:
    shapes = Counter((trial.symbols, trial.returns_ms, trial.returns.size) for trial in trials)
    if not shapes:
        return np.empty((0, 0))
    common = shapes.most_common(1)[0][0]
    kept = [t for t in trials if (t.symbols, t.returns_ms, t.returns.size) == common]
    return np.column_stack([trial.returns for trial in kept]).astype(np.float64)


def _computed(returns: FloatArray, of: str) -> Overfitting:
    # A copy of a trial is no alternative to it.
    different = np.unique(returns, axis=1) if returns.size else returns
    n_trials = different.shape[1]
    n_blocks = min(_BLOCKS, len(different) // 4 * 2)
    if n_trials < 2 or n_blocks < _FEWEST_BLOCKS:
        reason = f"it takes two different trials over at least {2 * _FEWEST_BLOCKS} periods"
        return Overfitting(probability=None, n_trials=n_trials, reason=reason)
    probability = probability_of_backtest_overfitting(different, n_blocks)
    return Overfitting(
        probability=probability,
        n_trials=n_trials,
        reason=f"{n_trials:,} different ones among {of}, {n_blocks} blocks",
    )

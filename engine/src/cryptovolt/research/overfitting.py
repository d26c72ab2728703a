"""How far the choice of a run among its trials is overfitted."""

from collections import defaultdict
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
        Its trials over exactly the bars of the run are used where no returns are given; where there
        are fewer than two, as after a walk-forward, those that share the most time with it.
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
    groups: dict[tuple[object, ...], list[Trial]] = defaultdict(list)
    for trial in ledger.trials(tuple(run.bars), first, last):
        groups[_bars_of(trial)].append(trial)
    several = [group for group in groups.values() if len(group) > 1 and group[0].returns.size]
    if not several:
        return _computed(np.empty((0, 0)), "")

    def shared(group: list[Trial]) -> tuple[bool, int]:
        begin, end = group[0].first, group[0].last
        return (begin, end) == (first, last), min(last, end) - max(first, begin)

    best = max(several, key=shared)
    exact = "the same bars" if shared(best)[0] else "bars that overlap with these"
    returns = np.column_stack([trial.returns for trial in best]).astype(np.float64)
    return _computed(returns, f"the ledger's trials over {exact}")


def _bars_of(trial: Trial) -> tuple[object, ...]:
    return trial.symbols, trial.first, trial.last, trial.returns_ms, trial.returns.size


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

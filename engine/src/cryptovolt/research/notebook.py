"""What an experiment tried, written into a ledger and recalled from there."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from cryptovolt.backtest.inputs import data_hash_of
from cryptovolt.backtest.trial import Periods
from cryptovolt.domain.ports import TrialLedger
from cryptovolt.domain.trials import Scalar, Trial, TrialKind, digest
from cryptovolt.research.experiment import Experiment, Tried

Key: TypeAlias = tuple[tuple[str, str, Scalar], ...]
"""A combination as something that can be looked up."""


class Notebook:
    """Writes what an experiment tried into a ledger, and recalls what stands there already.

    Parameters
    ----------
    experiment : Experiment
        Whose combinations are tried.
    kind : TrialKind
        Of its trials.
    study : str
        Their study.
    ledger : TrialLedger or None
        Where they are kept; None keeps them nowhere.
    whole : str
        Fingerprint of what the experiment is one fold of. The trials of one combination in all of
        its folds are one choice. Empty where it is no fold: each trial is a choice then.
    """

    def __init__(
        self,
        experiment: Experiment,
        kind: TrialKind,
        study: str,
        ledger: TrialLedger | None,
        whole: str = "",
    ) -> None:
        times = next(iter(experiment.traded.values())).timestamp
        self._first, self._last = int(times[0]), int(times[-1])
        self._experiment, self._kind, self._study = experiment, kind, study
        self._ledger, self._whole = ledger, whole
        self._data_hash = data_hash_of(experiment.traded, experiment.inputs)
        self._setup = experiment.setup()
        self._length_ms = Periods.of(times, experiment.timeframe).length_ms

    def recall(self) -> dict[Key, Trial]:
        """Return the trials of this study, setup and data that the ledger holds, by parameters."""
        if self._ledger is None:
            return {}
        symbols = tuple(self._experiment.traded)
        mine = (self._study, self._setup, self._data_hash)
        return {
            key_of(trial.parameters): trial
            for trial in self._ledger.trials(symbols, self._first, self._last)
            if (trial.study, trial.setup, trial.data_hash) == mine
        }

    def write(self, found: Sequence[Tried]) -> tuple[Trial, ...]:
        """Return what was tried as trials, kept by the ledger where there is one."""
        trials = tuple(self._trial(tried) for tried in found)
        return trials if self._ledger is None else self._ledger.append(trials)

    def _trial(self, tried: Tried) -> Trial:
        return Trial(
            kind=self._kind,
            study=self._study,
            symbols=tuple(self._experiment.traded),
            timeframe=self._experiment.timeframe,
            first=self._first,
            last=self._last,
            data_hash=self._data_hash,
            parameters=tried.combination,
            n_observations=tried.n_observations,
            sharpe=tried.sharpe,
            skewness=tried.measures["skewness"],
            kurtosis=tried.measures["kurtosis"],
            returns=tried.returns,
            returns_ms=self._length_ms,
            setup=self._setup,
            choice=self._choice(tried),
            result=tried.measures,
        )

    def _choice(self, tried: Tried) -> str:
        return digest(f"{self._whole} {key_of(tried.combination)}") if self._whole else ""


def key_of(combination: Mapping[str, Scalar]) -> Key:
    """Return a combination as something that can be looked up, whatever its order."""
    # 1, 1.0 and True are equal in Python, but not for a strategy.
    items = sorted(combination.items(), key=lambda item: item[0])
    return tuple((name, type(value).__name__, value) for name, value in items)


def kept_once(trial: Trial, ledger: TrialLedger | None, resume: bool) -> Trial:
    """Return a trial as the ledger keeps it; with `resume` it is not added a second time."""
    if ledger is None:
        return trial
    found = ledger.trials(trial.symbols, trial.first, trial.last) if resume else ()
    same = (one for one in found if _identity(one) == _identity(trial))
    return next(same, None) or ledger.append([trial])[0]


def _identity(trial: Trial) -> tuple[object, ...]:
    return trial.kind, trial.study, trial.setup, trial.data_hash, key_of(trial.parameters)

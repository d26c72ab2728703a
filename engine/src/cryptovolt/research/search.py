"""Search: parameters proposed by Optuna, each of them a trial.

Optuna's proposals depend on the seed and on what was found so far, and on nothing else: a search
that is interrupted and resumed from its storage proposes what it would have without interruption.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from numpy.random import Generator

from cryptovolt.backtest.inputs import data_hash_of
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.costs import SymbolRules
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.funding import Funding
from cryptovolt.domain.ports import Classifier, Forecaster, Progress, TrialLedger
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.domain.trials import Scalar, Trial, TrialKind, digest
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.research.accounts import Accounts
from cryptovolt.research.combinations import Combination, checked_values
from cryptovolt.research.experiment import Experiment, Markets, inputs_of
from cryptovolt.research.measures import LOWER_IS_BETTER, MEASURES
from cryptovolt.research.notebook import Notebook, key_of
from cryptovolt.research.sweep import Sweep, frame_of, refuse_measures
from cryptovolt.research.target_maker import MakeTarget, TargetMaker

if TYPE_CHECKING:
    import optuna

Space: TypeAlias = Mapping[str, Sequence[Any]]
"""For every name a list of values, or a tuple (low, high): whole numbers where both are."""


@dataclass(frozen=True, slots=True)
class _Range:
    low: float
    high: float
    whole: bool


def search(
    bars: Markets,
    make_target: MakeTarget,
    space: Space,
    n_trials: int,
    *,
    rng: Generator,
    objective: str = "sharpe",
    storage: "str | Path | optuna.storages.BaseStorage | None" = None,
    trading: TradingSettings | None = None,
    rules: SymbolRules | Mapping[str, SymbolRules] | None = None,
    funding: Funding | None = None,
    detail_bars: Markets | None = None,
    sentiment: SentimentSeries | None = None,
    model: Classifier | Forecaster | str | Path | None = None,
    probability_up: FloatArray | None = None,
    ledger: TrialLedger | None = None,
    study: str | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> Sweep:
    """Look for good parameters with Optuna (tree-structured Parzen estimator).

    Needs the extra ``search``.

    Parameters
    ----------
    bars, make_target, trading, rules, funding, detail_bars, sentiment, model, probability_up, \
ledger, settings
        As for :func:`cryptovolt.sweep`.
    space : mapping of str to list or tuple
        For every parameter a list of values, or a tuple ``(low, high)``, ends included: whole
        numbers where both ends are, otherwise fractions.
    n_trials : int
        Evaluations in all, those of a resumed search included, at least 1.
    rng : numpy.random.Generator
        One number is drawn from it as the seed of all proposals.
    objective : str, default="sharpe"
        One of the measures; of volatility, drawdowns, turnover and fees the smallest is best. A
        combination for which it is undefined is a failed trial for Optuna and counts all the same.
    storage : str, Path or optuna storage, optional
        Where the search is kept so that it can be resumed: a path is a journal file, a text with
        ``://`` a database's URL. In memory by default.
    study : str, optional
        Also Optuna's name for it in the storage; the function's name by default.
    progress : Progress, optional
        Told after each evaluation.

    Returns
    -------
    Sweep
        One row per evaluation, in their order. A combination that is proposed twice is computed
        once and has two rows and one trial.

    Raises
    ------
    ConfigurationError
        If Optuna is not installed, the space is empty or the storage holds another search under
        this name; and as :func:`cryptovolt.sweep`.
    DataError
        As :func:`cryptovolt.sweep`.
    """
    ranges = {name: _range(name, given) for name, given in space.items()}
    if not ranges or n_trials < 1:
        raise ConfigurationError(
            f"expected at least one parameter and one trial, found {len(ranges)} and {n_trials}"
        )
    if objective not in MEASURES:
        raise ConfigurationError(
            f"expected an objective among {', '.join(MEASURES)}, found {objective!r}"
        )
    given = inputs_of(
        bars, rules=rules, funding=funding, detail_bars=detail_bars, sentiment=sentiment,
        model=model, probability_up=probability_up,
    )  # fmt: skip
    experiment = Experiment(bars, TargetMaker(make_target), Accounts.of(trading, settings), given)
    for combination in _ends(ranges):
        refuse_measures([combination])
        experiment.check([combination])
    name = study or experiment.maker.name
    data_hash = data_hash_of(experiment.traded, experiment.inputs)
    decided_by = f"{objective} {data_hash} {experiment.setup()} {ranges}"
    asked = _Asked(
        _open_study(storage, name, objective, digest(decided_by)),
        ranges,
        int(rng.integers(0, 2**31)),
    )
    notebook = Notebook(experiment, TrialKind.SEARCH, name, ledger)
    known = notebook.recall()
    rows: list[tuple[Combination, Trial]] = []
    for number in range(n_trials):
        combination, told = asked.propose(number)
        key = key_of(combination)
        if key not in known:
            (known[key],) = notebook.write([experiment.tried(combination)])
        if not told:
            asked.tell(known[key].result[objective])
        rows.append((combination, known[key]))
        if progress is not None:
            progress(number + 1, n_trials, "trials")
    combinations, trials = [row[0] for row in rows], tuple(row[1] for row in rows)
    return Sweep(frame_of(combinations, trials), tuple(combinations), trials, experiment, ledger)


class _Asked:
    # An Optuna study that is asked one proposal after the other.

    def __init__(
        self, study: "optuna.Study", ranges: Mapping[str, _Range | list[Scalar]], seed: int
    ) -> None:
        self._study, self._seed = study, seed
        self._distributions = {name: _distribution(given) for name, given in ranges.items()}
        self._lists = {name: given for name, given in ranges.items() if isinstance(given, list)}
        self._finished = _finished(study)
        self._open: optuna.trial.Trial | None = None

    def propose(self, number: int) -> tuple[Combination, bool]:
        """Return the combination of an evaluation, and whether its value is known already."""
        import optuna  # noqa: PLC0415 - optional

        if number < len(self._finished):
            return self._combination(self._finished[number].params), True
        # A sampler of its own for every proposal: where the search was interrupted is forgotten.
        self._study.sampler = optuna.samplers.TPESampler(seed=self._seed + number)
        self._open = self._study.ask(self._distributions)
        return self._combination(self._open.params), False

    def tell(self, value: float | None) -> None:
        """Tell the value of the last proposal."""
        import optuna  # noqa: PLC0415 - optional

        assert self._open is not None
        failed = optuna.trial.TrialState.FAIL if value is None else None
        self._study.tell(self._open, value, state=failed)

    def _combination(self, params: Mapping[str, Any]) -> Combination:
        # Of a list Optuna knows the places only, so that its values may be of any kind.
        return {
            name: self._lists[name][params[name]] if name in self._lists else params[name]
            for name in self._distributions
        }


def _open_study(storage: Any, name: str, objective: str, mark: str) -> "optuna.Study":
    try:
        import optuna  # noqa: PLC0415 - optional
    except ImportError:
        raise ConfigurationError(
            "a search needs Optuna, which is not installed: pip install 'cryptovolt[search]'"
        ) from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    if isinstance(storage, Path) or (isinstance(storage, str) and "://" not in storage):
        from optuna.storages.journal import JournalFileBackend  # noqa: PLC0415 - optional

        storage = optuna.storages.JournalStorage(JournalFileBackend(str(storage)))
    study = optuna.create_study(
        storage=storage,
        study_name=name,
        direction="minimize" if objective in LOWER_IS_BETTER else "maximize",
        load_if_exists=True,
    )
    if study.user_attrs.get("cryptovolt", mark) != mark:
        raise ConfigurationError(
            f"the storage holds another search called {name!r} (other bars, code, settings, space "
            "or objective): choose another name with study="
        )
    study.set_user_attr("cryptovolt", mark)
    _close_abandoned(study)
    return study


def _close_abandoned(study: "optuna.Study") -> None:
    # What was running when somebody stopped the search will never be told.
    import optuna  # noqa: PLC0415 - optional

    running = optuna.trial.TrialState.RUNNING
    for trial in study.get_trials(deepcopy=False, states=(running,)):
        study.set_user_attr(f"abandoned_{trial.number}", True)
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)


def _finished(study: "optuna.Study") -> "list[optuna.trial.FrozenTrial]":
    return [
        trial
        for trial in study.get_trials(deepcopy=False)
        if trial.state.is_finished() and f"abandoned_{trial.number}" not in study.user_attrs
    ]


def _distribution(given: _Range | list[Scalar]) -> "optuna.distributions.BaseDistribution":
    import optuna  # noqa: PLC0415 - optional

    if isinstance(given, list):
        return optuna.distributions.CategoricalDistribution(range(len(given)))
    if given.whole:
        return optuna.distributions.IntDistribution(int(given.low), int(given.high))
    return optuna.distributions.FloatDistribution(given.low, given.high)


def _range(name: str, given: Sequence[Any]) -> _Range | list[Scalar]:
    if not isinstance(given, tuple):
        return checked_values(name, given)
    ends = checked_values(name, cast("Sequence[Any]", given))
    numbers = [end for end in ends if isinstance(end, int | float) and not isinstance(end, bool)]
    if len(numbers) != 2 or len(ends) != 2 or not numbers[0] < numbers[1]:
        raise ConfigurationError(
            f"expected {name} as a list of values or a tuple (low, high), found {given!r}"
        )
    return _Range(*numbers, whole=all(isinstance(end, int) for end in numbers))


def _ends(ranges: Mapping[str, _Range | list[Scalar]]) -> list[Combination]:
    # A setting that is refused at one of its ends is refused before anything is computed.
    low: Combination = {}
    high: Combination = {}
    for name, given in ranges.items():
        if isinstance(given, list):
            low[name], high[name] = given[0], given[-1]
        elif given.whole:
            low[name], high[name] = int(given.low), int(given.high)
        else:
            low[name], high[name] = given.low, given.high
    return [low, high]

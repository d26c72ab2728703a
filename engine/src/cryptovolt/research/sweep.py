"""Sweeps: the same strategy with many parameters, each of them a trial."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.random import Generator

from cryptovolt.backtest.run import Run
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.costs import SymbolRules
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.funding import Funding
from cryptovolt.domain.ports import Classifier, Forecaster, Progress, TrialLedger
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.domain.trials import Scalar, Trial, TrialKind
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.research.accounts import Accounts
from cryptovolt.research.combinations import Combination, combinations_of
from cryptovolt.research.experiment import Experiment, Markets, inputs_of
from cryptovolt.research.measures import LOWER_IS_BETTER, MEASURES
from cryptovolt.research.notebook import Notebook, key_of
from cryptovolt.research.target_maker import MakeTarget, TargetMaker
from cryptovolt.research.trials import Selection, judge_selection
from cryptovolt.research.workers import available_processors, run_pieces

if TYPE_CHECKING:
    import pandas as pd

_LARGEST_PIECE = 64


@dataclass(frozen=True, slots=True, eq=False)
class Sweep:
    """What a sweep found: one row per combination.

    Parameters
    ----------
    frame : DataFrame
        Parameters, then the measures of `MEASURES`; null where one is undefined.
    combinations : tuple of dict
        The parameters of every row.
    trials : tuple of Trial
        The same as trials, in the ledger where one was given.
    experiment : Experiment
        What all rows have in common.
    ledger : TrialLedger or None
        Where the trials are kept.
    """

    frame: pl.DataFrame
    combinations: tuple[Combination, ...]
    trials: tuple[Trial, ...]
    experiment: Experiment
    ledger: TrialLedger | None

    def __len__(self) -> int:
        return len(self.combinations)

    def best(self, objective: str = "sharpe") -> dict[str, Any]:
        """Return the row with the best value of a measure, and its number as ``row``.

        Parameters
        ----------
        objective : str, default="sharpe"
            One of `MEASURES`; of volatility, drawdowns, turnover and fees the smallest is best.

        Raises
        ------
        ConfigurationError
            If there is no such measure, or it is undefined in every row.
        """
        row = best_row(self.trials, objective)
        if row is None:
            raise ConfigurationError(
                f"expected a row with a defined {objective}, found none among {len(self)}: did any "
                "combination trade?"
            )
        return {"row": row, **self.frame.row(row, named=True)}

    def run(self, row: int | Mapping[str, Scalar]) -> Run:
        """Return the full run of a row, given by number or by its parameters.

        The function is asked again on 20 prefixes of the bars; where a target changes when later
        bars are missing, the run is stamped LOOK-AHEAD.
        """
        if isinstance(row, int):
            if not 0 <= row < len(self):
                raise ConfigurationError(f"expected a row from 0 to {len(self) - 1}, found {row}")
            return self.experiment.run(self.combinations[row])
        return self.experiment.run(
            {name: row[name] for name in self.combinations[0] if name in row}
        )

    def selection(self, objective: str = "sharpe") -> Selection:
        """Return what the best row's Sharpe ratio is worth after everything that was tried."""
        return judge_selection(self.run(self.best(objective)["row"]), self.ledger)

    def returns_matrix(self) -> FloatArray:
        """Return the returns of all rows, shape (n_periods, n_rows), in equal periods of time.

        The periods are those that trials keep: from a minute to a day long, at most 1,024 of them
        where they are shorter than a day.
        """
        return np.column_stack([trial.returns for trial in self.trials]).astype(np.float64)

    def to_pandas(self) -> "pd.DataFrame":
        """Return the frame as a pandas frame (needs the extra ``pandas``)."""
        return self.frame.to_pandas()


def sweep(
    bars: Markets,
    make_target: MakeTarget,
    grid: Mapping[str, Iterable[Any]],
    *,
    trading: TradingSettings | None = None,
    rules: SymbolRules | Mapping[str, SymbolRules] | None = None,
    funding: Funding | None = None,
    detail_bars: Markets | None = None,
    sentiment: SentimentSeries | None = None,
    model: Classifier | Forecaster | str | Path | None = None,
    probability_up: FloatArray | None = None,
    method: str = "grid",
    n_random: int | None = None,
    rng: Generator | None = None,
    ledger: TrialLedger | None = None,
    study: str | None = None,
    backend: str | None = None,
    workers: int | None = None,
    resume: bool = True,
    progress: Progress | None = None,
    **settings: Any,
) -> Sweep:
    """Simulate a strategy with every combination of a grid, or with some drawn from it.

    Parameters
    ----------
    bars : Bars or mapping of str to Bars
        As for :func:`cryptovolt.simulate`.
    make_target : callable, type or str
        A function that returns a target for one combination. Its arguments are bound by name:
        ``bars``, any of the columns ``timestamp, open, high, low, close, volume``, the data below
        that was given, and the grid's parameters. Compiled with ``numba.njit(nogil=True)`` it runs
        on threads. Or the class of a strategy that decides by targets or by orders, or its name as
        :func:`cryptovolt.load_strategy` takes it: a row is then the backtest of its parameters.
    grid : mapping of str to list
        Values for arguments of `make_target`, or parameters of the strategy, and for settings of
        the account (``stop_loss``, ``leverage``, ``fee`` …); a name that is both reaches both.
    trading : TradingSettings, optional
        Of every account, also in place of a strategy's own settings. Single settings can be given
        as keywords instead: ``costs``, ``cash``, ``leverage``, ``stop_loss``, ``fee`` …
    rules, funding, detail_bars, sentiment, model, probability_up : optional
        As for :func:`cryptovolt.backtest`. A strategy, or a function with an argument of that
        name, sees of sentiment and funding what was known by the close of its last bar.
    method : {"grid", "random"}
        All combinations, or `n_random` different ones drawn by `rng`.
    n_random : int, optional
        How many to draw.
    rng : numpy.random.Generator, optional
        Draws them.
    ledger : TrialLedger, optional
        Every combination becomes a trial in it. Without one the deflated Sharpe ratio is None.
    study : str, optional
        What to call it; the function's name by default. It changes nothing in what is counted.
    backend : str, optional
        ``"threads"``, ``"processes"``, ``"serial"`` or a backend of joblib; threads for compiled
        functions and processes for others by default.
    workers : int, optional
        The processors of this machine by default.
    resume : bool, default=True
        Take combinations that the ledger holds from there: same study, bars, settings and code of
        `make_target` itself (not of what it calls). An interrupted sweep goes on where it was.
    progress : Progress, optional
        Told as combinations are done.

    Returns
    -------
    Sweep
        Rows in the order of the grid, the last name changing fastest.

    Raises
    ------
    ConfigurationError
        If the grid is empty, a name is unknown or missing, or a setting or target out of range.
    DataError
        If bars or a target cannot be used, or the ledger is broken.
    """
    given = inputs_of(
        bars, rules=rules, funding=funding, detail_bars=detail_bars, sentiment=sentiment,
        model=model, probability_up=probability_up,
    )  # fmt: skip
    experiment = Experiment(bars, TargetMaker(make_target), Accounts.of(trading, settings), given)
    combinations = combinations_of(grid, method, n_random, rng)
    trials = explore(
        experiment,
        combinations,
        Exploration(
            kind=TrialKind.SWEEP,
            study=study,
            ledger=ledger,
            backend=backend,
            workers=workers,
            resume=resume,
            progress=progress,
        ),
    )
    return Sweep(frame_of(combinations, trials), tuple(combinations), trials, experiment, ledger)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exploration:
    """How combinations are tried, and where that is remembered; see :func:`sweep`.

    `whole` is a fingerprint of what this is one fold of; empty where it is none.
    """

    kind: TrialKind
    study: str | None = None
    ledger: TrialLedger | None = None
    backend: str | None = None
    workers: int | None = None
    resume: bool = True
    progress: Progress | None = None
    whole: str = ""


def explore(
    experiment: Experiment, combinations: Sequence[Combination], how: Exploration
) -> tuple[Trial, ...]:
    """Return the trials of these combinations in their order, tried or recalled.

    They reach the ledger piece by piece, in order, so that whoever interrupts it loses little.
    """
    refuse_measures(combinations)
    experiment.check(combinations)
    notebook = Notebook(
        experiment, how.kind, how.study or experiment.maker.name, how.ledger, how.whole
    )
    known = notebook.recall() if how.resume else {}
    missing = [one for one in combinations if key_of(one) not in known]
    backend = how.backend or ("threads" if experiment.maker.compiled else "processes")
    pieces = _pieces(missing, available_processors() if how.workers is None else how.workers)
    done = len(combinations) - len(missing)
    for found in run_pieces(experiment, pieces, backend, how.workers):
        for trial in notebook.write(found):
            known[key_of(trial.parameters)] = trial
        done += len(found)
        if how.progress is not None:
            how.progress(done, len(combinations), "combinations")
    return tuple(known[key_of(one)] for one in combinations)


def refuse_measures(combinations: Sequence[Combination]) -> None:
    """Refuse parameters that are called like a measure.

    Raises
    ------
    ConfigurationError
        If there is one.
    """
    taken = [name for name in combinations[0] if name in MEASURES]
    if taken:
        raise ConfigurationError(
            f"expected parameters with names of their own, found {', '.join(taken)}, which is a "
            "measure of every row"
        )


def best_row(trials: Sequence[Trial], objective: str) -> int | None:
    """Return the number of the best trial, the first of equals; None where all are undefined.

    Raises
    ------
    ConfigurationError
        If there is no such measure.
    """
    if objective not in MEASURES:
        raise ConfigurationError(
            f"expected an objective among {', '.join(MEASURES)}, found {objective!r}"
        )
    sign = -1.0 if objective in LOWER_IS_BETTER else 1.0
    values = [trial.result.get(objective) for trial in trials]
    found = np.array([np.nan if value is None else sign * value for value in values])
    return int(np.nanargmax(found)) if np.isfinite(found).any() else None


def frame_of(combinations: Sequence[Combination], trials: Sequence[Trial]) -> pl.DataFrame:
    """Return one row per combination: parameters, then measures."""
    columns = {name: [one[name] for one in combinations] for name in combinations[0]}
    measures = {name: [trial.result.get(name) for trial in trials] for name in MEASURES}
    return pl.DataFrame(
        [
            *(pl.Series(name, values, strict=False) for name, values in columns.items()),
            *(pl.Series(name, values, dtype=pl.Float64) for name, values in measures.items()),
        ]
    )


def _pieces(missing: list[Combination], workers: int) -> list[list[Combination]]:
    size = min(_LARGEST_PIECE, max(1, -(-len(missing) // (4 * max(1, workers)))))
    return [missing[at : at + size] for at in range(0, len(missing), size)]

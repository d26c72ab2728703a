"""Walk-forward of a strategy: choose on the past, trade on what comes next, again and again.

In a training window every combination is simulated and the best by the objective is chosen; one
account, without an interruption, trades all test windows and follows what was chosen for each (see
:mod:`cryptovolt.research.strategy_windows`). Targets and orders are made from all bars up to the
end of their window and no later ones, so that indicators are warm and nothing is known too early;
the same holds for sentiment and funding.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from cryptovolt.backtest.inputs import data_hash_of
from cryptovolt.backtest.run import Run
from cryptovolt.backtest.trial import trial_of
from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.costs import SymbolRules
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.funding import Funding
from cryptovolt.domain.ports import Classifier, Forecaster, Progress, TrialLedger
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.domain.trials import Scalar, Trial, TrialKind, digest
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.performance.returns import sharpe_ratio
from cryptovolt.research.accounts import SETTINGS, Accounts
from cryptovolt.research.combinations import Combination, combinations_of
from cryptovolt.research.experiment import (
    Experiment,
    Markets,
    described,
    inputs_of,
)
from cryptovolt.research.notebook import kept_once
from cryptovolt.research.out_of_sample import out_of_sample, past_of
from cryptovolt.research.strategy_windows import StrategyWindows, Window
from cryptovolt.research.sweep import Exploration, best_row, explore
from cryptovolt.research.target_maker import MakeTarget, TargetMaker
from cryptovolt.research.trials import Selection, judge_selection


@dataclass(frozen=True, slots=True, eq=False)
class StrategyWalkForward:
    """What a walk-forward found.

    Parameters
    ----------
    folds : DataFrame
        One row per fold: its times, what was chosen, the objective in training and in test.
    windows : tuple of Window
        The rows of each fold.
    chosen : tuple of dict or None
        Parameters each test window was traded with; None where no combination traded in training,
        and the account stayed flat.
    run : Run
        The out-of-sample account over all test windows, without an interruption.
    trials : tuple of Trial
        Every fit of every fold, and the out-of-sample run as the last one.
    ledger : TrialLedger or None
        Where they are kept.
    """

    folds: pl.DataFrame
    windows: tuple[Window, ...]
    chosen: tuple[Combination | None, ...]
    run: Run
    trials: tuple[Trial, ...]
    ledger: TrialLedger | None

    @property
    def timestamp(self) -> IntArray:
        """Opens of the tested bars, milliseconds UTC."""
        return self.run.timestamp

    @property
    def equity(self) -> FloatArray:
        """Equity out of sample at each close, quote currency."""
        return self.run.equity

    @property
    def returns(self) -> FloatArray:
        """Returns out of sample per bar."""
        return self.run.returns

    def selection(self) -> Selection:
        """Return what the Sharpe ratio out of sample is worth after everything that was tried."""
        return judge_selection(self.run, self.ledger)


def walkforward(
    bars: Markets,
    make_target: MakeTarget,
    grid: Mapping[str, Iterable[Any]],
    *,
    train: int,
    test: int,
    purge: int = 0,
    embargo: int = 0,
    anchored: bool = False,
    objective: str = "sharpe",
    trading: TradingSettings | None = None,
    rules: SymbolRules | Mapping[str, SymbolRules] | None = None,
    funding: Funding | None = None,
    detail_bars: Markets | None = None,
    sentiment: SentimentSeries | None = None,
    model: Classifier | Forecaster | str | Path | None = None,
    probability_up: FloatArray | None = None,
    method: str = "grid",
    n_random: int | None = None,
    rng: np.random.Generator | None = None,
    ledger: TrialLedger | None = None,
    study: str | None = None,
    backend: str | None = None,
    workers: int | None = None,
    resume: bool = True,
    progress: Progress | None = None,
    **settings: Any,
) -> StrategyWalkForward:
    """Choose parameters on the past and trade them on what comes next, fold by fold.

    Parameters
    ----------
    bars, make_target, trading, rules, funding, detail_bars, sentiment, model, probability_up, \
method, n_random, rng, ledger, study, backend, workers, resume, settings
        As for :func:`cryptovolt.sweep`. The same combinations are tried in every fold. What was
        not known by the end of a window does not reach it.
    grid : mapping of str to list
        Values for arguments of `make_target`, or parameters of the strategy. Settings of the
        account stay as they are: one account trades all test windows.
    train, test, purge, embargo, anchored
        See :class:`StrategyWindows`.
    objective : str, default="sharpe"
        Measure by which the best combination of a training window is chosen; of volatility,
        drawdowns, turnover and fees the smallest is best.
    progress : Progress, optional
        Told after each fold.

    Returns
    -------
    StrategyWalkForward

    Raises
    ------
    ConfigurationError
        As :func:`cryptovolt.sweep`, or if the grid names or changes a setting of the account.
    DataError
        As :func:`cryptovolt.sweep`, or if there are too few bars for one fold.
    """
    accounts, maker = Accounts.of(trading, settings), TargetMaker(make_target)
    given = inputs_of(
        bars, rules=rules, funding=funding, detail_bars=detail_bars, sentiment=sentiment,
        model=model, probability_up=probability_up,
    )  # fmt: skip
    whole = Experiment(bars, maker, accounts, given)
    combinations = combinations_of(grid, method, n_random, rng)
    _refuse_settings(combinations[0])
    whole.check(combinations)
    _refuse_changed_settings(whole, combinations)
    best_row([], objective)
    windows = StrategyWindows(
        train=train, test=test, purge=purge, embargo=embargo, anchored=anchored
    ).split(len(whole))
    how = Exploration(
        kind=TrialKind.WALKFORWARD, study=study, ledger=ledger, backend=backend, workers=workers,
        resume=resume, whole=digest(f"{whole.setup()} {data_hash_of(whole.markets, given)}"),
    )  # fmt: skip
    fits: list[tuple[Trial, ...]] = []
    for number, window in enumerate(windows):
        fits.append(explore(past_of(whole, window), combinations, how))
        if progress is not None:
            progress(number + 1, len(windows), "folds")
    rows = [best_row(trials, objective) for trials in fits]
    chosen = [None if row is None else combinations[row] for row in rows]
    run, known = out_of_sample(whole, windows, chosen, whole.trading_of(combinations[0]))
    said: dict[str, Scalar] = {
        "train": train, "test": test, "purge": purge, "embargo": embargo, "anchored": anchored,
        "objective": objective, "n_combinations": len(combinations),
    }  # fmt: skip
    setup = digest(f"{whole.setup()} {combinations}")
    last = trial_of(run, TrialKind.WALKFORWARD, study or maker.name, said, setup, known)
    trained = [_value(t, row, objective) for t, row in zip(fits, rows, strict=True)]
    return StrategyWalkForward(
        folds=_table(run, windows, chosen, trained, objective),
        windows=windows,
        chosen=tuple(chosen),
        run=run,
        trials=(*(t for one in fits for t in one), kept_once(last, ledger, resume)),
        ledger=ledger,
    )


def _refuse_settings(combination: Combination) -> None:
    wrong = [name for name in combination if name in SETTINGS]
    if wrong:
        raise ConfigurationError(
            f"expected parameters of make_target, found {', '.join(wrong)}: one account with one "
            "set of settings trades all test windows; sweep settings, or give them as keywords"
        )


def _refuse_changed_settings(whole: Experiment, combinations: Sequence[Combination]) -> None:
    if whole.maker.strategy is None:
        return
    first, *others = [whole.trading_of(one) for one in combinations]
    for other, combination in zip(others, combinations[1:], strict=True):
        if other != first:
            raise ConfigurationError(
                f"expected parameters that leave the account's settings as they are, found "
                f"{described(combination)}, with which {whole.maker.name} asks for others: one "
                "account with one set of settings trades all test windows"
            )


def _table(
    run: Run,
    windows: Sequence[Window],
    chosen: Sequence[Combination | None],
    trained: Sequence[float | None],
    objective: str,
) -> pl.DataFrame:
    start = windows[0].test_start
    names = next((list(one) for one in chosen if one is not None), list[str]())
    rows: list[dict[str, Any]] = []
    for number, (window, combination) in enumerate(zip(windows, chosen, strict=True)):
        part = slice(window.test_start - start, window.test_stop - start)
        before = run.trading.cash if part.start == 0 else float(run.equity[part.start - 1])
        known = run.returns[part][np.isfinite(run.returns[part])]
        sharpe = sharpe_ratio(known, run.periods_per_year)
        rows.append(
            {
                "fold": number,
                "test_start": int(run.timestamp[part.start]),
                "test_end": int(run.timestamp[part.stop - 1]),
                "n_train": window.train_stop - window.train_start,
                "n_test": window.test_stop - window.test_start,
                **{name: None if combination is None else combination[name] for name in names},
                f"train_{objective}": trained[number],
                "test_sharpe": sharpe if np.isfinite(sharpe) else None,
                "test_return": float(run.equity[part.stop - 1]) / before - 1
                if before > 0
                else None,
            }
        )
    frame = pl.DataFrame(rows, infer_schema_length=None)
    moments = ("test_start", "test_end")
    return frame.with_columns(
        pl.col(moment).cast(pl.Datetime("ms")).dt.replace_time_zone("UTC") for moment in moments
    )


def _value(trials: Sequence[Trial], row: int | None, objective: str) -> float | None:
    return None if row is None else trials[row].result[objective]

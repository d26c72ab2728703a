"""Walk-forward of a strategy: choose on the past, trade on what comes next, again and again.

In a training window every combination is simulated and the best by the objective is chosen; one
account, without an interruption, trades all test windows and follows what was chosen for each (see
:mod:`cryptovolt.research.strategy_windows`). Targets are made from all bars up to the end of their
window and no later ones, so that indicators are warm and nothing is known too early.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from cryptovolt.backtest.run import Run
from cryptovolt.backtest.simulation import Simulation
from cryptovolt.backtest.trial import trial_of
from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import SymbolRules
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.funding import FundingRates
from cryptovolt.domain.ports import Progress, TrialLedger
from cryptovolt.domain.trials import Scalar, Trial, TrialKind, digest
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.performance.returns import sharpe_ratio
from cryptovolt.research.combinations import Combination, combinations_of
from cryptovolt.research.experiment import (
    SETTINGS,
    Experiment,
    Markets,
    Surroundings,
    carried,
    trading_settings,
)
from cryptovolt.research.notebook import kept_once
from cryptovolt.research.peeking import check_function
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
    funding: FundingRates | Mapping[str, FundingRates] | None = None,
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
    bars, make_target, trading, rules, funding, method, n_random, rng, ledger, study, backend, \
workers, resume, settings
        As for :func:`cryptovolt.sweep`. The same combinations are tried in every fold.
    grid : mapping of str to list
        Values for arguments of `make_target`. Settings of the account stay as they are: one
        account trades all test windows.
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
        As :func:`cryptovolt.sweep`, or if the grid names a setting of the account.
    DataError
        As :func:`cryptovolt.sweep`, or if there are too few bars for one fold.
    """
    account = trading_settings(trading, settings)
    maker, around = TargetMaker(make_target), Surroundings(rules=rules, funding=funding)
    whole = Experiment(bars, maker, account, around)
    combinations = combinations_of(grid, method, n_random, rng)
    _refuse_settings(combinations[0])
    best_row([], objective)
    windows = StrategyWindows(
        train=train, test=test, purge=purge, embargo=embargo, anchored=anchored
    ).split(len(whole))
    how = Exploration(
        kind=TrialKind.WALKFORWARD, study=study, ledger=ledger, backend=backend, workers=workers,
        resume=resume,
    )  # fmt: skip
    fits: list[tuple[Trial, ...]] = []
    for number, window in enumerate(windows):
        past = Experiment(
            _cut(bars, window.train_stop), maker, account, around, skip=window.train_start
        )
        fits.append(explore(past, combinations, how))
        if progress is not None:
            progress(number + 1, len(windows), "folds")
    rows = [best_row(trials, objective) for trials in fits]
    chosen = [None if row is None else combinations[row] for row in rows]
    run = _out_of_sample(whole, windows, chosen)
    said: dict[str, Scalar] = {
        "train": train, "test": test, "purge": purge, "embargo": embargo, "anchored": anchored,
        "objective": objective, "n_combinations": len(combinations),
    }  # fmt: skip
    setup = digest(f"{whole.setup()} {combinations}")
    last = trial_of(run, TrialKind.WALKFORWARD, study or maker.name, said, setup)
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


def _cut(bars: Markets, stop: int) -> Markets:
    if isinstance(bars, Bars):
        return bars[:stop]
    return {symbol: series[:stop] for symbol, series in bars.items()}


def _out_of_sample(
    whole: Experiment, windows: Sequence[Window], chosen: Sequence[Combination | None]
) -> Run:
    start = windows[0].test_start
    traded = {symbol: series[start:] for symbol, series in whole.markets.items()}
    around = whole.surroundings
    simulation = Simulation(traded, whole.trading, around.rules, around.funding)

    complete = [
        _fold_target(whole, window, window.test_stop, combination)
        for window, combination in zip(windows, chosen, strict=True)
    ]

    def make(n_bars: int) -> FloatArray:
        # The targets that are known when so many bars are.
        parts = [np.full((min(start, n_bars), len(traded)), np.nan)]
        for number, window in enumerate(windows):
            if window.test_stop <= n_bars:
                parts.append(complete[number])
            elif window.test_start < n_bars:
                parts.append(_fold_target(whole, window, n_bars, chosen[number]))
        return np.concatenate(parts)

    target = make(len(whole))
    check = check_function(make, whole.markets, target)
    return replace(simulation.run(target[start:]), check=check)


def _fold_target(
    whole: Experiment, window: Window, stop: int, combination: Combination | None
) -> FloatArray:
    start = window.test_start
    if combination is None:
        return np.zeros((stop - start, len(whole.markets)))
    # NaN keeps what is held, but that is what the fold before has chosen. What these parameters
    # hold by now is what they said last, or nothing.
    part = carried(whole.target(combination, stop), start).copy()
    part[0] = np.nan_to_num(part[0], nan=0.0)
    return part


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

"""The account of a walk-forward, and what was known in each of its training windows."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cryptovolt.backtest.inputs import Inputs
from cryptovolt.backtest.run import Run
from cryptovolt.backtest.simulation import Simulation
from cryptovolt.backtest.strategy_orders import Shift
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.research.combinations import Combination
from cryptovolt.research.experiment import Experiment, carried
from cryptovolt.research.peeking import check_function
from cryptovolt.research.strategy_maker import StrategyMaker
from cryptovolt.research.strategy_windows import Window


def past_of(whole: Experiment, window: Window) -> Experiment:
    """Return the experiment of a training window: with what was known by its end."""
    stop = window.train_stop
    bars = whole.bars
    past = (
        bars[:stop]
        if isinstance(bars, Bars)
        else {symbol: series[:stop] for symbol, series in bars.items()}
    )
    traded = {s: series[window.train_start : stop] for s, series in whole.markets.items()}
    given = whole.inputs.within(traded, stop)
    return Experiment(past, whole.maker, whole.accounts, given, skip=window.train_start)


def out_of_sample(
    whole: Experiment,
    windows: Sequence[Window],
    chosen: Sequence[Combination | None],
    trading: TradingSettings,
) -> tuple[Run, Inputs]:
    """Return the run of the one account over all test windows, and what it was given.

    Parameters
    ----------
    whole : Experiment
        All bars.
    windows, chosen : sequence
        What each test window is traded with; None stays flat.
    trading : TradingSettings
        Of the account.
    """
    start = windows[0].test_start
    traded = {symbol: series[start:] for symbol, series in whole.markets.items()}
    given = whole.inputs.within(traded, len(whole))
    simulation = Simulation(traded, trading, given.rules, given.funding, given.detail_bars)
    strategy = whole.maker.strategy
    if strategy is not None and strategy.sends_orders:
        return whole.follow(simulation, _shifts(whole, strategy, windows, chosen)), given
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
    return replace(simulation.run(target[start:]), check=check), given


def _shifts(
    whole: Experiment,
    maker: StrategyMaker,
    windows: Sequence[Window],
    chosen: Sequence[Combination | None],
) -> list[Shift]:
    # Where the same parameters are chosen again, the strategy goes on with what it remembers.
    shifts: list[Shift] = []
    before: Combination | None = None
    for window, combination in zip(windows, chosen, strict=True):
        if shifts and combination == before:
            strategy = shifts[-1].strategy
        elif combination is None:
            strategy = None
        else:
            strategy = maker.strategy(whole.maker.own(combination), whole.inputs)
        shifts.append(Shift(window.test_start - windows[0].test_start, strategy))
        before = combination
    return shifts


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

"""A run once more, under other targets or other costs.

Robustness asks what would have come of the same account had something been different. Money, rules
and protections are those of the run; only what is named changes.
"""

from dataclasses import replace

import numpy as np

from cryptovolt.backtest.run import Run
from cryptovolt.backtest.simulation import Simulation
from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.costs import Costs
from cryptovolt.domain.timeframe import DAY_MS
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.performance.calendar import daily_equity
from cryptovolt.performance.returns import returns_of

DAYS_PER_YEAR = 365.0


class Replay:
    """Simulates the account of a run again.

    Parameters
    ----------
    run : Run
        Whose bars, rules and settings are used. `by_fills` says whether its targets had to be taken
        from its fills; see :func:`targets_of`.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.by_fills = bool(len(run.fill_rows)) and not np.isfinite(run.target).any()
        self.target = targets_of(run)
        self._simulation = self._with(run.trading)

    def __call__(self, target: FloatArray | None = None, costs: Costs | None = None) -> Run:
        """Return the run under this target and these costs, its own where not given."""
        simulation = self._simulation
        if costs is not None:
            simulation = self._with(replace(self.run.trading, costs=costs))
        return simulation.run(self.target if target is None else target)

    def _with(self, trading: TradingSettings) -> Simulation:
        run = self.run
        return Simulation(run.bars, trading, run.rules, run.funding, run.detail_bars)


def targets_of(run: Run) -> FloatArray:
    """Return the targets of a run, shape (n_bars, n_symbols).

    A run that was steered by orders has none. For it the share of equity that each fill left is
    taken, decided one bar before: the same positions, reached with market orders.
    """
    if np.isfinite(run.target).any() or not len(run.fill_rows):
        return run.target
    return _targets_of_fills(run)


def decided_rows(run: Run) -> IntArray:
    """Return the row in which each fill was decided at the latest: the bar before it."""
    times = run.orders["time"].dt.epoch("ms").to_numpy()
    filled = np.searchsorted(run.timestamp, times, side="right") - 1
    return np.maximum(filled - 1, 0).astype(np.int64)


def _targets_of_fills(run: Run) -> FloatArray:
    target = np.full((len(run), len(run.bars)), np.nan)
    limit, decided = run.trading.leverage, decided_rows(run)
    equity = run.equity[decided]
    sign = np.where((run.orders["side"] == "BUY").to_numpy(), 1.0, -1.0)
    change = sign * run.orders["quantity"].to_numpy()
    for s, (symbol, bars) in enumerate(run.bars.items()):
        mine = (run.orders["symbol"] == symbol).to_numpy() & (equity > 0)
        share = np.cumsum(change[mine]) * bars.close[decided[mine]] / equity[mine]
        # Of several fills decided at one close the last one counts, as it is assigned last.
        target[decided[mine], s] = np.clip(share, -limit, limit)
    return target


def by_day(run: Run) -> bool:
    """Return whether the returns of a run are taken by day: its bars are shorter than one."""
    return next(iter(run.bars.values())).interval_ms < DAY_MS


def period_returns(run: Run) -> FloatArray:
    """Return the returns of a run by day, or by bar where a bar is a day or longer.

    NaN after ruin. Returns by day hardly depend on each other; those by minute do.
    """
    if not by_day(run):
        return run.returns
    return returns_of(daily_equity(run.timestamp, run.equity), run.trading.cash)


def periods_per_year_of(run: Run) -> float:
    """Return how many of these periods a year has."""
    return DAYS_PER_YEAR if by_day(run) else run.periods_per_year

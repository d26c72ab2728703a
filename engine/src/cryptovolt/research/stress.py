"""What is left of a run when trading is harder than it assumed."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.random import Generator

from cryptovolt.backtest.run import Run
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.costs import Costs
from cryptovolt.performance.returns import max_drawdown, sharpe_ratio
from cryptovolt.research.replay import (
    Replay,
    decided_rows,
    period_returns,
    periods_per_year_of,
)

FEES = ("fee", "maker_fee")
SLIPPAGE = ("slippage", "spread", "impact", "volatility")
MISSED = 0.05
MISSED_DRAWS = 20
_MISSED = f"{100 * MISSED:.0f} % missed fills (middle of {MISSED_DRAWS} draws)"
NAMES = ("costs × 2", "slippage × 2", "one bar later", _MISSED)
_HIGHEST = {"impact": 1.0, "volatility": 1.0}
_HIGHEST_FRACTION = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Stress:
    """The same account under one hardship.

    Parameters
    ----------
    name : str
        What was made harder.
    total_return, sharpe, max_drawdown : float
        As fractions, and annualised from daily returns; NaN where undefined.
    halves_sharpe : bool
        Whether less than half of the Sharpe ratio is left.
    """

    name: str
    total_return: float
    sharpe: float
    max_drawdown: float
    halves_sharpe: bool

    @property
    def survived(self) -> bool:
        """Whether the account still gained."""
        # Written so that NaN has not survived.
        return self.total_return > 0


def stresses(run: Run, rng: Generator) -> tuple[Stress, ...]:
    """Return the run at doubled costs, doubled slippage, one bar later and with missed fills.

    Parameters
    ----------
    run : Run
        As it was simulated.
    rng : numpy.random.Generator
        Chooses the decisions that are missed.

    Returns
    -------
    tuple of Stress
        In a fixed order. Of missed fills the draw with the median return is told.
    """
    replay, costs = Replay(run), run.trading.costs
    base = _measured("as simulated", run, np.nan).sharpe
    draws = [
        _measured(NAMES[3], replay(missed(run, replay.target, child)), base)
        for child in rng.spawn(MISSED_DRAWS)
    ]
    return (
        _measured(NAMES[0], replay(costs=doubled(costs, (*FEES, *SLIPPAGE))), base),
        _measured(NAMES[1], replay(costs=doubled(costs, SLIPPAGE)), base),
        _measured(NAMES[2], replay(later(replay.target)), base),
        sorted(draws, key=lambda draw: draw.total_return)[MISSED_DRAWS // 2],
    )


def doubled(costs: Costs, names: Iterable[str]) -> Costs:
    """Return the costs with these parts twice as high, as far as they are allowed to be."""
    known = {field.name: getattr(costs, field.name) for field in fields(costs)}
    changed = {
        name: min(_HIGHEST.get(name, _HIGHEST_FRACTION), 2.0 * known[name])
        for name in names
        if known.get(name) is not None
    }
    return replace(costs, **changed)


def later(target: FloatArray) -> FloatArray:
    """Return the target with every decision one bar later."""
    result = np.full_like(target, np.nan)
    result[1:] = target[:-1]
    return result


def missed(run: Run, target: FloatArray, rng: Generator) -> FloatArray:
    """Return the target without a random 5 % of the decisions that led to a fill.

    A decision that is said again in the next bar is then followed one bar late; one that is not is
    lost.
    """
    result = target.copy()
    rows = np.unique(decided_rows(run))
    result[rows[rng.random(rows.size) < MISSED]] = np.nan
    return result


def _measured(name: str, run: Run, base: float) -> Stress:
    returns = period_returns(run)
    sharpe = sharpe_ratio(returns[np.isfinite(returns)], periods_per_year_of(run))
    return Stress(
        name=name,
        total_return=float(run.equity[-1] / run.trading.cash - 1.0),
        sharpe=sharpe,
        max_drawdown=max_drawdown(np.concatenate([[run.trading.cash], run.equity])),
        halves_sharpe=bool(base > 0 and not sharpe >= base / 2.0),
    )

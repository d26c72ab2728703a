"""What doing nothing clever would have brought, at the same costs."""

from collections.abc import Mapping

import numpy as np

from cryptovolt.backtest.run import Run
from cryptovolt.backtest.simulate import simulate
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import Costs, SymbolRules
from cryptovolt.domain.funding import FundingRates


def buy_and_hold(
    bars: Bars | Mapping[str, Bars],
    costs: Costs | None = None,
    cash: float = 10_000.0,
    rules: SymbolRules | Mapping[str, SymbolRules] | None = None,
    funding: FundingRates | Mapping[str, FundingRates] | None = None,
) -> Run:
    """Return a run that buys equal shares of every symbol at the second bar and keeps them.

    The same fill rules and costs apply as to any other target; nothing is sold at the end.

    Parameters
    ----------
    bars : Bars or mapping of str to Bars
        One symbol, or several with the same timestamps.
    costs : Costs, optional
        Fee and slippage; on by default.
    cash : float, default=10_000.0
        Quote currency at the start.
    rules : SymbolRules or mapping of str to SymbolRules, optional
        Tick, step and minimum notional; inferred where they are not given.
    funding : FundingRates or mapping of str to FundingRates, optional
        Recorded rates of perpetuals, which whoever holds pays too.

    Returns
    -------
    Run

    Raises
    ------
    DataError, ConfigurationError
        As :func:`cryptovolt.simulate`.
    """
    markets = {bars.symbol: bars} if isinstance(bars, Bars) else dict(bars)
    n_bars = len(next(iter(markets.values()), ()))
    target = np.full((n_bars, len(markets)), np.nan)
    target[:1] = 1.0 / max(1, len(markets))
    return simulate(markets, target, costs=costs, cash=cash, rules=rules, funding=funding)


def buy_and_hold_of(run: Run) -> Run:
    """Return buy and hold over the bars of a run, with its cash, costs, rules and funding."""
    trading = run.trading
    return buy_and_hold(run.bars, trading.costs, trading.cash, run.rules, run.funding)

"""Simulation of target positions over history."""

from collections.abc import Mapping

import numpy.typing as npt

from cryptovolt.backtest.run import Run
from cryptovolt.backtest.simulation import Simulation
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import Costs, SymbolRules
from cryptovolt.domain.funding import FundingRates
from cryptovolt.domain.protections import Protections
from cryptovolt.execution.settings import TradingSettings


def simulate(
    bars: Bars | Mapping[str, Bars],
    target: npt.ArrayLike,
    costs: Costs | None = None,
    cash: float = 10_000.0,
    leverage: float = 1.0,
    rules: SymbolRules | Mapping[str, SymbolRules] | None = None,
    funding: FundingRates | Mapping[str, FundingRates] | None = None,
    detail_bars: Bars | Mapping[str, Bars] | None = None,
    stop_loss: float | None = None,
    take_profit: float | None = None,
    trailing_stop: float | None = None,
    max_daily_loss: float | None = None,
    rebalance_band: float | None = None,
    protections: Protections | None = None,
    maintenance_margin: float | None = 0.005,
) -> Run:
    """Return what an account would have done that follows a target share of its equity.

    A target is decided at the close of its bar and filled from the open of the next one. The fill
    rules are in ``docs/reference/fills.md``.

    Parameters
    ----------
    bars : Bars or mapping of str to Bars
        One symbol, or several with the same timestamps on one pool of cash.
    target : array-like of shape (n_bars,) or (n_bars, n_symbols)
        Share of equity in [−leverage, leverage], negative for a short; NaN keeps what is held.
        Columns in the order of the mapping.
    costs : Costs, optional
        Fee and slippage; on by default.
    cash : float, default=10_000.0
        Quote currency at the start.
    leverage : float, default=1.0
        Largest gross exposure as a multiple of equity, in (0, 125].
    rules : SymbolRules or mapping of str to SymbolRules, optional
        Tick, step and minimum notional; inferred from the bars where they are not given.
    funding : FundingRates or mapping of str to FundingRates, optional
        Recorded rates of perpetuals.
    detail_bars : Bars or mapping of str to Bars, optional
        Bars of a smaller time frame that say what happened inside each bar, for example 1m under
        1h. Fills then happen in them, with their volumes.
    stop_loss, take_profit : float, optional
        Distance from the average entry price, as a fraction.
    trailing_stop : float, optional
        Distance from the best price since entry, as a fraction.
    max_daily_loss : float, optional
        Loss since the start of the UTC day, as a fraction, that ends trading for the day.
    rebalance_band : float, optional
        Share of equity by which a position that stays open must at least change to be adjusted.
    protections : Protections, optional
        Cooldown, stop guard, low profit, maximum drawdown and order size; off by default.
    maintenance_margin : float or None, default=0.005
        Fraction of the positions' value that the equity must cover, or everything is liquidated;
        None for no liquidation.

    Returns
    -------
    Run

    Raises
    ------
    DataError
        If bars are empty, wrong, of different times, or the target has another length.
    ConfigurationError
        If a setting or a target is outside its range, or the numbers do not fit into 64 bits.
    """
    trading = TradingSettings(
        cash=cash,
        costs=costs or Costs(),
        leverage=leverage,
        stop_loss=stop_loss,
        take_profit=take_profit,
        trailing_stop=trailing_stop,
        max_daily_loss=max_daily_loss,
        rebalance_band=rebalance_band,
        protections=protections or Protections(),
        maintenance_margin=maintenance_margin,
    )
    return Simulation(bars, trading, rules, funding, detail_bars).run(target)


def simulate_account(
    bars: Bars | Mapping[str, Bars],
    target: npt.ArrayLike,
    trading: TradingSettings,
    rules: SymbolRules | Mapping[str, SymbolRules] | None = None,
    funding: FundingRates | Mapping[str, FundingRates] | None = None,
    detail_bars: Bars | Mapping[str, Bars] | None = None,
) -> Run:
    """Return what an account with these settings would have done; see :func:`simulate`."""
    return Simulation(bars, trading, rules, funding, detail_bars).run(target)

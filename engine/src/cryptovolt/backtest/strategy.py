"""A backtest: ask a strategy at every bar, check that it does not read ahead, then simulate."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from cryptovolt.backtest.inputs import Inputs
from cryptovolt.backtest.run import Run
from cryptovolt.backtest.simulation import Simulation
from cryptovolt.backtest.strategy_orders import Shift, simulate_orders
from cryptovolt.backtest.trial import trial_of
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import Costs, SymbolRules
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.funding import FundingRates
from cryptovolt.domain.ports import Classifier, Forecaster, TrialLedger
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.domain.trials import Trial, TrialKind
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.ml.model import load_model
from cryptovolt.risk.limits import RiskLimits
from cryptovolt.trading.hybrid import Beside, HybridStrategy
from cryptovolt.trading.prefix_check import check_prefixes
from cryptovolt.trading.strategy import (
    Strategy,
    check_strategy,
    fresh,
    limited,
    method_of,
    name_of,
    require_attribute,
    settings_of,
)
from cryptovolt.trading.strategy_loading import parameters_in
from cryptovolt.trading.target_strategy import Decider, Markets, decider_of, require_within

SEED = 7
"""Draws the prefixes of a backtest that names no other seed."""


def backtest(
    bars: Bars | Mapping[str, Bars],
    strategy: Strategy,
    costs: Costs | None = None,
    cash: float = 10_000.0,
    sentiment: SentimentSeries | None = None,
    rules: SymbolRules | Mapping[str, SymbolRules] | None = None,
    probability_up: FloatArray | None = None,
    *,
    limits: RiskLimits | None = None,
    model: Classifier | Forecaster | str | Path | None = None,
    ledger: TrialLedger | None = None,
    study: str | None = None,
    funding: FundingRates | Mapping[str, FundingRates] | None = None,
    detail_bars: Bars | Mapping[str, Bars] | None = None,
    mark: Bars | None = None,
    index: Bars | None = None,
    leader: Bars | None = None,
    seed: int = SEED,
) -> Run:
    """Return what a strategy would have done.

    A strategy that decides by targets is asked again on 20 random prefixes of the bars. Where a
    target changes when later bars are missing, the run is stamped LOOK-AHEAD.

    Parameters
    ----------
    bars : Bars or mapping of str to Bars
        One symbol, or several with the same times on one pool of cash; without errors.
    strategy : HybridStrategy or object
        With ``warmup`` and ``target`` or ``orders``, see :mod:`cryptovolt.trading.strategy`. A
        copy of it is asked, so that nothing it remembers reaches a second backtest.
    costs : Costs, optional
        On by default.
    cash : float, default=10_000.0
        Quote currency at the start.
    sentiment : SentimentSeries, optional
        Read by the time its items were seen; a strategy written as code receives them as its
        attribute ``sentiment``.
    rules : SymbolRules or mapping of str to SymbolRules, optional
        Inferred from the bars where not given.
    probability_up : ndarray of shape (n_bars,), optional
        For the hybrid strategy: out-of-sample P(up) in place of the models'; NaN where there is
        none.
    limits : RiskLimits, optional
        Of the account's owner: cut targets to the largest position and exposure, and set exits,
        daily loss, drawdown and largest order in place of the strategy's own.
    model : Classifier, Forecaster or path, optional
        Replaces the models of the hybrid strategy; a strategy written as code receives it as its
        attribute ``model``.
    ledger : TrialLedger, optional
        Every backtest is appended to it as a trial.
    study : str, optional
        What the trial is called in the ledger; the strategy's name where not given.
    funding : FundingRates or mapping of str to FundingRates, optional
        Recorded rates of perpetuals, paid by what is held; a strategy written as code that has an
        attribute ``funding`` receives there the payments made by each close.
    detail_bars : Bars or mapping of str to Bars, optional
        Bars of a smaller time frame that say what happened inside each bar.
    mark, index, leader : Bars, optional
        For models of the hybrid strategy that look at them, see
        :func:`cryptovolt.build_features`.
    seed : int, default=7
        Draws the prefixes; kept in the run.

    Returns
    -------
    Run

    Raises
    ------
    DataError, ConfigurationError
        As :func:`cryptovolt.simulate` raises them.
    StrategyError
        If the strategy is none, raises, or returns something else than a target.
    """
    given = Inputs(
        rules=rules, funding=funding, detail_bars=detail_bars, sentiment=sentiment,
        model=model_of(model), probability_up=probability_up,
        mark=mark, index=index, leader=leader,
    )  # fmt: skip
    asked = prepared(strategy, limits, given.model)
    trading = trading_settings(asked, cash, costs, limits)
    simulation = Simulation(bars, trading, rules, funding, detail_bars)
    several = not isinstance(bars, Bars)
    if decides_by_orders(asked):
        run = simulate_orders(simulation, [Shift(0, asked)], sentiment, several=several)
    else:
        decider = decider_for(asked, simulation.markets, given, several=several)
        untouched = decider.fresh()
        target = decider.decide_all(simulation.markets)
        check = check_prefixes(untouched, simulation.markets, target, seed=seed)
        if not isinstance(asked, HybridStrategy):
            target = limited(target, limits)
            require_within(target, trading.leverage, asked, simulation.markets)
        run = replace(simulation.run(target), check=check)
    if ledger is not None:
        ledger.append([_trial(run, strategy, study, given)])
    return run


def _trial(run: Run, strategy: Strategy, study: str | None, given: Inputs) -> Trial:
    name = name_of(strategy)
    parameters = {"strategy": name, **parameters_in(strategy)}
    return trial_of(run, TrialKind.BACKTEST, study or name, parameters, inputs=given)


def model_of(model: Classifier | Forecaster | str | Path | None) -> Classifier | Forecaster | None:
    """Return a model, read from its folder where it is given as one.

    Raises
    ------
    ModelError
        If the folder holds no model, or a changed one.
    """
    return load_model(Path(model)) if isinstance(model, str | Path) else model


def decides_by_orders(strategy: Strategy) -> bool:
    """Return whether a strategy, or its class, sends orders."""
    kind = strategy if isinstance(strategy, type) else type(strategy)
    return not issubclass(kind, HybridStrategy) and method_of(strategy) == "orders"


def decider_for(strategy: Strategy, markets: Markets, given: Inputs, *, several: bool) -> Decider:
    """Return what asks a strategy for targets, with what it is given besides these bars.

    Raises
    ------
    ConfigurationError
        If probabilities are given for several symbols.
    """
    known = given.probability_up
    return decider_of(
        strategy,
        given.sentiment,
        several=several,
        probability_up=None if known is None else (_only(markets, strategy), known),
        funding=given.funding,
        beside=Beside(mark=given.mark, index=given.index, leader=given.leader),
    )


def prepared(
    strategy: Strategy, limits: RiskLimits | None, model: Classifier | Forecaster | None
) -> Strategy:
    """Return a strategy that can be asked: a copy, with its owner's limits and the model.

    Raises
    ------
    StrategyError
        If it is none, cannot be copied, or does not look at a model.
    """
    check_strategy(strategy)
    if isinstance(strategy, HybridStrategy):
        if limits is not None:
            strategy = replace(strategy, limits=limits)
        return strategy if model is None else replace(strategy, models=(model,))
    copied = fresh(strategy)
    if model is not None:
        require_attribute(copied, "model")
        copied.model = model
    return copied


def trading_settings(
    strategy: Strategy,
    cash: float,
    costs: Costs | None = None,
    limits: RiskLimits | None = None,
) -> TradingSettings:
    """Return what an account that follows any strategy trades with."""
    if isinstance(strategy, HybridStrategy):
        return strategy.trading_settings(cash, costs)
    return settings_of(strategy, cash, costs, limits)


def _only(markets: Markets, strategy: Strategy) -> Bars:
    if len(markets) != 1:
        raise ConfigurationError(
            f"expected one symbol for {type(strategy).__name__}, found {len(markets)}"
        )
    return next(iter(markets.values()))

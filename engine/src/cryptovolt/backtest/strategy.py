"""A backtest: ask a strategy at every bar, check that it does not read ahead, then simulate."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from cryptovolt.backtest.run import Run
from cryptovolt.backtest.simulate import simulate_account
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import Costs, SymbolRules
from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.domain.ports import Classifier
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.market.checking import require_clean
from cryptovolt.ml import load_classifier
from cryptovolt.risk.limits import RiskLimits
from cryptovolt.trading.hybrid import HybridStrategy
from cryptovolt.trading.prefix_check import check_prefixes
from cryptovolt.trading.strategy import (
    Strategy,
    check_strategy,
    fresh,
    limited,
    require_attribute,
    settings_of,
)
from cryptovolt.trading.target_strategy import Markets, decider_of, require_within

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
    model: Classifier | str | Path | None = None,
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
        Cut targets to its largest position and exposure, and set exits and the daily loss, in
        place of the strategy's own.
    model : Classifier or path, optional
        Replaces the models of the hybrid strategy; a strategy written as code receives it as its
        attribute ``model``.
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
    markets = {bars.symbol: bars} if isinstance(bars, Bars) else dict(bars)
    _check_markets(markets)
    asked = _prepared(strategy, limits, model)
    trading = _trading(asked, cash, costs, limits)
    known = None if probability_up is None else (_only(markets, strategy), probability_up)
    decider = decider_of(asked, sentiment, several=not isinstance(bars, Bars), probability_up=known)
    untouched = decider.fresh()
    target = decider.decide_all(markets)
    check = check_prefixes(untouched, markets, target, seed=seed)
    if not isinstance(asked, HybridStrategy):
        target = limited(target, limits)
        require_within(target, trading.leverage, asked, markets)
    return replace(simulate_account(markets, target, trading, rules), check=check)


def _prepared(
    strategy: Strategy, limits: RiskLimits | None, model: Classifier | str | Path | None
) -> Strategy:
    check_strategy(strategy)
    loaded = load_classifier(Path(model)) if isinstance(model, str | Path) else model
    if isinstance(strategy, HybridStrategy):
        if limits is not None:
            strategy = replace(strategy, limits=limits)
        return strategy if loaded is None else replace(strategy, models=(loaded,))
    copied = fresh(strategy)
    if loaded is not None:
        require_attribute(copied, "model")
        copied.model = loaded
    return copied


def _trading(
    strategy: Strategy, cash: float, costs: Costs | None, limits: RiskLimits | None
) -> TradingSettings:
    if isinstance(strategy, HybridStrategy):
        return strategy.trading_settings(cash, costs)
    return settings_of(strategy, cash, costs, limits)


def _check_markets(markets: Markets) -> None:
    if not markets:
        raise DataError("expected bars of at least one symbol, found none")
    for symbol, bars in markets.items():
        if not len(bars):
            raise DataError(f"expected at least one bar of {symbol}, found none")
        require_clean(bars)
    times = {symbol: bars.timestamp for symbol, bars in markets.items()}
    first = next(iter(times.values()))
    for symbol, other in times.items():
        if not np.array_equal(first, other):
            raise DataError(
                f"expected bars of equal times, found others of {next(iter(times))} and {symbol}; "
                "keep the rows they share"
            )


def _only(markets: Markets, strategy: Strategy) -> Bars:
    if len(markets) != 1:
        raise ConfigurationError(
            f"expected one symbol for {type(strategy).__name__}, found {len(markets)}"
        )
    return next(iter(markets.values()))

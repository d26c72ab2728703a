"""A backtest of the hybrid strategy: decide at every bar, then simulate."""

from cryptovolt.backtest.run import Run
from cryptovolt.backtest.simulate import simulate_account
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import Costs, SymbolRules
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.trading.hybrid import HybridStrategy


def backtest(
    bars: Bars,
    strategy: HybridStrategy,
    costs: Costs | None = None,
    cash: float = 10_000.0,
    sentiment: SentimentSeries | None = None,
    rules: SymbolRules | None = None,
    probability_up: FloatArray | None = None,
) -> Run:
    """Return what the strategy would have done.

    Parameters
    ----------
    bars : Bars
        Without errors.
    strategy : HybridStrategy
        Decides at every close; its limits give the exits.
    costs : Costs, optional
        Fee and slippage; on by default.
    cash : float, default=10_000.0
        Quote currency at the start.
    sentiment : SentimentSeries, optional
        Read by the time its items were seen.
    rules : SymbolRules, optional
        Inferred from the bars where not given.
    probability_up : ndarray of shape (n_bars,), optional
        Out-of-sample P(up) in place of the model's; NaN where there is none.

    Returns
    -------
    Run

    Raises
    ------
    DataError, ConfigurationError
        As :func:`cryptovolt.simulate` and the strategy raise them.
    """
    decisions = strategy.decide(bars, sentiment, probability_up=probability_up)
    return simulate_account(bars, decisions.target, strategy.trading_settings(cash, costs), rules)

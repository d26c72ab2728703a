"""CryptoVolt: research and trading of crypto markets.

Times are int64 milliseconds UTC at bar open; arrays are float64 of shape ``(n_bars,)``.
"""

from cryptovolt import indicators, performance
from cryptovolt.backtest.baseline import buy_and_hold
from cryptovolt.backtest.run import Run
from cryptovolt.backtest.simulate import simulate
from cryptovolt.backtest.simulation import Simulation
from cryptovolt.backtest.strategy import backtest
from cryptovolt.decision.fusion import FusionPolicy
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import Costs, SymbolRules
from cryptovolt.domain.funding import FundingRates
from cryptovolt.domain.orders import Cancel, Order, OrderKind, Side, TimeInForce
from cryptovolt.domain.protections import LowProfit, Protections, StopGuard
from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.features import (
    Features,
    Labels,
    Targets,
    build_features,
    fixed_horizon,
    forward_return,
    meta_labels,
    read_features,
    triple_barrier,
    write_features,
)
from cryptovolt.market.checking import check_bars
from cryptovolt.market.cleaning import clean_bars
from cryptovolt.market.funding import read_funding
from cryptovolt.market.listings import split_listings
from cryptovolt.market.reading import read_bars
from cryptovolt.market.resampling import resample
from cryptovolt.market.snapshots import read_snapshot
from cryptovolt.ml import load_classifier
from cryptovolt.report.page import write_report
from cryptovolt.research import evaluate_classifier, run_gates
from cryptovolt.research.ledger import FileLedger
from cryptovolt.research.robustness import assess
from cryptovolt.research.search import search
from cryptovolt.research.sweep import sweep
from cryptovolt.research.walkforward_strategy import walkforward
from cryptovolt.risk.limits import RiskLimits
from cryptovolt.sentiment.news import read_sentiment
from cryptovolt.sentiment.scorer import score_sentiment
from cryptovolt.trading.account import Account
from cryptovolt.trading.hybrid import HybridStrategy
from cryptovolt.trading.strategy_loading import load_strategy

__version__ = "0.1.0"

__all__ = [
    "Account",
    "Bars",
    "Cancel",
    "Costs",
    "Features",
    "FileLedger",
    "FundingRates",
    "FusionPolicy",
    "HybridStrategy",
    "Labels",
    "LowProfit",
    "Order",
    "OrderKind",
    "Protections",
    "RiskLimits",
    "Run",
    "SentimentSeries",
    "Side",
    "Simulation",
    "StopGuard",
    "SymbolRules",
    "Targets",
    "TimeInForce",
    "__version__",
    "assess",
    "backtest",
    "build_features",
    "buy_and_hold",
    "check_bars",
    "clean_bars",
    "evaluate_classifier",
    "fixed_horizon",
    "forward_return",
    "indicators",
    "load_classifier",
    "load_strategy",
    "meta_labels",
    "performance",
    "read_bars",
    "read_features",
    "read_funding",
    "read_sentiment",
    "read_snapshot",
    "resample",
    "run_gates",
    "score_sentiment",
    "search",
    "simulate",
    "split_listings",
    "sweep",
    "triple_barrier",
    "walkforward",
    "write_features",
    "write_report",
]

"""CryptoVolt: research and trading of crypto markets.

Times are int64 milliseconds UTC at bar open; arrays are float64 of shape ``(n_bars,)``.
"""

from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import Costs, SymbolRules
from cryptovolt.domain.sentiment import SentimentSeries

__version__ = "0.1.0"

__all__ = ["Bars", "Costs", "SentimentSeries", "SymbolRules", "__version__"]

"""A strategy written as code, as the function of a sweep that makes targets."""

import hashlib
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.trading.hybrid import HybridStrategy
from cryptovolt.trading.strategy import Strategy, method_of, name_of
from cryptovolt.trading.strategy_loading import find_strategy, make_strategy, parameters_of
from cryptovolt.trading.target_strategy import decider_of


class StrategyMaker:
    """Makes the targets of a strategy for parameters; can be sent to another process.

    It says nothing about look-ahead: :func:`cryptovolt.backtest` checks the combination that was
    chosen.

    Parameters
    ----------
    name : str
        As :func:`cryptovolt.load_strategy` takes it.

    Raises
    ------
    StrategyError
        If it cannot be found or loaded.
    ConfigurationError
        If it decides by orders.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._class: type[Any] = find_strategy(name)
        if not issubclass(self._class, HybridStrategy) and method_of(self._class) != "target":
            raise ConfigurationError(
                f"expected a strategy that decides by targets, found orders in "
                f"{self._class.__name__}; backtest its combinations one by one"
            )
        self.__qualname__ = self._class.__name__
        # What a sweep reads of a function: its arguments, and what tells one version from another.
        self.__signature__ = _signature(parameters_of(self._class))
        self.__defaults__ = (name, _source_hash(self._class))

    def __reduce__(self) -> tuple[Any, ...]:
        return StrategyMaker, (self._name,)

    def __call__(self, bars: Bars | Mapping[str, Bars], **parameters: object) -> FloatArray:
        """Return the targets of a strategy with these parameters, shape (n_bars, n_symbols)."""
        markets = {bars.symbol: bars} if isinstance(bars, Bars) else dict(bars)
        decider = decider_of(self.strategy(parameters), several=not isinstance(bars, Bars))
        return decider.decide_all(markets)

    def strategy(self, parameters: Mapping[str, object]) -> Strategy:
        """Return the strategy with these parameters."""
        return make_strategy(self._class, parameters)


def _signature(parameters: Mapping[str, Any]) -> inspect.Signature:
    kind = inspect.Parameter.KEYWORD_ONLY
    own = [inspect.Parameter(name, kind, default=value) for name, value in parameters.items()]
    return inspect.Signature([inspect.Parameter("bars", kind), *own])


def _source_hash(strategy: type[Any]) -> str:
    file = inspect.getsourcefile(strategy)
    if file is None or not Path(file).is_file():
        return name_of(strategy)
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()

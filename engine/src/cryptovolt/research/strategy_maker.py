"""A strategy written as code, as what a sweep tries with many parameters."""

import hashlib
import inspect
from collections.abc import Mapping
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from cryptovolt.backtest.inputs import Inputs
from cryptovolt.backtest.strategy import (
    decider_for,
    decides_by_orders,
    prepared,
    trading_settings,
)
from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.bars import Bars
from cryptovolt.domain.costs import Costs
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.trading.strategy import Strategy
from cryptovolt.trading.strategy_loading import find_strategy, make_strategy, parameters_of

_LOADED = "cryptovolt_strategy_"
_NO_INPUTS = Inputs()


class StrategyMaker:
    """Makes a strategy for parameters, and its targets; can be sent to another process.

    It says nothing about look-ahead: :func:`cryptovolt.backtest` checks the combination that was
    chosen.

    Parameters
    ----------
    strategy : str or type
        A name as :func:`cryptovolt.load_strategy` takes it, or a strategy's class.

    Raises
    ------
    StrategyError
        If it cannot be found or loaded, or is no strategy.
    """

    def __init__(self, strategy: str | type[Any]) -> None:
        self._class: type[Any] = find_strategy(strategy) if isinstance(strategy, str) else strategy
        self._sent = _sendable(strategy)
        self.sends_orders = decides_by_orders(self._class)
        self.required = _required(self._class)
        self.parameters = tuple(dict.fromkeys((*self.required, *parameters_of(self._class))))
        self.__qualname__ = self._class.__qualname__
        self.__module__ = self._class.__module__
        # What a sweep reads of a function: what tells one version from another.
        said = strategy if isinstance(strategy, str) else f"{self.__module__}:{self.__qualname__}"
        self.__defaults__ = (said, _source_hash(self._class))

    def __reduce__(self) -> tuple[Any, ...]:
        return StrategyMaker, (self._sent,)

    def __call__(
        self,
        bars: Bars | Mapping[str, Bars],
        parameters: Mapping[str, object],
        given: Inputs = _NO_INPUTS,
    ) -> FloatArray:
        """Return the targets of a strategy with these parameters, shape (n_bars, n_symbols)."""
        several = not isinstance(bars, Bars)
        markets = dict(bars) if several else {bars.symbol: bars}
        asked = self.strategy(parameters, given)
        return decider_for(asked, markets, given, several=several).decide_all(markets)

    def strategy(self, parameters: Mapping[str, object], given: Inputs = _NO_INPUTS) -> Strategy:
        """Return the strategy with these parameters, and with the model where there is one."""
        return prepared(make_strategy(self._class, parameters), None, given.model)

    def trading_settings(
        self, parameters: Mapping[str, object], cash: float, costs: Costs
    ) -> TradingSettings:
        """Return what the account of the strategy trades with."""
        return trading_settings(make_strategy(self._class, parameters), cash, costs)


def _sendable(strategy: str | type[Any]) -> str | type[Any]:
    # A class that was loaded from a file is found there again; others are imported.
    if isinstance(strategy, str) or not strategy.__module__.startswith(_LOADED):
        return strategy
    return f"{inspect.getsourcefile(strategy)}:{strategy.__name__}"


def _required(strategy: type[Any]) -> tuple[str, ...]:
    if strategy.__init__ is object.__init__:
        return ()
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    found = inspect.signature(strategy).parameters.values()
    return tuple(one.name for one in found if one.default is one.empty and one.kind in kinds)


def _source_hash(strategy: type[Any]) -> str:
    try:
        file = inspect.getsourcefile(strategy)
    except (TypeError, OSError):
        file = None  # written in a notebook
    if file is not None and Path(file).is_file():
        return hashlib.sha256(Path(file).read_bytes()).hexdigest()
    own = [f"{name} {_told(value)}" for name, value in sorted(vars(strategy).items())]
    return hashlib.sha256("\n".join(own).encode()).hexdigest()


def _told(value: object) -> str:
    function = value.fget if isinstance(value, property) else value
    if isinstance(function, FunctionType):
        return _code(function.__code__)
    return repr(value) if isinstance(value, bool | int | float | str | None) else ""


def _code(code: CodeType) -> str:
    constants = [_code(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts]
    return f"{code.co_code.hex()} {code.co_names} {code.co_varnames} {constants}"

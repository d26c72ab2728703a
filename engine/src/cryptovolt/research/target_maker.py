"""How a sweep calls the function that makes targets, or asks the strategy that does.

The arguments of a function are bound by name:

- ``bars``: the bars as they were given to the sweep;
- ``timestamp``, ``open``, ``high``, ``low``, ``close``, ``volume``: that column, of shape
  ``(n_bars,)`` for one symbol, ``(n_bars, n_symbols)`` for several in the order of the mapping;
- ``sentiment``, ``funding``, ``model``, ``probability_up``, where the sweep was given them: of
  sentiment what had been seen by the close of the last bar, of funding what had been paid;
- every other name: the value of the grid. One with a default may be left out of the grid.

A function compiled with ``numba.njit(nogil=True)`` takes columns and runs on threads.

A strategy, given by its class or by name, is asked as in a backtest; its parameters are set from
the values of the grid.
"""

import hashlib
import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from types import CodeType
from typing import Any, TypeAlias

import numpy as np

from cryptovolt.backtest.inputs import Inputs
from cryptovolt.domain.bars import VALUE_COLUMNS, Bars
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.trials import Scalar
from cryptovolt.research.strategy_maker import StrategyMaker

MakeTarget: TypeAlias = Callable[..., Any] | str
"""A function that makes targets, the class of a strategy, or its name."""

COLUMNS = ("timestamp", *VALUE_COLUMNS)
DATA = ("sentiment", "funding", "model", "probability_up")
_NO_INPUTS = Inputs()


@dataclass(frozen=True, slots=True, eq=False)
class TargetMaker:
    """A function or strategy that makes targets, and what it is called with.

    Parameters
    ----------
    function : callable or str
        Plain or compiled; a strategy's class, or its name.

    Raises
    ------
    ConfigurationError
        If it cannot be called by names.
    """

    function: Any
    names: tuple[str, ...] = field(init=False)
    required: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        set_ = object.__setattr__
        if isinstance(self.function, str | type):
            set_(self, "function", StrategyMaker(self.function))
        if isinstance(self.function, StrategyMaker):
            set_(self, "names", ("bars", *self.function.parameters))
            set_(self, "required", frozenset(self.function.required))
            return
        if not callable(self.function):
            raise ConfigurationError(
                f"expected a function that makes targets, found {type(self.function).__name__}"
            )
        found = inspect.signature(_plain(self.function)).parameters.values()
        by_name = {inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY}
        wrong = [parameter.name for parameter in found if parameter.kind not in by_name]
        if wrong:
            raise ConfigurationError(
                f"expected {self.name} to have named arguments only, found {', '.join(wrong)}"
            )
        set_(self, "names", tuple(parameter.name for parameter in found))
        required = (p.name for p in found if p.default is inspect.Parameter.empty)
        set_(self, "required", frozenset(required) - {"bars", *COLUMNS})

    @property
    def name(self) -> str:
        """Name of the function."""
        return getattr(_plain(self.function), "__qualname__", type(self.function).__name__)

    @property
    def compiled(self) -> bool:
        """Whether it was compiled by Numba."""
        return hasattr(self.function, "py_func")

    @property
    def strategy(self) -> StrategyMaker | None:
        """What makes the strategy; None where a function makes targets."""
        return self.function if isinstance(self.function, StrategyMaker) else None

    def check(
        self, names: Collection[str], settings: Collection[str], given: Inputs = _NO_INPUTS
    ) -> None:
        """Refuse names that neither the function nor an account knows, and missing ones.

        Raises
        ------
        ConfigurationError
            If there are any, or there is data that the function does not take.
        """
        bound = self._bound(given)
        own = [name for name in self.names if name not in {"bars", *COLUMNS, *bound}]
        unknown = [name for name in names if name not in own and name not in settings]
        if unknown:
            raise ConfigurationError(
                f"unknown parameter {', '.join(unknown)}: {self.name} takes "
                f"{', '.join(own) or 'none'}, and an account has {', '.join(sorted(settings))}"
            )
        missing = [name for name in own if name in self.required and name not in names]
        if missing:
            raise ConfigurationError(
                f"expected values for every parameter of {self.name}, found none for "
                f"{', '.join(missing)}"
            )
        # Funding is charged to the account, whether or not the function looks at it.
        unheard = [name for name in bound if name not in self.names and name != "funding"]
        if unheard and self.strategy is None:
            raise ConfigurationError(
                f"expected {self.name} to have an argument {unheard[0]} to receive the "
                f"{unheard[0]} that was given, found none"
            )

    def bound(
        self, bars: Bars | Mapping[str, Bars], given: Inputs = _NO_INPUTS
    ) -> Callable[[Mapping[str, Scalar]], Any]:
        """Return a function that makes the target of one combination on these bars."""
        markets = {bars.symbol: bars} if isinstance(bars, Bars) else bars
        known = given.within(markets, len(next(iter(markets.values())))) if markets else given
        maker = self.strategy
        if maker is not None:
            return lambda combination: maker(bars, self.own(combination), known)
        bind: dict[str, Any] = {"bars": bars} if "bars" in self.names else {}
        for name in COLUMNS:
            if name in self.names:
                columns = [getattr(series, name) for series in markets.values()]
                bind[name] = columns[0] if len(columns) == 1 else np.column_stack(columns)
        bind |= {name: getattr(known, name) for name in self._bound(given) if name in self.names}

        def make(combination: Mapping[str, Scalar]) -> Any:
            values = {n: v for n, v in self.own(combination).items() if n not in bind}
            return self.function(**bind, **values)

        return make

    def own(self, combination: Mapping[str, Scalar]) -> dict[str, Scalar]:
        """Return what of a combination is for the function or strategy."""
        return {name: combination[name] for name in self.names if name in combination}

    @staticmethod
    def _bound(given: Inputs) -> tuple[str, ...]:
        return tuple(name for name in DATA if getattr(given, name) is not None)

    def fingerprint(self) -> str:
        """Return the SHA-256 of its compiled code; what it calls is not part of it."""
        function = _plain(self.function)
        code = getattr(function, "__code__", None)
        said = _code(code) if isinstance(code, CodeType) else type(function).__qualname__
        defaults = (getattr(function, "__defaults__", None), getattr(function, "__kwdefaults__", 0))
        cells = [cell.cell_contents for cell in getattr(function, "__closure__", None) or ()]
        whole = f"{self.name}\n{said}\n{defaults!r}\n{cells!r}"
        return hashlib.sha256(whole.encode()).hexdigest()


def _plain(function: Any) -> Any:
    return inspect.unwrap(getattr(function, "py_func", function))


def _code(code: CodeType) -> str:
    constants = [_code(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts]
    return f"{code.co_code.hex()} {code.co_names} {code.co_varnames} {constants}"

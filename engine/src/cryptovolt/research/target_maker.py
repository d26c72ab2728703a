"""How a sweep calls the function that makes targets.

Its arguments are bound by name:

- ``bars``: the bars as they were given to the sweep;
- ``timestamp``, ``open``, ``high``, ``low``, ``close``, ``volume``: that column, of shape
  ``(n_bars,)`` for one symbol, ``(n_bars, n_symbols)`` for several in the order of the mapping;
- every other name: the value of the grid. One with a default may be left out of the grid.

A function compiled with ``numba.njit(nogil=True)`` takes columns and runs on threads.
"""

import hashlib
import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

import numpy as np

from cryptovolt.domain.bars import VALUE_COLUMNS, Bars
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.trials import Scalar

MakeTarget = Callable[..., Any]

COLUMNS = ("timestamp", *VALUE_COLUMNS)


@dataclass(frozen=True, slots=True, eq=False)
class TargetMaker:
    """A function that makes targets, and what it is called with.

    Parameters
    ----------
    function : callable
        Plain or compiled.

    Raises
    ------
    ConfigurationError
        If it cannot be called by names.
    """

    function: MakeTarget
    names: tuple[str, ...] = field(init=False)
    required: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
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
        set_ = object.__setattr__
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

    def check(self, names: Collection[str], settings: Collection[str]) -> None:
        """Refuse names that neither the function nor an account knows, and missing ones.

        Raises
        ------
        ConfigurationError
            If there are any.
        """
        own = [name for name in self.names if name not in {"bars", *COLUMNS}]
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

    def bound(self, bars: Bars | Mapping[str, Bars]) -> Callable[[Mapping[str, Scalar]], Any]:
        """Return a function that makes the target of one combination on these bars."""
        markets = [bars] if isinstance(bars, Bars) else list(bars.values())
        given: dict[str, Any] = {"bars": bars} if "bars" in self.names else {}
        for name in COLUMNS:
            if name in self.names:
                columns = [getattr(series, name) for series in markets]
                given[name] = columns[0] if len(columns) == 1 else np.column_stack(columns)
        own = tuple(name for name in self.names if name not in given)

        def make(combination: Mapping[str, Scalar]) -> Any:
            values = {name: combination[name] for name in own if name in combination}
            return self.function(**given, **values)

        return make

    def fingerprint(self) -> str:
        """Return the SHA-256 of its compiled code; what it calls is not part of it."""
        function = _plain(self.function)
        code = getattr(function, "__code__", None)
        said = _code(code) if isinstance(code, CodeType) else type(function).__qualname__
        defaults = (getattr(function, "__defaults__", None), getattr(function, "__kwdefaults__", 0))
        cells = [cell.cell_contents for cell in getattr(function, "__closure__", None) or ()]
        whole = f"{self.name}\n{said}\n{defaults!r}\n{cells!r}"
        return hashlib.sha256(whole.encode()).hexdigest()


def _plain(function: MakeTarget) -> Any:
    return inspect.unwrap(getattr(function, "py_func", function))


def _code(code: CodeType) -> str:
    constants = [_code(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts]
    return f"{code.co_code.hex()} {code.co_names} {code.co_varnames} {constants}"

"""The one way into TA-Lib: checked arrays in, float64 arrays out.

TA-Lib does not notice NaN: its running sums carry one for ever, and some functions return 0 from
there on. So a NaN or an infinity after the first number is refused. NaN *before* the first number
is the warm-up of another indicator; TA-Lib starts after it, and the result stays NaN there. Whole
numbers (candlestick patterns, directions, row numbers) become float64, so that they can be NaN
within the warm-up too, where TA-Lib writes 0.
"""

from collections.abc import Callable, Mapping
from functools import cache
from types import ModuleType
from typing import Any, NamedTuple, cast

import numpy as np

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.indicators.inputs import checked


def single(name: str, arrays: tuple[FloatArray, ...], *parameters: float) -> FloatArray:
    """Return the only output of a TA-Lib function."""
    return _call(name, arrays, parameters)[0]


def several(
    name: str, arrays: tuple[FloatArray, ...], *parameters: float
) -> tuple[FloatArray, ...]:
    """Return the outputs of a TA-Lib function that has more than one."""
    return _call(name, arrays, parameters)


@cache
def names() -> frozenset[str]:
    """Return the names of all TA-Lib functions, in lower case."""
    return frozenset(name.lower() for name in _library().get_functions())


def describe(name: str) -> dict[str, Any]:
    """Return what TA-Lib says about a function: its inputs, parameters and outputs."""
    return _abstract(name).info


def undefined_rows(name: str, parameters: Mapping[str, float]) -> int:
    """Return how many rows TA-Lib leaves undefined with the parameters (its *lookback*)."""
    function = _abstract(name)
    try:
        function.parameters = dict(parameters)
        rows = int(function.lookback)
    except Exception as error:  # TA-Lib raises nothing more precise
        raise _refused(name, tuple(parameters.values()), error) from error
    if rows < 0:
        raise _refused(name, tuple(parameters.values()), "a parameter is out of range")
    return rows


@cache
def generic(name: str) -> Callable[..., Any]:
    """Return a function for any of TA-Lib's names: arrays first, then parameters.

    One output gives an array, several give a named tuple with TA-Lib's names.
    """
    info = describe(name)
    defaults: dict[str, float] = dict(info["parameters"])
    inputs = input_columns(name)
    fields = [(field, np.ndarray) for field in info["output_names"]]
    bundle = NamedTuple(name, fields) if len(fields) > 1 else None

    def function(*arguments: Any, **parameters: float) -> Any:
        arrays, positional = arguments[: len(inputs)], arguments[len(inputs) :]
        unknown = [*(p for p in parameters if p not in defaults), *positional[len(defaults) :]]
        if unknown or len(arrays) < len(inputs):
            raise ConfigurationError(
                f"expected {len(inputs)} arrays and parameters of {list(defaults)} for {name}, "
                f"found {len(arguments)} arguments and {unknown or 'no parameter'}"
            )
        given = defaults | dict(zip(defaults, positional, strict=False)) | parameters
        result = _call(name.upper(), arrays, tuple(given.values()))
        return bundle(*result) if bundle is not None else result[0]

    function.__name__ = function.__qualname__ = name
    function.__doc__ = _docstring(name, info, inputs)
    return function


def input_columns(name: str) -> list[str]:
    """Return the columns a TA-Lib function takes, in order."""
    inputs: dict[str, str | list[str]] = describe(name)["input_names"]
    columns: list[str] = []
    for column in inputs.values():
        columns += column if isinstance(column, list) else [column]
    return columns


def _docstring(name: str, info: dict[str, Any], inputs: list[str]) -> str:
    parameters: dict[str, float] = info["parameters"]
    listed = "".join(
        f"{parameter} : {type(default).__name__}, default={default}\n    TA-Lib's parameter.\n"
        for parameter, default in parameters.items()
    )
    kind = "ndarray" if len(info["output_names"]) == 1 else "named tuple of ndarrays"
    rows = undefined_rows(name, parameters)
    return (
        f"Return TA-Lib's {info['display_name']} ({info['group'].lower()}).\n\n"
        "Parameters\n----------\n"
        f"{', '.join(inputs)} : ndarray of shape (n_bars,)\n"
        "    Oldest first; prices in quote currency, volume in base currency.\n"
        f"{listed}\n"
        f"Returns\n-------\n{kind} of shape (n_bars,)\n"
        f"    {', '.join(info['output_names'])}; with the defaults the first {rows} values are "
        "NaN.\n\n"
        "Raises\n------\nDataError\n"
        "    If the arrays differ in length, or hold NaN or infinity after the first number.\n"
        "ConfigurationError\n    If TA-Lib does not accept a parameter.\n\n"
        f"References\n----------\nTA-Lib, function {name.upper()}.\n"
    )


@cache
def _library() -> ModuleType:
    # TA-Lib imports pandas where it is installed, which takes longer than all the rest.
    import talib  # noqa: PLC0415

    return talib


def _abstract(name: str) -> Any:
    from talib import abstract  # noqa: PLC0415 - loads pandas where it is installed

    return getattr(abstract, "Function")(name.upper())  # noqa: B009 - not in the stubs


def _call(
    name: str, arrays: tuple[FloatArray, ...], parameters: tuple[float, ...]
) -> tuple[FloatArray, ...]:
    inputs, first = checked(name.lower(), arrays)
    try:
        found: Any = getattr(_library(), name)(*inputs, *parameters)
    except Exception as error:  # TA-Lib raises nothing more precise
        raise _refused(name, parameters, error) from error
    outputs = cast("tuple[Any, ...]", found if isinstance(found, tuple) else (found,))
    return tuple(_as_float(name, output, first, parameters) for output in outputs)


def _as_float(name: str, output: Any, first: int, parameters: tuple[float, ...]) -> FloatArray:
    if output.dtype == np.float64:
        result: FloatArray = output
        return result
    defaults: dict[str, float] = describe(name)["parameters"]
    given = dict(zip(defaults, parameters or defaults.values(), strict=True))
    result = output.astype(np.float64)
    result[: first + undefined_rows(name, given)] = np.nan
    return result


def _refused(
    name: str, parameters: tuple[float, ...], error: Exception | str
) -> ConfigurationError:
    return ConfigurationError(
        f"expected parameters that TA-Lib's {name.upper()} accepts, found {parameters}: {error}"
    )

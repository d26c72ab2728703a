"""The one way into TA-Lib: checked arrays in, arrays out.

TA-Lib does not notice NaN: its running sums carry one for ever, and some functions return 0 from
there on. So a NaN or an infinity after the first number is refused. NaN *before* the first number
is the warm-up of another indicator; TA-Lib starts after it, and the result stays NaN there.
"""

from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.errors import ConfigurationError, DataError


def single(name: str, arrays: tuple[FloatArray, ...], *parameters: float) -> FloatArray:
    """Return the only output of a TA-Lib function."""
    result: FloatArray = _call(name, arrays, parameters)
    return result


def several(
    name: str, arrays: tuple[FloatArray, ...], *parameters: float
) -> tuple[FloatArray, ...]:
    """Return the outputs of a TA-Lib function that has more than one."""
    result: tuple[FloatArray, ...] = _call(name, arrays, parameters)
    return result


@cache
def names() -> frozenset[str]:
    """Return the names of all TA-Lib functions, in lower case."""
    return frozenset(name.lower() for name in _library().get_functions())


def describe(name: str) -> dict[str, Any]:
    """Return what TA-Lib says about a function: its inputs, parameters and outputs."""
    from talib import abstract  # noqa: PLC0415 - loads pandas where it is installed

    return getattr(abstract, "Function")(name.upper()).info  # noqa: B009 - not in the stubs


@cache
def generic(name: str) -> Callable[..., Any]:
    """Return a function for any of TA-Lib's names: arrays first, then parameters.

    One output gives an array, several give a named tuple with TA-Lib's names.
    """
    info = describe(name)
    defaults: dict[str, float] = dict(info["parameters"])
    n_inputs = _n_inputs(info["input_names"])
    fields = [(field, np.ndarray) for field in info["output_names"]]
    bundle = NamedTuple(name, fields) if len(fields) > 1 else None

    def function(*arguments: Any, **parameters: float) -> Any:
        arrays, positional = arguments[:n_inputs], arguments[n_inputs:]
        unknown = [*(p for p in parameters if p not in defaults), *positional[len(defaults) :]]
        if unknown or len(arrays) < n_inputs:
            raise ConfigurationError(
                f"expected {n_inputs} arrays and parameters of {list(defaults)} for {name}, found "
                f"{len(arguments)} arguments and {unknown or 'no parameter'}"
            )
        given = defaults | dict(zip(defaults, positional, strict=False)) | parameters
        result = _call(name.upper(), arrays, tuple(given.values()))
        return bundle(*result) if bundle is not None else result

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Return TA-Lib's {info['display_name']} ({info['group'].lower()})."
    return function


def _n_inputs(inputs: dict[str, str | list[str]]) -> int:
    return sum(len(names) if isinstance(names, list) else 1 for names in inputs.values())


@cache
def _library() -> ModuleType:
    # TA-Lib imports pandas where it is installed, which takes longer than all the rest.
    import talib  # noqa: PLC0415

    return talib


def _call(name: str, arrays: tuple[FloatArray, ...], parameters: tuple[float, ...]) -> Any:
    inputs = [np.ascontiguousarray(array, dtype=np.float64) for array in arrays]
    shapes = [array.shape for array in inputs]
    if not inputs or inputs[0].ndim != 1 or len(set(shapes)) != 1:
        raise DataError(
            f"expected one-dimensional arrays of one length for {name.lower()}, found {shapes}"
        )
    for array in inputs:
        _refuse_holes(name, array)
    try:
        return getattr(_library(), name)(*inputs, *parameters)
    except Exception as error:  # TA-Lib raises nothing more precise
        raise ConfigurationError(
            f"expected parameters that TA-Lib's {name} accepts, found {parameters}: {error}"
        ) from error


def _refuse_holes(name: str, array: FloatArray) -> None:
    finite = np.isfinite(array)
    if finite.all() or np.isnan(array).all():
        return
    first = int(np.argmax(finite))
    allowed = finite | (np.isnan(array) & (np.arange(array.size) < first))
    if not allowed.all():
        row = int(np.argmin(allowed))
        raise DataError(
            f"expected finite values for {name.lower()} after the warm-up, found {array[row]} at "
            f"row {row}; fill or drop it first"
        )

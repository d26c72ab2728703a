"""How the step is compiled: in pieces, cached as a whole.

A cached Numba function keeps calling the version of another one that it was compiled with, also
when that one's file has changed since. So only the entry points are cached, and the name of their
cache file carries a hash of every file of this folder: any change compiles them anew.
"""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core import types
from numba.extending import intrinsic

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.trading.step.layout import Floats, Numbers
from cryptovolt.trading.step.lowering import EntryCompiler, PieceCompiler

_Function = TypeVar("_Function", bound=Callable[..., Any])


def _typed_data(_context: Any, array: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = signature.args[0]
        return context.make_array(kind)(context, builder, arguments[0]).data

    return types.CPointer(array.dtype)(array), generate


_data: Any = intrinsic(_typed_data)
_int64: Any = vars(types)["int64"]
_unliteral = cast("Callable[[Any], Any]", vars(types)["unliteral"])


# Pieces are never called from Python, so they need no wrappers.
_PIECE: dict[str, Any] = {
    "pipeline_class": PieceCompiler,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}
_njit: Any = numba.njit


def _first_number(array: Any) -> Any:
    return _data(array)


_pointer = _njit(forceinline=True, **_PIECE)(_first_number)

pointer = cast("Callable[[IntArray], Numbers]", _pointer)
"""Return where the numbers of an array are, to be indexed flat, without checks.

Handing an array from piece to piece counts references up and down each time, and that took half of
the step's time; a pointer is one word. The array itself must be held by the caller meanwhile.
"""

float_pointer = cast("Callable[[FloatArray], Floats]", _pointer)
"""The same for an array of floats."""


def _typed_offset(_context: Any, numbers: Any, _steps: Any) -> Any:
    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.gep(arguments[0], [arguments[1]])

    return numbers(numbers, _int64), generate


_offset: Any = intrinsic(_typed_offset)

beyond = cast("Callable[[Numbers, int], Numbers]", _offset)
"""Return the numbers that begin so many further on."""


def _source_hash() -> str:
    sources = sorted(Path(__file__).parent.glob("*.py"))
    return sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()[:12]


_SOURCES = _source_hash()


def _piece(function: _Function, forceinline: bool) -> _Function:
    piece = _njit(forceinline=forceinline, error_model="numpy", **_PIECE)(function)
    template = piece.get_call_template

    def without_literals(arguments: Any, keywords: Any) -> Any:
        # Otherwise a piece is compiled once for every constant it is called with.
        return template(tuple(map(_unliteral, arguments)), keywords)

    piece.get_call_template = without_literals
    return cast("_Function", piece)


def inlined(function: _Function) -> _Function:
    """Compile a piece into every place that calls it; for what runs in most bars."""
    return _piece(function, forceinline=True)


def called(function: _Function) -> _Function:
    """Compile a piece once, to be called; for what runs in few bars."""
    return _piece(function, forceinline=False)


def entry_point(function: _Function) -> _Function:
    """Compile what Python calls, without the GIL, and cache it with all its pieces."""
    # Numba names the cache file after the qualified name.
    function.__qualname__ = f"{function.__qualname__}_{_SOURCES}"
    entry = _njit(
        pipeline_class=EntryCompiler, cache=True, nogil=True, error_model="numpy",
        no_cfunc_wrapper=True,
    )(function)  # fmt: skip
    return cast("_Function", entry)

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

_Function = TypeVar("_Function", bound=Callable[..., Any])


def _source_hash() -> str:
    sources = sorted(Path(__file__).parent.glob("*.py"))
    return sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()[:12]


_SOURCES = _source_hash()


def inlined(function: _Function) -> _Function:
    """Compile a piece into every place that calls it; for what runs in most bars."""
    return cast("_Function", numba.njit(forceinline=True)(function))


def called(function: _Function) -> _Function:
    """Compile a piece once, to be called; for what runs in few bars."""
    return cast("_Function", numba.njit(function))


def entry_point(function: _Function) -> _Function:
    """Compile what Python calls, without the GIL, and cache it with all its pieces."""
    # Numba names the cache file after the qualified name.
    function.__qualname__ = f"{function.__qualname__}_{_SOURCES}"
    return cast("_Function", numba.njit(cache=True, nogil=True)(function))

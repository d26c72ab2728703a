"""Where the pieces of a long search run: in this thread, on threads, on processes, or by joblib."""

import importlib.util
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from typing import Any, TypeVar

from cryptovolt.domain.errors import ConfigurationError

_Piece = TypeVar("_Piece")
_Found = TypeVar("_Found")

OWN = ("serial", "threads", "processes")
"""Backends that need nothing else; every other name is one of joblib's."""


def run_pieces(
    work: Callable[[_Piece], _Found],
    pieces: Sequence[_Piece],
    backend: str,
    workers: int | None = None,
) -> Iterator[_Found]:
    """Yield what `work` returns for each piece, in their order, as soon as it is there.

    Parameters
    ----------
    work : callable
        For ``"processes"`` and most backends of joblib it must be possible to send it to another
        process: a function of a module.
    pieces : sequence
        What it is called with.
    backend : str
        ``"serial"``, ``"threads"``, ``"processes"``, or the name of a backend of joblib such as
        ``"loky"`` or ``"dask"``. Where joblib is installed, ``"processes"`` means ``"loky"``, which
        can also send functions that were written in a notebook.
    workers : int, optional
        The processors of this machine by default.

    Raises
    ------
    ConfigurationError
        If there are no workers, or the backend needs joblib and it is missing.
    """
    workers = available_processors() if workers is None else workers
    if workers < 1:
        raise ConfigurationError(f"expected at least 1 worker, found {workers}")
    if backend == "serial" or len(pieces) == 1 or (workers == 1 and backend in OWN):
        yield from map(work, pieces)
    elif backend == "threads":
        yield from _by_executor(ThreadPoolExecutor(workers), work, pieces)
    elif backend == "processes" and not _has_joblib():
        _refuse_local(work)
        # A fork would copy locks that other threads hold.
        executor = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
        yield from _by_executor(executor, work, pieces)
    else:
        name = "loky" if backend == "processes" else backend
        yield from _by_joblib(name, workers, work, pieces)


def available_processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _by_executor(
    executor: Executor, work: Callable[[_Piece], _Found], pieces: Sequence[_Piece]
) -> Iterator[_Found]:
    with executor:
        futures = [executor.submit(work, piece) for piece in pieces]
        try:
            for future in futures:
                yield future.result()
        finally:
            # Whoever stops early does not wait for the rest.
            executor.shutdown(wait=False, cancel_futures=True)


def _by_joblib(
    backend: str, workers: int, work: Callable[[_Piece], _Found], pieces: Sequence[_Piece]
) -> Iterator[_Found]:
    if not _has_joblib():
        raise ConfigurationError(
            f"expected a backend among {', '.join(OWN)}, found {backend!r}: for others install "
            "joblib (pip install 'cryptovolt[search]')"
        )
    import joblib  # noqa: PLC0415 - optional

    try:
        parallel: Any = joblib.Parallel(n_jobs=workers, backend=backend, return_as="generator")
    except ValueError as error:
        raise ConfigurationError(f"joblib knows no backend {backend!r}: {error}") from None
    yield from parallel(joblib.delayed(work)(piece) for piece in pieces)


def _has_joblib() -> bool:
    return importlib.util.find_spec("joblib") is not None


def _refuse_local(work: Callable[..., Any]) -> None:
    function = getattr(getattr(work, "function", work), "py_func", getattr(work, "function", work))
    name = getattr(function, "__qualname__", "")
    if "<" in name or getattr(function, "__module__", "") == "__main__":
        raise ConfigurationError(
            f"expected a function of a module for backend='processes', found {name}: move it to a "
            "file and import it, install joblib, or use backend='threads'"
        )

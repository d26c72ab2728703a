"""Programs that ``cryptovolt up`` keeps running beside page and API."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence

import typer

from app.workers import BAD_INPUT

RESTART_DELAYS_S = (1, 2, 4, 8, 16, 30)


class Supervised:
    """A Python module in a process of its own, started again when it dies.

    It ends when its standard input does, so it never outlives this process, however that ends.

    Parameters
    ----------
    name : str
        What people call it.
    module : str
        What is run.
    options : sequence of str, or a function that returns one
        Its command line; the function is asked at every start.
    environment : mapping of str to str
        Variables on top of this process's.
    """

    def __init__(
        self,
        name: str,
        module: str,
        options: Sequence[str] | Callable[[], Sequence[str]] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._name = name
        self._module = module
        self._options = options
        self._environment = {**os.environ, **(environment or {})}
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._supervise, name=f"{name}-supervisor")
        self._thread.start()

    def stop(self) -> None:
        """Let it end in good order."""
        self._stopping.set()
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        self._thread.join(timeout=30)

    def _supervise(self) -> None:
        attempts = 0
        while not self._stopping.is_set():
            options = self._options() if callable(self._options) else self._options
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-m", self._module, *options],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                env=self._environment,
            )
            status = self._process.wait()
            if self._stopping.is_set() or status == 0:
                return
            if status == BAD_INPUT:
                typer.echo(f"The {self._name} has stopped; page and API go on.", err=True)
                return
            delay = RESTART_DELAYS_S[min(attempts, len(RESTART_DELAYS_S) - 1)]
            attempts += 1
            typer.echo(
                f"The {self._name} ended with status {status}; again in {delay} s.", err=True
            )
            self._stopping.wait(delay)

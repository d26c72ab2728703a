"""A lock between processes and threads, kept by the operating system.

It ends with the process that holds it, however that ends.
"""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path) -> Generator[None]:
    """Hold the lock of this file, made where it is missing; waits for whoever holds it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _acquire(handle)
        yield
    finally:
        # Closing releases the lock.
        os.close(handle)


if sys.platform == "win32":
    import errno
    import msvcrt

    def _acquire(handle: int) -> None:
        while True:
            try:
                # Tries once a second, ten times.
                msvcrt.locking(handle, msvcrt.LK_LOCK, 1)
            except OSError as error:
                if error.errno != errno.EDEADLK:
                    raise
            else:
                return

else:
    import fcntl

    def _acquire(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX)

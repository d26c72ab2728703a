"""Fixtures shared by all tests."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# Continuous integration tries the same cases each time; everybody else tries new ones.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("default", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "default")

_BESIDE = Path(__file__).resolve().parent.parent / "shared" / "data"


@pytest.fixture(scope="session")
def real_data() -> Callable[[str], Path]:
    """Return a function that finds a file of real data, or skips the test where there is none.

    The data may not be redistributed, so it is not part of the repository: it lies in the folder
    named by ``CRYPTOVOLT_REAL_DATA``.
    """
    folder = Path(os.environ.get("CRYPTOVOLT_REAL_DATA", _BESIDE))

    def find(name: str) -> Path:
        path = folder / name
        if not path.is_file():
            pytest.skip(f"real data not on this machine: {name}")
        return path

    return find

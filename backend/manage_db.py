#!/usr/bin/env python3
"""Manages the database: init, stats, verify, seed, clean, reset, backup, restore.

Any Python may start this file: it goes on in the project's environment, or says how to make one.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

BACKEND = Path(__file__).resolve().parent
ROOT = BACKEND.parent
MARK = "CRYPTOVOLT_IN_ENVIRONMENT"


def environment() -> Path | None:
    """Return the project's environment, or None where there is none."""
    folders = [os.environ.get("CRYPTOVOLT_VENV"), ROOT / ".venv", BACKEND / ".venv"]
    for folder in folders:
        if folder and (Path(folder) / "pyvenv.cfg").is_file():
            return Path(folder)
    return None


def main() -> int | None:
    """Go to the right Python, and run the command there."""
    folder = environment()
    here = Path(sys.prefix).resolve()
    if folder is not None and here != folder.resolve() and MARK not in os.environ:
        program = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        command = [str(program), str(BACKEND / "manage_db.py"), *sys.argv[1:]]
        variables = dict(os.environ)
        variables[MARK] = "1"
        if os.name == "nt":
            return subprocess.call(command, env=variables)  # noqa: S603 - our own interpreter
        os.execve(command[0], command, variables)  # noqa: S606 - no shell is wanted
    if sys.version_info < (3, 11) or any(
        find_spec(name) is None for name in ("cryptovolt", "sqlalchemy", "psycopg", "typer")
    ):
        print(
            "error: the project's environment is missing: run `./cv db init` (on Windows "
            f"`cv.cmd db init`) in {ROOT} once, which makes it.",
            file=sys.stderr,
        )
        return 1
    os.environ.pop(MARK, None)
    from app.cli import main as run  # noqa: PLC0415 - only the environment has it

    sys.argv.insert(1, "db")
    return run()


if __name__ == "__main__":
    sys.exit(main())

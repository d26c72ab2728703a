"""Runs the checks of the checkout: ``./cv test [STEP …] [-- pytest options]`` and ``./cv lint``.

Every step runs even when an earlier one failed, so that one run tells everything; the exit status
is 1 when any failed.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bootstrap import FRONTEND, ROOT, SetupError, environment, find_npm, run, say

PYTEST = [sys.executable, "-m", "pytest", "-q"]
PARALLEL = ["-n", "2", "--dist", "loadfile"]


def lint() -> list[list[str]]:
    """Return the commands that check style."""
    ruff = [sys.executable, "-m", "ruff"]
    return [
        [*ruff, "check", "."],
        [*ruff, "format", "--check", "."],
        [sys.executable, str(ROOT / "tools" / "lookahead_lint.py"), str(ROOT / "engine" / "src")],
    ]


def types() -> list[list[str]]:
    """Return the command that checks types."""
    return [[sys.executable, "-m", "pyright", "--pythonpath", sys.executable]]


def architecture() -> list[list[str]]:
    """Return the command that checks who imports whom."""
    return [[str(Path(sys.executable).parent / "lint-imports")]]


def engine() -> list[list[str]]:
    """Return the command that tests the engine and the tools."""
    return [[*PYTEST, *PARALLEL, "engine/tests", "tools/tests"]]


def backend() -> list[list[str]]:
    """Return the command that tests the server on a real PostgreSQL."""
    return [[*PYTEST, *PARALLEL, "backend/tests"]]


def venue() -> list[list[str]]:
    """Return the command that tests the exchange on loopback."""
    return [[*PYTEST, *PARALLEL, "venue/tests"]]


def frontend() -> list[list[str]]:
    """Return the commands that check and test the dashboard."""
    npm, _ = find_npm()
    return [[npm, "--prefix", str(FRONTEND), "run", script] for script in ("check", "test")]


def browser() -> list[list[str]]:
    """Return the command that drives the dashboard in a real browser."""
    ensure_chromium()
    return [[*PYTEST, "frontend/e2e"]]


STEPS: dict[str, Callable[[], list[list[str]]]] = {
    step.__name__: step
    for step in (lint, types, architecture, engine, backend, venue, frontend, browser)
}


def ensure_chromium() -> None:
    """Install Debian's chromium where that is allowed, else say how to get it."""
    if (
        shutil.which("chromium")
        or shutil.which("chromium-browser")
        or shutil.which("google-chrome")
    ):
        return
    apt = shutil.which("apt-get")
    if apt is None or os.name == "nt" or os.geteuid() != 0:
        say("No Chromium on this machine, so the browser tests are skipped. On Debian or Ubuntu:")
        say("    sudo apt-get install chromium")
        return
    say("Installing chromium for the browser tests …")
    quiet = {**environment(), "DEBIAN_FRONTEND": "noninteractive"}
    try:
        run(apt, "update", "-qq", env=quiet)
        run(apt, "install", "-y", "-qq", "--no-install-recommends", "chromium", env=quiet)
    except SetupError as error:
        say(f"Chromium could not be installed, so the browser tests are skipped: {error}")


def perform(name: str, options: list[str]) -> bool:
    """Run one step and return whether it passed."""
    print(f"\n── {name} " + "─" * (76 - len(name)), flush=True)
    try:
        commands = STEPS[name]()
    except SetupError as error:
        say(f"error: {error}")
        return False
    passed = True
    for command in commands:
        if "pytest" in command:
            command = [*command, *options]  # noqa: PLW2901 -- options are for pytest only
        passed &= subprocess.call(command, cwd=ROOT, env=environment()) == 0
    return passed


def main(arguments: list[str]) -> int:
    """Run the steps asked for and print what became of each."""
    task, *rest = arguments
    options = rest[rest.index("--") + 1 :] if "--" in rest else []
    chosen = rest[: rest.index("--")] if "--" in rest else rest
    everything = ["lint", "types", "architecture"] if task == "lint" else list(STEPS)
    unknown = [name for name in chosen if name not in STEPS]
    if unknown:
        say(f"error: expected steps among {', '.join(STEPS)}, found {', '.join(unknown)}")
        return 2
    results: list[tuple[str, bool, float]] = []
    for name in chosen or everything:
        started = time.monotonic()
        results.append((name, perform(name, options), time.monotonic() - started))
    print("\n── summary " + "─" * 69)
    for name, passed, seconds in results:
        print(f"{'passed' if passed else 'FAILED':8} {name:14} {seconds:7.1f} s")
    return 0 if all(passed for _, passed, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

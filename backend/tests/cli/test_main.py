"""The command line as a program: what is wrong before any command runs."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize("command", ["status", "sentiment"])
def test_a_wrong_setting_is_one_sentence(command: str) -> None:
    words = {"status": ["status"], "sentiment": ["sentiment", "list"]}
    run = subprocess.run(
        [sys.executable, "-c", "from app.cli import main; main()", *words[command]],
        env={**os.environ, "ENVIRONMENT": "nonsense"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert run.stdout == ""
    assert run.stderr.startswith("error: a setting of the environment or of .env: ENVIRONMENT: ")
    assert len(run.stderr.strip().splitlines()) == 1
